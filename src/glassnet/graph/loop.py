"""The one loop: a formula for one step, and what it leaves behind for the next.

    h0, x = full(0, shape=("B", 4), dtype="float32"), input("x", ("B", 50, 3))
    (last,), (h,) = scan(lambda h, x: ([tanh(x @ W + h @ U)],) * 2, [h0], [x])

goes through the 50 steps of x; `h` (B, 50, 4) are the outputs of all steps, `last` (B, 4) is what
the last one left. The formula is traced once, over placeholders: a loop stays one node however long
the sequence. What the formula uses from outside (W, U) is computed before the loop, once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op, lift
from glassnet.graph.walk import in_order, substitute
from glassnet.spec import BATCH, Shape, Spec, shape_text

Step = Callable[..., tuple[Sequence[Any], Sequence[Any]]]


@dataclass(frozen=True)
class LoopSpec(Spec):
    """What is known of a loop: the specs of its results."""

    results: tuple[Spec, ...] = ()


@dataclass(frozen=True, eq=False)
class Body:
    """One step of a loop, as formulas over placeholders.

    carried    what the step before has left; following: what this one leaves, in the same order
    inputs     this step's part of each sequence
    constants  what is the same in every step
    outputs    what is kept of every step
    """

    carried: tuple[Node, ...]
    inputs: tuple[Node, ...]
    constants: tuple[Node, ...]
    following: tuple[Node, ...]
    outputs: tuple[Node, ...] = ()

    def __repr__(self) -> str:
        return f"<body of {', '.join(leaf.name for leaf in self.leaves)}>"

    @property
    def leaves(self) -> tuple[Node, ...]:
        """The placeholders, in the order of the loop's arguments."""
        return (*self.carried, *self.inputs, *self.constants)

    @property
    def roots(self) -> tuple[Node, ...]:
        """What a step computes."""
        return (*self.following, *self.outputs)

    def parts(self, of: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
        """Something for each placeholder, as three groups: carried, inputs, constants."""
        first, second = len(self.carried), len(self.carried) + len(self.inputs)
        yield from (tuple(of[:first]), tuple(of[first:second]), tuple(of[second:]))

    def mapped(self, change: Callable[[list[Node]], list[Node]]) -> Body:
        """The body with all its nodes changed together; itself where nothing was."""
        old = [*self.leaves, *self.roots]
        new = change(old)
        if all(a is b for a, b in zip(old, new, strict=True)):
            return self
        at = iter(new)
        groups = (self.carried, self.inputs, self.constants, self.following, self.outputs)
        return Body(*(tuple(next(at) for _ in group) for group in groups))


def scan_spec(*specs: Spec, body: Body, n_steps: int, backwards: bool) -> LoopSpec:
    """The results of a loop: what is carried after the last step, then all steps of the outputs."""
    starts, sequences, constants = body.parts(specs)
    for leaf, start, after in zip(body.carried, starts, body.following, strict=True):
        if start != leaf.spec or after.spec != start:
            raise ShapeError(
                f"what a step carries on must stay what it is: {leaf.name!r} begins as {start} and "
                f"goes on as {after.spec}"
            )
    for leaf, sequence in zip(body.inputs, sequences, strict=True):
        if sequence != stacked(leaf.spec, n_steps):
            raise ShapeError(f"{leaf.name!r} needs {stacked(leaf.spec, n_steps)}, got {sequence}")
    if any(leaf.spec != spec for leaf, spec in zip(body.constants, constants, strict=True)):
        raise ShapeError("a constant of the loop has another shape than its placeholder")
    outputs = (stacked(node.spec, n_steps) for node in body.outputs)
    return LoopSpec((), "loop", (*(leaf.spec for leaf in body.carried), *outputs))


def stacked(spec: Spec, n_steps: int) -> Spec:
    """All steps of a value: time is the axis behind the batch, or the first of what has no rows.

    >>> str(stacked(Spec(("B", 4)), 50))
    '(B, 50, 4) float32'
    """
    rows = spec.shape[:1] if spec.shape[:1] == (BATCH,) else ()
    return spec.with_shape((*rows, n_steps, *spec.shape[len(rows) :]))


def write_scan(parts: Any, settings: Any, node: Node) -> str:
    """A loop has no formula."""
    raise NotImplementedError("a loop is several lines, which `program.sources` writes")


def _placeholder_spec(*, spec: Spec) -> Spec:
    return spec


_placeholder = Op("placeholder", "", _placeholder_spec, None, kind="leaf")
# What a loop gives: `which` counts what is carried after the last step, then the outputs.
result = Op("result", "{0}[{which}]", lambda loop, *, which: loop.results[which], None,
            kind="result")  # fmt: skip


def placeholder(name: str, spec: Spec) -> Node:
    """A value of one step, which the loop gives to its body."""
    return _placeholder(spec=spec).named(name)


def is_placeholder(node: Node) -> bool:
    """True for what a loop gives to its body."""
    return node.op is _placeholder


def results(loop: Node) -> tuple[list[Node], list[Node]]:
    """All that a loop gives: what is carried after the last step, and the outputs of all steps."""
    body: Body = loop.settings["body"]
    found = [replace(result(loop, which=i), name=node.name) for i, node in enumerate(body.roots)]
    return found[: len(body.carried)], found[len(body.carried) :]


def scan_of(op: Op, step: Step, starts: Sequence[Any], sequences: Sequence[Any],
            *, backwards: bool, names: Sequence[str]) -> tuple[list[Node], list[Node]]:  # fmt: skip
    """See `scan`; op is the loop's op, which knows its derivative."""
    carried, given = [lift(x) for x in starts], [lift(x) for x in sequences]
    n_steps = _steps_of(given)
    specs = [x.spec for x in carried] + [one_step(x) for x in given]
    names = names or _names(step, len(specs))
    leaves = [placeholder(name, spec) for name, spec in zip(names, specs, strict=True)]
    n = len(carried)
    following, outputs = (list(map(lift, nodes)) for nodes in step(*leaves))
    if len(following) != n:
        raise ShapeError(f"In scan: a step carries on {len(following)} values, and begins with {n}")
    body = Body(tuple(leaves[:n]), tuple(leaves[n:]), (), tuple(following), tuple(outputs))
    return results(loop_of(op, body, [*carried, *given], n_steps, backwards))


def _steps_of(sequences: Sequence[Node]) -> int:
    """The number of steps, on which all sequences must agree."""
    sizes = {x.shape[1:2] for x in sequences}
    if len(sizes) != 1 or () in sizes or not all(x.is_batched for x in sequences):
        listed = ", ".join(shape_text(x.shape) for x in sequences) or "none"
        raise ShapeError(f"In scan: sequences (B, T, ...) of one length T are needed, got {listed}")
    ((size,),) = sizes
    if not isinstance(size, int) or size < 1:
        raise ShapeError(
            f"In scan: a sequence needs at least one step, got {shape_text(sequences[0].shape)}"
        )
    return size


def one_step(sequence: Node) -> Spec:
    """The spec of one step of a sequence (B, T, ...)."""
    shape: Shape = sequence.shape
    return sequence.spec.with_shape((shape[0], *shape[2:]))


def _names(step: Step, count: int) -> list[str]:
    """The step's own words for its arguments."""
    try:
        names = list(inspect.signature(step).parameters)
    except (TypeError, ValueError):
        names = []
    return names if len(names) == count else [f"s{i + 1}" for i in range(count)]


def loop_of(op: Op, body: Body, args: Sequence[Node], n_steps: int, backwards: bool) -> Node:
    """A loop, with all that no step changes taken out of its body: it becomes a constant."""
    of_steps = set(body.leaves)
    for node in in_order(body.roots):
        if not of_steps.isdisjoint(node.args):
            of_steps.add(node)
    order = in_order(body.roots)
    needed = [arg for node in order if node in of_steps for arg in node.args]
    outside = [n for n in dict.fromkeys([*needed, *body.roots])
               if n not in of_steps and not _is_literal(n)]  # fmt: skip
    leaves = [placeholder(n.name, n.spec) for n in outside]
    inside = substitute(list(body.roots), dict(zip(outside, leaves, strict=True)))
    n = len(body.following)
    whole = replace(body, constants=(*body.constants, *leaves), following=tuple(inside[:n]),
                    outputs=tuple(inside[n:]))  # fmt: skip
    return op(*args, *outside, body=whole, n_steps=n_steps, backwards=backwards)


def _is_literal(node: Node) -> bool:
    """True for what is written where it stands: numbers, and the size of the batch."""
    leaves = (one for one in in_order([node]) if one.is_leaf)
    return node.dtype == "number" and all(
        leaf.op.name in {"constant", "batch_size"} for leaf in leaves
    )


def with_outputs(loop: Node, outputs: Sequence[Node]) -> Node:
    """The loop, giving out more of what its steps compute; what it gave keeps its place."""
    body: Body = loop.settings["body"]
    more = [node for node in dict.fromkeys(outputs) if node not in body.outputs]
    if not more:
        return loop
    settings = {**loop.settings, "body": replace(body, outputs=(*body.outputs, *more))}
    spec = loop.op.spec(*(arg.spec for arg in loop.args), **settings)
    return replace(loop, settings=settings, spec=spec)


def lasts(loop: Node) -> list[Node]:
    """What is carried after the last step of a loop."""
    return [result(loop, which=i) for i in range(len(loop.settings["body"].carried))]


def output(loop: Node, node: Node) -> Node:
    """All steps of one of the outputs of a loop."""
    body: Body = loop.settings["body"]
    return result(loop, which=len(body.carried) + body.outputs.index(node))
