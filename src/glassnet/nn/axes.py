"""The axes between rows and channels: time; height and width; depth, height and width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer
from glassnet.spec import shape_text

_LETTERS = {1: "B, T, C", 2: "B, H, W, C", 3: "B, D, H, W, C"}


def check_rank(x: Node, axes: int, cure: str = "") -> None:
    """Raise unless x has rows, so many axes, and channels."""
    if x.ndim != axes + 2:
        kind = {1: "sequences", 2: "images", 3: "volumes"}[axes]
        raise ShapeError(
            f"it takes {kind}, an array ({_LETTERS[axes]}), got {shape_text(x.shape)}. "
            f"{cure or _cure(x, axes)}"
        )


def _cure(x: Node, axes: int) -> str:
    if x.ndim == axes + 1:
        return (
            f"Is the axis of channels missing? gn.Reshape({(*x.shape[1:], 1)}) before it adds one."
        )
    return "Put gn.Reshape before it."


def whole_numbers(layer: Layer, name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """A number for each axis; one number counts for all of them."""
    listed = (value,) * axes if _is_whole(value) else value
    if not _is_list(listed, axes) or not all(_is_whole(n) and n >= least for n in listed):
        form = f"a whole number of at least {least}"
        if axes > 1:
            form += f", or {axes} of them"
        raise SettingError(f"{type(layer).__name__}: {name} must be {form}, got {value!r}.")
    return tuple(int(n) for n in listed)


def pairs(layer: Layer, name: str, value: Any, axes: int) -> tuple[tuple[int, int], ...]:
    """(before, after) for each axis.

    One number counts for all; one for each axis counts on both of its sides.
    """
    if _is_whole(value):
        listed: Any = ((value, value),) * axes
    elif axes == 1 and _is_list(value, 2) and all(map(_is_whole, value)):
        listed = (value,)
    elif _is_list(value, axes):
        listed = tuple((n, n) if _is_whole(n) else n for n in value)
    else:
        listed = ()
    if not listed or not all(_is_pair(pair) for pair in listed):
        raise SettingError(f"{type(layer).__name__}: {name} must be {_form(axes)}, got {value!r}.")
    return tuple((int(a), int(b)) for a, b in listed)


def _form(axes: int) -> str:
    if axes == 1:
        return "a whole number of at least 0, or (before, after)"
    one = f"({', '.join(['1'] * axes)})"
    two = f"({', '.join(['(0, 1)'] * axes)})"
    return f"a whole number of at least 0, one for each axis {one}, or pairs {two}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _is_list(value: Any, count: int) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and len(value) == count


def _is_pair(value: Any) -> bool:
    return _is_list(value, 2) and all(_is_whole(n) and n >= 0 for n in value)


def along(x: Node, axes: int, step: Callable[[Node, int, int], Node]) -> Node:
    """step(x, axis of the array, number of the axis), one axis after another."""
    for i in range(axes):
        x = step(x, i + 1, i)
    return x
