"""HTML and SVG as calls: tag("b", "1 < 2") is <b>1 &lt; 2</b>. Nothing gets in unescaped."""

from __future__ import annotations

import html
import re
from typing import Any

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no text of HTML may hold these
_VOID = {"img", "link", "meta"}
_LETTER = 7.1  # pixels, of the text in charts


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(value: Any) -> Markup:
    """Any value as HTML: text is escaped, Markup is not, None is nothing."""
    if isinstance(value, Markup):
        return value
    return Markup("" if value is None else html.escape(_CONTROL.sub("\ufffd", str(value))))


def tag(name: str, *children: Any, **attributes: Any) -> Markup:
    """An element. class_ is class, stroke_width is stroke-width; None and False are left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(*children)}</{name}>")


def join(*children: Any) -> Markup:
    """Elements and texts one after another; lists of them too."""
    return Markup("".join(join(*c) if isinstance(c, list) else escaped(c) for c in children))


def _attribute(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return escaped(value)


def shortened(text: Any, most: int) -> str:
    """The start of a long text, on one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= most else line[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def pixels(text: str) -> float:
    """About how wide a text in a chart is."""
    return len(text) * _LETTER
