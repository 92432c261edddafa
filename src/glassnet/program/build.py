"""Builds the three programs of a network: a step of training, a prediction, an evaluation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.topology import Topology
from glassnet.optim import LBFGS, Optimizer
from glassnet.program.derive import Derived, derive, without_stops
from glassnet.program.index_sites import index_sites
from glassnet.program.leaves import SETTINGS
from glassnet.program.measure import Measured, Objective, measure, titles, with_penalty
from glassnet.program.naming import distinct
from glassnet.program.on_logits import loss_title, places_of_probabilities, said_probabilities
from glassnet.program.plan import Plan, plan
from glassnet.program.program import Entry, Output, ProcedureCall, Program, Role, Statement
from glassnet.program.running import kept_without_rows, with_running
from glassnet.program.simplify import simplify
from glassnet.program.trace import Forward, layer_numbers, named_forward, trace
from glassnet.program.update import Update, update_section


def training_program(
    topology: Topology, dtype: str, objectives: Sequence[Objective], optimizer: Optimizer
) -> Program:
    """One step: forward, loss, backward, update."""
    searches = isinstance(optimizer, LBFGS)  # its steps are taken outside, with the gradients
    forward = trace(topology, dtype, training=True, goes_on=not searches)
    measured = measure(objectives, forward, topology.output_names())
    trainable = _trainable(forward)
    derived, probabilities = _derived(topology, forward, measured, trainable)
    outputs = [_loss(derived.loss, measured), *measured.of_rows_as(derived.metrics)]
    if searches:
        _no_constraints(forward)
        outputs = [*(o for o in outputs if o.is_figure), *_gradients(trainable, derived)]
        update = Update()
    else:
        given = [*forward.inputs, *measured.leaves, *forward.parameters.values(),
                 *forward.carried.values(), *SETTINGS]  # fmt: skip
        taken = {leaf.name for leaf in given}
        update = update_section(optimizer, trainable, derived.gradients, forward.kept, taken)
    update = with_running(update, forward, derived.updates)
    layout = _step_plan(topology, forward, measured, derived, update)
    body = (*layout.statements, *update.body)
    said = said_probabilities(probabilities, layout)
    return Program(
        function="step",
        inputs=(*forward.inputs, *measured.leaves),
        parameters=forward.parameters,
        slots=update.slots,
        settings=_settings(body, outputs),
        body=body,
        outputs=tuple(outputs),
        titles={
            **titles(objectives, outputs, layout.names),
            "loss": loss_title(objectives, measured.masks, said),
            "update": optimizer.title,
        },
        remarks=update.remarks,
        unlisted=tuple(each.statement for each in said.values() if each.statement),
        slot_starts=update.starts,
        averages=update.averages,
        carried=forward.carried,
        index_sites=(
            *index_sites(
                [derived.loss, *derived.metrics, *derived.gradients.values(), *derived.updates]
            ),
            *measured.sites,
        ),
    )


def _derived(
    topology: Topology, forward: Forward, measured: Measured, trainable: Mapping[str, Node]
) -> tuple[Derived, dict[int, Node]]:
    """Loss, metrics and gradients; and, in the same graph, probabilities by their outputs."""
    loss = with_penalty(measured.loss, forward).named("loss")
    metrics = [metric.node for metric in measured.of_rows]
    places = places_of_probabilities(forward)
    outputs = [forward.outputs[i] for i in places]
    updates = kept_without_rows(forward, measured.row_weight)
    values = g.weigh_rows([loss, *metrics, *outputs, *updates], measured.row_weight)
    loss, *others = named_forward(values, layer_numbers(topology))
    found = derive(loss, others, trainable)
    metrics, outputs, updates = _split(found.metrics, [len(metrics), len(outputs)])
    found = replace(found, metrics=metrics, updates=tuple(updates))
    return found, dict(zip(places, outputs, strict=True))


def _trainable(forward: Forward) -> dict[str, Node]:
    if not any(parameter.trainable for parameter in forward.kept.values()):
        raise SettingError(
            "No layer has weights to learn, so there is nothing to train. Add one that has, such "
            "as gn.Dense."
        )
    if not forward.trainable:
        raise SettingError(
            "Every layer is frozen (trainable=False), so there is nothing to train. "
            "Set trainable = True for at least one layer with weights."
        )
    return {name: forward.parameters[name] for name in forward.trainable}


def _gradients(trainable: Mapping[str, Node], derived: Derived) -> list[Output]:
    return [
        Output(f"d{w.name}", derived.gradients[w], Role.GRADIENT, of=name)
        for name, w in trainable.items()
    ]


def _step_plan(
    topology: Topology, forward: Forward, measured: Measured, derived: Derived, update: Update
) -> Plan:
    """What of a step gets a line, and in which section."""
    sections = [
        ("forward", _forward_roots(derived.loss, topology)),
        ("loss", [derived.loss]),
        ("metrics", derived.metrics),
        ("backward", list(derived.gradients.values())),
        ("update", update.values),
    ]
    given = [*forward.inputs, *measured.leaves, *forward.parameters.values(),
             *update.slots.values(), *forward.carried.values(), *SETTINGS]  # fmt: skip
    firm = [derived.loss, *derived.metrics, *derived.gradients.values(), *update.lines]
    return plan(sections, _names(given), firm)


def _no_constraints(forward: Forward) -> None:
    held = [name for name in forward.trainable if forward.kept[name].constraint is not None]
    if held:
        raise SettingError(
            f"LBFGS cannot keep the constraint of {', '.join(held)}: its line search would leave "
            "it. Take another optimizer, or a regularizer instead."
        )


def _names(leaves: Iterable[Node]) -> dict[Node, str]:
    return {leaf: leaf.name for leaf in leaves}


def _forward_roots(loss: Node, topology: Topology) -> list[Node]:
    """The values with a layer's name that the loss needs: they are the forward section."""
    layers = set(topology.layers)
    return [n for n in g.in_order([loss]) if n.layer in layers and n.name and not n.is_leaf]


