"""Builds the three programs of a network: a step of training, a prediction, an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.graph.walk import with_args
from glassnet.losses import Loss, reduced, weighted_mean
from glassnet.nn.topology import Topology
from glassnet.optim import LBFGS, Optimizer
from glassnet.program.leaves import SETTINGS
from glassnet.program.plan import Plan, plan, stands_alone
from glassnet.program.program import Call, Output, Program, Role, Statement
from glassnet.program.simplify import reduce, simplify
from glassnet.program.trace import Forward, layer_numbers, named_forward, trace
from glassnet.program.update import update_section
from glassnet.spec import Spec


@dataclass(frozen=True)
class Goal:
    """What one output is trained for and measured by.

    weighted        rows come with weights
    class_weighted  how many class weights there are, or 0
    metrics         row metrics: objects with a name and rows(y, p)
    left_out        names of metrics that need all rows at once, so that no program has them
    """

    loss: Loss
    metrics: tuple[Any, ...] = ()
    weighted: bool = False
    class_weighted: int = 0
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Measured:
    """The losses and metrics over a forward pass, and the leaves that they brought."""

    loss: Node
    parts: list[Node]
    metrics: list[Output]
    leaves: list[Node] = field(default_factory=list)


def target_spec(loss: Loss, p: Spec) -> Spec:
    """What y must look like for this loss and output."""
    if loss.target == "class":
        if p.rank < 2:
            raise ShapeError(f"{loss.name} needs an output with an axis of classes, got {p}.")
        return Spec(p.shape[:-1], "int64")
    return p


def _numbered(name: str, i: int, count: int) -> str:
    return name if count == 1 else f"{name}{i + 1}"


def _measure(goals: Sequence[Goal], outputs: Sequence[Node], names: Sequence[str]) -> _Measured:
    if len(goals) != len(outputs):
        raise SettingError(f"{len(goals)} losses were given for {len(outputs)} outputs.")
    losses: list[Node] = []
    targets: list[Node] = []
    weights: list[Node] = []
    metrics: list[Output] = []
    count = len(goals)
    for i, (goal, p) in enumerate(zip(goals, outputs, strict=True)):
        spec = target_spec(goal.loss, p.spec)
        y = g.input(_numbered("y", i, count), spec.shape, spec.dtype)
        targets.append(y)
        w = _row_weights(goal, y, p, weights, i, count)
        loss = reduced(goal.loss, y, p, w)
        losses.append(loss.named(_numbered("loss", i, count)) if count > 1 else loss)
        for metric in goal.metrics:
            rows = metric.rows(y, p)
            value = g.mean(rows) if w is None or not rows.ndim else weighted_mean(w, rows)
            value = value.named(_numbered(metric.mean_name, i, count))
            before = "" if count == 1 else f"{names[i]}_"
            of = "" if metric.mean_name == metric.name else f"{before}{metric.name}"
            metrics.append(Output(f"{before}{metric.mean_name}", value, Role.METRIC, of))
    total = _sum([_scaled(goal.loss.weight, x) for goal, x in zip(goals, losses, strict=True)])
    return _Measured(total, losses, metrics, [*targets, *weights])


def measured_loss(
    goals: Sequence[Goal], forward: Forward, topology: Topology
) -> tuple[Node, list[Node]]:
    """The loss with its penalty over a forward pass, and the leaves of the targets."""
    measured = _measure(goals, forward.outputs, topology.output_names())
    penalty = _penalty(forward)
    return measured.loss if penalty is None else measured.loss + penalty, measured.leaves


def _scaled(weight: float, loss: Node) -> Node:
    return loss if weight == 1 else weight * loss


def _sum(values: Sequence[Node]) -> Node:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _row_weights(
    goal: Goal, y: Node, p: Node, leaves: list[Node], i: int, count: int
) -> Node | None:
    """The weight of each row: its own, times that of its class."""
    w = None
    if goal.weighted:
        w = g.input(_numbered("w", i, count), ("B",), p.dtype)
        leaves.append(w)
    if goal.class_weighted:
        of_class = g.input(_numbered("class_weight", i, count), (goal.class_weighted,), p.dtype)
        leaves.append(of_class)
        found = _class_weights(of_class, y)
        w = found if w is None else w * found
        w = w.named(_numbered("row_weight", i, count))
    return w


def _class_weights(of_class: Node, y: Node) -> Node:
    if y.dtype == "int64":
        return g.take(of_class, y)
    if y.shape[-1] == 1:
        return g.take(of_class, g.cast(y[:, 0] > 0.5, dtype="int64"))
    return g.sum(of_class * y, axis=-1)


def _penalty(forward: Forward) -> Node | None:
    found = [
        forward.kept[name].regularizer.formula(forward.parameters[name])
        for name in forward.trainable
        if forward.kept[name].regularizer is not None
    ]
    return _sum(found).named("penalty") if found else None


def training_program(
    topology: Topology, dtype: str, goals: Sequence[Goal], optimizer: Optimizer
) -> Program:
    """One step: forward, loss, backward, update."""
    forward = trace(topology, dtype, training=True)
    measured = _measure(goals, forward.outputs, topology.output_names())
    penalty = _penalty(forward)
    loss = measured.loss if penalty is None else measured.loss + penalty
    values = [loss.named("loss"), *(metric.node for metric in measured.metrics)]
    loss, *metrics = named_forward(values, layer_numbers(topology))
    trainable = {name: forward.parameters[name] for name in forward.trainable}
    if not trainable:
        raise SettingError(
            "Every layer is frozen (trainable=False), so there is nothing to train. "
            "Set trainable = True for at least one layer with weights."
        )
    wrt = list(reversed(_by_layer(trainable)))
    found = reduce([loss, *metrics, *_without_stops(g.gradients(loss, wrt))])
    found = simplify(_without_idle_names(found, [loss, *metrics]))
    loss, metrics, raw = found[0], found[1 : len(metrics) + 1], found[len(metrics) + 1 :]
    named: dict[Node, Node] = {}  # two weights may have one gradient, which is computed once
    gradients = {
        w: named.setdefault(dw, _gradient_name(dw, w)) for w, dw in zip(wrt, raw, strict=True)
    }
    outputs = [Output("loss", loss, Role.LOSS), *_metric_outputs(measured, metrics)]
    steps_outside = isinstance(optimizer, LBFGS)
    if steps_outside:
        _no_constraints(forward)
        outputs += [
            Output(f"d{w.name}", gradients[w], Role.GRADIENT, of=name)
            for name, w in trainable.items()
        ]
        update = None
    else:
        update = update_section(optimizer, trainable, gradients, forward.kept)
    layout = plan(
        [
            ("forward", _forward_roots(loss, topology)),
            ("loss", [loss]),
            ("metrics", metrics),
            ("backward", list(gradients.values())),
            ("update", update.values if update else []),
        ],
        _names([*forward.inputs, *measured.leaves, *forward.parameters.values(),
                *(update.slots.values() if update else []), *SETTINGS]),
        firm=[loss, *metrics, *gradients.values(), *(update.lines if update else [])],
    )  # fmt: skip
    body: list[Statement | Call] = list(layout.statements)
    body += update.body if update else []
    return Program(
        function="step",
        inputs=(*forward.inputs, *measured.leaves),
        parameters=forward.parameters,
        slots=update.slots if update else {},
        settings=_settings(body, outputs),
        body=tuple(body),
        outputs=tuple(outputs),
        titles={**_titles(goals, outputs, layout.names), "update": optimizer.title},
        slot_starts=update.starts if update else {},
    )  # fmt: skip


def _metric_outputs(measured: _Measured, values: Sequence[Node]) -> list[Output]:
    """The metrics with the values that took the place of theirs."""
    return [replace(m, node=value) for m, value in zip(measured.metrics, values, strict=True)]


def _no_constraints(forward: Forward) -> None:
    held = [name for name in forward.trainable if forward.kept[name].constraint is not None]
    if held:
        raise SettingError(
            f"LBFGS cannot keep the constraint of {', '.join(held)}: its line search would leave "
            "it. Take another optimizer, or a regularizer instead."
        )


def _names(leaves: Sequence[Node]) -> dict[Node, str]:
    return {leaf: leaf.name for leaf in leaves}


def _by_layer(trainable: dict[str, Node]) -> list[Node]:
    """Parameters so that, turned round, the last layer comes first and weights before biases."""
    groups: dict[str, list[Node]] = {}
    for name, leaf in trainable.items():
        groups.setdefault(name.split(".")[0], []).append(leaf)
    return [leaf for group in groups.values() for leaf in reversed(group)]


def _without_stops(roots: list[Node]) -> list[Node]:
    return g.rebuild(roots, lambda n: n.args[0] if n.op.name == "stop_gradient" else n)


def _titles(
    goals: Sequence[Goal], outputs: Sequence[Output], names: Mapping[Node, str]
) -> dict[str, str]:
    """What the losses are called, each once, and what of the metrics no single step can give."""
    titles = {"loss": "; ".join(dict.fromkeys(goal.loss.title or goal.loss.name for goal in goals))}
    asked = [metric for goal in goals for metric in goal.metrics]
    found = [output for output in outputs if output.role is Role.METRIC]
    remarks = [
        f"{output.of} = " + (metric.finished or "finish({})").format(
            f"mean of {names[output.node]} over all rows")
        for metric, output in zip(asked, found, strict=True) if output.of
    ]  # fmt: skip
    remarks += [f"{name} needs all rows at once" for goal in goals for name in goal.left_out]
    return titles | ({"metrics": "; ".join(dict.fromkeys(remarks))} if remarks else {})


def _without_idle_names(roots: list[Node], forward: Sequence[Node]) -> list[Node]:
    """Gradients that get no line need no name, which would only keep formulas apart."""
    order = g.in_order(roots)
    kept = {*g.in_order(roots[: len(forward)]), *roots}
    by = g.users(order)
    new: dict[Node, Node] = {}
    for node in order:
        made = with_args(node, tuple(new[arg] for arg in node.args))
        idle = node.name and node not in kept and not stands_alone(node, by[node])
        new[node] = replace(made, name="") if idle else made
    return [new[root] for root in roots]


def _gradient_name(dw: Node, w: Node) -> Node:
    return dw if dw.name == f"d{w.name}" or dw.is_leaf else replace(dw, name=f"d{w.name}")


def _forward_roots(loss: Node, topology: Topology) -> list[Node]:
    """The values with a layer's name that the loss needs: they are the forward section."""
    layers = set(topology.layers)
    return [n for n in g.in_order([loss]) if n.layer in layers and n.name and not n.is_leaf]


