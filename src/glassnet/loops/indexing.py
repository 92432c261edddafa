"""Formulas as terms: the number of a node at an index, followed down to what lies in buffers.

A view (reshape, transpose, slice) is another index into what it views; it takes no memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.shape import full_index
from glassnet.graph.windows import sliding_of
from glassnet.loops.buffer import BATCH_SIZE, Buffer
from glassnet.loops.halo import Widths, reads_room
from glassnet.loops.index import Affine, linear
from glassnet.loops.supported import ELEMENTWISE, OF_KIND
from glassnet.loops.term import Apply, Constant, IndexValue, Load, LookUp, Term, Total
from glassnet.loops.views import VIEWS, Index, Sample, affine, affines, broadcast, whole_sizes
from glassnet.spec import BATCH, promote

Rule = Callable[["Indexing", Node, Index, Node | None], Term]  # a node as a term


class Place(NamedTuple):
    """Where a value lies: in another one, at another index."""

    whole: Buffer | Node
    moved: Callable[[Index], Index]


@dataclass
class Indexing:
    """Writes terms.

    at      where values lie that have been computed
    steps   values of one step of a loop, or of all: where in another value or buffer they lie
    room    around some of them, in their buffers
    tables  array constants, with their numbers
    """

    at: dict[Node, Buffer] = field(default_factory=dict)
    steps: dict[Node, Place] = field(default_factory=dict)
    room: dict[Node, Widths] = field(default_factory=dict)
    tables: dict[Buffer, Any] = field(default_factory=dict)

    def is_known(self, node: Node) -> bool:
        """True for what need not be computed any more."""
        return node in self.at or node in self.steps

    def _of_step(self, node: Node, index: Index, inner: Node | None) -> Term:
        """A number of a value that is one step of another, or all steps of it."""
        whole, moved = self.steps[node]
        if isinstance(whole, Buffer):
            return load(whole, moved(index))
        return self.term(whole, moved(index), inner)

    def term(self, node: Node, index: Index, inner: Node | None = None) -> Term:
        """The number of a node at an index; `inner` is what the nest's reduction finds."""
        if node is inner:
            return Total()
        if node in self.at:
            return load(self.at[node], self.inside(node, index))
        if node in self.steps:
            return self._of_step(node, index, inner)
        op = node.op.name
        if reads_room(node, self.room) and node.args[0] in self.at:
            return load(self.at[node.args[0]], index)
        if node.op.kind == "elementwise" and op in ELEMENTWISE:
            args = [self.term(a, broadcast(a, index), inner) for a in node.args]
            kinds = [a.dtype for a in node.args]
            computed_in = promote(*kinds) if node.dtype == "bool" else node.dtype
            if op not in OF_KIND[stored(computed_in)]:
                raise UnsupportedError(f"native: {op!r} of {computed_in}; engine='numpy' runs it.")
            return Apply(op, tuple(args), stored(node.dtype), stored(computed_in))
        if op in VIEWS:
            return self.term(node.args[0], VIEWS[op](node, index), inner)
        if op in RULES:
            return RULES[op](self, node, index, inner)
        if op == "within":
            where = f"in layer '{node.layer}' " if node.layer else ""
            raise UnsupportedError(
                f"native: an index {where}follows from more than its row's data, so only the step "
                "itself can check it; engine='numpy' does, or hold it: clip(index, 0, n - 1)."
            )
        raise UnsupportedError(
            f"The native engine cannot lower the op {op!r} yet; engine='numpy' runs it."
        )

    def inside(self, node: Node, index: Index) -> Index:
        """An index of a value in its buffer, which may have room around it."""
        if node not in self.room:
            return index
        return tuple(
            i if isinstance(i, Sample) else i + before
            for i, (before, _) in zip(index, self.room[node], strict=True)
        )


