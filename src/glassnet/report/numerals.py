"""Numbers as people read them: 4 digits, thousands apart, a dash where there is none."""

from __future__ import annotations

import math
from typing import Any

NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_PERCENT = {"accuracy", "balanced_accuracy"}  # metrics that are shares
_LARGE, _SMALL = 1e7, 1e-4


def number(value: Any, digits: int = 4) -> str:
    """0.01234, 12.35, 1,235, 1.2e+09."""
    value = float(value)
    if not math.isfinite(value):
        return NONE
    size = abs(value)
    if value == 0:
        return "0"
    if size >= _LARGE or size < _SMALL:
        return f"{value:.{digits - 1}g}".replace("-", _MINUS, 1 if value < 0 else 0)
    places = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", _MINUS)


def share(value: Any) -> str:
    """12.3 %."""
    value = float(value)
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%" if math.isfinite(value) else NONE


def figure(metric: str, value: float) -> str:
    """The value of a metric."""
    return share(value) if metric in _PERCENT else number(value)


def change(metric: str, value: float) -> str:
    """The change of a metric: shares change by points of a hundred."""
    if metric not in _PERCENT or not math.isfinite(value):
        return number(value, 3)
    points = round(100 * value, 1) + 0.0  # no minus before a zero
    return f"{points:.1f} points".replace("-", _MINUS)


def count(n: int, word: str, words: str = "") -> str:
    """1 row, 1,200 rows."""
    return f"{n:,} {word if n == 1 else words or word + 's'}"