def _settings(body: Sequence[Statement | Call], outputs: Sequence[Output]) -> tuple[Node, ...]:
    """Of the rate, the seed and the count of steps those that the program uses."""
    roots = [output.node for output in outputs]
    for entry in body:
        roots += entry.arguments if isinstance(entry, Call) else [entry.value]
    used = set(g.in_order(roots))
    return tuple(leaf for leaf in SETTINGS if leaf in used)


def _finished(
    function: str, forward: Forward, leaves: Sequence[Node], outputs: Sequence[Output],
    layout: Plan, titles: dict[str, str],
) -> Program:  # fmt: skip
    return Program(
        function=function,
        inputs=(*forward.inputs, *leaves),
        parameters=forward.parameters,
        slots={},
        settings=(),
        body=tuple(layout.statements),
        outputs=tuple(outputs),
        titles=titles,
    )


def prediction_program(topology: Topology, dtype: str) -> Program:
    """The outputs from the inputs."""
    forward = trace(topology, dtype, training=False)
    outputs = named_forward(list(forward.outputs), layer_numbers(topology))
    outputs = simplify(_without_stops(outputs))
    layout = plan([("forward", outputs)], _names([*forward.inputs, *forward.parameters.values()]))
    named = _predictions(distinct(topology.output_names()), outputs)
    return _finished("predict", forward, (), named, layout, {})


