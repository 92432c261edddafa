"""Statistics of the training rows, which some layers need: found in the first fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.data import Rows
from glassnet.engines import NumpyEngine
from glassnet.errors import SettingError
from glassnet.nn.init import Draw
from glassnet.nn.model import Model
from glassnet.nn.statistics import Batches
from glassnet.nn.topology import LayerCall, Topology
from glassnet.program import prediction_program
from glassnet.train.indices import check_indices
from glassnet.train.objectives import Objectives

_ROWS = 4096  # looked at together


def learn_statistics(net: Model, objectives: Objectives, rows: Rows) -> list[str]:
    """Set what is unset from these rows, layer by layer; the names of what was set.

    SettingError for a layer whose values are no statistics of the data.
    """
    untouched = unset_statistics(net)
    learnt = []
    for layer in dict.fromkeys(call.layer for call in net.topology.calls):
        own = [name for name in untouched if name.rpartition(".")[0] == layer]
        if own:
            found = net.topology.layers[layer].statistics(
                _batches(net, objectives, rows, layer, own)
            )
            for name in own:
                net.parameters[name] = found[name.rpartition(".")[2]]
            learnt += own
    net.unset.clear()
    return learnt


def unset_statistics(net: Model) -> list[str]:
    """What the first fit of this network would find in its rows."""
    return [name for name in net.parameters if name in net.unset and _is_untouched(net, name)]


def _is_untouched(net: Model, name: str) -> bool:
    """Whether nobody has written into the array either."""
    owners = {f"{layer}.{array}": p for layer, array, p in net.topology.parameters()}
    start = owners[name].init(owners[name].sizes, Draw(net.seed, 0))
    return bool(np.array_equal(net.parameters[name], start))


def _batches(net: Model, objectives: Objectives, rows: Rows, layer: str, own: list[str]) -> Batches:
    """What a layer's statistics are of."""
    kept = {array: p for name, array, p in net.topology.parameters() if name == layer}
    calls = [call for call in net.topology.calls if call.layer == layer]
    of = {kept[name.rpartition(".")[2]].statistic for name in own}
    if of == {"target"}:
        return _targets(net, objectives, rows, calls, own)
    return _arriving(net, rows, calls, own)


def _targets(
    net: Model, objectives: Objectives, rows: Rows, calls: list[LayerCall], own: list[str]
) -> Batches:
    """The target of the output that the layer gives."""
    outputs = net.topology.outputs
    places = [outputs.index(call.output) for call in calls if call.output in outputs]
    if len(places) != len(calls) or any(objectives.each[i].loss.target == "class" for i in places):
        raise SettingError(
            f"In layer {calls[0].layer!r}: {_names(own)} are statistics of a target of numbers, so "
            "it must be the last layer of an output, under a loss for numbers. Move it there, or "
            f"set {_assignments(own)}."
        )

    def batches() -> Iterator[Any]:
        for i in places:
            for part in _parts(rows):
                yield np.asarray(part.targets[i], np.float64)

    return batches


def _arriving(net: Model, rows: Rows, calls: list[LayerCall], own: list[str]) -> Batches:
    """The values on which the layer is called, from layers that are not trained themselves."""
    prefixes = [_prefix(net.topology, call.inputs[0]) for call in calls]
    moved = [name for prefix in prefixes for name in _trained(prefix)]
    if moved:
        raise SettingError(
            f"In layer {calls[0].layer!r}: {_names(own)} are statistics of the values that arrive, "
            f"which change while {moved[0]!r} is trained. Put it on an input, before the layers "
            f"with weights, or set {_assignments(own)}."
        )

    def batches() -> Iterator[Any]:
        for prefix in prefixes:
            yield from _values(net, rows, prefix)

    return batches


def _prefix(topology: Topology, value: int) -> Topology:
    """The part of a network that leads to one of its values."""
    needed, calls = {value}, []
    for call in reversed(topology.calls):
        if call.output in needed:
            needed.update(call.inputs)
            calls.append(call)
    return replace(topology, calls=tuple(reversed(calls)), outputs=(value,))


def _trained(prefix: Topology) -> list[str]:
    return [f"{layer}.{array}" for layer, array, parameter in prefix.parameters()
            if parameter.trainable and prefix.layers[layer].trainable]  # fmt: skip


def _values(net: Model, rows: Rows, prefix: Topology) -> Iterator[Any]:
    """One value of the network for all rows, some at a time."""
    if not prefix.calls:
        for part in _parts(rows):
            yield np.asarray(part.inputs[prefix.outputs[0]], np.float64)
        return
    prepared = NumpyEngine().prepare(prediction_program(prefix, net.dtype))
    arrays = [net.parameters[name] for name in prepared.program.parameters]
    given_to = dict(zip(prepared.program.inputs, rows.inputs, strict=True))
    check_indices(prepared.program.index_sites, given_to, rows.row_indices)
    for part in _parts(rows):
        given = [
            np.asarray(a, dtype=leaf.dtype)
            for a, leaf in zip(part.inputs, prepared.program.inputs, strict=True)
        ]
        yield np.asarray(prepared.call(given, arrays)[0], np.float64)


def _parts(rows: Rows) -> Iterator[Rows]:
    for first in range(0, rows.count, _ROWS):
        yield rows.take(slice(first, first + _ROWS))


def _names(own: list[str]) -> str:
    return " and ".join(name.rpartition(".")[2] for name in own)


def _assignments(own: list[str]) -> str:
    return " and ".join(f"net.parameters[{name!r}]" for name in own)
