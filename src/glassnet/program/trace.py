"""From a network to the graph of its forward pass, with the names that the program will print."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.graph.loop import is_placeholder
from glassnet.graph.mask import checked_mask
from glassnet.graph.walk import with_args, with_body
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.symbol import apply, joined_mask, mask_behind, penalised, updated
from glassnet.nn.topology import Topology
from glassnet.program.index_sites import guarded
from glassnet.program.naming import fresh, own_name
from glassnet.program.simplify import simplify
from glassnet.spec import BATCH

_LETTERS = {
    "weight": "W", "bias": "b",
    "depthwise": "D", "pointwise": "P",
    "recurrent_weight": "U", "recurrent_bias": "bU",
    "query_weight": "Wq", "key_weight": "Wk", "value_weight": "Wv", "output_weight": "Wo",
    "query_bias": "bq", "key_bias": "bk", "value_bias": "bv", "output_bias": "bo",
    "attention_scale": "scale_a", "attention_shift": "shift_a",
    "feed_forward_scale": "scale_f", "feed_forward_shift": "shift_f",
    "up_weight": "Wu", "down_weight": "Wd", "up_bias": "bu", "down_bias": "bd",
}  # fmt: skip
_HALVES = {"forward_": "f", "backward_": "b"}  # of a layer that goes both ways


@dataclass(frozen=True)
class Forward:
    """The traced forward pass.

    inputs      leaves of the data
    outputs     what the network gives, in order
    masks       which steps (B, T) of each output count; None where all do
    parameters  "dense.weight" -> leaf
    trainable   the names of those that training moves
    updates     (name, new value) of arrays that a step changes without a gradient, in order
    carried     "lstm.h" -> leaf of what the batch before has left
    left        what this batch leaves, in the same order
    penalties   (layer, value) of what layers add to the loss
    """

    inputs: tuple[Node, ...]
    outputs: tuple[Node, ...]
    parameters: dict[str, Node]
    kept: dict[str, Parameter]
    trainable: tuple[str, ...]
    updates: tuple[tuple[str, Node], ...] = ()
    masks: tuple[Node | None, ...] = ()
    carried: dict[str, Node] = field(default_factory=dict)
    left: tuple[Node, ...] = ()
    penalties: tuple[tuple[str, Node], ...] = ()


def trace(topology: Topology, dtype: str, *, training: bool, goes_on: bool = False) -> Forward:
    """Every layer's formula, one after another.

    goes_on  stateful layers begin with what the batch before has left; else with zeros
    """
    taken: set[str] = set()
    inputs = tuple(
        g.input(own_name(name, taken), s.shape, dtype if s.dtype == "float32" else s.dtype)
        for name, s in topology.inputs
    )
    leaves, kept, trainable = _parameters(topology, dtype, layer_numbers(topology), taken)
    own = _by_layer(leaves)
    carried = _carried(topology, dtype, layer_numbers(topology), taken) if goes_on else {}
    states = _by_layer(carried)
    values = dict(enumerate(inputs))
    masks: dict[int, Node] = {}
    updates: list[tuple[str, Node]] = []
    left: list[Node] = []
    penalties: list[tuple[str, Node]] = []
    for call in topology.calls:
        layer, arrays = topology.layers[call.layer], own.get(call.layer, {})
        ins, given = [values[i] for i in call.inputs], [masks[i] for i in call.inputs if i in masks]
        state = states.get(call.layer)
        values[call.output] = apply(layer, ins, dtype, arrays, _mask(layer, given), state)
        with g.inside_layer(call.layer, dtype):
            left += layer.left(values[call.output]).values() if state else ()
        handed = (
            [masks[i] for i in call.inputs[:1] if i in masks] if layer.steps_of_first else given
        )
        mask = mask_behind(layer, ins, handed, values[call.output], dtype)
        if mask is not None:
            masks[call.output] = mask
        penalty = penalised(layer, ins, dtype, arrays)
        if penalty is not None:
            penalties.append((call.layer, penalty))
        if training and layer.trainable:
            changed = updated(layer, ins, dtype, arrays)
            updates += [(f"{call.layer}.{array}", value) for array, value in changed.items()]
    outputs = [values[i] for i in topology.outputs]
    shown = {i: masks[i] for i in topology.outputs if i in masks}
    roots = [*outputs, *(value for _, value in updates), *left, *shown.values()]
    rest = iter(_of_phase([*roots, *(value for _, value in penalties)], training))
    outs = tuple(itertools.islice(rest, len(outputs)))
    changes = _renewed(updates, rest)
    _in_sequence(changes, leaves)
    lefts = tuple(itertools.islice(rest, len(left)))
    of_outputs = dict(zip(shown, rest, strict=False))
    hidden = tuple(of_outputs.get(i) for i in topology.outputs)
    added = _renewed(penalties, rest)
    return Forward(
        inputs, outs, leaves, kept, tuple(trainable), changes, hidden, carried, lefts, added
    )


def _of_phase(values: list[Node], training: bool) -> list[Node]:
    """The formulas as they are in training or in prediction, their random values numbered."""
    found = g.tidy_loops(g.at_phase(values, training=training))
    if not training:
        _check_certain(found)
        found = g.weigh_rows(found, None)
    return number_streams(found)


def _renewed(
    pairs: Sequence[tuple[str, Node]], values: Iterator[Node]
) -> tuple[tuple[str, Node], ...]:
    """(name, new value): the next values, in the place of those of the pairs."""
    return tuple((name, next(values)) for name, _ in pairs)


def _in_sequence(updates: Sequence[tuple[str, Node]], leaves: Mapping[str, Node]) -> None:
    """Each formula reads arrays that nothing before it has set, its own aside."""
    done: set[str] = set()
    for name, value in updates:
        read = set(g.in_order([value]))
        stale = next((one for one in done - {name} if leaves[one] in read), None)
        if stale is not None:
            raise SettingError(
                f"updates() of the layer of {name!r} reads {stale!r}, which has been set before "
                "it. List what is set in an order in which old values come first."
            )
        done.add(name)


def _by_layer(leaves: Mapping[str, Node]) -> dict[str, dict[str, Node]]:
    found: dict[str, dict[str, Node]] = {}
    for name, leaf in leaves.items():
        layer, _, array = name.rpartition(".")
        found.setdefault(layer, {})[array] = leaf
    return found


def _mask(layer: Layer, given: Sequence[Node]) -> Node | None:
    """Which steps count for a layer that takes a mask, of each row mostly at least one."""
    mask = joined_mask(given) if layer.takes_mask else None
    if mask is None or layer.takes_empty:
        return mask
    with g.inside_layer(layer.name):
        return checked_mask(mask)


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
    weighted = {layer for layer, _, p in topology.parameters() if p.trainable}
    for layer, array, parameter in topology.parameters():
        full = f"{layer}.{array}"
        base = _letter(array) + (numbers[layer] if layer in weighted else "")
        leaf = g.parameter(own_name(base, taken), parameter.shape, dtype)
        leaves[full] = replace(leaf, layer=layer)
        kept[full] = parameter
        if parameter.trainable and topology.layers[layer].trainable:
            trainable.append(full)
    return leaves, kept, trainable


def _carried(
    topology: Topology, dtype: str, numbers: Mapping[str, str], taken: set[str]
) -> dict[str, Node]:
    """Leaves for what the batch before has left, (B, ...) each."""
    found: dict[str, Node] = {}
    for full, shape in topology.carried().items():
        layer, _, name = full.rpartition(".")
        leaf = g.parameter(own_name(f"{name}_start{numbers[layer]}", taken), (BATCH, *shape), dtype)
        found[full] = replace(leaf, layer=layer)
    return found


def _letter(array: str) -> str:
    """W of weight, Uf of forward_recurrent_weight; other arrays are called as they are."""
    for before, letter in _HALVES.items():
        if array.startswith(before):
            return _letter(array.removeprefix(before)) + letter
    return _LETTERS.get(array, array)


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
    simple = g.tidy_loops(simplify(guarded(roots)))
    taken = {node.name for node in g.in_order(simple) if node.is_leaf}

    def named(node: Node) -> Node:
        if node.is_leaf or not node.name:
            return node
        if node.layer in numbers:
            return replace(node, name=own_name(node.name + numbers[node.layer], taken))
        return replace(node, name=fresh(node.name, taken))

    return _everywhere(simple, named, numbers)


def _everywhere(
    roots: list[Node], named: Callable[[Node], Node], numbers: Mapping[str, str]
) -> list[Node]:
    """The roots with names; in the bodies of loops names need not differ from those outside."""

    def inside(node: Node) -> Node:
        number = numbers.get(node.layer, "")
        kept = not node.name or (node.is_leaf and not is_placeholder(node))
        return node if kept else replace(node, name=node.name + number)

    new: dict[Node, Node] = {}
    for node in g.in_order(roots):
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.op.kind == "loop":
            made = with_body(made, lambda body: g.rebuild(body, inside))
        new[node] = named(made)
    return [new[root] for root in roots]
