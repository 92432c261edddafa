"""The reference interpreter: node by node, each op by its own forward text.

It neither simplifies nor plans nor names, so a program is checked against it.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from types import CodeType
from typing import Any

import numpy as np

from glassnet.errors import GlassnetError
from glassnet.graph.node import Node
from glassnet.graph.op import ATOM
from glassnet.graph.registry import all_ops
from glassnet.graph.text import write
from glassnet.graph.walk import in_order


@functools.cache
def namespace() -> dict[str, Any]:
    """What a forward text may name: NumPy, math, and the helpers of all ops."""
    scope: dict[str, Any] = {"np": np, "math": math}
    for op in all_ops().values():
        if op.helper:
            exec(compile(op.helper_for(), f"<helper of {op.name}>", "exec"), scope)
    return scope


@functools.lru_cache(maxsize=4096)
def _compiled(text: str) -> CodeType:
    return compile(text, "<formula>", "eval")


def evaluate(
    outputs: Sequence[Node], values: Mapping[Node, Any], batch: int | None = None
) -> list[Any]:
    """The values of the outputs, given those of the leaves. `batch` is the number of rows."""
    known = evaluate_all(outputs, values, batch)
    return [known[output] for output in outputs]


def evaluate_all(
    outputs: Sequence[Node], values: Mapping[Node, Any], batch: int | None = None
) -> dict[Node, Any]:
    """The value of every node that the outputs need, in the order of their computation."""
    known: dict[Node, Any] = {}
    for node in in_order(outputs):
        if node in values:
            known[node] = values[node]
            continue
        if node.is_leaf and node.op.name not in {"constant", "batch_size"}:
            raise GlassnetError(f"No value was given for the {node.op.name} {node.name!r}.")
        if node.op.kind == "loop":
            known[node] = _run(node, [known[arg] for arg in node.args], batch)
            continue
        names = [f"a{i}" for i in range(len(node.args))]
        text, _ = write(node, [(name, ATOM) for name in names], batch="B")
        arguments = dict(zip(names, (known[arg] for arg in node.args), strict=True))
        with np.errstate(over="ignore"):  # as the engines do: of sigmoid's e^-x
            known[node] = eval(_compiled(text), namespace(), {**arguments, "B": batch})  # noqa: S307
    return known


def _run(loop: Node, args: Sequence[Any], batch: int | None) -> tuple[Any, ...]:
    """The results of a loop, step after step."""
    body, n_steps = loop.settings["body"], loop.settings["n_steps"]
    carried, sequences, constants = body.parts(args)
    steps = range(n_steps)
    kept: list[list[Any]] = []
    for t in reversed(steps) if loop.settings["backwards"] else steps:
        inputs = [
            s[:, t] if leaf.is_batched else s[t]
            for leaf, s in zip(body.inputs, sequences, strict=True)
        ]
        values = dict(zip(body.leaves, [*carried, *inputs, *constants], strict=True))
        found = evaluate(body.roots, values, batch)
        carried = tuple(found[: len(carried)])
        kept.append(found[len(carried) :])
    if loop.settings["backwards"]:
        kept.reverse()
    outputs = [
        np.stack([step[i] for step in kept], axis=int(node.is_batched))
        for i, node in enumerate(body.outputs)
    ]
    return (*carried, *outputs)
