"""docs/images.md: its examples run one after the other, and its table of settings is complete."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from cases.photos import folder

from glassnet import images

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "images.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_examples_run(tmp_path, monkeypatch, capsys):
    folder(tmp_path / "photos", 12)
    monkeypatch.chdir(tmp_path)
    names = {"QUICK": images.Settings(epochs=2)}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        exec(block.replace("find_fit(photos)", "find_fit(photos, QUICK)"), names)
    assert names["answers"].columns[:2] == ["file", "prediction"]
    assert "images    24 images (PNG 24)" in capsys.readouterr().out


@pytest.mark.parametrize("field", [field.name for field in fields(images.Settings)])
def test_every_setting_is_explained(field):
    assert f"`{field}`" in PAGE
