"""How layers hang together: which is called on what, in which order, and under which name."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassnet import calls
from glassnet.errors import SettingError, ShapeError
from glassnet.nn.inner import root_of, rooted
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.registry import snake
from glassnet.nn.symbol import Input, Symbol, parameter_specs, with_name
from glassnet.spec import Shape, Spec, shape_text

if TYPE_CHECKING:
    from glassnet.nn.model import Model


@dataclass(frozen=True)
class LayerCall:
    """One use of a layer: `layer` names it, `inputs` and `output` are numbers of values."""

    layer: str
    inputs: tuple[int, ...]
    output: int


@dataclass(frozen=True)
class Topology:
    """A graph of layers, its values numbered; a shared layer is called more than once.

    inputs    spec and name of each input; their values are 0, 1, ...
    calls     in the order of computation
    outputs   numbers of the values that come out
    layers    the network's own copies, by name
    specs     the spec of every value
    taken     of layers that are those of an inner network: this network, and their name in it
    """

    inputs: tuple[tuple[str, Spec], ...]
    calls: tuple[LayerCall, ...]
    outputs: tuple[int, ...]
    layers: dict[str, Layer]
    specs: tuple[Spec, ...]
    taken: dict[str, tuple[Model, str]] = field(default_factory=dict)

    def parameters(self) -> Iterator[tuple[str, str, Parameter]]:
        """(layer, array, parameter) of every array, in the order of the layers."""
        seen = set()
        for call in self.calls:
            if call.layer not in seen:
                seen.add(call.layer)
                specs = tuple(self.specs[i] for i in call.inputs)
                for array, parameter in parameter_specs(self.layers[call.layer], specs).items():
                    yield call.layer, array, parameter

    def carried(self) -> dict[str, Shape]:
        """What a batch leaves for the next one: "lstm.h" -> the shape of a row."""
        found: dict[str, Shape] = {}
        for call in self.calls:
            specs = tuple(self.specs[i] for i in call.inputs)
            for name, shape in self.layers[call.layer].carried(*specs).items():
                if f"{call.layer}.{name}" in found:
                    raise SettingError(
                        f"Layer '{call.layer}' is called more than once, and carries one state "
                        "from batch to batch (stateful=True): which call would leave it? Use two "
                        "layers."
                    )
                found[f"{call.layer}.{name}"] = shape
        return found

    def check_arrays(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise where the layers, of which a field was set, need other arrays than there are."""
        needed = {f"{layer}.{array}": p.sizes for layer, array, p in self.parameters()}
        wrong = next((n for n in [*needed, *shapes] if needed.get(n) != shapes.get(n)), None)
        if wrong is not None:
            layer = wrong.rpartition(".")[0]
            raise SettingError(
                f"Layer {layer!r} was changed after its weights were made: it needs "
                f"{wrong} of shape {needed.get(wrong)}, and there is {shapes.get(wrong)}. "
                "Build a new network; of a layer in a network set only `trainable`."
            )

    @functools.cached_property
    def readers(self) -> tuple[frozenset[type[Layer]], ...]:
        """For each input, the classes of the layers that take it."""
        return tuple(
            frozenset(type(self.layers[call.layer]) for call in self.calls if i in call.inputs)
            for i in range(len(self.inputs))
        )

    def output_names(self) -> tuple[str, ...]:
        """Each output is called after the layer from which it comes."""
        made_by = {call.output: call.layer for call in self.calls}
        return tuple(made_by.get(i, "input") for i in self.outputs)


def from_list(layers: Sequence[Any], input_shape: Any, dtype: str = "float") -> Topology:
    """One layer after another."""
    start = value = Input(input_shape, dtype=dtype)
    for layer in named_copies(layers):
        value = layer(value)
        if not isinstance(value, Symbol):
            raise SettingError(
                f"In a list, one layer follows another, but {layer!r} gives {len(value)} outputs. "
                "Connect it by hand: gn.Network(inputs=..., outputs=...)."
            )
    return from_symbols([start], [value])


def named_copies(layers: Any) -> list[Any]:
    """Copies under their names, so that errors while connecting can say which layer it is.

    Networks among them stay what they are: their layers are in them already.
    """
    if not isinstance(layers, list | tuple) or not layers:
        hint = " Put it into a list: gn.Network([...])." if isinstance(layers, Layer) else ""
        raise SettingError(f"A network is a list of at least one layer, got {layers!r}.{hint}")
    for layer in layers:
        if not isinstance(layer, Layer) and not _is_network(layer):
            raise SettingError(
                "A network is a list of layers such as gn.Dense(16, 'relu'), got "
                f"{calls.shown(layer)} in it."
            )
    names = _Names(layers)
    copies: dict[int, Any] = {}
    for layer in layers:
        if id(layer) not in copies:
            own = isinstance(layer, Layer)
            copies[id(layer)] = with_name(layer, names.of(layer)) if own else layer
    return [copies[id(layer)] for layer in layers]


def _is_network(value: Any) -> bool:
    """Whether this is a network, which may stand in a list as a layer does."""
    return callable(value) and isinstance(getattr(value, "is_built", None), bool)


