"""What layers that slide over images have in common: sizes along axes, padding, checks of both."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from glassnet.errors import SettingError, ShapeError
from glassnet.graph.sliding import Pairs, Sizes, Sliding
from glassnet.nn.layer import Layer
from glassnet.spec import Spec, shape_text

_LAYOUTS = {1: "(B, T, C)", 2: "(B, H, W, C)", 3: "(B, D, H, W, C)"}
_NAMES = {1: "sequences", 2: "images", 3: "volumes"}


def sizes_of(layer: Layer, name: str, value: Any, rank: int) -> Sizes:
    """A whole number of at least 1 for each axis, of one for all or one for each."""
    each: Any = (value,) * rank if isinstance(value, Integral) else value
    whole = isinstance(each, tuple | list) and all(_is_whole(n) and n > 0 for n in each)
    if not whole or isinstance(value, bool) or len(each) != rank:
        several = f", or {rank} of them: ({', '.join('3' * rank)})" if rank > 1 else ""
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a whole number of at least 1{several}, "
            f"got {value!r}."
        )
    return tuple(map(int, each))


def _is_whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_padding(
    layer: Layer, value: Any, rank: int, words: tuple[str, ...], name: str = "padding"
) -> None:
    """Raise unless this is a word, a number, a number for each axis, or pairs."""
    if isinstance(value, str) and value in words:
        return
    if not isinstance(value, str):
        each = (value,) * rank if isinstance(value, Integral) else value
        if isinstance(each, tuple | list) and len(each) == rank and all(map(_is_side, each)):
            return
    pairs = ", ".join(["(1, 1)"] * rank) + "," * (rank == 1)
    known = "".join(f"{word!r}, " for word in words)
    raise SettingError(
        f"{type(layer).__name__}: {name} must be {known}a number of places, or what is put before "
        f"and behind each axis, ({pairs}); got {value!r}."
    )


def _is_side(side: Any) -> bool:
    if isinstance(side, tuple | list):
        return len(side) == 2 and all(_is_whole(n) and n >= 0 for n in side)
    return _is_whole(side) and side >= 0


def padding_of(value: Any, slid: Sliding, sizes: Sizes) -> Pairs:
    """(before, behind) of each axis.

    "same" makes as many windows as there are places, divided by the stride and rounded up, with the
    odd place behind (as Keras does, and PyTorch for a stride of 1); "causal" puts all in front.
    """
    if value == "valid":
        return ((0, 0),) * len(sizes)
    if value == "causal":
        return tuple((reach - 1, 0) for reach in slid.reach)
    if value == "same":
        return tuple(_same(n, reach, stride) for n, reach, stride in
                     zip(sizes, slid.reach, slid.stride, strict=True))  # fmt: skip
    each = (value,) * len(sizes) if isinstance(value, Integral) else value
    return tuple(
        (int(side[0]), int(side[1])) if isinstance(side, tuple | list) else (int(side), int(side))
        for side in each
    )


def _same(n: int, reach: int, stride: int) -> tuple[int, int]:
    room = max(0, (-(-n // stride) - 1) * stride + reach - n)
    return room // 2, room - room // 2


def images_of(x: Spec, rank: int) -> Sizes:
    """The sizes along which a window slides; ShapeError where there are other axes."""
    if x.rank != rank + 2:
        raise ShapeError(
            f"{_NAMES[rank]} are {_LAYOUTS[rank]}, got {shape_text(x.shape)}.{_missing(x, rank)}"
        )
    return tuple(int(n) for n in x.shape[1:-1])


def _missing(x: Spec, rank: int) -> str:
    if x.rank == rank + 1:
        sizes = ", ".join(map(str, (*x.shape[1:], 1)))
        return f" With one channel that is gn.Reshape(({sizes})) before it, or Input(({sizes}))."
    return ""


def counts_of(x: Spec, slid: Sliding, cure: str) -> Sizes:
    """How many windows there are; a ShapeError where none fits says what to do."""
    try:
        return slid.counts(x.shape[1:-1])
    except ShapeError as error:
        raise ShapeError(f"{error}. {cure}{_channels_first(x, slid)}") from None


def _channels_first(x: Spec, slid: Sliding) -> str:
    """What to do where an image seems to have its channels in front."""
    sizes = tuple(int(n) for n in x.shape[1:])
    rest = Spec((x.shape[0], *sizes[1:], sizes[0]))
    try:
        slid.counts(rest.shape[1:-1])
    except ShapeError:
        return ""
    if sizes[0] not in {1, 2, 3, 4} or sizes[0] >= min(sizes[1:]):
        return ""
    axes = ", ".join(map(str, (0, *range(2, len(sizes) + 1), 1)))
    return (
        f" Do the channels come first, as in PyTorch? Here they come last: x.transpose({axes}) "
        f"is {shape_text(rest.shape)}."
    )