def _predictions(names: Sequence[str], values: Sequence[Node]) -> list[Output]:
    return [Output(n, value, Role.PREDICTION) for n, value in zip(names, values, strict=True)]


def distinct(names: Sequence[str]) -> list[str]:
    """Names that differ: a repeated one gets a number behind it."""
    return [f"{n}_{names[:i].count(n)}" if n in names[:i] else n for i, n in enumerate(names)]


def evaluation_program(topology: Topology, dtype: str, goals: Sequence[Goal]) -> Program:
    """Loss, metrics and outputs of a batch as prediction makes them, without penalties."""
    forward = trace(topology, dtype, training=False)
    measured = _measure(goals, forward.outputs, topology.output_names())
    values = [
        measured.loss.named("loss"),
        *(metric.node for metric in measured.metrics),
        *forward.outputs,
    ]
    if len(measured.parts) > 1:
        values += measured.parts
    values = simplify(_without_stops(named_forward(values, layer_numbers(topology))))
    loss, values = values[0], values[1:]
    metrics, values = values[: len(measured.metrics)], values[len(measured.metrics) :]
    outputs, parts = values[: len(forward.outputs)], values[len(forward.outputs) :]
    layout = plan(
        [("forward", outputs), ("loss", [*parts, loss]), ("metrics", metrics)],
        _names([*forward.inputs, *measured.leaves, *forward.parameters.values()]),
        firm=[loss, *metrics],
    )
    names = distinct(topology.output_names())
    found = [
        Output("loss", loss, Role.LOSS),
        *(Output(f"{n}_loss", part, Role.PART) for n, part in zip(names, parts, strict=False)),
        *_metric_outputs(measured, metrics),
        *_predictions(names, outputs),
    ]
    titles = _titles(goals, found, layout.names)
    return _finished("evaluate", forward, measured.leaves, found, layout, titles)
