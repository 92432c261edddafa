"""docs/layers.md names every layer as it says itself, and its examples run in their order."""

import re
import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[1] / "docs"


def test_page_of_layers_is_what_its_script_makes():
    made = runpy.run_path(str(DOCS / "make_layers.py"))["text"]()
    assert (DOCS / "layers.md").read_text(encoding="utf-8") == made


def test_examples_of_the_page_run():
    page = (DOCS / "layers.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope = {}
    for block in blocks:
        exec(compile(block, "layers.md", "exec"), scope)
    assert len(blocks) == 7
    assert len(scope["history"]["penalty"]) == 5
    assert scope["twins"].predict(list(scope["pairs"])).shape == (64, 1)


def test_examples_of_stateful_layers_run():
    page = (DOCS / "stateful.md").read_text(encoding="utf-8")
    scope = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "stateful.md", "exec"), scope)
    assert scope["written"] == scope["text"][:40]
    assert not scope["writer"].states["lstm.h"].any()