def _batch_size(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    return Load(BATCH_SIZE, Affine())


def _full(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    return writer.term(node.args[0], (), inner)


def _constant(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    value = node.settings["value"]
    if not node.ndim:
        return Constant(value if node.dtype == "number" else value.item(), stored(node.dtype))
    name, sizes = f"table{len(writer.tables)}", whole_sizes(node.shape)
    buffer = Buffer(name, batched=False, sizes=sizes, dtype=node.dtype)
    writer.tables[buffer] = value
    writer.at[node] = buffer
    return load(buffer, index)


def _one_hot(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    code = writer.term(node.args[0], index[:-1], inner)
    same = Apply("equal", (code, IndexValue(affine(index[-1]))), "bool", "int64")
    return same if node.dtype == "bool" else Apply("cast", (same,), node.dtype, node.dtype)


def _arange(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    place = IndexValue(affine(index[0]))
    return place if node.dtype == "int64" else Apply("cast", (place,), node.dtype, node.dtype)


def _take(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    table, row = node.args
    buffer = writer.at.get(table)
    if buffer is None or not buffer.is_table:
        raise UnsupportedError("native: take needs a table of parameters; engine='numpy' can.")
    which = writer.term(row, index[: row.ndim], inner)
    return LookUp(buffer, which, linear(affines(index[row.ndim :]), buffer.sizes[1:]))


def _concatenate(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    """Which part, by comparing the index; all are read, at indices that may be beside them.

    So are padding, and what a slice left out. What is read there is not used, but it must be in the
    program's memory: a target leaves room around its arrays (see `beside` in its layout).
    """
    axis = node.settings.get("axis", -1) % node.ndim
    along = affine(index[axis])
    found: Term | None = None
    first = 0
    for arg in node.args:
        moved = (*index[:axis], along + (-first), *index[axis + 1 :])
        part = writer.term(arg, moved, inner)
        if found is None:
            found = part
        else:
            before = Apply("less", (IndexValue(along), _whole(first)), "bool", "int64")
            found = Apply("where", (before, found, part), node.dtype, node.dtype)
        first += int(arg.shape[axis])
    assert found is not None  # noqa: S101 - concatenate has arguments
    return found


def _pad(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    x = node.args[0]
    moved, inside = list(index), None
    for axis, (before, after) in enumerate(node.settings["widths"]):
        if before or after:
            along = affine(index[axis])
            moved[axis] = along + (-before)
            inside = _both(inside, _between(along, before, before + int(x.shape[axis])))
    value = Constant(node.settings.get("value", 0), node.dtype)
    return _where(inside, writer.term(x, tuple(moved), inner), value, node.dtype)


def _repeat(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    axis = node.settings["axis"] % node.ndim
    place, _ = affine(index[axis]).divided(node.settings["repeats"])
    return writer.term(node.args[0], (*index[:axis], place, *index[axis + 1 :]), inner)


def _unslice(writer: Indexing, node: Node, index: Index, inner: Node | None) -> Term:
    rest: list[Affine | Sample] = []
    inside: Term | None = None
    entries = full_index(node.settings["index"], node.shape)
    for entry, size, along in zip(entries, node.shape, index, strict=True):
        if isinstance(entry, int):
            at = entry % int(size)
            inside = _both(inside, _between(affine(along), at, at + 1))
        elif size == BATCH:
            rest.append(along)
        else:
            start, stop, step = entry.indices(int(size))
            if step < 1:
                raise UnsupportedError("native: a slice backwards; engine='numpy' can.")
            place, beside = (affine(along) + (-start)).divided(step)
            rest.append(place)
            if _leads_beside(affine(along), range(start, stop, step)):
                inside = _both(inside, _between(affine(along), start, stop))
            if step > 1:
                inside = _both(inside, _same(beside, 0))
    zero = Constant(0.0, node.dtype)
    return _where(inside, writer.term(node.args[0], tuple(rest), inner), zero, node.dtype)


def _leads_beside(index: Affine, places: range) -> bool:
    """True where as many steps as the index goes, on from these places, may leave them.

    >>> from glassnet.loops.index import Loop
    >>> i = Affine.of(Loop("i", 8))
    >>> _leads_beside(i, range(1, 8, 2)), _leads_beside(i, range(1, 6, 2))
    (False, True)
    """
    if not places:
        return True
    return index.least <= places[0] - places.step or index.end > places[-1] + places.step


def overlapping(writer: Indexing, node: Node, index: Index, inside: Sequence[Affine]) -> Term:
    """What comes from the place `inside` of the window that has the index at this place of it.

    Of an axis that is place i of the image, place k of a window that begins at i - k * dilation:
    there is one where that is a multiple of the stride, and not beside the image.
    """
    parts, slid, axes = node.args[0], sliding_of(node.settings), node.settings["axes"]
    at, there = list(index), None
    for axis, k, stride, dilation in zip(axes, inside, slid.stride, slid.dilation, strict=True):
        first = affine(index[axis]) + k * -dilation
        window, rest = first.divided(stride)
        at[axis] = window
        there = _both(there, _between(window, 0, int(parts.shape[axis])))
        if stride > 1:
            there = _both(there, _same(rest, 0))
    part = writer.term(parts, (*at, *inside), None)
    return _where(there, part, Constant(0.0, node.dtype), node.dtype)


def _whole(value: int) -> Constant:
    return Constant(value, "int64")


def _between(index: Affine, first: int, stop: int) -> Term:
    low = Apply("greater_equal", (IndexValue(index), _whole(first)), "bool", "int64")
    high = Apply("less", (IndexValue(index), _whole(stop)), "bool", "int64")
    return Apply("logical_and", (low, high), "bool", "bool")


def _same(index: Affine, value: int) -> Term:
    return Apply("equal", (IndexValue(index), _whole(value)), "bool", "int64")


def _both(a: Term | None, b: Term) -> Term:
    return b if a is None else Apply("logical_and", (a, b), "bool", "bool")


def _where(condition: Term | None, a: Term, b: Term, dtype: str) -> Term:
    return a if condition is None else Apply("where", (condition, a, b), dtype, dtype)


def load(buffer: Buffer, index: Index) -> Load:
    """A number of a buffer at an index."""
    if not buffer.batched:
        return Load(buffer, linear(affines(index), buffer.sizes))
    if not index or index[0] is not Sample.HERE:
        raise UnsupportedError(f"native: {buffer.name} is read across samples; use engine='numpy'.")
    return Load(buffer, linear(affines(index[1:]), buffer.sizes))


def stored(dtype: str) -> str:
    """Plain numbers are kept as float64."""
    return "float64" if dtype == "number" else dtype


RULES: dict[str, Rule] = {
    "constant": _constant,
    "batch_size": _batch_size,
    "full": _full,
    "one_hot": _one_hot,
    "arange": _arange,
    "take": _take,
    "concatenate": _concatenate,
    "pad": _pad,
    "repeat": _repeat,
    "unslice": _unslice,
}
