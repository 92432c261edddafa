"""From a program to loop nests: what is computed together, over which loops, from where."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.reduce import normal_axes
from glassnet.loops.buffer import ROWS, SCALAR, TABLE, Buffer
from glassnet.loops.decompose import decompose
from glassnet.loops.index import Loop, Place, linear
from glassnet.loops.indexing import SAMPLE, Index, Pull, at_index, stored
from glassnet.loops.lowered import Lowered
from glassnet.loops.nest import (
    Apply,
    Drawn,
    Load,
    Nest,
    Reduction,
    Scattered,
    Store,
    Term,
    Total,
)
from glassnet.program import Program
from glassnet.spec import BATCH

REDUCED = {"sum": "sum", "max": "max", "min": "min"}


def lower(program: Program) -> Lowered:
    """The loop nests of a program."""
    return _Lowering(program).run()


@dataclass
class _Lowering:
    program: Program
    nests: list[Nest] = field(default_factory=list)
    buffers: list[Buffer] = field(default_factory=list)
    pull: Pull = field(default_factory=Pull)
    _numbers: dict[str, int] = field(default_factory=dict)
    _known: dict[str, Buffer] = field(default_factory=dict)

    def run(self) -> Lowered:
        """Statement by statement."""
        statements = list(self.program.statements())
        roots = [*(s.value for s in statements), *self.program.outputs.values()]
        plain = decompose(roots)
        leaves = {leaf: self._buffer(leaf, leaf.name) for leaf in self.program.arguments}
        self.pull.at.update(leaves)
        for statement, value in zip(statements, plain, strict=False):
            if statement.target is not None:
                self._compute(value, self.pull.at[statement.target])
            elif value not in self.pull.at:
                self._keep(value, statement.name)
        outputs = []
        for value in plain[len(statements) :]:
            if value not in self.pull.at:
                self._keep(value, "out")
            outputs.append(self.pull.at[value])
        tables = self.pull.tables
        return Lowered(self.nests, leaves, outputs, [*self.buffers, *tables], tables)

    # Where values lie.
    def _buffer(self, node: Node, name: str) -> Buffer:
        count = self._numbers[name] = self._numbers.get(name, 0) + 1
        kind = TABLE if node.ndim else SCALAR
        sizes = node.shape
        if node.ndim and node.shape[0] == BATCH:
            kind, sizes = ROWS, node.shape[1:]
        if BATCH in sizes:
            raise UnsupportedError(
                f"native: {name} has the batch on an axis other than the first: {node.shape}."
            )
        label = name if count == 1 else f"{name}_{count}"
        buffer = Buffer(label, kind, tuple(int(n) for n in sizes), stored(node.dtype))
        self.buffers.append(buffer)
        return buffer

    def _keep(self, node: Node, name: str) -> None:
        """Compute a value into a buffer of its own, from which it is then read."""
        if node.op.kind == "random":
            self._draw(node, name)
            return
        if node.op.name == "add_at":
            self._scatter(node, name)
            return
        if node.dtype == "number" and not node.is_leaf:
            self.pull.at[node] = self._plain_number(node, name)
            return
        buffer = self._buffer(node, name)
        self._compute(node, buffer)
        self.pull.at[node] = buffer

    def _draw(self, node: Node, name: str) -> None:
        """Random numbers of every sample, as the printed program draws them."""
        buffer = self._buffer(node, name)
        if buffer.kind != ROWS:
            raise UnsupportedError("native: random numbers that are no rows; engine='numpy' can.")
        seed, step = (self.pull.term(arg, ()) for arg in node.args)
        source = Drawn(buffer, node.settings["stream"], seed, step)
        self.nests.append(Nest("random", (), None, [], source))
        self.pull.at[node] = buffer

    def _scatter(self, node: Node, name: str) -> None:
        """Rows added to a table at the places that an index names."""
        rows, index = node.args
        for arg in (rows, index):
            if arg not in self.pull.at:
                self._keep(arg, arg.name or arg.op.letter)
        table, found = self._buffer(node, name), [self.pull.at[a] for a in (index, rows)]
        if table.kind != TABLE or any(b.kind != ROWS for b in found) or found[0].count != 1:
            raise UnsupportedError("native: add_at of other than one row a sample; use NumPy.")
        self.nests.append(Nest("scatter", (), scattered=Scattered(table, *found)))
        self.pull.at[node] = table

    def _plain_number(self, node: Node, name: str) -> Buffer:
        """A formula of plain numbers; equal ones, which no step changes, are computed once."""
        term = self.pull.term(node, (), None)
        if str(term) not in self._known:
            buffer = self._known[str(term)] = self._buffer(node, name)
            self.nests.append(Nest("once", (), None, [Store(buffer, Place(), term)]))
        return self._known[str(term)]

    # Nests.
    def _compute(self, node: Node, buffer: Buffer) -> None:
        """A nest that leaves the node's value in the buffer, fused with the one before it."""
        loops = self._loops(buffer.sizes)
        places = tuple(Place.of(loop) if loop.size > 1 else Place() for loop in loops)
        index: Index = (SAMPLE, *places) if buffer.kind == ROWS else places
        inner = self._fusable(node)
        for needed in self._breakers(node, but=inner):
            self._keep(needed, needed.op.letter)
        reduction = self._reduction(inner, index) if inner is not None else None
        term = self.pull.term(node, index, inner)
        if reduction is not None and not reduction.loops and not reduction.samples:
            term, reduction = _replaced(term, reduction.term), None
        store = Store(buffer, linear(places, buffer.sizes), term)
        over = self._over(buffer, reduction)
        self.nests.append(Nest(over, tuple(n for n in loops if n.size > 1), reduction, [store]))

    @staticmethod
    def _over(buffer: Buffer, reduction: Reduction | None) -> str:
        if buffer.kind == ROWS:
            return "rows"
        if reduction is not None and reduction.samples:
            return "table" if buffer.kind == TABLE and _adds_rows(reduction) else "sums"
        return "table" if buffer.kind == TABLE else "once"

    def _loops(self, sizes: tuple[int, ...], letters: str = "ijklm") -> tuple[Loop, ...]:
        return tuple(Loop(c, n) for c, n in zip(letters, sizes, strict=False))

    def _breakers(self, node: Node, but: Node | None) -> list[Node]:
        """Values inside a formula that need a nest of their own, the innermost first."""
        found: list[Node] = []
        seen: set[Node] = set()

        def visit(one: Node, *, root: bool = False) -> None:
            if one in seen or one in self.pull.at or one.is_leaf:
                return
            seen.add(one)
            if one.dtype != "number":
                for arg in one.args:
                    visit(arg)
            if not root and one is not but and _breaks(one):
                found.append(one)

        if node is not but and not _breaks(node):
            visit(node, root=True)
        else:
            for arg in node.args:
                visit(arg)
        return found

    def _fusable(self, node: Node) -> Node | None:
        """The reduction around which a nest is built: the node itself, or one in its formula."""
        if _reduces(node):
            return node
        same = [n for n in self._inside(node) if n.op.kind == "contract" and n.shape == node.shape]
        return same[0] if len(same) == 1 and self._is_direct(node, same[0]) else None

    def _inside(self, node: Node) -> list[Node]:
        """The nodes of a formula down to what is known already."""
        return _above([node], self.pull.at)

    def _is_direct(self, node: Node, inner: Node) -> bool:
        """True where only element-wise ops of one shape lie between the formula and its part."""
        if node is inner:
            return True
        return node.op.kind == "elementwise" and all(
            arg.shape == node.shape and self._is_direct(arg, inner)
            for arg in node.args
            if inner in self._inside(arg)
        )

    def _reduction(self, node: Node, index: Index) -> Reduction:
        """The sum, product-sum or extreme that a node is, at an index of its result."""
        if node.op.kind == "contract":
            return self._contraction(node, index)
        x = node.args[0]
        axes = normal_axes(node.settings.get("axis"), x.ndim)
        inside, samples, loops = self._reduced_index(node, x, axes, index)
        how = REDUCED[node.op.name]
        return Reduction(how, tuple(loops), samples, self.pull.term(x, inside, None))

    def _reduced_index(
        self, node: Node, x: Node, axes: tuple[int, ...], index: Index
    ) -> tuple[Index, bool, list[Loop]]:
        kept = list(index)
        if node.settings.get("keepdims"):
            kept = [p for i, p in enumerate(kept) if i not in axes]
        names = itertools.chain("rstuvw")
        inside: list[Any] = []
        loops: list[Loop] = []
        samples = False
        rest = iter(kept)
        for axis, size in enumerate(x.shape):
            if axis not in axes:
                inside.append(next(rest))
            elif size == BATCH:
                samples = True
                inside.append(SAMPLE)
            else:
                inside.append(_next_loop(loops, names, int(size)))
        return tuple(inside), samples, loops

    def _contraction(self, node: Node, index: Index) -> Reduction:
        terms, result = _letters(node)
        where = dict(zip(result, index, strict=True))
        loops: list[Loop] = []
        samples = False
        names = itertools.chain("rstuvw")
        for term, arg in zip(terms, node.args, strict=True):
            for letter, size in zip(term, arg.shape, strict=True):
                if letter not in where:
                    if size == BATCH:
                        samples, where[letter] = True, SAMPLE
                    else:
                        where[letter] = _next_loop(loops, names, int(size))
        factors = [
            self.pull.term(arg, at_index(arg, [where[c] for c in term]), None)
            for term, arg in zip(terms, node.args, strict=True)
        ]
        product = factors[0]
        for factor in factors[1:]:
            product = Apply("mul", (product, factor), node.dtype, node.dtype)
        return Reduction("sum", tuple(loops), samples, product)


