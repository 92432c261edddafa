"""Ops of whole numbers that name places: counting them, and picking rows or classes by them."""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.shape import expand_dims
from glassnet.spec import BATCH, Shape, Spec, shape_text


def _whole(index: Spec) -> None:
    if index.dtype not in {"int64", "number"}:
        raise ShapeError(f"the index must hold whole numbers, got {index.dtype}; cast it to int64")


def _take_spec(x: Spec, index: Spec) -> Spec:
    """x (V, ...), index (B, T), result (B, T, ...)."""
    _whole(index)
    if not x.rank:
        raise ShapeError("there is no axis to take from in a single number")
    return x.with_shape(index.shape + x.shape[1:])


def _add_at_spec(g: Spec, index: Spec, *, shape: Shape) -> Spec:
    """g (B, T, ...), index (B, T), result (V, ...)."""
    _whole(index)
    return g.with_shape(tuple(shape))


def _within_spec(index: Spec, n: Spec, *, layer: str) -> Spec:
    """index (B, T), n (), result (B, T)."""
    _whole(index)
    return index


def _one_hot_spec(index: Spec, *, depth: int, dtype: str = "float32") -> Spec:
    """index (B, ...), result (B, ..., K)."""
    _whole(index)
    return Spec((*index.shape, depth), dtype)


def _pick_spec(x: Spec, index: Spec) -> Spec:
    """x (B, ..., K), index (B, ...), result (B, ...)."""
    _whole(index)
    if x.shape[:-1] != index.shape:
        raise ShapeError(
            f"one index for each row is needed: {shape_text(x.shape[:-1])}, "
            f"got {shape_text(index.shape)}"
        )
    return x.with_shape(x.shape[:-1])


def _pick_gradient(g: Node, y: Node, x: Node, index: Node) -> tuple[Node | None, ...]:
    """x (B, ..., K), index and g (B, ...): g at the place that was picked, else 0."""
    hot = one_hot(index, depth=x.shape[-1], dtype=x.dtype)  # (B, ..., K)
    return expand_dims(g, -1) * hot, None


def _write_pick(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    if node.ndim == 1:
        count = "{batch}" if node.shape[0] == BATCH else node.shape[0]
        return f"{parts[0]}[np.arange({count}), {parts[1]}]"
    return f"np.take_along_axis({parts[0]}, np.expand_dims({parts[1]}, -1), axis=-1)[..., 0]"


def _write_arange(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    kind = "" if node.dtype == "int64" else f", dtype=np.{node.dtype}"
    return f"np.arange({settings['n']}{kind})"


def _write_one_hot(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f"one_hot({parts[0]}, {settings['depth']}, np.{settings.get('dtype', 'float32')})"


arange = Op("arange", _write_arange, lambda *, n, dtype="int64": Spec((n,), dtype), None,
            kind="gather", letter="place")  # fmt: skip
take = Op("take", "{0}[{1}]", _take_spec,
          lambda g, y, x, index: (add_at(g, index, shape=x.shape), None),
          kind="gather")  # fmt: skip
add_at: Op = Op("add_at", "add_at({shape}, {1}, {0})", _add_at_spec,
            lambda g, y, x, index, shape: (take(g, index), None), kind="gather", helper='''\
def add_at(shape, index, x):
    """Zeros of this shape, to which each row of x is added at its index."""
    whole = np.zeros(shape, x.dtype)
    np.add.at(whole, index, x)
    return whole
''')  # fmt: skip
one_hot = Op("one_hot", _write_one_hot, _one_hot_spec, None, kind="gather", helper='''\
def one_hot(index, depth, dtype):
    """A row of zeros for each index, with a 1 at that place."""
    return (np.expand_dims(index, -1) == np.arange(depth)).astype(dtype)
''')  # fmt: skip
pick = Op("pick", _write_pick, _pick_spec, _pick_gradient, kind="gather")
within = Op("within", "within({0}, {1}, {layer!r})", _within_spec, None, kind="gather",
            letter="index", helper='''\
def within(index, n, layer):
    """The index itself; IndexError unless all of it is from 0 to n - 1."""
    outside = np.extract((np.asarray(index) < 0) | (np.asarray(index) >= n), index)
    if outside.size:
        where = f"In layer {layer!r}: " if layer else ""
        last = f"{n - 1}. Keep it in its range: clip(index, 0, {n - 1})."
        raise IndexError(f"{where}the index {outside[0]} is outside of 0 to {last}")
    return index
''')  # fmt: skip
