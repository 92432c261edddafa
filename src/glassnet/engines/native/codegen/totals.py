"""What a nest's reduction finds, at several places at once: the order of sums."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.chunks import CHAINS
from glassnet.engines.native.codegen.sums import EMPTY
from glassnet.engines.native.codegen.values import KINDS, convert, spread
from glassnet.engines.native.codegen.writer import Along, Cell, Loops, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64, Maths
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Computed, Reduce, Reduction
from glassnet.loops.term import Apply, Term, dtype_of
from glassnet.loops.views import Sample


class Prefetch(NamedTuple):
    """A place of a table that will be read soon, for each turn of the innermost loop."""

    buffer: Buffer
    offset: Affine
    loops: Loops


Bounds = dict[Loop, tuple[Value, Value]]  # the part of a loop that is gone through
Body = Callable[[list[Value]], list[Value]]  # sums -> the same sums with one more term


def totals(w: Writer, nest: Computed, at: list[Loops], lanes: int, along: Along,
           ahead: Sequence[Prefetch] = ()) -> Sequence[Value | None]:  # fmt: skip
    """The totals at these places; None where the nest has no reduction.

    ahead  what is asked for meanwhile
    """
    if not isinstance(nest, Reduce):
        return [None] * len(at)
    reduction = nest.reduction
    dtype = dtype_of(reduction.term)
    kind = KINDS[dtype] if lanes == 1 else ir.VectorType(KINDS[dtype], lanes)
    start = Maths(w.b, kind).const(EMPTY[reduction.how])
    axes: list[Loop | Sample] = [Sample.HERE] if reduction.over_samples else []
    made = _Totals(w, reduction, at, lanes, along, ahead)
    return made.over([*axes, *reduction.loops], [start] * len(at))


def partial_totals(w: Writer, nest: Reduce, at: list[Loops], lanes: int, along: Along,
                   starts: list[Value], bounds: Bounds) -> list[Value]:  # fmt: skip
    """The totals with what one sample adds to them, of the part of its places within the bounds."""
    made = _Totals(w, nest.reduction, at, lanes, along, (), bounds)
    return made.over(nest.reduction.loops, starts)


@dataclass
class _Totals:
    w: Writer
    reduction: Reduction
    at: list[Loops]
    lanes: int
    along: Along
    ahead: Sequence[Prefetch]
    bounds: Bounds = field(default_factory=dict)

    def over(self, axes: Sequence[Loop | Sample], sums: list[Value]) -> list[Value]:
        """The sums with all terms of some loops, the outermost first."""
        if not axes:
            shared: dict[tuple[Buffer, Affine], Value] = {}
            cells = (Cell(loops, self.lanes, self.along, shared) for loops in self.at)
            return [self._added(total, cell) for total, cell in zip(sums, cells, strict=True)]
        axis, *rest = axes
        if isinstance(axis, Sample):
            return self._over_samples(sums, [one for one in rest if isinstance(one, Loop)])
        start, stop = self.bounds.get(axis, (None, I64(axis.size)))
        with self.w.loop(stop, start, carried=sums) as (i, inside, box):
            self.w.counters[axis] = i
            for one in self.ahead if not rest else ():
                pointer, _ = self.w.address(one.buffer, one.offset, one.loops, 1, None)
                self.w.prefetch(pointer, write=False)
            box[:] = self.over(rest, inside)
        return list(inside)

    def _over_samples(self, sums: list[Value], loops: Sequence[Loop]) -> list[Value]:
        """The samples one by one, in their order: blocks, and the lanes of each.

        Other loops, such as the steps of a sequence, stand between the two: what lanes read lies
        side by side.

        A nest without register blocks makes its one sum in chains; a block of one must add up as
        others do.
        """
        w, lanes = self.w, self.w.layout.lanes
        alone = not self.at[0]
        if alone:
            sums = [*sums, *[Maths(w.b, sums[0].type).const(0.0)] * (CHAINS - 1)]
        places = [(k, Cell({}, self.lanes, self.along, {})) for k in range(CHAINS)]
        if not alone:
            places = [(0, Cell(loops, self.lanes, self.along, {})) for loops in self.at]
        sums = [w.resumed(start, *place) for start, place in zip(sums, places, strict=True)]
        with w.loop(w.blocks(), carried=sums) as (w.block, inside, box):
            stop = w.least(w.b.sub(w.count, w.times(w.block, lanes)), I64(lanes))
            box[:] = self._within(loops, stop, inside, alone=alone)
        for total, place in zip(inside, places, strict=True):
            w.leave(total, *place)
        return [self._combined(list(inside))] if alone else list(inside)

    def _within(
        self, loops: Sequence[Loop], stop: Value, sums: list[Value], *, alone: bool
    ) -> list[Value]:
        """The sums with the terms of a block of samples."""
        if not loops:
            return (self._in_chains if alone else self._one_by_one)(stop, sums, self._terms)
        with self.w.loop(I64(loops[0].size), carried=sums) as (i, inside, box):
            self.w.counters[loops[0]] = i
            box[:] = self._within(loops[1:], stop, inside, alone=alone)
        return list(inside)

    def _terms(self, sums: list[Value]) -> list[Value]:
        """The sums with the terms of the sample at hand."""
        return self.over([], sums)

    def _one_by_one(
        self, stop: Value, sums: list[Value], body: Body, start: Value | None = None
    ) -> list[Value]:
        with self.w.loop(stop, start, carried=sums) as (self.w.lane, inside, box):
            box[:] = body(inside)
        return list(inside)

    def _in_chains(self, stop: Value, sums: list[Value], body: Body) -> list[Value]:
        """Some sums side by side, so that one need not wait for another; then what is left."""
        whole = self.w.b.and_(stop, I64(-CHAINS))
        with self.w.loop(whole, step=CHAINS, carried=sums) as (lane, inside, box):
            for k, total in enumerate(inside):
                self.w.lane = self.w.plus(lane, k)
                box[k : k + 1] = body([total])
        first, *others = inside
        return [*self._one_by_one(stop, [first], body, whole), *others]

    def _combined(self, sums: list[Value]) -> Value:
        """Sums added in pairs."""
        while len(sums) > 1:
            sums = [self.w.b.fadd(a, b) for a, b in zip(sums[::2], sums[1::2], strict=True)]
        return sums[0]

    def _added(self, total: Value, cell: Cell) -> Value:
        """One more term; products go in by fused multiply and add."""
        b, how, term = self.w.b, self.reduction.how, self.reduction.term
        m, dtype = Maths(b, total.type), dtype_of(term)

        def value(one: Term) -> Value:
            return spread(b, convert(b, self.w.term(one, cell), dtype), cell.lanes)

        if how != "sum":
            extreme: Value = (m.maximum if how == "max" else m.minimum)(total, value(term))
            return extreme
        if isinstance(term, Apply) and term.op == "mul":
            fused: Value = m.fma(value(term.args[0]), value(term.args[1]), total)
            return fused
        return b.fadd(total, value(term))
