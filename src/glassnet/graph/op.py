"""An op: forward text, shape rule and gradient rule side by side; and the leaves of a graph."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import SettingError, ShapeError
from glassnet.graph.node import Node, current_layer
from glassnet.graph.registry import register, registered
from glassnet.spec import Spec

# How tightly a written formula binds, as in Python. A looser part gets parentheses.
LOOSE, COMPARE, ADD, MUL, NEG, POW, ATOM = range(7)

SpecRule = Callable[..., Spec]
GradientRule = Callable[..., tuple[Node | None, ...]]
Writer = Callable[..., str]
Helper = str | Callable[[Sequence[Node]], str]

_EXACT = 2**53  # up to here a whole number is the same as a float


@dataclass(frozen=True, eq=False)
class Op:
    """One operation.

    name      as NumPy spells it
    numpy     forward text: a template ("{0} + {1}", settings by name), or a function
              (parts, settings, node) -> text
    spec      shape rule: specs of the arguments and settings -> spec of the result
    gradient  rule (g, y, *args, **settings) -> one gradient for each argument, None where none
              flows. Rules are written in ops, so they differentiate again.
    strength  how tightly the forward text binds
    scalar    forward text where everything is a plain Python number
    helper    a function of its own that the forward text calls, written out above the program; or
              what writes it for the calls in a program, and for none in its most general form
    letter    what an unnamed value of this op is called in a program
    kind      elementwise, reduce, view, contract, gather, random, leaf: what engines group by
    latex     notation for formulas
    """

    name: str
    numpy: str | Writer
    spec: SpecRule
    gradient: GradientRule | None
    strength: int = ATOM
    scalar: str = ""
    helper: Helper = ""
    letter: str = "part"
    kind: str = "elementwise"
    latex: str = ""

    def __post_init__(self) -> None:
        register(self)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """There is one op of each name, in copies of programs too."""
        return registered, (self.name,)

    @property
    def is_leaf(self) -> bool:
        """True for ops without a formula."""
        return self.kind == "leaf"

    def helper_for(self, nodes: Sequence[Node] = ()) -> str:
        """The functions that the forward text calls, for a program of these nodes."""
        return self.helper if isinstance(self.helper, str) else self.helper(nodes)

    def __call__(self, *args: Any, **settings: Any) -> Node:
        """A node of this op. Plain numbers and arrays among the arguments become constants."""
        nodes = tuple(lift(arg) for arg in args)
        try:
            spec = self.spec(*(node.spec for node in nodes), **settings)
        except ShapeError as error:
            where = f"In layer '{current_layer()}', " if current_layer() else "In "
            if str(error).startswith("In "):
                raise
            shown = ", ".join(_describe(node) for node in nodes)
            raise ShapeError(f"{where}{self.name}({shown}): {error}") from None
        except TypeError as error:
            raise SettingError(
                f"{self.name}: {error}. Arrays go by position and settings by keyword, "
                "as in sum(x, axis=0)."
            ) from error
        return Node(self, nodes, settings, spec)


def _describe(node: Node) -> str:
    return f"{node.name} {node.spec}" if node.name else str(node.spec)


# Leaves: what no formula computes.
def _leaf_spec(*, spec: Spec, **_: Any) -> Spec:
    return spec


def _write_constant(_parts: Any, settings: dict[str, Any], _node: Any) -> str:
    value = settings["value"]
    if isinstance(value, np.ndarray):
        listed = repr(value.tolist()).replace("inf", "np.inf").replace("nan", "np.nan")
        return f"np.array({listed}, dtype=np.{value.dtype.name})"
    return repr(value)


_input = Op("input", "", _leaf_spec, None, kind="leaf")
_parameter = Op("parameter", "", _leaf_spec, None, kind="leaf")
_constant = Op("constant", _write_constant, _leaf_spec, None, kind="leaf")
_batch_size = Op("batch_size", "{batch}", lambda: Spec((), "number"), None, kind="leaf")


def input(
    name: str, shape: tuple[Any, ...], dtype: str = "float32", below: int | None = None
) -> Node:
    """A value that comes from outside at each step: data, targets, the learning rate.

    below  of whole numbers that are known to be from 0 to below - 1
    """
    known = {} if below is None else {"below": below}
    return _input(spec=Spec(tuple(shape), dtype), **known).named(name)


def parameter(name: str, shape: tuple[Any, ...], dtype: str = "float32") -> Node:
    """An array that is kept between steps: weights, biases, an optimiser's memory."""
    return _parameter(spec=Spec(tuple(shape), dtype)).named(name)


def constant(value: Any, dtype: str | None = None) -> Node:
    """A number or an array that is known beforehand.

    A Python number takes the kind of number of what it meets; an array keeps its own.
    """
    if isinstance(value, numbers.Real) and dtype is None:
        plain: Any = value.item() if isinstance(value, np.generic) else value
        if isinstance(plain, float) and plain.is_integer() and 0 < abs(plain) < _EXACT:
            plain = int(plain)
        return _constant(value=plain, spec=Spec((), "number"))
    if isinstance(value, str):
        raise ShapeError(
            f"A value of the graph holds numbers, got the text {value!r}. Settings go by keyword, "
            "as in einsum(x, w, subscripts='bi,io->bo') or sum(x, axis=0)."
        )
    array = np.array(value, dtype=dtype)
    kind = {"f": array.dtype.name, "i": "int64", "u": "int64", "b": "bool"}.get(array.dtype.kind)
    if kind not in {"float32", "float64", "int64", "bool"}:
        raise ShapeError(
            f"A constant must hold numbers, got {array.dtype} ({type(value).__name__}). "
            "Turn it into an array of float32, float64, int64 or bool."
        )
    return _constant(value=array.astype(kind, copy=False), spec=Spec(array.shape, kind))


def batch_size() -> Node:
    """The number of rows in the batch, as a number; printed as len(x)."""
    return _batch_size()


def lift(value: Any) -> Node:
    """A node for a value: itself, or a constant.

    A plain True or False comes from `==`, by which Python asks whether two nodes are one object:
    a formula with it would be silently wrong.
    """
    if isinstance(value, bool | np.bool):
        raise ShapeError(
            f"A value of the graph cannot be computed with {value}, which Python answers to a == b "
            "at once: write np.equal(a, b), and np.not_equal(a, b) for a != b. A truth that is "
            "known beforehand is written as 1 or 0."
        )
    return value if isinstance(value, Node) else constant(value)


def is_constant(node: Node) -> bool:
    """Whether a value is known beforehand: a number or an array that no formula computes."""
    return node.op is _constant


def constant_value(node: Node) -> float | None:
    """The number of a constant that is a plain number, or None."""
    if node.op is _constant and node.spec.dtype == "number":
        value: float = node.settings["value"]
        return value
    return None
