"""What a nest's reduction finds, at several places at once: the order of sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.sums import EMPTY
from glassnet.engines.native.codegen.values import KINDS, convert, spread
from glassnet.engines.native.codegen.writer import Cell, Writer
from glassnet.engines.native.maths import I64, Maths
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Loop, Place
from glassnet.loops.nest import Apply, Nest, Reduction, Term, dtype_of

_CHAINS = 4  # sums over samples that are made side by side where a nest has only one
_SAMPLES = "samples"  # among the names of loops


class Ahead(NamedTuple):
    """A place of a table that will be read soon, for each turn of the innermost loop."""

    buffer: Buffer
    place: Place
    loops: dict[Loop, Place]


Body = Callable[[list[Any]], list[Any]]  # sums -> the same sums with one more term


def totals(w: Writer, nest: Nest, at: list[dict[Loop, Place]], lanes: int, along: Any,
           ahead: Sequence[Ahead] = ()) -> list[Any]:  # fmt: skip
    """The totals at these places; None where the nest has no reduction.

    ahead  what is asked for meanwhile
    """
    reduction = nest.reduction
    if reduction is None:
        return [None] * len(at)
    dtype = dtype_of(reduction.term)
    kind = KINDS[dtype] if lanes == 1 else ir.VectorType(KINDS[dtype], lanes)
    start = Maths(w.b, kind).const(EMPTY[reduction.how])
    names = [_SAMPLES] * reduction.samples + list(reduction.loops)
    return _Totals(w, reduction, at, lanes, along, ahead).over(names, [start] * len(at))


@dataclass
class _Totals:
    w: Writer
    reduction: Reduction
    at: list[dict[Loop, Place]]
    lanes: int
    along: Any
    ahead: Sequence[Ahead]

    def over(self, names: list[Any], sums: list[Any]) -> list[Any]:
        """The sums with all terms of some loops, the outermost first."""
        if not names:
            shared: dict[tuple[Buffer, Place], Any] = {}
            cells = (Cell(loops, self.lanes, self.along, shared) for loops in self.at)
            return [self._added(total, cell) for total, cell in zip(sums, cells, strict=True)]
        name, *rest = names
        if name is _SAMPLES:
            return self._over_samples(sums, lambda inside: self.over(rest, inside))
        with self.w.loop(I64(name.size), carried=sums) as (i, inside, box):
            self.w.counters[name] = i
            for one in self.ahead if not rest else ():
                pointer, _ = self.w.address(one.buffer, one.place, one.loops, 1, None)
                self.w.prefetch(pointer, write=False)
            box[:] = self.over(rest, inside)
        return list(inside)

    def _over_samples(self, sums: list[Any], body: Body) -> list[Any]:
        """The samples one by one, in their order: blocks, and the lanes of each.

        A nest without tiles makes its one sum in chains; a tile of one must add up as others do.
        """
        w, lanes = self.w, self.w.layout.lanes
        alone = not self.at[0]
        if alone:
            sums = [*sums, *[Maths(w.b, sums[0].type).const(0.0)] * (_CHAINS - 1)]
        with w.loop(w.blocks(), carried=sums) as (w.block, inside, box):
            left = w.b.sub(w.count, w.times(w.block, lanes))
            some = w.b.icmp_signed("<", left, I64(lanes))
            stop = w.b.select(some, left, I64(lanes))
            box[:] = (self._in_chains if alone else self._one_by_one)(stop, inside, body)
        return [self._combined(list(inside))] if alone else list(inside)

    def _one_by_one(self, stop: Any, sums: list[Any], body: Body, start: Any = None) -> list[Any]:
        with self.w.loop(stop, start, carried=sums) as (self.w.lane, inside, box):
            box[:] = body(inside)
        return list(inside)

    def _in_chains(self, stop: Any, sums: list[Any], body: Body) -> list[Any]:
        """Some sums side by side, so that one need not wait for another; then what is left."""
        whole = self.w.b.and_(stop, I64(-_CHAINS))
        with self.w.loop(whole, step=_CHAINS, carried=sums) as (lane, inside, box):
            for k, total in enumerate(inside):
                self.w.lane = self.w.plus(lane, k)
                box[k : k + 1] = body([total])
        first, *others = inside
        return [*self._one_by_one(stop, [first], body, whole), *others]

    def _combined(self, sums: list[Any]) -> Any:
        """Sums added in pairs."""
        while len(sums) > 1:
            sums = [self.w.b.fadd(a, b) for a, b in zip(sums[::2], sums[1::2], strict=True)]
        return sums[0]

    def _added(self, total: Any, cell: Cell) -> Any:
        """One more term; products go in by fused multiply and add."""
        b, how, term = self.w.b, self.reduction.how, self.reduction.term
        m, dtype = Maths(b, total.type), dtype_of(term)

        def value(one: Term) -> Any:
            return spread(b, convert(b, self.w.term(one, cell), dtype), cell.lanes)

        if how != "sum":
            return (m.maximum if how == "max" else m.minimum)(total, value(term))
        if isinstance(term, Apply) and term.op == "mul":
            return m.fma(value(term.args[0]), value(term.args[1]), total)
        return b.fadd(total, value(term))
