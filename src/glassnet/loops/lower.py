"""From a program to loop nests: what is computed together, over which loops, from where.

Each formula is followed down to what lies in memory, and becomes one nest. Some of what is inside
of it must be computed first, into a buffer of its own: sums, products of matrices, random numbers,
numbers that no sample changes. One sum may stay inside, and the rest of the formula is what follows
it. Of `z1 = x @ W1 + b1`:

    for each block of samples n, i < 4:
        total = sum over r < 3 of (x[n, r] * W1[4*r + i])       the product, which stays inside
        z1[n, i] = (total + b1[i])                              the formula around it

but of `a = exp(z - max(z)) / sum(exp(z - max(z)))` the maximum and the sum get nests before it,
while exp is written twice: it costs less to compute again than to keep.

A loop over the steps of a sequence becomes nests that are repeated (`repeat.py`).

What is printed on a line of its own need not lie in memory: a view (reshape, transpose, slice) is
another index into what it views. Formulas that are equal once softmax, mean and their like are
written out (a softmax and its loss have one maximum and one sum) are computed once, as long as no
weight has changed in between.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from glassnet import graph as g
from glassnet.errors import UnsupportedError
from glassnet.graph import SEED, Node, substitute
from glassnet.graph.loop import Body
from glassnet.graph.op import is_constant
from glassnet.graph.windows import sliding_of
from glassnet.loops.again import computed_again
from glassnet.loops.buffer import Buffer
from glassnet.loops.decompose import decompose, with_signs_of_relu
from glassnet.loops.halo import halos, reads_room
from glassnet.loops.index import Affine, Loop, linear
from glassnet.loops.indexing import Indexing, Place, stored
from glassnet.loops.lowered import Lowered
from glassnet.loops.nest import (
    Domain,
    Nest,
    RandomFill,
    RollRows,
    ScatterAdd,
    ScatterInside,
    Store,
    computed,
)
from glassnet.loops.questions import above, breaks, is_once, reduces
from glassnet.loops.reduction import names_of_loops
from glassnet.loops.reduction import reduction as reduction_of
from glassnet.loops.repeat import LoopLowering
from glassnet.loops.resampling import GATHERED, SCATTERED, additions
from glassnet.loops.term import Apply, Term, Total
from glassnet.loops.transposed import turned
from glassnet.loops.views import VIEWS, Index, Sample, affines, whole_sizes
from glassnet.program import Program
from glassnet.program.program import Statement
from glassnet.program.simplify import merge
from glassnet.spec import BATCH

Inside = tuple[Affine, ...]  # an index without the batch
# Their arguments are read at indices beside them, too; what is read there is not used.
READ_BESIDE = {"concatenate", "pad", "unslice", "unwindows"}


def lower(program: Program) -> Lowered:
    """The loop nests of a program; UnsupportedError where it has something that is no nest."""
    return _Lowering(program).run()


def _decomposed(statements: Sequence[Statement], outputs: Sequence[Node]) -> list[Node]:
    """The values of statements and outputs in plain ops, equal ones merged up to the first change.

    A formula behind a change of weights is another value than the same one before it.
    """
    values = [*(s.value for s in statements), *outputs]
    is_step = any(s.target is not None for s in statements)
    plain = with_signs_of_relu(decompose(values, by_reciprocals=is_step))
    changes = (i for i, s in enumerate(statements) if s.target is not None)
    first = next(changes, len(statements))
    before, after = plain[:first] + plain[len(statements) :], plain[first : len(statements)]
    merged = merge(before)
    after = substitute(after, dict(zip(before, merged, strict=True)))
    return turned([*merged[:first], *after, *merged[first:]], merged[first:])


@dataclass
class _Lowering:
    program: Program
    nests: list[Nest] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    indexing: Indexing = field(default_factory=Indexing)
    _numbers: dict[str, int] = field(default_factory=dict)
    _known: dict[Term, Buffer] = field(default_factory=dict)
    _loops: dict[Node, list[Place]] = field(default_factory=dict)

    def run(self) -> Lowered:
        """Statement by statement."""
        statements = list(self.program.statements())
        plain = _decomposed(statements, self.program.results)
        at = self.indexing.at
        values, results = plain[: len(statements)], plain[len(statements) :]
        self.indexing.room = halos(plain, kept=set(values), plain=results)
        changes = [i for i, s in enumerate(statements) if s.target is not None]
        first = next(iter(changes), len(statements))
        again = computed_again(plain, values[:first], [*values[first:], *results])
        leaves = {leaf: self._buffer(leaf, leaf.name) for leaf in self.program.arguments}
        at.update(leaves)
        for statement, value in zip(statements, plain, strict=False):
            if statement.target is not None:
                self._compute(value, at[statement.target])
            elif not (
                self.indexing.is_known(value)
                or value.op.name in VIEWS
                or is_constant(value)
                or value in again
            ):
                self._keep(value, statement.name)
        outputs = [self._in_memory(value, "out") for value in results]
        tables = self.indexing.tables
        return Lowered(self.nests, leaves, outputs, [*self.buffers, *tables], tables)

    # Where values lie.
    def _buffer(self, node: Node, name: str) -> Buffer:
        count = self._numbers[name] = self._numbers.get(name, 0) + 1
        batched = node.shape[:1] == (BATCH,)
        sizes = node.shape[1:] if batched else node.shape
        if node in self.indexing.room:
            widths = self.indexing.room[node][1:]
            sizes = tuple(int(n) + sum(w) for n, w in zip(sizes, widths, strict=True))
        if BATCH in sizes:
            raise UnsupportedError(
                f"native: {name} has the batch on an axis other than the first: {node.shape}."
            )
        label = name if count == 1 else f"{name}_{count}"
        kind = "int64" if node == SEED else stored(node.dtype)  # float64 holds 53 bits of its 64
        buffer = Buffer(label, batched, tuple(int(n) for n in sizes), kind)
        self.buffers.append(buffer)
        return buffer

    def _in_memory(self, node: Node, name: str) -> Buffer:
        """The buffer in which a value lies, and nothing else."""
        at = self.indexing.at
        if not self.indexing.is_known(node):
            self._keep(node, name)
        if node not in at:
            buffer = self._buffer(node, name)
            self._compute(node, buffer)
            at[node] = buffer
        return at[node]

    def _keep(self, node: Node, name: str) -> None:
        """Compute a value into a buffer of its own, from which it is then read."""
        if node.op.kind == "result":
            self.indexing.steps[node] = self._results(node.args[0])[node.settings["which"]]
        elif node.op.kind == "random":
            self._draw(node, name)
        elif node.op.name == "add_at":
            self._scatter(node, name)
        elif node.op.name in SCATTERED:
            self._scatter_inside(node, name)
        elif node.op is g.roll:
            self._roll(node, name)
        elif node.dtype == "number" and not node.is_leaf:
            self.indexing.at[node] = self._plain_number(node, name)
        else:
            buffer = self._buffer(node, name)
            self._compute(node, buffer)
            self.indexing.at[node] = buffer

    def _draw(self, node: Node, name: str) -> None:
        """Random numbers of every sample, as the printed program draws them."""
        buffer = self._buffer(node, name)
        if not buffer.batched:
            raise UnsupportedError("native: random numbers that are no rows; engine='numpy' can.")
        seed, step = (self.indexing.term(arg, ()) for arg in node.args)
        self.nests.append(RandomFill(buffer, node.settings["stream"], seed, step))
        self.indexing.at[node] = buffer

    def _scatter(self, node: Node, name: str) -> None:
        """Rows added to a table at the places that an index names."""
        at = self.indexing.at
        rows, index = (self._in_memory(arg, arg.name or arg.op.letter) for arg in node.args)
        table = self._buffer(node, name)
        if not (table.is_table and rows.batched and index.batched):
            raise UnsupportedError("native: add_at of other than rows of samples; use NumPy.")
        self.nests.append(ScatterAdd(table, index, rows))
        at[node] = table

    def _scatter_inside(self, node: Node, name: str) -> None:
        """Numbers added to places of their own sample that are computed."""
        dy = node.args[0]
        for arg in node.args:
            self._in_memory(arg, arg.name or arg.op.letter)
        buffer = self._buffer(node, name)
        loops, inside = _loops_over(whole_sizes(dy.shape[1:]))
        at, scale, added = additions(self.indexing, node, (Sample.HERE, *inside))
        real = tuple(loop for loop in loops if loop.size > 1)
        self.nests.append(ScatterInside(buffer, real, at, scale, tuple(added)))
        self.indexing.at[node] = buffer

    def _roll(self, node: Node, name: str) -> None:
        """Rows of the batch, each in the place of its neighbour."""
        source = self._in_memory(node.args[0], node.args[0].name or node.op.letter)
        buffer = self._buffer(node, name)
        self.nests.append(RollRows(buffer, source, node.settings["shift"]))
        self.indexing.at[node] = buffer

    def _plain_number(self, node: Node, name: str) -> Buffer:
        """A formula of plain numbers; equal ones, which no step changes, are computed once."""
        term = self.indexing.term(node, (), None)
        if term not in self._known:
            buffer = self._known[term] = self._buffer(node, name)
            self.nests.append(computed(Domain.NUMBER, (), None, [Store(buffer, Affine(), term)]))
        return self._known[term]

    def _results(self, loop: Node) -> list[Place]:
        """Where the results of a loop lie; its nests are made when that is first asked."""
        if loop not in self._loops:
            body: Body = loop.settings["body"]
            for arg in loop.args[len(body.carried) :]:
                for needed in [
                    *self._breakers(arg, but=None),
                    *([arg] if self._is_formula(arg) else []),
                ]:
                    if not self.indexing.is_known(needed):
                        self._keep(needed, needed.name or needed.op.letter)
            before, self.nests = self.nests, []
            counter = Loop(f"t{len(self._loops) or ''}", loop.settings["n_steps"])
            self._loops[loop] = []
            made, self._loops[loop] = LoopLowering(
                loop, counter, self.indexing, self._step, self._keep, self._take,
                self._room,
            ).run()  # fmt: skip
            self.nests = [*before, *made]
        return self._loops[loop]

    def _is_formula(self, node: Node) -> bool:
        """True for what must be computed, and is not only read at another index."""
        while node.op.name in VIEWS and not self.indexing.is_known(node):
            node = node.args[0]
        return not (node.is_leaf or self.indexing.is_known(node))

    def _room(self, node: Node, name: str, places: int) -> Buffer:
        """A buffer with a place for each of so many steps, behind the batch if there is one."""
        axis = int(node.is_batched)
        shape = (*node.shape[:axis], places, *node.shape[axis:])
        return self._buffer(replace(node, spec=node.spec.with_shape(shape)), name)

    def _take(self) -> list[Nest]:
        """The nests that were made since this was asked last."""
        made, self.nests = self.nests, []
        return made

    def _step(self, node: Node, buffer: Buffer, step: Affine) -> None:
        """A nest, or one for each of some parts laid side by side, for one step of a buffer."""
        if node.op is not g.concatenate:
            self._compute(node, buffer, lambda inside: (step, *inside))
            return
        rows = int(node.is_batched)
        axis, first = node.settings.get("axis", -1) % node.ndim - rows, 0
        for part in node.args:

            def place(inside: Inside, first: int = first) -> Inside:
                return step, *inside[:axis], inside[axis] + first, *inside[axis + 1 :]

            self._compute(part, buffer, place)
            first += int(part.shape[axis + rows])

    # Nests.
    def _compute(
        self, node: Node, buffer: Buffer, place: Callable[[Inside], Inside] = tuple
    ) -> None:
        """A nest that leaves the node's value in the buffer.

        place  where in the buffer each of its numbers stands
        """
        sizes = whole_sizes(node.shape[1:] if buffer.batched else node.shape)
        loops, inside = _loops_over(sizes)
        index: Index = (Sample.HERE, *inside) if buffer.batched else inside
        inner = self._fusable(node)
        for needed in self._breakers(node, but=inner):
            if not self.indexing.is_known(needed):
                self._keep(needed, needed.op.letter)
        reduction = reduction_of(self.indexing, inner, index, buffer) if inner is not None else None
        term = self.indexing.term(node, index, inner)
        if reduction is not None and not reduction.loops and not reduction.over_samples:
            term, reduction = _replaced(term, reduction.term), None
        moved = affines(self.indexing.inside(node, index)[buffer.batched :])
        store = Store(buffer, linear(place(moved), buffer.sizes), term)
        real = tuple(loop for loop in loops if loop.size > 1)
        self.nests.append(computed(_domain(buffer), real, reduction, [store]))

    def _breakers(self, node: Node, but: Node | None) -> list[Node]:
        """Values inside a formula that need a nest of their own, the innermost first."""
        found: list[Node] = []
        seen: set[Node] = set()

        def visit(one: Node, *, root: bool = False) -> None:
            if one in seen or self.indexing.is_known(one) or one.is_leaf:
                return
            seen.add(one)
            if one.op.kind == "result":
                found.append(one)
                return
            if one.dtype != "number":
                for arg in one.args:
                    visit(arg)
            if not root and one is not but and (breaks(one) or is_once(one, node)):
                found.append(one)
            found.extend(arg for arg in self._kept_below(one) if arg not in found)

        if node is not but and not breaks(node):
            visit(node, root=True)
        else:
            for arg in node.args:
                visit(arg)
            found.extend(arg for arg in self._kept_below(node) if arg not in found)
        return found

    def _kept_below(self, node: Node) -> list[Node]:
        """Arguments that must lie in memory: they are read beside themselves, or by windows.

        What windows slide over is read many times: a formula is computed once, before. A view of it
        (a reshape, a transpose) is no formula, but what it shows may be one.
        """
        if node.op.name in READ_BESIDE:
            return [arg for arg in node.args if self._unravels(arg)]
        if node.op.name in GATHERED:
            return [arg for arg in node.args if not (self.indexing.is_known(arg) or arg.is_leaf)]
        if node.op.name != "windows" or max(sliding_of(node.settings).size) == 1:
            return []
        seen = node.args[0]
        while seen not in self.indexing.at and (
            seen.op.name in VIEWS or reads_room(seen, self.indexing.room)
        ):
            seen = seen.args[0]
        return [] if seen in self.indexing.at or seen.is_leaf else [seen]

    def _unravels(self, node: Node) -> bool:
        """True where an index beside the formula is divided in it, and so may lead anywhere."""
        return any(one.op.name in {"repeat", "reshape"} for one in self._inside(node))

    def _fusable(self, node: Node) -> Node | None:
        """The reduction around which a nest is built: the node itself, or one in its formula."""
        if reduces(node):
            return node
        same = [n for n in self._inside(node) if n.op.kind == "contract" and n.shape == node.shape]
        return same[0] if len(same) == 1 and self._is_direct(node, same[0]) else None

    def _inside(self, node: Node) -> list[Node]:
        """The nodes of a formula down to what is known already."""
        return above([node], self.indexing.is_known)

    def _is_direct(self, node: Node, inner: Node) -> bool:
        """True where only element-wise ops of one shape lie between the formula and its part."""
        if node is inner:
            return True
        return node.op.kind == "elementwise" and all(
            arg.shape == node.shape and self._is_direct(arg, inner)
            for arg in node.args
            if inner in self._inside(arg)
        )


def _loops_over(sizes: Sequence[int]) -> tuple[tuple[Loop, ...], Inside]:
    """A loop for each axis, and an index along them; axes of size 1 are read at 0."""
    loops = tuple(Loop(c, n) for c, n in zip(names_of_loops("ijklm"), sizes, strict=False))
    return loops, tuple(Affine.of(loop) if loop.size > 1 else Affine() for loop in loops)


def _domain(buffer: Buffer) -> Domain:
    """What a nest that fills a buffer runs over."""
    if buffer.batched:
        return Domain.SAMPLES
    return Domain.NUMBER if buffer.is_scalar else Domain.ARRAY


def _replaced(term: Term, by: Term) -> Term:
    """The term with its total, a sum of one, written out."""
    if isinstance(term, Total):
        return by
    if isinstance(term, Apply):
        return term._replace(args=tuple(_replaced(a, by) for a in term.args))
    return term
