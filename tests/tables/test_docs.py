"""docs/tables.md and docs/recommendation.md: examples run, and the table of kinds is complete."""

import re
from pathlib import Path

import pytest

from glassnet.tables.columns import KINDS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    names = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 5
    for block in blocks:
        exec(block, names)
    assert "accuracy" in capsys.readouterr().out
    assert names["answers"].height == 344


def test_the_example_of_a_recommendation_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    page = (ROOT / "docs" / "recommendation.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    names = {}
    exec(block, names)
    assert "similarity" in capsys.readouterr().out
    ours, constant = names["fit"].scores()["root_mean_squared_error"]
    assert ours < 0.5 * constant


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_is_explained(kind):
    assert f"| `{kind}` |" in PAGE
