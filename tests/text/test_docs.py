"""docs/text.md: its example runs, and its figures are those of the code."""

import re
from pathlib import Path

from glassnet.tables.columns import text
from glassnet.text import WordTokenizer

PAGE = (Path(__file__).parents[2] / "docs" / "text.md").read_text(encoding="utf-8")


def test_the_example_runs():
    names = {}
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
    exec(block, names)
    assert isinstance(names["tokenizer"], WordTokenizer)


def test_the_figures_are_those_of_the_code():
    plain = " ".join(PAGE.split())
    for said in (
        f"more than {text.LONGEST} words", f"mean of {text.UNITS} numbers",
        f"the {text._MOST_WORDS:,} most frequent words", f"at least {text._FEWEST_CELLS} cells",
        f"{text._COME_AGAIN:.0%} stand".replace("%", " %"),
    ):  # fmt: skip
        assert said in plain
