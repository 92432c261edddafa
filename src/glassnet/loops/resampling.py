"""Images read at places that are computed: moves as places, and places as terms.

A move (rotate, translate, zoom) is written as the places that it reads; of `rotate(x, angle)`

    rows    = cos(angle) * i + sin(angle) * j + middle        element-wise, sample by sample
    columns = cos(angle) * j - sin(angle) * i + middle
    turned  = bilinear(x, rows, columns)

and reading between four pixels is arithmetic around four `Gathered` numbers, of which each lane has
its own place. The way back adds to the same four places: `ScatterInside`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from glassnet import graph as g
from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, linear
from glassnet.loops.indexing import RULES, Indexing, stored
from glassnet.loops.term import Apply, Constant, Gathered, Term
from glassnet.loops.views import Index, affine, affines, broadcast

Addition = tuple[Affine, Term]
Fill = str | float
Places = tuple[Node, Node]

# What goes back to the places that it was read at, and must be added up there.
SCATTERED = {"bilinear_input", "crop_input"}
GATHERED = {"bilinear", "crop"}
_EXACT = 2**24  # whole numbers up to here are the same in every kind of float


# Moves as places.
def _from_middle(x: Node) -> Places:
    i, j = (g.arange(n=int(n), dtype=x.dtype) - (int(n) - 1) / 2 for n in x.shape[1:3])
    return g.reshape(i, shape=(int(x.shape[1]), 1)), j


def _to_middle(x: Node, rows: Node, columns: Node) -> Places:
    return rows + (int(x.shape[1]) - 1) / 2, columns + (int(x.shape[2]) - 1) / 2


def _rotation(x: Node, angle: Node) -> Places:
    i, j = _from_middle(x)
    c, s = g.cos(angle), g.sin(angle)
    return _to_middle(x, c * i + s * j, c * j - s * i)


def _translation(x: Node, down: Node, right: Node) -> Places:
    i, j = _from_middle(x)
    return _to_middle(x, i - down, j - right)


def _zooming(x: Node, tall: Node, wide: Node) -> Places:
    i, j = _from_middle(x)
    return _to_middle(x, tall * i, wide * j)


# What lies beside an image.
def _mirrored(places: Node, count: int) -> Node:
    places = places + 0.5
    places = places - 2 * count * g.floor(places / (2 * count))
    return g.minimum(places, 2 * count - places) - 0.5


def _covered(places: Node, count: int) -> Node:
    return g.clip(g.minimum(places + 1, count - places), 0, 1)


def _beside(x: Node, rows: Node, columns: Node, fill: Fill) -> tuple[Node, Node, Node | None]:
    """The places that are read, and how much of each lies on the image; None: all of it."""
    height, width = int(x.shape[1]), int(x.shape[2])
    if fill == "reflect":
        return _mirrored(rows, height), _mirrored(columns, width), None
    if fill == "nearest":
        return rows, columns, None
    return rows, columns, g.expand_dims(_covered(rows, height) * _covered(columns, width), -1)


def _there(places: Callable[..., Places]) -> Callable[..., Node]:
    def move(x: Node, *moves: Node, fill: Fill) -> Node:
        rows, columns, inside = _beside(x, *places(x, *moves), fill)
        found = g.bilinear(x, rows, columns)
        if inside is None:
            return found
        return inside * found if fill == 0 else fill + inside * (found - fill)

    return move


def _back(places: Callable[..., Places]) -> Callable[..., Node]:
    def move(dy: Node, *moves: Node, fill: Fill) -> Node:
        rows, columns, inside = _beside(dy, *places(dy, *moves), fill)
        size = int(dy.shape[1]), int(dy.shape[2])
        return g.bilinear_input(dy if inside is None else inside * dy, rows, columns, size=size)

    return move


def _erase(x: Node, top: Node, left: Node, height: Node, width: Node, fill: float) -> Node:
    i, j = (g.arange(n=int(n), dtype=x.dtype) + 0.5 for n in x.shape[1:3])
    i = g.reshape(i, shape=(int(x.shape[1]), 1))
    rows = g.logical_and(i >= top, i < top + height)
    columns = g.logical_and(j >= left, j < left + width)
    return g.where(g.expand_dims(g.logical_and(rows, columns), -1), fill, x)


def _mix(x: Node, share: Node) -> Node:
    share = g.reshape(share, shape=(share.shape[0], *[1] * (x.ndim - 1)))
    return (1 - share) * x + share * g.roll(x, shift=1)


DECOMPOSED: dict[str, Callable[..., Node]] = {
    "rotate": _there(_rotation), "rotate_input": _back(_rotation),
    "translate": _there(_translation), "translate_input": _back(_translation),
    "zoom": _there(_zooming), "zoom_input": _back(_zooming),
    "erase": _erase, "mix": _mix,
}  # fmt: skip


# Places as terms.
class _Corners(NamedTuple):
    """The four pixels around a place: the first of them, how far it is to the others, and shares.

    at  the first, counted from 0; down, right  to the next row and column, in numbers of the image
    v, u  how far the place lies below and to the right of the first
    """

    at: Term
    down: int
    right: int
    v: Term
    u: Term


def _apply(dtype: str) -> Callable[..., Term]:
    def write(op: str, *args: Any) -> Term:
        terms = tuple(Constant(a, "float64") if isinstance(a, int | float) else a for a in args)
        return Apply(op, terms, dtype, dtype)

    return write


def _held(write: Callable[..., Term], place: Term, most: int, dtype: str) -> Term:
    """A place, or the nearest from 0 to `most`; 0 for what is none, in lanes without a sample."""
    above = Apply("greater", (place, Constant(0, dtype)), "bool", dtype)
    return write("where", above, write("minimum", place, most), 0)


def _first(write: Callable[..., Term], place: Term, count: int, dtype: str) -> tuple[Term, Term]:
    """The pixel before a place that is held inside of 0 .. count - 1, and how far it is to it."""
    held = _held(write, place, count - 1, dtype)
    first = write("minimum", write("floor", held), max(count - 2, 0))
    return first, write("sub", held, first)


def _corners(writer: Indexing, image: tuple[int, int, int], places: Places, index: Index,
             dtype: str) -> _Corners:  # fmt: skip
    height, width, channels = image
    if height * width > _EXACT:
        raise UnsupportedError(
            f"native: images of {height} x {width} pixels cannot be read between pixels; "
            "engine='numpy' can."
        )
    write = _apply(dtype)
    rows, columns = (
        write("cast", writer.term(p, broadcast(p, index[:3]))) if stored(p.dtype) != dtype
        else writer.term(p, broadcast(p, index[:3]))
        for p in places
    )  # fmt: skip
    row, v = _first(write, rows, height, dtype)
    column, u = _first(write, columns, width, dtype)
    at = write("add", write("mul", row, width), column)
    return _Corners(at, width * channels * (height > 1), channels * (width > 1), v, u)


def _image(writer: Indexing, x: Node) -> Buffer:
    buffer = writer.at.get(x)
    if buffer is None or not buffer.batched:
        raise UnsupportedError("native: images are read at places of theirs; use engine='numpy'.")
    return buffer


def _bilinear(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    x, *places = node.args
    buffer, write = _image(writer, x), _apply(node.dtype)
    height, width, channels = (int(n) for n in x.shape[1:])
    rows, columns = places
    found = _corners(writer, (height, width, channels), (rows, columns), index, node.dtype)
    channel = affine(index[3])

    def pixel(beside: int) -> Term:
        return Gathered(buffer, found.at, channels, channel + beside)

    def between(a: Term, b: Term, share: Term) -> Term:
        return write("add", a, write("mul", share, write("sub", b, a)))

    above = between(pixel(0), pixel(found.right), found.u)
    below = between(pixel(found.down), pixel(found.down + found.right), found.u)
    return between(above, below, found.v)


def _crop(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    x, top, left = node.args
    offset = linear(affines(index[1:]), tuple(int(n) for n in x.shape[1:]))
    at = _corner(writer, node, (top, left), index)
    return Gathered(_image(writer, x), at, int(x.shape[3]), offset)


def _corner(writer: Indexing, node: Node, corner: Places, index: Index) -> Term:
    """The pixel at which a part of an image begins."""
    part, whole = sorted((node.shape[1:3], node.args[0].shape[1:3]))
    width, most = int(whole[1]), [int(n) - int(m) for n, m in zip(whole, part, strict=True)]
    dtype = node.dtype
    write = _apply(dtype)
    top, left = (
        _held(write, writer.term(one, broadcast(one, index[:3])), n, dtype)
        for one, n in zip(corner, most, strict=True)
    )  # fmt: skip
    return write("add", write("mul", write("floor", top), width), write("floor", left))


RULES.update({"bilinear": _bilinear, "crop": _crop})


def additions(writer: Indexing, node: Node, index: Index) -> tuple[Term, int, list[Addition]]:
    """(pixel, numbers of a pixel, what is added there): where the number of g at an index goes."""
    dy, first, second = node.args
    write, gradient = _apply(node.dtype), writer.term(dy, index)
    height, width, channels = (int(n) for n in node.shape[1:])
    if node.op is g.crop_input:
        at = _corner(writer, node, (first, second), index)
        offset = linear(affines(index[1:]), (height, width, channels))
        return at, channels, [(offset, gradient)]
    found = _corners(writer, (height, width, channels), (first, second), index, node.dtype)
    channel = affine(index[3])
    v, u = (found.v, write("sub", 1, found.v)), (found.u, write("sub", 1, found.u))
    return found.at, channels, [
        (channel + down * found.down + right * found.right,
         write("mul", write("mul", v[not down], u[not right]), gradient))
        for down in (0, 1) for right in (0, 1)
    ]  # fmt: skip
