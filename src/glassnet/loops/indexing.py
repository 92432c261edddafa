"""Formulas as terms: the number of a node at an index, followed down to what lies in buffers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.shape import _full_index
from glassnet.loops.buffer import ROWS, SCALAR, TABLE, Buffer
from glassnet.loops.index import Place, linear, unravel
from glassnet.loops.nest import Apply, Constant, Counted, Load, Picked, Term, Total
from glassnet.loops.supported import ELEMENTWISE
from glassnet.spec import BATCH, promote


class _Sample:
    """The index along the batch: the sample at hand."""


SAMPLE = _Sample()
Index = tuple[Any, ...]  # a Place for each axis, or SAMPLE
BATCH_SIZE = Buffer("len(x)", SCALAR, (), "int64")


@dataclass
class Pull:
    """Writes terms.

    at        where values lie that have been computed
    tables    array constants, with their numbers
    """

    RULES: ClassVar[dict[str, str]] = {
        "constant": "_constant",
        "batch_size": "_batch_size",
        "full": "_full",
        "one_hot": "_one_hot",
        "take": "_take",
        "concatenate": "_concatenate",
        "pad": "_pad",
        "unslice": "_unslice",
    }

    at: dict[Node, Buffer] = field(default_factory=dict)
    tables: dict[Buffer, Any] = field(default_factory=dict)

    def term(self, node: Node, index: Index, inner: Node | None = None) -> Term:
        """The number of a node at an index; `inner` is what the nest's reduction finds."""
        if node is inner:
            return Total()
        if node in self.at:
            return load(self.at[node], index)
        op = node.op.name
        if node.op.kind == "elementwise" and op in ELEMENTWISE:
            args = [self.term(a, broadcast(a, index), inner) for a in node.args]
            inside = promote(*(a.dtype for a in node.args)) if node.dtype == "bool" else node.dtype
            return Apply(op, tuple(args), stored(node.dtype), stored(inside))
        if op in VIEWS:
            return self.term(node.args[0], VIEWS[op](node, index), inner)
        if op in self.RULES:
            rule: Callable[..., Term] = getattr(self, self.RULES[op])
            return rule(node, index, inner)
        raise UnsupportedError(
            f"The native engine cannot lower the op {op!r} yet; engine='numpy' runs it."
        )

    def _batch_size(self, node: Node, index: Index, inner: Node | None) -> Term:
        return Load(BATCH_SIZE, Place())

    def _full(self, node: Node, index: Index, inner: Node | None) -> Term:
        return self.term(node.args[0], (), inner)

    def _constant(self, node: Node, index: Index, inner: Node | None) -> Term:
        value = node.settings["value"]
        if not node.ndim:
            return Constant(value if node.dtype == "number" else value.item(), stored(node.dtype))
        sizes = tuple(int(n) for n in node.shape)
        buffer = Buffer(f"table{len(self.tables)}", TABLE, sizes, node.dtype)
        self.tables[buffer] = value
        self.at[node] = buffer
        return load(buffer, index)

    def _one_hot(self, node: Node, index: Index, inner: Node | None) -> Term:
        code = self.term(node.args[0], index[:-1], inner)
        same = Apply("equal", (code, Counted(index[-1])), "bool", "int64")
        return same if node.dtype == "bool" else Apply("cast", (same,), node.dtype, node.dtype)

    def _take(self, node: Node, index: Index, inner: Node | None) -> Term:
        table, row = node.args
        buffer = self.at.get(table)
        if buffer is None or buffer.kind != TABLE:
            raise UnsupportedError("native: take needs a table of parameters; engine='numpy' can.")
        which = self.term(row, index[: row.ndim], inner)
        sizes = buffer.sizes[1:]
        inside = linear(_within(index[row.ndim :], sizes), sizes)
        return Picked(buffer, which, inside)

    def _concatenate(self, node: Node, index: Index, inner: Node | None) -> Term:
        """Which part, by comparing the place; every part is read, at places that may be beside.

        So are padding and what a slice left out. What is read beside is not used, but it must lie
        in the arena: `_within` keeps to their axes the places in tables of several axes, of which
        the last is filled up, and those that are reshaped. All others stay sums of strides; the
        layout has room around for them.
        """
        axis = node.settings.get("axis", -1) % node.ndim
        found: Term | None = None
        first = 0
        for arg in node.args:
            moved = (*index[:axis], index[axis] + (-first), *index[axis + 1 :])
            part = self.term(arg, moved, inner)
            if found is None:
                found = part
            else:
                before = Apply("less", (Counted(index[axis]), _whole(first)), "bool", "int64")
                found = Apply("where", (before, found, part), node.dtype, node.dtype)
            first += int(arg.shape[axis])
        assert found is not None  # noqa: S101 - concatenate has arguments
        return found

    def _pad(self, node: Node, index: Index, inner: Node | None) -> Term:
        x = node.args[0]
        moved, inside = list(index), None
        for axis, (before, after) in enumerate(node.settings["widths"]):
            if before or after:
                moved[axis] = index[axis] + (-before)
                inside = _both(inside, _between(index[axis], before, before + int(x.shape[axis])))
        value = Constant(node.settings.get("value", 0), node.dtype)
        return _where(inside, self.term(x, tuple(moved), inner), value, node.dtype)

    def _unslice(self, node: Node, index: Index, inner: Node | None) -> Term:
        rest: list[Any] = []
        inside: Term | None = None
        entries = _full_index(node.settings["index"], node.shape)
        for entry, size, place in zip(entries, node.shape, index, strict=True):
            if isinstance(entry, int):
                at = entry % int(size)
                inside = _both(inside, _between(place, at, at + 1))
            elif size == BATCH:
                rest.append(place)
            else:
                start, stop, step = entry.indices(int(size))
                if step != 1:
                    raise UnsupportedError("native: a slice with steps; engine='numpy' can.")
                rest.append(place + (-start))
                inside = _both(inside, _between(place, start, stop))
        zero = Constant(0.0, node.dtype)
        return _where(inside, self.term(node.args[0], tuple(rest), inner), zero, node.dtype)