def _settings(body: Sequence[Entry], outputs: Sequence[Output]) -> tuple[Node, ...]:
    """Of the rate, the seed and the count of steps those that the program uses."""
    roots = [output.node for output in outputs]
    for entry in body:
        if isinstance(entry, Statement):
            roots.append(entry.value)
        else:
            roots += entry.arguments if isinstance(entry, ProcedureCall) else [entry.node]
    used = set(g.in_order(roots))
    return tuple(leaf for leaf in SETTINGS if leaf in used)


def _finished(
    function: str, forward: Forward, leaves: Sequence[Node], outputs: Sequence[Output],
    layout: Plan, titles: dict[str, str],
) -> Program:  # fmt: skip
    return Program(
        function=function,
        inputs=(*forward.inputs, *leaves, *forward.carried.values()),
        parameters=forward.parameters,
        slots={},
        settings=(),
        body=tuple(layout.statements),
        outputs=tuple(outputs),
        titles=titles,
        index_sites=index_sites([output.node for output in outputs]),
    )


def prediction_program(topology: Topology, dtype: str, *, goes_on: bool = False) -> Program:
    """The outputs from the inputs.

    goes_on  stateful layers begin with what the batch before has left, the last inputs, and give
             what this one leaves behind the outputs; else they begin with zeros
    """
    forward = trace(topology, dtype, training=False, goes_on=goes_on)
    values = named_forward([*forward.outputs, *forward.left], layer_numbers(topology))
    values = g.tidy_loops(simplify(without_stops(values)))
    layout = plan([("forward", values)], _names(_given(forward)))
    outputs, left = _split(values, [len(forward.outputs)])
    named = _predictions(distinct(topology.output_names()), outputs)
    return _finished("predict", forward, (), [*named, *_left(forward, left)], layout, {})


def _given(forward: Forward) -> list[Node]:
    """What a network is given to compute with, beside targets and settings."""
    return [*forward.inputs, *forward.parameters.values(), *forward.carried.values()]


