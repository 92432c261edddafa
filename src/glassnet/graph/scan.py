"""`scan`, and its derivative: a loop that goes through the steps the other way.

Of h_t = tanh(x_t + h_(t-1) @ U), forward and backward:

    for t in range(50):                         for t in reversed(range(50)):
        h_t = tanh(x[:, t] + h_t @ U)               dz = (dh_t + dh[:, t]) * (1 - h[:, t]**2)
        h[:, t] = h_t                               dh_t = dz @ U.T
                                                dx = dz;  dU = einsum("bti,bto->io", h_before, dz)

What the backward step reads of the forward step is kept of every step (here h and h_before). The
gradient of what all steps share is no sum that a loop carries on: the gradients of all steps are
contracted at once behind the loop, wherever the op that used it can be written over all steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from glassnet.graph.grad import Use, pullback, undo_broadcast
from glassnet.graph.loop import (
    Body,
    Step,
    lasts,
    loop_of,
    output,
    placeholder,
    scan_of,
    scan_spec,
    stacked,
    with_outputs,
    write_scan,
)
from glassnet.graph.node import Node
from glassnet.graph.op import Op, constant
from glassnet.graph.shape import expand_dims, reshape, stretch
from glassnet.graph.walk import depends_on, in_order, substitute
from glassnet.spec import FLOATS

_MATRIX = 2


def scan(
    step: Step, starts: Sequence[Any], sequences: Sequence[Any], *,
    backwards: bool = False, names: Sequence[str] = (),
) -> tuple[list[Node], list[Node]]:  # fmt: skip
    """Go through the steps of sequences: (what is carried after the last one, the outputs).

    step       (carried..., inputs...) -> (carried on, outputs), two lists of values of one step
    starts     what the first step finds
    sequences  (B, T, ...), of one T; a step gets (B, ...)
    backwards  from the last step to the first; outputs stand where their inputs do
    names      of the carried values and the inputs in the printed program, where they are not those
               of the arguments of `step`

    Everything else that `step` uses is the same in all steps. The outputs are (B, T, ...).

    >>> import numpy as np
    >>> from glassnet import graph
    >>> x = graph.input("x", ("B", 4, 2))
    >>> zeros = graph.stretch(0.0, ("B", 2), "float32")
    >>> (total,), _ = graph.scan(lambda s, x: ([s + x], []), [zeros], [x])
    >>> graph.evaluate([total], {x: np.ones((1, 4, 2), np.float32)}, 1)[0].tolist()
    [[4.0, 4.0]]
    """
    return scan_of(_scan, step, starts, sequences, backwards=backwards, names=names)


def _gradient(given: Mapping[int, Node], loop: Node, felt: set[Node]) -> list[Node | None]:
    """One gradient for each argument of the loop.

    given  the gradients that arrive at its results, by their place
    felt   nodes through which a change is felt
    """
    return _Reverse(loop, felt, dict(given)).gradients()


@dataclass
class _Reverse:
    """The loop that goes the other way.

    slopes  of each carried value: the placeholder of its gradient
    """

    loop: Node
    felt: set[Node]
    given: dict[int, Node]
    slopes: dict[Node, Node] = field(default_factory=dict)
    _inputs: dict[Node, Node] = field(default_factory=dict)  # placeholder -> its sequence
    _sums: dict[Node, tuple[Node, Node]] = field(default_factory=dict)  # leaf -> carried, next

    @property
    def body(self) -> Body:
        body: Body = self.loop.settings["body"]
        return body

    @property
    def n_steps(self) -> int:
        n_steps: int = self.loop.settings["n_steps"]
        return n_steps

    def gradients(self) -> list[Node | None]:
        """One for each argument; None where none is asked for."""
        body = self.body
        moved = self._moved()
        self.slopes = {c: placeholder(f"d{c.name}", c.spec) for c in body.carried if c in moved}
        inputs = [x for x in body.inputs if x in moved]
        wrt = [*self.slopes, *inputs]
        pulled = pullback(self._seeds(), wrt, {w for w in body.constants if w in moved})
        found = {x: pulled.gradients.get(x, _zeros(x)) for x in wrt}
        together = [use for use in pulled.uses if self._can_be_lifted(use)]
        for use in pulled.uses:
            if use not in together:
                self._add_up(use)
        following = [*(found[c] for c in self.slopes), *(n for _, n in self._sums.values())]
        kept = [*(found[x] for x in inputs), *(use.g for use in together)]
        old = self._old([*following, *kept], together)
        forward = with_outputs(self.loop, [n for n in old if n not in self._given])
        reverse, now = self._written(forward, old, following, list(dict.fromkeys(kept)))
        by = dict(zip([*self.slopes, *self._sums], lasts(reverse), strict=True))
        by |= {x: output(reverse, now[found[x]]) for x in inputs}
        for use in together:
            leaf, g = use.y.args[use.position], output(reverse, now[use.g])
            part = self._lifted(use, forward, g)
            by[leaf] = by[leaf] + part if leaf in by else part
        return [by.get(leaf) for leaf in body.leaves]

    @property
    def _given(self) -> dict[Node, Node]:
        """What stands outside for each input and constant of the body."""
        body = self.body
        pairs = zip(body.leaves, self.loop.args, strict=True)
        return {leaf: arg for leaf, arg in pairs if leaf not in body.carried}

    def _moved(self) -> set[Node]:
        """The nodes of the body through which a change of the loop's arguments is felt."""
        body = self.body
        leaves = {
            leaf for leaf, arg in zip(body.leaves, self.loop.args, strict=True)
            if arg in self.felt and leaf.dtype in {*FLOATS, "number"}
        }  # fmt: skip
        while True:
            moved = depends_on(in_order(body.roots), leaves)
            more = {
                c for c, after in zip(body.carried, body.following, strict=True)
                if after in moved and c not in leaves and c.dtype in FLOATS
            }  # fmt: skip
            if not more:
                return moved
            leaves |= more

    def _seeds(self) -> dict[Node, Node]:
        """The gradients that arrive at what a step leaves, and at its outputs."""
        body = self.body
        seeds: dict[Node, Node] = {}

        def arrives(node: Node, g: Node) -> None:
            seeds[node] = seeds[node] + g if node in seeds else g

        for c, after in zip(body.carried, body.following, strict=True):
            if c in self.slopes:
                arrives(after, self.slopes[c])
        for which, g in self.given.items():
            if which >= len(body.carried):
                node = body.outputs[which - len(body.carried)]
                leaf = placeholder(f"d{node.name}", node.spec)
                spec = stacked(node.spec, self.n_steps)
                self._inputs[leaf] = stretch(g, spec.shape, spec.dtype)
                arrives(node, leaf)
        return seeds

    def _can_be_lifted(self, use: Use) -> bool:
        """True where the op that used a constant can be written over all steps at once."""
        y, x = use.y, use.y.args[use.position]
        others = [a for i, a in enumerate(y.args) if i != use.position]
        varying = [a for a in others if a not in self.body.constants and not _is_number(a)]
        if not y.is_batched or not varying or use.g.shape != y.shape:
            return False
        if y.op.kind == "elementwise":
            return all(a.is_batched and a.ndim == y.ndim for a in varying)
        return (
            y.op.name == "matmul" and use.position == 1 and x.ndim == _MATRIX
            and y.args[0].is_batched
        )  # fmt: skip

    def _add_up(self, use: Use) -> None:
        """The gradient of a constant as a sum that the loop carries on."""
        leaf = use.y.args[use.position]
        total, after = self._sums.get(leaf) or (placeholder(f"d{leaf.name}", leaf.spec),) * 2
        self._sums[leaf] = total, after + use.dx

    def _old(self, roots: Sequence[Node], together: Sequence[Use]) -> list[Node]:
        """The values of the forward step that are read behind it."""
        forward = set(in_order(self.body.roots)) | set(self.body.leaves)
        found: dict[Node, None] = {}
        seen: set[Node] = set()
        stack = list(roots)
        while stack:
            node = stack.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in forward and (node.op.kind == "loop" or _is_quick(node)):
                stack += node.args
            elif node in forward:
                if not _is_number(node):
                    found[node] = None
            else:
                stack += node.args
        for use in together:
            for node in (*use.y.args, use.y):
                if not _is_number(node):
                    found[node] = None
        return list(found)

    def _written(self, forward: Node, old: Sequence[Node], following: Sequence[Node],
                 kept: Sequence[Node]) -> tuple[Node, dict[Node, Node]]:  # fmt: skip
        """The reverse loop, and what became of the nodes that it keeps of every step."""
        given, inputs, by = self._given, dict(self._inputs), {}
        for node in old:
            if node in self.body.constants:
                by[node] = given[node]
                continue
            leaf = by[node] = placeholder(node.name, node.spec)
            inputs[leaf] = given[node] if node in given else output(forward, node)
        new = substitute([*following, *kept], by)
        n = len(following)
        carried = [*self.slopes.values(), *(total for total, _ in self._sums.values())]
        starts = [self._start(c) for c in self.slopes]
        starts += [_zeros(total) for total, _ in self._sums.values()]
        outputs = tuple(dict.fromkeys(new[n:]))
        whole = Body(tuple(carried), tuple(inputs), (), tuple(new[:n]), outputs)
        backwards = not self.loop.settings["backwards"]
        loop = loop_of(_scan, whole, [*starts, *inputs.values()], self.n_steps, backwards)
        inside = dict(zip(kept, new[n:], strict=True))
        final: Body = loop.settings["body"]
        places = dict(zip(outputs, final.outputs, strict=True))
        return loop, {node: places[inside[node]] for node in kept}

    def _start(self, c: Node) -> Node:
        """The gradient that arrives at what is carried after the last step."""
        g = self.given.get(self.body.carried.index(c))
        return _zeros(c) if g is None else stretch(g, c.shape, c.dtype)

    def _lifted(self, use: Use, forward: Node, g: Node) -> Node:
        """The gradient of a constant by one of its uses, of all steps at once."""
        y, whole = use.y, self._given[use.y.args[use.position]]
        args = [self._over_all_steps(arg, y, forward) for arg in y.args]
        parts = y.op.gradient(g, output(forward, y), *args, **y.settings) if y.op.gradient else ()
        part = parts[use.position]
        assert part is not None  # noqa: S101 - it was none of one step either
        found = undo_broadcast(part, args[use.position])
        return found if found.shape == whole.shape else reshape(found, shape=whole.shape)

    def _over_all_steps(self, arg: Node, y: Node, forward: Node) -> Node:
        """An argument of y as it stands in the formula of all steps."""
        if _is_number(arg):
            return arg
        if arg not in self._given:
            return output(forward, arg)
        whole = self._given[arg]
        along = arg in self.body.constants and y.op.kind == "elementwise" and whole.ndim == y.ndim
        return expand_dims(whole, 1) if along else whole


def _zeros(x: Node) -> Node:
    return stretch(constant(0.0), x.shape, x.dtype)


def _is_quick(node: Node) -> bool:
    """True for what is computed again sooner than kept: 1 - z."""
    return node.op.name in {"neg", "add", "sub", "mul"} and any(map(_is_number, node.args))


def _is_number(node: Node) -> bool:
    """True for what stands in the text itself."""
    return node.op.name in {"constant", "batch_size"} or (
        node.dtype == "number" and all(map(_is_number, node.args))
    )


_scan = Op("scan", write_scan, scan_spec, _gradient, kind="loop", letter="loop")  # type: ignore[arg-type]