def _whole(value: int) -> Constant:
    return Constant(value, "int64")


def _between(place: Place, first: int, stop: int) -> Term:
    low = Apply("greater_equal", (Counted(place), _whole(first)), "bool", "int64")
    high = Apply("less", (Counted(place), _whole(stop)), "bool", "int64")
    return Apply("logical_and", (low, high), "bool", "bool")


def _both(a: Term | None, b: Term) -> Term:
    return b if a is None else Apply("logical_and", (a, b), "bool", "bool")


def _where(condition: Term | None, a: Term, b: Term, dtype: str) -> Term:
    return a if condition is None else Apply("where", (condition, a, b), dtype, dtype)


def load(buffer: Buffer, index: Index) -> Load:
    """A number of a buffer at an index."""
    inside = index[1:] if buffer.kind == ROWS else index
    if buffer.kind == ROWS and (not index or index[0] is not SAMPLE):
        raise UnsupportedError(f"native: {buffer.name} is read across samples; use engine='numpy'.")
    if buffer.kind == TABLE and sum(size > 1 for size in buffer.sizes) > 1:
        inside = _within(inside, buffer.sizes)
    return Load(buffer, linear(tuple(inside), buffer.sizes))


def _within(index: Index, sizes: tuple[int, ...]) -> tuple[Place, ...]:
    """The index, held to the axes."""
    return tuple(place.within(size) for place, size in zip(index, sizes, strict=True))


def at_index(arg: Node, places: list[Any]) -> Index:
    """Axes of size 1 are always read at 0."""
    return tuple(
        Place() if size == 1 else place for size, place in zip(arg.shape, places, strict=True)
    )


def stored(dtype: str) -> str:
    """Plain numbers are kept as float64."""
    return "float64" if dtype == "number" else dtype


def broadcast(arg: Node, index: Index) -> Index:
    """The index of an argument from that of an element-wise result."""
    own = index[len(index) - arg.ndim :] if arg.ndim else ()
    return at_index(arg, list(own))


def _transposed(node: Node, index: Index) -> Index:
    x = node.args[0]
    axes = node.settings.get("axes") or tuple(range(x.ndim))[::-1]
    found: list[Any] = [None] * x.ndim
    for place, axis in zip(index, axes, strict=True):
        found[axis % x.ndim] = place
    return tuple(found)


def _reshaped(node: Node, index: Index) -> Index:
    x = node.args[0]
    if x.shape[:1] == (BATCH,) and node.shape[:1] == (BATCH,):
        old, new = _sizes(x.shape[1:]), _sizes(node.shape[1:])
        return (index[0], *unravel(linear(_within(index[1:], new), new), old))
    if BATCH in x.shape:
        raise UnsupportedError("native: a reshape that moves the batch axis.")
    new = _sizes(node.shape)
    return unravel(linear(_within(index, new), new), _sizes(x.shape))


def _sizes(shape: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(int(n) for n in shape)


def _sliced(node: Node, index: Index) -> Index:
    x = node.args[0]
    rest = iter(index)
    found: list[Any] = []
    for entry, size in zip(_full_index(node.settings["index"], x.shape), x.shape, strict=True):
        if isinstance(entry, int):
            found.append(Place((), entry % int(size)))
        elif size == BATCH:
            found.append(next(rest))
        else:
            start, _, step = entry.indices(int(size))
            found.append(next(rest) * step + start)
    return tuple(found)


VIEWS: dict[str, Callable[[Node, Index], Index]] = {
    "transpose": _transposed,
    "reshape": _reshaped,
    "slice": _sliced,
    "expand": lambda node, index: broadcast(node.args[0], index),
    "stop_gradient": lambda node, index: index,
}
