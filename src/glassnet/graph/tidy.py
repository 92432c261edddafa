"""Loops made one, and what nobody asks of them left out.

A derivative keeps values of the forward loop: it makes another loop that gives out more. `join`
makes one loop of both, `prune` takes out results, carried values and arguments without a reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from glassnet.graph.loop import Body, with_outputs
from glassnet.graph.node import Node
from glassnet.graph.shape import expand_dims, stretch
from glassnet.graph.walk import in_order, with_args, with_body


def tidy_loops(roots: list[Node]) -> list[Node]:
    """The roots by as few loops as they need, each with what is read of it."""
    if not any(node.op.kind == "loop" for node in in_order(roots)):
        return roots
    roots = join(roots)
    while True:
        fewer = prune(roots)
        if all(a is b for a, b in zip(roots, fewer, strict=True)):
            return roots
        roots = fewer


def join(roots: list[Node]) -> list[Node]:
    """One loop for all that differ only in what they give out of their steps."""
    order = in_order(roots)
    outputs: dict[tuple[Node, ...], dict[Node, None]] = {}
    for node in order:
        if node.op.kind == "loop":
            body: Body = node.settings["body"]
            outputs.setdefault(body.leaves, {}).update(dict.fromkeys(body.outputs))
    first: dict[tuple[tuple[Node, ...], tuple[Node, ...]], Node] = {}
    new: dict[Node, Node] = {}
    for node in order:
        if node.op.kind == "result":
            new[node] = _placed(node, new[node.args[0]])
            continue
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.op.kind == "loop":
            leaves = node.settings["body"].leaves
            made = first.setdefault((leaves, made.args), with_outputs(made, [*outputs[leaves]]))
        new[node] = made
    return [new[root] for root in roots]


def _placed(old: Node, loop: Node) -> Node:
    """The same result of a loop that has more of them."""
    before: Body = old.args[0].settings["body"]
    body: Body = loop.settings["body"]
    n, which = len(before.carried), old.settings["which"]
    place = which if which < n else n + body.outputs.index(before.outputs[which - n])
    return _result(old, loop, place)


def _result(old: Node, loop: Node, which: int) -> Node:
    """A result under its name; itself where nothing has changed."""
    if loop is old.args[0] and which == old.settings["which"]:
        return old
    spec = old.op.spec(loop.spec, which=which)
    return replace(old, args=(loop,), settings={"which": which}, spec=spec)


def prune(roots: list[Node]) -> list[Node]:
    """What no root needs is left out of the loops, and equal outputs are one."""
    order = in_order(roots)
    read: dict[Node, set[int]] = {}
    for node in order:
        if node.op.kind == "result":
            read.setdefault(node.args[0], set()).add(node.settings["which"])
    new: dict[Node, Node] = {}
    places: dict[Node, dict[int, int]] = {}
    for node in order:
        if node.op.kind == "result":
            loop = node.args[0]
            new[node] = _of_pruned(node, new[loop], places[loop][node.settings["which"]])
            continue
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.op.kind == "loop":
            made, places[node] = _pruned(with_body(made, _inside), sorted(read[node]))
        new[node] = made
    return [new[root] for root in roots]


def _inside(roots: list[Node]) -> list[Node]:
    """Loops in the body of a loop."""
    return prune(roots) if any(node.op.kind == "loop" for node in in_order(roots)) else roots


def _of_pruned(old: Node, loop: Node, which: int) -> Node:
    """A result where it stands now; an output that is an input or a constant needs no loop."""
    body: Body = loop.settings["body"]
    n = len(body.carried)
    node = body.outputs[which - n] if which >= n else None
    if node in body.inputs or node in body.constants:
        whole = loop.args[body.leaves.index(node)]
        if node in body.inputs:
            return whole
        return stretch(expand_dims(whole, int(whole.is_batched)), old.shape, old.dtype)
    return _result(old, loop, which)


def _pruned(loop: Node, read: Sequence[int]) -> tuple[Node, dict[int, int]]:
    """The loop with the results that are read, and where they are now."""
    body: Body = loop.settings["body"]
    n = len(body.carried)
    outputs = list(dict.fromkeys(body.outputs[i - n] for i in read if i >= n))
    carried = _carried(body, outputs, {i for i in read if i < n})
    following = tuple(body.following[i] for i in carried)
    needed = set(in_order([*following, *outputs]))
    inputs = [x for x in body.inputs if x in needed] or list(body.inputs[:1])
    constants = [x for x in body.constants if x in needed]
    places = {i: carried.index(i) for i in read if i < n}
    places |= {i: len(carried) + outputs.index(body.outputs[i - n]) for i in read if i >= n}
    new = Body(tuple(body.carried[i] for i in carried), tuple(inputs), tuple(constants),
               following, tuple(outputs))  # fmt: skip
    if (new.leaves, new.roots) == (body.leaves, body.roots):
        return loop, places
    arguments = dict(zip(body.leaves, loop.args, strict=True))
    settings = {**loop.settings, "body": new}
    args = tuple(arguments[leaf] for leaf in new.leaves)
    spec = loop.op.spec(*(arg.spec for arg in args), **settings)
    return replace(loop, args=args, settings=settings, spec=spec), places


def _carried(body: Body, outputs: Sequence[Node], last: set[int]) -> list[int]:
    """Which carried values are needed, for the last ones or by the steps."""
    needed = set(last)
    while True:
        inside = set(in_order([*outputs, *(body.following[i] for i in needed)]))
        more = {i for i, leaf in enumerate(body.carried) if leaf in inside} - needed
        if not more:
            return sorted(needed)
        needed |= more
