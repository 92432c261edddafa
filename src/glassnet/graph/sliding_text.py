"""Convolutions and pooling in plain NumPy: how they are called, and the helpers that they call.

A helper is only as general as the calls of its program need: `conv2d(x, w)` knows of no stride as
long as no call has one. What a helper must know is found from all calls in the program; without
any, it is the most general form, which can be called in every way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from glassnet.graph.node import Node
from glassnet.graph.sliding import Sliding, each, pairs
from glassnet.graph.sliding_helpers import GENERAL, Form, Helpers

_CONVOLUTIONS = ("conv", "conv_input", "conv_weight", "conv_transpose")
_POOLING = ("max_pool", "max_pool_input", "max_pool_at", "avg_pool", "avg_pool_input")


def pool_sliding(rank: int, settings: dict[str, Any]) -> Sliding:
    """How the windows of pooling slide: side by side, unless a stride is given."""
    size, stride = settings["size"], settings.get("stride")
    stride = size if stride is None else stride
    return Sliding.of(size, rank, stride, padding=settings.get("padding", 0))


# Calls.
def writer(name: str) -> Callable[[list[str], dict[str, Any], Node], str]:
    """What writes a call: conv2d(x, W1, stride=2, padding=1)."""

    def write(parts: list[str], settings: dict[str, Any], node: Node) -> str:
        rank = _rank(node)
        words = [*parts, *_words(rank, settings, is_pool=name in _POOLING)]
        return f"{_in_print(name, rank)}({', '.join(words)})"

    return write


def _in_print(name: str, rank: int) -> str:
    """max_pool_input -> max_pool2d_input."""
    base = "conv" if name in _CONVOLUTIONS else name[: len("max_pool")]
    return f"{base}{rank}d{name.removeprefix(base)}"


def _rank(node: Node) -> int:
    return node.args[0].ndim - 2


def _words(rank: int, settings: dict[str, Any], *, is_pool: bool) -> Iterator[str]:
    """The settings of a call, without those that are as usual."""
    sizes = settings.get("sizes" if is_pool else "size")
    if sizes is not None:
        yield _tuple(each(sizes, rank))
    if is_pool:
        yield _one_or_each(pool_sliding(rank, settings).size)
    stride = settings.get("stride")
    size = settings["size"] if is_pool else 1
    if stride is not None and each(stride, rank) != each(size, rank):
        yield f"stride={_one_or_each(each(stride, rank))}"
    padding = pairs(settings.get("padding", 0), rank)
    if any(map(any, padding)):
        yield f"padding={_padding(padding)}"
    dilation = each(settings.get("dilation", 1), rank)
    if set(dilation) != {1}:
        yield f"dilation={_one_or_each(dilation)}"
    if settings.get("groups", 1) != 1:
        yield f"groups={settings['groups']}"


def _tuple(numbers: Sequence[int]) -> str:
    return str(tuple(numbers))


def _one_or_each(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else _tuple(numbers)


def _padding(padding: Sequence[tuple[int, int]]) -> str:
    sides = {n for pair in padding for n in pair}
    return str(sides.pop()) if len(sides) == 1 else str(tuple(padding))


# What the helpers of a program must know.


def _form(node: Node) -> Form:
    rank, settings = _rank(node), node.settings
    if node.op.name in _POOLING:
        slid = pool_sliding(rank, settings)
        usual = slid.size
    else:
        slid = Sliding.of(1, rank, settings.get("stride", 1), settings.get("dilation", 1),
                          settings.get("padding", 0))  # fmt: skip
        usual = (1,) * rank
    sides = {n for pair in slid.padding for n in pair}
    differ = any(len(set(n)) > 1 for n in (slid.size, slid.stride, slid.dilation, tuple(sides)))
    return Form(
        slid.stride != usual, sides != {0}, set(slid.dilation) != {1},
        settings.get("groups", 1) != 1, differ,
    )  # fmt: skip


def helper_of(name: str) -> Callable[[Sequence[Node]], str]:
    """The functions that calls of an op need, for the calls in a program; all forms for none."""

    def helper(nodes: Sequence[Node]) -> str:
        own = [node for node in nodes if node.op.name == name]
        ranks = sorted({_rank(node) for node in own}) or [1, 2, 3]
        return "\n\n".join(_helpers(rank, nodes).of(name) for rank in ranks)

    return helper


def _helpers(rank: int, nodes: Sequence[Node]) -> Helpers:
    """The helpers for images of so many axes, in a program of these nodes."""
    conv, pool = (
        [n for n in nodes if n.op.name in names and _rank(n) == rank]
        for names in (_CONVOLUTIONS, _POOLING)
    )
    if not conv and not pool:
        return Helpers(rank, GENERAL, GENERAL._replace(dilation=False, groups=False))
    return Helpers(rank, Form.of(map(_form, conv)), Form.of(map(_form, pool)), pools=bool(pool))