def _adds_rows(reduction: Reduction) -> bool:
    """True for sums of products, and of rows as they lie: many of their numbers fill a register."""
    term = reduction.term
    is_product = isinstance(term, Apply) and term.op == "mul"
    is_row = isinstance(term, Load) and bool(term.place.terms)
    return reduction.how == "sum" and (is_product or is_row)


def _above(roots: list[Node], known: Mapping[Node, Buffer]) -> list[Node]:
    seen: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in seen and node not in known:
            for arg in node.args:
                visit(arg)
            seen[node] = None

    for root in roots:
        visit(root)
    return list(seen)


def _replaced(term: Term, by: Term) -> Term:
    """The term with its total, a sum of one, written out."""
    if isinstance(term, Total):
        return by
    if isinstance(term, Apply):
        args = tuple(_replaced(a, by) for a in term.args)
        return Apply(term.op, args, term.dtype, term.inside)
    return term


def _next_loop(loops: list[Loop], names: Iterator[str], size: int) -> Place:
    """A place along a new loop; one of a single turn is no loop."""
    if size == 1:
        return Place()
    loops.append(Loop(next(names), size))
    return Place.of(loops[-1])


def _letters(node: Node) -> tuple[list[str], str]:
    """A contraction as einsum writes it."""
    if node.op.name == "einsum":
        left, result = node.settings["subscripts"].replace(" ", "").split("->")
        return left.split(","), result
    a, b = node.args
    stack = "abcdefgh"[: node.ndim - 2]
    return [stack[len(stack) - a.ndim + 2 :] + "ir", stack[len(stack) - b.ndim + 2 :] + "ro"], (
        stack + "io"
    )


def _reduces(node: Node) -> bool:
    return node.op.kind == "contract" or node.op.name in REDUCED


def _breaks(node: Node) -> bool:
    """True for what cannot be written inside another formula: reductions, draws, numbers."""
    if node.dtype == "number":
        return not node.is_leaf and node.op.kind == "elementwise"
    return _reduces(node) or node.op.kind == "random" or node.op.name == "add_at"