def _left(forward: Forward, values: Sequence[Node]) -> list[Output]:
    """What a batch leaves for the next one."""
    return [
        Output(value.name or name, value, Role.STATE, of=name)
        for name, value in zip(forward.carried, values, strict=True)
    ]


def _predictions(names: Sequence[str], values: Sequence[Node]) -> list[Output]:
    return [Output(n, value, Role.PREDICTION) for n, value in zip(names, values, strict=True)]


def evaluation_program(topology: Topology, dtype: str, objectives: Sequence[Objective]) -> Program:
    """Loss, metrics and outputs of a batch as in prediction, without penalties of weights.

    Stateful layers go on from what the batch before has left, as in a prediction.
    """
    forward = trace(topology, dtype, training=False, goes_on=True)
    measured = measure(objectives, forward, topology.output_names())
    parts = _parts(measured, forward)
    metrics = [metric.node for metric in measured.of_rows]
    shown = _shown(objectives, measured)
    values = [measured.loss.named("loss"), *metrics, *forward.outputs, *forward.left,
              *shown.values(), *parts]  # fmt: skip
    values = simplify(without_stops(named_forward(values, layer_numbers(topology))))
    values = g.tidy_loops(values)
    (loss,), metrics, outputs, left, masks, parts = _split(
        values, [1, len(metrics), len(forward.outputs), len(forward.left), len(shown)]
    )
    layout = plan(
        [("forward", [*outputs, *left, *masks]), ("loss", [*parts, loss]), ("metrics", metrics)],
        _names([*_given(forward), *measured.leaves]),
        firm=[loss, *metrics],
    )
    names = distinct(topology.output_names())
    figures = measured.of_rows_as(metrics)
    found = [
        _loss(loss, measured),
        *(_part(n, part, measured) for n, part in zip(names, parts, strict=False)),
        *figures,
        *_predictions(names, outputs),
        *(Output(f"{names[i]}_shown", mask, Role.SHOWN, of=names[i])
          for i, mask in zip(shown, masks, strict=True)),
        *_left(forward, left),
    ]  # fmt: skip
    probabilities = {i: outputs[i] for i in places_of_probabilities(forward)}
    said = titles(objectives, found, layout.names)
    said["loss"] = loss_title(objectives, measured.masks, said_probabilities(probabilities, layout))
    program = _finished("evaluate", forward, measured.leaves, found, layout, said)
    return replace(program, index_sites=(*program.index_sites, *measured.sites))


def _loss(loss: Node, measured: Measured) -> Output:
    """The loss: of a single output that has a mask a mean over steps, else of rows, or a sum."""
    count = "n_shown" if any(output.name == "n_shown" for output in measured.counts) else ""
    return Output("loss", loss, Role.LOSS, count=count)


def _part(name: str, part: Node, measured: Measured) -> Output:
    """The loss of one output of several, or of one alone beside what layers add."""
    counts = {output.name for output in measured.counts}
    count = f"{name}_n_shown" if len(measured.parts) > 1 else "n_shown"
    return Output(f"{name}_loss", part, Role.PART, count=count if count in counts else "")


def _shown(objectives: Sequence[Objective], measured: Measured) -> dict[int, Node]:
    """The masks of outputs that have metrics of all rows at once, by their places."""
    masks = zip(objectives, measured.masks, strict=True)
    return {i: m for i, (o, m) in enumerate(masks) if m is not None and o.left_out}


def _parts(measured: Measured, forward: Forward) -> list[Node]:
    """The loss of each output; of one alone to which nothing is added, it is the whole."""
    if len(measured.parts) > 1:
        return measured.parts
    return [part.named("own_loss") for part in measured.parts if forward.penalties]


def _split(values: Sequence[Node], counts: Sequence[int]) -> list[list[Node]]:
    """So many values, then so many, and the rest."""
    ends = [0, *itertools.accumulate(counts), len(values)]
    return [list(values[a:b]) for a, b in itertools.pairwise(ends)]
