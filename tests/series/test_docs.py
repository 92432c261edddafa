"""docs/series.md: its examples run one after the other, and its figures are what they print."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "series.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    for block in blocks:
        exec(block.replace("fit.go()", "fit.go([TimeLimit(3)])"), _limit(names))
    said = capsys.readouterr().out
    facts = re.findall(r"^(?:target|time|season|window|ahead)  .*$", PAGE, flags=re.MULTILINE)
    assert len(facts) == 5
    assert all(" ".join(line.split()) in " ".join(said.split()) for line in facts)
    assert "naive = past[:, 24:]" in said


def _limit(names):
    from glassnet.callbacks import TimeLimit

    names["TimeLimit"] = TimeLimit
    return names
