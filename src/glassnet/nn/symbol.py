"""Symbols: what layers are called on to draw a network as a graph."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

from glassnet import graph
from glassnet.calls import checked
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.registry import LAYERS, snake
from glassnet.spec import BATCH, Shape, Spec, shape_text

if TYPE_CHECKING:
    from glassnet.nn.layer import Layer, Parameter
    from glassnet.nn.model import Model


@dataclass(frozen=True, eq=False)
class Symbol:
    """The output of a layer, before there are numbers.

    Attributes: `spec` (shape with "B" in front, kind of number), `layer` (None for an input),
    `inputs` (the symbols that the layer was called on), `name` (of an input), `network` (the one
    that was called on symbols, where the layer is one of its own).
    """

    spec: Spec
    layer: Layer | None = None
    inputs: tuple[Symbol, ...] = ()
    name: str = ""
    network: Model | None = None

    @property
    def shape(self) -> Shape:
        """Sizes of the axes; "B" stands for the batch."""
        return self.spec.shape

    def __repr__(self) -> str:
        made_by = "input" if self.layer is None else snake(type(self.layer).__name__)
        return f"<symbol {self.name or made_by} {self.spec}>"

    def __add__(self, other: Symbol) -> Symbol:
        return _merge("Add", self, other)

    def __sub__(self, other: Symbol) -> Symbol:
        return _merge("Subtract", self, other)

    def __mul__(self, other: Symbol) -> Symbol:
        return _merge("Multiply", self, other)


def _merge(name: str, a: Symbol, b: Symbol) -> Symbol:
    return connect(LAYERS[name](), (a, b))


@checked
def Input(shape: Any, *, name: str = "", dtype: str = "float") -> Symbol:  # noqa: N802 - a class to the user
    """The place where data enters a network.

    shape  sizes of one row, without the batch: (28, 28, 1), or a number for a table of so many
           columns
    dtype  "float" (the network's own kind) or "int64" (codes)

    >>> import glassnet as gn
    >>> x = gn.Input((4,))
    >>> net = gn.Network(inputs=x, outputs=gn.Dense(1, "sigmoid")(x))
    """
    sizes = (shape,) if isinstance(shape, Integral) else tuple(shape)
    if not all(isinstance(n, Integral) and not isinstance(n, bool) and int(n) > 0 for n in sizes):
        raise ShapeError(
            f"Input: sizes must be whole numbers of at least 1, got {shape!r}. "
            "Leave the batch out: a table of 10 columns is Input((10,))."
        )
    if dtype not in {"float", "int64"}:
        raise SettingError(f"Input: dtype must be 'float' or 'int64', got {dtype!r}.")
    kind = "float32" if dtype == "float" else dtype
    return Symbol(Spec((BATCH, *map(int, sizes)), kind), name=name)


def connect(layer: Layer, inputs: tuple[Any, ...]) -> Symbol:
    """LayerCall a layer on symbols; shapes that do not fit raise here."""
    for given in inputs:
        if not isinstance(given, Symbol):
            raise SettingError(
                f"{type(layer).__name__} is called on symbols (gn.Input(...) or another layer's "
                f"output), got {type(given).__name__}. To compute with numbers use net.predict(x)."
            )
    if not inputs:
        raise SettingError(f"{type(layer).__name__} is called on at least one symbol.")
    spec = output_spec(layer, tuple(s.spec for s in inputs))
    return Symbol(spec, layer, inputs)


def parameter_specs(layer: Layer, specs: tuple[Spec, ...]) -> dict[str, Parameter]:
    """The layer's parameters for inputs of these specs; errors name the layer."""
    with graph.inside_layer(called(layer)), _naming(layer, specs):
        return layer.parameters(*specs)


def called(layer: Layer) -> str:
    """The layer's name, or that of its class as long as it has none."""
    return layer.name or snake(type(layer).__name__)


@contextmanager
def _naming(layer: Layer, specs: Sequence[Spec]) -> Iterator[None]:
    """Errors about shapes name the layer, and what it was called on."""
    try:
        yield
    except ShapeError as error:
        if str(error).startswith("In "):
            raise
        shapes = " and ".join(shape_text(s.shape) for s in specs)
        where = f"In layer '{called(layer)}', called on {shapes}: "
        raise ShapeError(where + str(error)) from None


def output_spec(layer: Layer, specs: tuple[Spec, ...]) -> Spec:
    """What comes out of a layer, found by tracing its formula once."""
    nodes = [graph.input(f"x{i}", s.shape, s.dtype) for i, s in enumerate(specs)]
    return apply(layer, nodes, "float32").spec


def apply(
    layer: Layer, inputs: list[Node], dtype: str, parameters: dict[str, Node] | None = None,
    mask: Node | None = None, state: Mapping[str, Node] | None = None,
) -> Node:  # fmt: skip
    """Trace the layer's formula on these inputs.

    mask   which of their steps count; for layers that take one
    state  what the batch before has left; for layers that carry something
    """
    name, specs = called(layer), tuple(n.spec for n in inputs)
    if parameters is None:
        found = parameter_specs(layer, specs)
        parameters = {k: graph.parameter(k, p.shape, dtype) for k, p in found.items()}
    with graph.inside_layer(name, dtype), _naming(layer, specs):
        try:
            given: dict[str, Any] = {} if mask is None or not layer.takes_mask else {"mask": mask}
            given |= {"state": state} if state else {}
            output = layer.formula(*inputs, **parameters, **given)
        except TypeError as error:
            raise SettingError(
                f"In layer '{name}': formula() was called with {len(inputs)} inputs and the "
                f"parameters {sorted(parameters)}: {error}."
            ) from error
    if not isinstance(output, Node):
        raise SettingError(
            f"In layer '{name}': formula() must return a value of the graph, "
            f"got {type(output).__name__}. Use glassnet.graph's functions (or NumPy's)."
        )
    if not output.shape or output.shape[0] != BATCH:
        raise ShapeError(
            f"In layer '{name}', the output {shape_text(output.shape)} lost the batch axis, "
            "which must stay first. Reduce over axis=-1, or another axis from 1."
        )
    return output


def updated(
    layer: Layer, inputs: list[Node], dtype: str, parameters: dict[str, Node]
) -> dict[str, Node]:
    """Trace what a training step makes of the layer's own arrays."""
    specs = tuple(n.spec for n in inputs)
    free = {k for k, p in parameter_specs(layer, specs).items() if not p.trainable}
    with graph.inside_layer(called(layer), dtype), _naming(layer, specs):
        found = layer.updates(*inputs, **parameters)
    for array, value in found.items():
        _check_update(f"In layer '{called(layer)}': updates() gives", array, value, free)
        if value.shape != parameters[array].shape:
            raise ShapeError(
                f"In layer '{called(layer)}': updates() gives {array!r} the shape "
                f"{shape_text(value.shape)}, and the array has "
                f"{shape_text(parameters[array].shape)}. Take means over the axes that it has not."
            )
    return found


def penalised(
    layer: Layer, inputs: list[Node], dtype: str, parameters: dict[str, Node]
) -> Node | None:
    """Trace what the layer adds to the loss, if anything."""
    with graph.inside_layer(called(layer), dtype), _naming(layer, [n.spec for n in inputs]):
        found = layer.penalty(*inputs, **parameters)
    if found is not None and not isinstance(found, Node):
        raise SettingError(
            f"In layer '{called(layer)}': penalty() must return a value of the graph or None, got "
            f"{type(found).__name__}. Use glassnet.graph's functions (or NumPy's)."
        )
    return found


def _check_update(where: str, array: str, value: Any, free: set[str]) -> None:
    if array not in free:
        raise SettingError(
            f"{where} {array!r}, which is none of its arrays that no gradient moves: "
            f"{', '.join(sorted(free)) or 'it has none'}. Declare it with "
            "gn.Parameter(..., trainable=False)."
        )
    if not isinstance(value, Node):
        raise SettingError(
            f"{where} {array!r} as {type(value).__name__}; it must be a value of the graph."
        )


def with_name(layer: Layer, name: str) -> Layer:
    """A copy of the layer under this name."""
    return replace(layer, name=name)


def mask_behind(layer: Layer, inputs: Sequence[Node], masks: Sequence[Node], output: Node,
                dtype: str) -> Node | None:  # fmt: skip
    """Which steps of a layer's output count: those of its inputs that count, and that it says.

    masks  of the inputs that have one
    A mask belongs to the axes (B, T), and is handed on as long as they stay in front.
    """
    with graph.inside_layer(called(layer), dtype):
        own = layer.mask(*inputs)
    found = [*masks] if own is None else [*masks, own]
    axes = output.shape[:2] if output.ndim > 2 else ()
    return joined_mask([mask for mask in found if mask.shape == axes])


def joined_mask(masks: Sequence[Node]) -> Node | None:
    """What counts in all of the masks; None where there is none."""
    return functools.reduce(graph.logical_and, dict.fromkeys(masks)) if masks else None
