"""A network as a layer: its own layers, called anew, under its name and with its weights.

    encoder = gn.Network([gn.Dense(8, "relu"), gn.Dense(4)], input_shape=(10,), name="encoder")
    a, b = encoder(x1), encoder(x2)             encoder.dense, encoder.dense_1: each called twice

The network that is made of these symbols is flat: what it prints, trains and saves are layers.
Those of an inner network have its name in front, however deep they lie: "twin.encoder.dense".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from glassnet.errors import SettingError, ShapeError
from glassnet.nn.layer import Layer
from glassnet.nn.symbol import Symbol, connect, parameter_specs
from glassnet.spec import shape_text

if TYPE_CHECKING:
    from glassnet.nn.model import Model


def called_on(network: Model, inputs: Sequence[Any]) -> list[Symbol]:
    """The outputs of a network for other inputs: symbols of its own layers."""
    _check_inputs(network, inputs)
    t = network.topology
    values = dict(enumerate(inputs))
    for call in t.calls:
        taken = tuple(values[i] for i in call.inputs)
        layer = t.layers[call.layer]
        symbol = connect(layer, taken)
        _check_arrays(network, layer, taken, inputs)
        values[call.output] = replace(symbol, network=network)
    return [values[i] for i in t.outputs]


def root_of(layer: Layer) -> Layer:
    """The layer whose weights these are: itself, or the one of the network from which it came."""
    root: Layer = vars(layer).get("_root", layer)
    return root


def rooted(copy: Layer, root: Layer) -> Layer:
    """The copy of an inner network's layer, which remembers whose weights it has."""
    vars(copy)["_root"] = root
    return copy


def title(network: Model) -> str:
    """How errors call a network."""
    return f"network {network.name!r}" if network.name else "the network"


def _check_inputs(network: Model, inputs: Sequence[Any]) -> None:
    for given in inputs:
        if not isinstance(given, Symbol):
            raise SettingError(
                f"A network is called on symbols (gn.Input(...) or what a layer gives), got "
                f"{type(given).__name__}. To compute with numbers use net.predict(x)."
            )
    own = network.topology.inputs
    if len(inputs) != len(own):
        names = ", ".join(name for name, _ in own)
        raise ShapeError(
            f"In {title(network)}: it takes {len(own)} inputs ({names}), and was called on "
            f"{len(inputs)}. Call it on as many symbols."
        )
    for given, (name, spec) in zip(inputs, own, strict=True):
        if given.spec.dtype != spec.dtype:
            raise ShapeError(
                f"In {title(network)}: its input {name!r} is {spec}, and it was called on "
                f"{given.spec}. Call it on {spec.dtype}."
            )


def _check_arrays(
    network: Model, layer: Layer, taken: tuple[Symbol, ...], inputs: Sequence[Symbol]
) -> None:
    """The weights are there already, and must fit what the network is called on."""
    for name, parameter in parameter_specs(layer, tuple(s.spec for s in taken)).items():
        full = f"{layer.name}.{name}"
        shape = network.parameters[full].shape
        if parameter.sizes != shape:
            made, now = (
                " and ".join(shape_text(spec.shape) for spec in specs)
                for specs in ([s for _, s in network.topology.inputs], [s.spec for s in inputs])
            )
            raise ShapeError(
                f"In {title(network)}, made for {made} and called on {now}: its {full} has the "
                f"shape {shape_text(shape)} and would need {shape_text(parameter.sizes)}. Call it "
                f"on {made}, or make another network for {now}."
            )


class LayerGroup(Mapping[str, Layer]):
    """The layers of an inner network by the names that they have in it.

    net.layers["encoder"].trainable = False freezes all of them.
    """

    __slots__ = ("_layers", "_name")

    def __init__(self, name: str, layers: Mapping[str, Layer]) -> None:
        begin = f"{name}."
        self._name = name
        self._layers = {
            own.removeprefix(begin): layer for own, layer in layers.items() if own.startswith(begin)
        }

    @property
    def trainable(self) -> bool:
        """True where any of the layers is trained."""
        return any(layer.trainable for layer in self._layers.values())

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._layers.values():
            layer.trainable = value

    def __getitem__(self, name: str) -> Layer:
        return self._layers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    def __repr__(self) -> str:
        return f"<layers of {self._name!r}: {', '.join(self._layers)}>"
