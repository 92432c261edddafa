"""From a network to the graph of its forward pass, with the names that the program will print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.layer import Parameter
from glassnet.nn.symbol import apply
from glassnet.nn.topology import Topology
from glassnet.program.index_sites import guarded
from glassnet.program.naming import fresh, own_name
from glassnet.program.simplify import simplify

_LETTERS = {
    "weight": "W", "bias": "b",
    "query_weight": "Wq", "key_weight": "Wk", "value_weight": "Wv", "output_weight": "Wo",
    "query_bias": "bq", "key_bias": "bk", "value_bias": "bv", "output_bias": "bo",
    "attention_scale": "scale_a", "attention_shift": "shift_a",
    "feed_forward_scale": "scale_f", "feed_forward_shift": "shift_f",
    "up_weight": "Wu", "down_weight": "Wd", "up_bias": "bu", "down_bias": "bd",
}  # fmt: skip


@dataclass(frozen=True)
class Forward:
    """The traced forward pass.

    inputs      leaves of the data
    outputs     what the network gives, in order
    parameters  "dense.weight" -> leaf
    trainable   the names of those that training moves
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    parameters: dict[str, Node]
    kept: dict[str, Parameter]
    trainable: tuple[str, ...]


def trace(topology: Topology, dtype: str, *, training: bool) -> Forward:
    """Every layer's formula, one after another."""
    taken: set[str] = set()
    inputs = tuple(
        g.input(own_name(name, taken), s.shape, dtype if s.dtype == "float32" else s.dtype)
        for name, s in topology.inputs
    )
    leaves, kept, trainable = _parameters(topology, dtype, layer_numbers(topology), taken)
    own = _by_layer(leaves)
    values = dict(enumerate(inputs))
    for call in topology.calls:
        layer = topology.layers[call.layer]
        given = [values[i] for i in call.inputs]
        values[call.output] = apply(layer, given, dtype, own.get(call.layer, {}))
    found = g.at_phase([values[i] for i in topology.outputs], training=training)
    if not training:
        _check_certain(found)
    return Forward(inputs, tuple(number_streams(found)), leaves, kept, tuple(trainable))


def _by_layer(leaves: Mapping[str, Node]) -> dict[str, dict[str, Node]]:
    found: dict[str, dict[str, Node]] = {}
    for name, leaf in leaves.items():
        layer, _, array = name.rpartition(".")
        found.setdefault(layer, {})[array] = leaf
    return found


def _check_certain(outputs: Sequence[Node]) -> None:
    """A prediction has neither a seed nor a count of steps to draw from."""
    for node in g.in_order(outputs):
        if node in {g.SEED, g.STEP}:
            raise SettingError(
                f"In layer '{_reader(node, outputs).layer}': a prediction draws no random numbers, "
                "and knows no step. Keep them to training: g.when_training(x + noise, x)."
            )


def _reader(leaf: Node, outputs: Sequence[Node]) -> Node:
    return next(node for node in g.in_order(outputs) if leaf in node.args)


def parameter_names(topology: Topology) -> dict[str, str]:
    """How the printed program calls the parameters: "dense.weight" -> "W1"."""
    taken: set[str] = set()
    for name, _ in topology.inputs:
        own_name(name, taken)
    leaves, _, _ = _parameters(topology, "float32", layer_numbers(topology), taken)
    return {name: leaf.name for name, leaf in leaves.items()}


def layer_numbers(topology: Topology) -> dict[str, str]:
    """The number that a layer's values carry: its weights' place, or that of the last before it.

    A network with one layer of weights needs no numbers.
    """
    weighted = {layer for layer, _, p in topology.parameters() if p.trainable}
    order = list(dict.fromkeys(call.layer for call in topology.calls))
    numbers, count = {}, 0
    for layer in order:
        count += layer in weighted
        numbers[layer] = str(count) if count and len(weighted) > 1 else ""
    return numbers


def _parameters(
    topology: Topology, dtype: str, numbers: Mapping[str, str], taken: set[str]
) -> tuple[dict[str, Node], dict[str, Parameter], list[str]]:
    leaves: dict[str, Node] = {}
    kept: dict[str, Parameter] = {}
    trainable = []
    for layer, array, parameter in topology.parameters():
        full = f"{layer}.{array}"
        base = _LETTERS.get(array, array) + (numbers[layer] if parameter.trainable else "")
        leaf = g.parameter(own_name(base, taken), parameter.shape, dtype)
        leaves[full] = replace(leaf, layer=layer)
        kept[full] = parameter
        if parameter.trainable and topology.layers[layer].trainable:
            trainable.append(full)
    return leaves, kept, trainable


def number_streams(roots: list[Node]) -> list[Node]:
    """Give every random value a stream of its own, in the order of the program."""
    count = 0

    def numbered(node: Node) -> Node:
        nonlocal count
        if node.op.kind != "random":
            return node
        count += 1
        return replace(node, settings={**node.settings, "stream": count})

    return g.rebuild(roots, numbered)


def named_forward(roots: list[Node], numbers: Mapping[str, str]) -> list[Node]:
    """Put the layer's number behind the names that its formula gave: z -> z1, and then z1_2.

    Simplified, and with a check of the indices that cannot be looked at before the step.
    """
    simple = simplify(guarded(roots))
    taken = {node.name for node in g.in_order(simple) if node.is_leaf}

    def named(node: Node) -> Node:
        if node.is_leaf or not node.name:
            return node
        if node.layer in numbers:
            return replace(node, name=own_name(node.name + numbers[node.layer], taken))
        return replace(node, name=fresh(node.name, taken))

    return g.rebuild(simple, named)
