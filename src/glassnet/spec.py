"""What is known of an array before it exists: its shape and its kind of number.

The shape letters of the whole project:

    B batch     I in     O out     T time     C channels
    H height    W width  K kernel  V vocabulary

The size of the batch is not known when a network is built, so it stands as the letter "B" in a
shape until a program runs; every other size is a number.

Kinds of number: "float32", "float64", "int64", "bool", and "number" for a plain Python number
(a literal, the learning rate, the count of steps), which takes the kind of what it meets.
"""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.errors import ShapeError

Dim = int | str
Shape = tuple[Dim, ...]

BATCH: Dim = "B"
FLOATS = ("float32", "float64")
_RANK = {"number": 0, "bool": 1, "int64": 2, "float32": 3, "float64": 4}


@dataclass(frozen=True)
class Spec:
    """Shape and kind of number of an array.

    >>> str(Spec(("B", 4), "float32"))
    '(B, 4) float32'
    """

    shape: Shape
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{shape_text(self.shape)} {self.dtype}"

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def with_shape(self, shape: Shape) -> Spec:
        """The same kind of number in another shape."""
        return Spec(shape, self.dtype)


def shape_text(shape: Shape, batch: str = "B") -> str:
    """A shape as Python writes it: (B, 4), (3,), ()."""
    sizes = [batch if size == BATCH else str(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The common shape of NumPy's broadcasting, with "B" as one more size.

    >>> broadcast_shapes(("B", 4), (4,))
    ('B', 4)
    """
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[Dim] = []
    for sizes in zip(*padded, strict=True):
        distinct = {size for size in sizes if size != 1}
        if len(distinct) > 1:
            listed = " and ".join(shape_text(shape) for shape in shapes)
            raise ShapeError(
                f"Shapes {listed} do not broadcast: sizes {sizes} meet in one axis. "
                "Sizes must be equal, or one of them 1."
            )
        result.append(distinct.pop() if distinct else 1)
    return tuple(result)


def promote(*dtypes: str) -> str:
    """The kind of number that comes out when these meet, as NumPy 2 decides it.

    >>> promote("number", "float32"), promote("bool", "float32"), promote("int64", "float32")
    ('float32', 'float32', 'float64')
    >>> promote("bool", "number")
    'float64'
    """
    kinds = set(dtypes)
    if {"float32", "int64"} <= kinds or kinds == {"bool", "number"}:
        return "float64"
    return max(kinds, key=_RANK.__getitem__)


def itemsize(dtype: str) -> int:
    """Bytes of one number of this kind."""
    return {"float32": 4, "float64": 8, "int64": 8, "bool": 1, "number": 8}[dtype]


def sizes(shape: Shape) -> tuple[int, ...]:
    """A shape in which the batch does not occur, as plain numbers."""
    return tuple(int(size) for size in shape)


def known_size(shape: Shape) -> int:
    """The product of the sizes other than the batch."""
    product = 1
    for size in shape:
        if isinstance(size, int):
            product *= size
    return product
