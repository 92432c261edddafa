"""Loops of the graph as nests that are repeated, with the step as one more index.

Of h_t = tanh(xW[:, t] + h_t @ U), which begins with zeros, and of which all steps are kept:

    for each block of samples n, i < 4:
        h[n, i] = 0                                             place 0: what the first step finds
    for each block of samples, t < 50:
        for each block of samples n, i < 4:
            total = sum over r < 4 of (h[n, 4*t + r] * U[4*r + i])
            h[n, 4*t + i + 4] = tanh((xW[n, 4*t + i] + total))

What is carried lies in an array with a place for each step and one more: a step reads one place and
writes the next (backwards: the one before), so no order within a step matters. The states of all
steps are that array, and so are those that the steps found.

Where the number of rows is known, no value has a batch, and the steps are the first axis of a table
instead of the one behind the batch; all values of a step are arrays then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from glassnet import graph as g
from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.loop import Body
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.indexing import Indexing, Place
from glassnet.loops.nest import Computed, Domain, Nest, Repeat
from glassnet.loops.views import VIEWS, Index, affine

_CHEAP = {"constant", "batch_size", "full"}


@dataclass
class LoopLowering:
    """Lowers one loop.

    compute    (node, buffer, step): a nest that leaves a value at a step of a buffer
    keep       (node, name): a value into a buffer of its own
    take       the nests that were made since it was called last
    room       (node, name, places): a buffer for so many of a value, side by side
    """

    loop: Node
    counter: Loop
    indexing: Indexing
    compute: Callable[[Node, Buffer, Affine], None]
    keep: Callable[[Node, str], None]
    take: Callable[[], list[Nest]]
    room: Callable[[Node, str, int], Buffer]
    _carried: dict[Node, Buffer] = field(default_factory=dict)

    @property
    def body(self) -> Body:
        """The formulas of a step."""
        body: Body = self.loop.settings["body"]
        return body

    @property
    def _has_rows(self) -> bool:
        """True where anything that goes through the steps belongs to a sample."""
        return any(leaf.is_batched for leaf in (*self.body.carried, *self.body.inputs))

    def _at(self, step: Affine) -> Callable[[Index], Index]:
        """From the index of a value of one step to that in an array with all of them."""
        axis = int(self._has_rows)
        return lambda index: (*index[:axis], step, *index[axis:])

    def _shifted(self, by: int) -> Callable[[Index], Index]:
        """From an index of all steps to that in an array with so many places in front."""
        axis = int(self._has_rows)
        return lambda index: (*index[:axis], affine(index[axis]) + by, *index[axis + 1 :])

    def run(self) -> tuple[list[Nest], list[Place]]:
        """The nests, and where each result lies."""
        n, backwards = self.counter.size, self.loop.settings["backwards"]
        t = Affine.of(self.counter)
        at = t * -1 + (n - 1) if backwards else t
        before, after = (at + 1, at) if backwards else (at, at + 1)
        self._begin(Affine((), n if backwards else 0))
        starts = self.take()
        self._placeholders(before, at)
        stacks = self._step(before, after, at)
        repeated = self.take()
        kept = frozenset(
            [*self._carried.values(), *(p.whole for p in stacks if isinstance(p.whole, Buffer))]
        )
        outside = [x for x in repeated if isinstance(x, Computed) and x.domain is Domain.NUMBER]
        inside = tuple(x for x in repeated if not any(x is one for one in outside))
        domain = Domain.SAMPLES if self._has_rows else Domain.ARRAY
        if any(not isinstance(x, Computed | Repeat) or x.domain is not domain for x in inside):
            raise UnsupportedError(
                "native: a loop that computes what is no row of the batch; engine='numpy' can."
            )
        last = Affine((), 0 if backwards else n)
        ends = [Place(self._carried[c], self._at(last)) for c in self.body.carried]
        nest = Repeat(domain, self.counter, inside, kept)  # type: ignore[arg-type]
        return [*starts, *outside, nest], [*ends, *stacks]

    def _begin(self, first: Affine) -> None:
        """What the first step finds, in the first place of what is carried."""
        for leaf, start in zip(self.body.carried, self.loop.args, strict=False):
            buffer = self._carried[leaf] = self._room(leaf, self.counter.size + 1)
            self.compute(start, buffer, first)

    def _room(self, node: Node, places: int) -> Buffer:
        """A buffer with a place for each step."""
        if node.is_batched is not self._has_rows:
            raise UnsupportedError(
                "native: a loop that carries or gives out what is no row of the batch; "
                "engine='numpy' can."
            )
        return self.room(node, node.name or node.op.letter, places)

    def _placeholders(self, before: Affine, at: Affine) -> None:
        """Where a step finds its values."""
        body, steps = self.body, self.indexing.steps
        for leaf, arg in zip(body.leaves, self.loop.args, strict=True):
            if leaf in body.carried:
                steps[leaf] = Place(self._carried[leaf], self._at(before))
            elif leaf in body.constants:
                steps[leaf] = Place(arg, lambda index: index)
            elif leaf.is_batched is self._has_rows:
                steps[leaf] = Place(arg, self._at(at))
            else:
                raise UnsupportedError("native: a sequence of what is no row; engine='numpy' can.")

    def _step(self, before: Affine, after: Affine, at: Affine) -> list[Place]:
        """The nests of a step; where all steps of each output lie."""
        body, steps = self.body, self.indexing.steps
        order = g.in_order(body.roots)
        by = g.users(order)
        stacks: dict[Node, Place] = {}
        for node in order:
            if node.is_leaf:
                continue
            k = next((k for k, n in enumerate(body.following) if n is node), None)
            if k is not None:
                buffer = self._carried[body.carried[k]]
                self.compute(node, buffer, after)
                steps[node] = Place(buffer, self._at(after))
                stacks[node] = Place(buffer, self._shifted(after.constant - at.constant))
            elif node in body.outputs:
                buffer = self._room(node, self.counter.size)
                self.compute(node, buffer, at)
                steps[node] = Place(buffer, self._at(at))
                stacks[node] = Place(buffer, lambda index: index)
            elif len(by[node]) > 1 and not self._is_free(node):
                self.keep(node, node.name or node.op.letter)
        for leaf, node in zip(body.carried, body.following, strict=True):
            if stacks.get(node, Place(node, self._at(at))).whole is not self._carried[leaf]:
                self.compute(node, self._carried[leaf], after)
        for leaf in body.carried:
            stacks[leaf] = Place(self._carried[leaf], self._shifted(before.constant - at.constant))
        return [stacks[node] for node in body.outputs]

    def _is_free(self, node: Node) -> bool:
        """True for what is read where it lies, or written where it stands."""
        read = node.op.name in VIEWS or node.op.name in _CHEAP
        return read or node.dtype == "number" or node.op.kind == "loop"
