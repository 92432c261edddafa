"""The layer: typed fields on top, its parameters, then one formula in graph ops.

    class Scale(gn.Layer):
        start: float = 1.0

        def parameters(self, x):
            return {"gain": gn.Parameter(x.shape[-1:], init=self.start)}

        def formula(self, x, gain):
            return x * gain

That is a whole layer: its gradient, its place in the printed program, its check and its entry in
a model file follow from the formula.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any, ClassVar, dataclass_transform

from glassnet.calls import check_constructor
from glassnet.errors import SettingError, ShapeError, UnknownAttributeError
from glassnet.graph import Node
from glassnet.nn import init as inits
from glassnet.nn import regularizers
from glassnet.nn.registry import LAYERS
from glassnet.nn.statistics import Batches
from glassnet.nn.symbol import connect
from glassnet.spec import Dim, Shape, Spec, sizes


@check_constructor
@dataclass(frozen=True)
class Parameter:
    """An array that a layer keeps.

    shape        sizes; none may be the batch
    init         name, number or function (shape, draw) -> array
    regularizer  a penalty added to the loss, or None
    constraint   what the array is held to after each update, or None
    trainable    False for statistics that no gradient moves
    statistic    "input" or "target": the layer's `statistics` sets it in the first fit, from the
                 training rows' values that arrive there, or from their targets
    """

    shape: tuple[Dim, ...]
    init: Any = "glorot_uniform"
    regularizer: Any = None
    constraint: Any = None
    trainable: bool = True
    statistic: str = ""

    def __post_init__(self) -> None:
        if not all(isinstance(n, int) and n >= 0 for n in self.shape):
            raise ShapeError(f"A parameter's sizes must be whole numbers, got {self.shape}.")
        find = regularizers.find
        object.__setattr__(self, "init", inits.find(self.init))
        found = find("regularizer", regularizers.REGULARIZERS, self.regularizer)
        object.__setattr__(self, "regularizer", found)
        held = find("constraint", regularizers.CONSTRAINTS, self.constraint)
        object.__setattr__(self, "constraint", held)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape, all numbers."""
        return sizes(self.shape)


@dataclass_transform(kw_only_default=False, field_specifiers=(field,))
@dataclass(eq=False, repr=False)
class Layer:
    """The base of all layers; every subclass becomes a dataclass of its fields.

    name       given by the network where it is empty: dense, dense_1, ...
    trainable  False freezes the layer: its gradient is not even computed
    """

    name: str = field(default="", kw_only=True)
    trainable: bool = field(default=True, kw_only=True)

    changes: ClassVar[int] = 0  # of fields of finished layers: what was made of them may be old
    takes_mask: ClassVar[bool] = False  # its formula has a keyword `mask`
    steps_of_first: ClassVar[bool] = False  # its output has the steps of the first input alone
    takes_empty: ClassVar[bool] = False  # rows too of which the mask leaves no step

    def __init_subclass__(cls, *, library: bool = False, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(eq=False, repr=False)(cls)
        check_constructor(cls)
        _close(cls)
        if library:
            LAYERS[cls.__name__] = cls

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field; a new name is taken in the constructor, and where it begins with _."""
        if "_closed" in vars(self):  # a layer under construction is in no network yet
            if not (name.startswith("_") or hasattr(self, name)):
                known = [one.name for one in fields(self)]
                raise UnknownAttributeError(type(self).__name__, name, known, "layer")
            Layer.changes += 1
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        shown = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self)
                 if getattr(self, f.name) != f.default]  # fmt: skip
        return f"{type(self).__name__}({', '.join(shown)})"

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """The arrays of this layer by name, from the specs of its inputs. None by default."""
        return {}

    def statistics(self, batches: Batches) -> dict[str, Any]:
        """The arrays that are statistics, by name. batches() gives the rows, some at a time."""
        return {}

    def formula(self, *inputs: Any, **parameters: Any) -> Node:
        """The layer's output from its inputs and parameters, in graph ops."""
        raise SettingError(f"{type(self).__name__} has no formula: define formula(self, x, ...).")

    def updates(self, *inputs: Any, **parameters: Any) -> dict[str, Node]:
        """What a training step makes of arrays that no gradient moves, by name: running figures.

        {"mean": mean + 0.1 * (g.row_mean(x, axis=0) - mean)}, in graph ops, of Parameters with
        trainable=False. They are set in this order, after the backward pass and before the weights
        move; a batch in which no row has weight, and a frozen layer, change nothing. None by
        default.
        """
        return {}

    def penalty(self, *inputs: Any, **parameters: Any) -> Node | None:
        """What the loss is made larger by for each row, (B,), in graph ops; None for nothing.

        Of more numbers a row the mean is taken, and the mean over the rows is added to the loss, in
        training and in an evaluation. Where the loss is a sum over the rows, so is this.

            def penalty(self, x):  # few units are to be active at once
                return 0.01 * g.sum(g.abs(x), axis=-1)
        """
        return None

    def carried(self, *specs: Spec) -> dict[str, Shape]:
        """What a batch leaves for the next one, by name, and the shape that a row of it has.

        The formula gets it as the keyword `state`: {"h": a value (B, O)}; without it the batch
        begins with zeros. None by default.
        """
        return {}

    def left(self, output: Node) -> dict[str, Node]:
        """What a batch leaves for the next one, from what the formula gave."""
        return {}

    def mask(self, *inputs: Any) -> Node | None:
        """Which steps (B, T) of its inputs count, where this layer is the one to say; else None."""
        return None

    def __call__(self, *inputs: Any) -> Any:
        """Connect this layer: symbols in, a symbol out."""
        flat = inputs[0] if len(inputs) == 1 and isinstance(inputs[0], list | tuple) else inputs
        return connect(self, tuple(flat))


def _close(cls: type[Layer]) -> None:
    """Let the constructor of a class end by closing the layer to names that it does not have.

    A misspelt `layer.trianable = False` would freeze nothing and say nothing.
    """
    own = cls.__init__

    @functools.wraps(own)
    def make(self: Layer, *args: Any, **settings: Any) -> None:
        own(self, *args, **settings)
        if type(self) is cls:  # not yet, where a class derived from it goes on
            vars(self)["_closed"] = True

    cls.__init__ = make  # type: ignore[method-assign]


def check_units(layer: Layer, name: str, value: Any) -> None:
    """Raise unless the field is a whole number of at least 1; NumPy's become Python's."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise SettingError(
            f"{type(layer).__name__}: {name} must be a whole number of at least 1, got {value!r}."
        )
    setattr(layer, name, int(value))
