"""docs/tables.md: its examples run one after the other, and its table of kinds is complete."""

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


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_is_explained(kind):
    assert f"| `{kind}` |" in PAGE
