"""A node: one value of a formula, and how it comes from others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from glassnet.errors import ShapeError
from glassnet.graph.registry import formula, registered
from glassnet.spec import BATCH, Dim, Shape, Spec

if TYPE_CHECKING:
    from glassnet.graph.op import Op

_layer: ContextVar[str] = ContextVar("layer", default="")
_float_kind: ContextVar[str] = ContextVar("float_kind", default="float32")


@contextmanager
def inside_layer(name: str, float_kind: str = "float32") -> Iterator[None]:
    """Nodes made in here belong to this layer; errors and reports name it."""
    tokens = _layer.set(name), _float_kind.set(float_kind)
    try:
        yield
    finally:
        _layer.reset(tokens[0])
        _float_kind.reset(tokens[1])


def current_layer() -> str:
    """The layer whose formula is being traced, or ""."""
    return _layer.get()


def float_kind() -> str:
    """The kind of float of the network whose formula is being traced."""
    return _float_kind.get()


@dataclass(frozen=True, eq=False)
class Node:
    """One value of a formula. Never changed; two nodes are equal when they are the same object.

    It takes part in arithmetic as an array does, with Python's operators and with NumPy's
    functions, and gives a new node each time:

    >>> from glassnet import graph
    >>> x = graph.input("x", ("B", 3))
    >>> (2 * x + 1).spec.shape
    ('B', 3)
    """

    op: Op
    args: tuple[Node, ...]
    settings: dict[str, Any]
    spec: Spec
    name: str = ""
    layer: str = field(default_factory=current_layer)

    def named(self, name: str) -> Node:
        """The same value under the name by which the printed program calls it."""
        return replace(self, name=name)

    @property
    def shape(self) -> Shape:
        """Sizes of the axes; "B" stands for the batch."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Kind of number."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.spec.shape)

    @property
    def is_leaf(self) -> bool:
        """True for inputs, parameters, constants: what no formula computes."""
        return self.op.is_leaf

    @property
    def is_batched(self) -> bool:
        """True where the first axis is the batch."""
        return self.spec.shape[:1] == (BATCH,)

    @property
    def T(self) -> Node:  # noqa: N802 - NumPy's name
        """The transpose."""
        return registered("transpose")(self)

    def __repr__(self) -> str:
        label = f" {self.name!r}" if self.name else ""
        return f"<{self.op.name}{label} {self.spec}>"

    def __bool__(self) -> bool:
        raise ShapeError(
            "A value of the graph is neither true nor false before the program runs. "
            "Write where(condition, a, b) instead of if, and logical_and instead of and."
        )

    def __float__(self) -> float:
        raise ShapeError(
            "A value of the graph is no single number before the program runs. Write np.tanh(x) "
            "instead of math.tanh(x), and so for every function of math."
        )

    def __len__(self) -> int:
        raise ShapeError("The size of an axis is in .shape; the batch's is batch_size().")

    def __iter__(self) -> Iterator[Node]:
        raise ShapeError("A value of the graph cannot be looped over; take parts with x[:, i].")

    # Arithmetic and comparison: each operator is the op of that name.
    def __add__(self, other: Any) -> Node:
        return registered("add")(self, other)

    def __radd__(self, other: Any) -> Node:
        return registered("add")(other, self)

    def __sub__(self, other: Any) -> Node:
        return registered("sub")(self, other)

    def __rsub__(self, other: Any) -> Node:
        return registered("sub")(other, self)

    def __mul__(self, other: Any) -> Node:
        return registered("mul")(self, other)

    def __rmul__(self, other: Any) -> Node:
        return registered("mul")(other, self)

    def __truediv__(self, other: Any) -> Node:
        return registered("div")(self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return registered("div")(other, self)

    def __pow__(self, other: Any) -> Node:
        return registered("pow")(self, other)

    def __rpow__(self, other: Any) -> Node:
        return registered("pow")(other, self)

    def __matmul__(self, other: Any) -> Node:
        return registered("matmul")(self, other)

    def __rmatmul__(self, other: Any) -> Node:
        return registered("matmul")(other, self)

    def __neg__(self) -> Node:
        return registered("neg")(self)

    def __abs__(self) -> Node:
        return registered("abs")(self)

    def __lt__(self, other: Any) -> Node:
        return registered("less")(self, other)

    def __le__(self, other: Any) -> Node:
        return registered("less_equal")(self, other)

    def __gt__(self, other: Any) -> Node:
        return registered("greater")(self, other)

    def __ge__(self, other: Any) -> Node:
        return registered("greater_equal")(self, other)

    def __getitem__(self, index: Any) -> Node:
        return registered("slice")(self, index=index)

    # The methods of an array that formulas use most.
    def sum(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Sum over `axis`, or over everything."""
        return registered("sum")(self, axis=axis, keepdims=keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Mean over `axis`, or over everything."""
        return registered("mean")(self, axis=axis, keepdims=keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Largest value over `axis`, or over everything."""
        return registered("max")(self, axis=axis, keepdims=keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Node:
        """Smallest value over `axis`, or over everything."""
        return registered("min")(self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape: Dim) -> Node:
        """The same numbers in another shape."""
        return registered("reshape")(self, shape=shape)

    # NumPy's own functions work on nodes: np.exp(x), np.mean(x), np.where(c, a, b).
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__" or kwargs:
            raise TypeError(f"np.{ufunc.__name__}: only plain calls work on values of the graph.")
        return _formula(ufunc.__name__)(*inputs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Node:
        return _formula(func.__name__)(*args, **kwargs)


_NUMPY_NAMES = {
    "subtract": "sub", "multiply": "mul", "divide": "div", "power": "pow", "negative": "neg",
    "absolute": "abs", "amax": "max", "amin": "min", "var": "variance",
}  # fmt: skip


def _formula(name: str) -> Callable[..., Node]:
    """What we have under NumPy's name: an op, or a formula of several."""
    if name == "concatenate":  # NumPy takes the arrays as a list, and by default joins their rows
        return lambda xs, axis=0: registered(name)(*xs, axis=axis)
    if name == "einsum":  # and the subscripts in front
        return lambda subscripts, *xs: registered(name)(*xs, subscripts=subscripts)
    return formula(_NUMPY_NAMES.get(name, name))