class _Names:
    """Names as Keras counts: dense, dense_1, dense_2; a name given by the user is kept.

    Networks that are parts of another one are counted with its layers.
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        """layers  and networks, told by their identity."""
        self._taken = {layer.name for layer in layers if layer.name}
        self._found: dict[int, str] = {}
        distinct = {id(layer): layer for layer in layers}
        given = Counter(layer.name for layer in distinct.values() if layer.name)
        for name, count in given.items():
            if count > 1:
                raise SettingError(f"Two layers are called {name!r}; names must differ.")
            if not all(name.split(".")):
                raise SettingError(f"A layer's name has words between its dots, got {name!r}.")
        for name in given:
            group = name.rpartition(".")[0]
            if group in given:
                raise SettingError(
                    f"A layer is called {group!r}, and so is what {name!r} is part of; names must "
                    "differ."
                )

    def of(self, layer: Any) -> str:
        if id(layer) not in self._found:
            self._found[id(layer)] = layer.name or self._next(snake(type(layer).__name__))
        return self._found[id(layer)]

    def _next(self, base: str) -> str:
        name, count = base, 0
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name


def from_symbols(inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> Topology:
    """The graph between some inputs and some outputs."""
    number: dict[Symbol, int] = {}
    for symbol in inputs:
        if not isinstance(symbol, Symbol) or symbol.layer is not None:
            raise SettingError(f"inputs must come from gn.Input(...), got {symbol!r}.")
        number.setdefault(symbol, len(number))
    order = _in_order(outputs, number)
    layers = [s.layer for s in order if s.layer is not None]
    if not layers:
        raise SettingError("A network needs at least one layer between its inputs and outputs.")
    copies, taken = _copies(order)
    specs = [s.spec for s in number]
    calls = []
    for symbol in order:
        if symbol.layer is not None:
            number[symbol] = len(number)
            specs.append(symbol.spec)
            ins = tuple(number[s] for s in symbol.inputs)
            calls.append(LayerCall(copies[root_of(symbol.layer)].name, ins, number[symbol]))
    _check_shared(calls, specs, {c.name: c for c in copies.values()})
    used = {i for call in calls for i in call.inputs} | {number[s] for s in outputs}
    for symbol in inputs:
        if number[symbol] not in used:
            raise SettingError(f"{symbol!r} is given as an input, but no output depends on it.")
    several = len(inputs) > 1
    named = tuple(
        (s.name or (f"x{i + 1}" if several else "x"), s.spec) for i, s in enumerate(inputs)
    )
    for name, count in Counter(name for name, _ in named).items():
        if count > 1:
            raise SettingError(f"Two inputs are called {name!r}; names must differ.")
    outs = tuple(number[s] for s in outputs)
    own = {c.name: c for c in copies.values()}
    found = Topology(named, tuple(calls), outs, own, tuple(specs), taken)
    found.carried()  # raises where that cannot be told
    return found


def _copies(order: Sequence[Symbol]) -> tuple[dict[Layer, Layer], dict[str, tuple[Model, str]]]:
    """Copies under their names, by the layer whose weights they have; and what is taken whence."""
    named = [s.network or s.layer for s in order if s.layer is not None]
    names = _Names(named)
    copies: dict[Layer, Layer] = {}
    taken: dict[str, tuple[Model, str]] = {}
    for layer, network in ((s.layer, s.network) for s in order):
        if layer is None or root_of(layer) in copies:
            continue
        root = root_of(layer)
        if network is None:
            copies[root] = with_name(layer, names.of(layer))
        else:
            name = f"{names.of(network)}.{layer.name}"
            copies[root] = rooted(with_name(layer, name), root)
            taken[name] = network, layer.name
    return copies, taken


def _check_shared(
    calls: Sequence[LayerCall], specs: Sequence[Spec], layers: dict[str, Layer]
) -> None:
    """A layer that is called more than once must have the same weights each time."""
    first: dict[str, tuple[Spec, ...]] = {}
    for call in calls:
        here = tuple(specs[i] for i in call.inputs)
        before = first.setdefault(call.layer, here)
        if here != before:
            layer = layers[call.layer]
            one, other = parameter_specs(layer, before), parameter_specs(layer, here)
            for name in one:
                if name not in other or one[name].shape != other[name].shape:
                    shapes = [" and ".join(shape_text(s.shape) for s in x) for x in (before, here)]
                    raise ShapeError(
                        f"In layer '{call.layer}', shared by {shapes[0]} and {shapes[1]}: its "
                        f"{name} would need two shapes. Share it between equal shapes, or use two "
                        "layers."
                    )


def _in_order(outputs: Sequence[Symbol], inputs: dict[Symbol, int]) -> list[Symbol]:
    seen: set[Symbol] = set()
    order: list[Symbol] = []
    for output in outputs:
        if not isinstance(output, Symbol):
            raise SettingError(f"outputs must be symbols (what a layer returns), got {output!r}.")
        stack = [(output, False)]
        while stack:
            symbol, ready = stack.pop()
            if ready:
                order.append(symbol)
            elif symbol not in seen:
                seen.add(symbol)
                if symbol.layer is None and symbol not in inputs:
                    raise SettingError(f"An output depends on {symbol!r}, which is not in inputs.")
                stack.append((symbol, True))
                stack.extend((s, False) for s in reversed(symbol.inputs))
    return order
