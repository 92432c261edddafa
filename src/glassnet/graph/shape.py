"""Ops that move numbers without changing them: reshape, transpose, pad, slice, concatenate."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op, constant_value, lift
from glassnet.graph.registry import numpy_formula, registered
from glassnet.spec import BATCH, Dim, Shape, Spec, broadcast_shapes, known_size, promote, shape_text

_BACKWARDS = slice(None, None, -1)
_SHOWN = 2  # axes of an index, before the last is said alone
Index = int | slice | tuple[int | slice, ...]


def _reshape_spec(x: Spec, *, shape: Shape) -> Spec:
    sizes = list(shape)
    if sizes.count(-1) == 1:
        rest = known_size(tuple(n for n in sizes if n != -1))
        whole = known_size(x.shape)
        batch_is_free = BATCH in x.shape and BATCH not in sizes
        if rest == 0 or whole % rest or (batch_is_free and whole != rest):
            raise ShapeError(f"cannot reshape {shape_text(x.shape)} to {shape_text(shape)}")
        sizes[sizes.index(-1)] = BATCH if batch_is_free else whole // rest
    positive = all(isinstance(n, str) or n >= 0 for n in sizes)
    fills = positive and known_size(tuple(sizes)) == known_size(x.shape)
    if not fills or sizes.count(BATCH) != x.shape.count(BATCH):
        raise ShapeError(
            f"cannot reshape {shape_text(x.shape)} to {shape_text(tuple(sizes))}: "
            f"{known_size(x.shape)} numbers do not fill {known_size(tuple(sizes))} places. "
            "The product of the sizes must stay the same."
        )
    return x.with_shape(tuple(sizes))


def _write_reshape(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    before, after = node.args[0].shape, node.shape
    if len(after) == len(before) + 1 and 1 in after:
        for i in range(len(after)):
            if after[i] == 1 and after[:i] + after[i + 1 :] == before:
                index = [":"] * i + ["None"] if i < len(before) else ["...", "None"]
                return f"{parts[0]}[{', '.join(index)}]"
    batch = "-1" if after.count(BATCH) == 1 else "{batch}"
    sizes = [batch if size == BATCH else str(size) for size in after]
    return f"{parts[0]}.reshape({', '.join(sizes) if sizes else '()'})"


def _transpose_spec(x: Spec, *, axes: tuple[int, ...] | None = None) -> Spec:
    order = tuple(range(x.rank))[::-1] if axes is None else axes
    if sorted(a % x.rank for a in order) != list(range(x.rank)):
        raise ShapeError(f"axes {axes} do not name each of {x.rank} axes once")
    return x.with_shape(tuple(x.shape[a] for a in order))


def _write_transpose(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    axes, rank = settings.get("axes"), node.ndim
    if axes is None or tuple(axes) == tuple(range(rank))[::-1]:
        return f"{parts[0]}.T"
    swapped = [i for i in range(rank) if axes[i] % rank != i]
    if len(swapped) == 2:
        return f"{parts[0]}.swapaxes({swapped[0] - rank}, {swapped[1] - rank})"
    return f"{parts[0]}.transpose{tuple(axes)}"


def _transpose_gradient(g: Node, y: Node, x: Node, axes: tuple[int, ...] | None = None) -> Any:
    if axes is None:
        return (transpose(g),)
    order = [a % x.ndim for a in axes]
    return (transpose(g, axes=tuple(order.index(i) for i in range(x.ndim))),)


def _expand_spec(x: Spec, *, shape: Shape) -> Spec:
    if broadcast_shapes(x.shape, shape) != tuple(shape):
        raise ShapeError(f"{shape_text(x.shape)} does not expand to {shape_text(shape)}")
    return x.with_shape(tuple(shape))


def _pad_spec(x: Spec, *, widths: tuple[tuple[int, int], ...], value: float = 0) -> Spec:
    if len(widths) != x.rank:
        raise ShapeError(f"{len(widths)} pairs of widths for {x.rank} axes; give one for each")
    shape: list[Dim] = []
    for size, (before, after) in zip(x.shape, widths, strict=True):
        if before < 0 or after < 0:
            raise ShapeError(f"widths must be 0 or more, got {(before, after)}")
        if size == BATCH and (before or after):
            raise ShapeError("the batch axis cannot be padded")
        shape.append(size + before + after if isinstance(size, int) else size)
    return x.with_shape(tuple(shape))


def _write_pad(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    value = settings.get("value", 0)
    filled = f", constant_values={value}" if value else ""
    return f"np.pad({parts[0]}, {settings['widths']}{filled})"


def _pad_gradient(g: Node, y: Node, x: Node, widths: Any, value: float = 0) -> Any:
    index = tuple(
        slice(before, before + n) if isinstance(n, int) and (before or after) else slice(None)
        for n, (before, after) in zip(x.shape, widths, strict=True)
    )
    return (slice_(g, index=index),)


def _repeat_spec(x: Spec, *, repeats: int, axis: int) -> Spec:
    if not -x.rank <= axis < x.rank:
        raise ShapeError(f"there is no axis {axis} in an array of {x.rank} axes")
    if repeats < 1:
        raise ShapeError(f"repeats must be 1 or more, got {repeats}")
    size, at = x.shape[axis], axis % x.rank
    if isinstance(size, str):
        raise ShapeError("the batch axis cannot be repeated")
    return x.with_shape((*x.shape[:at], size * repeats, *x.shape[at + 1 :]))


def _folded(g: Node, shape: Shape, repeats: int, axis: int) -> Node:
    """Each number gets the sum of the gradients to its copies."""
    at = axis % len(shape)
    beside = reshape(g, shape=(*shape[: at + 1], repeats, *shape[at + 1 :]))
    return registered("sum")(beside, axis=at + 1)


def full_index(index: Any, shape: Shape) -> tuple[int | slice, ...]:
    """One entry an axis; an ellipsis is written out."""
    entries = list(index) if isinstance(index, tuple) else [index]
    at = next((i for i, entry in enumerate(entries) if entry is Ellipsis), None)
    if at is not None:
        entries[at : at + 1] = [slice(None)] * (len(shape) - len(entries) + 1)
    if len(entries) > len(shape):
        raise ShapeError(f"{len(entries)} indices for the {len(shape)} axes of {shape_text(shape)}")
    if not all(isinstance(e, int | slice) for e in entries):
        raise ShapeError("an index is a number or a slice; to pick by an array use take(x, index)")
    return tuple(entries) + (slice(None),) * (len(shape) - len(entries))


def _slice_spec(x: Spec, *, index: Any) -> Spec:
    shape: list[Dim] = []
    for axis, (entry, size) in enumerate(zip(full_index(index, x.shape), x.shape, strict=True)):
        if isinstance(size, str):
            if entry != slice(None):
                raise ShapeError("the batch axis cannot be sliced: its size is not known yet")
            shape.append(size)
        elif isinstance(entry, slice):
            shape.append(len(range(*entry.indices(size))))
        elif not -size <= entry < size:
            raise ShapeError(f"index {entry} is outside of axis {axis}, which has {size} places")
    return x.with_shape(tuple(shape))


def _entry_text(entry: int | slice) -> str:
    if isinstance(entry, int):
        return str(entry)
    start, stop, step = ("" if p is None else str(p) for p in (entry.start, entry.stop, entry.step))
    return f"{start}:{stop}" + (f":{step}" if step else "")


def _write_slice(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    entries = list(full_index(settings["index"], node.args[0].shape))
    if len(entries) > _SHOWN and all(entry == slice(None) for entry in entries[:-1]):
        return f"{parts[0]}[..., {_entry_text(entries[-1])}]"
    while len(entries) > 1 and entries[-1] == slice(None):
        entries.pop()
    return f"{parts[0]}[{', '.join(_entry_text(e) for e in entries)}]"


def _slice_gradient(g: Node, y: Node, x: Node, index: Any) -> Any:
    """Zeros around g; where an axis was lost, or stepped along, g at its places."""
    entries = full_index(index, x.shape)
    if all(entry in (slice(None), _BACKWARDS) for entry in entries):
        return (slice_(g, index=entries),)  # who turns round twice stands as before
    widths = [_beside(entry, size) for entry, size in zip(entries, x.shape, strict=True)]
    if None not in widths:
        return (pad(g, widths=tuple(widths)),)
    return (unslice(g, index=entries, shape=x.shape),)


def _beside(entry: int | slice, size: Dim) -> tuple[int, int] | None:
    """How many numbers a slice leaves out in front and behind; None where it does more."""
    if isinstance(size, str):
        return 0, 0
    start, stop, step = entry.indices(size) if isinstance(entry, slice) else (0, 0, 0)
    return (start, size - stop) if step == 1 and start < stop else None


def _concatenate_spec(*specs: Spec, axis: int = -1) -> Spec:
    rank = specs[0].rank
    if not -rank <= axis < rank:
        raise ShapeError(f"there is no axis {axis} in an array of {rank} axes")
    at = axis % rank
    for spec in specs:
        same = [
            i for i in range(min(rank, spec.rank)) if i != at and spec.shape[i] != specs[0].shape[i]
        ]
        if spec.rank != rank or same:
            listed = ", ".join(shape_text(s.shape) for s in specs)
            raise ShapeError(f"{listed}: all sizes but those of axis {axis} must be equal")
    total: Dim = 0
    for spec in specs:
        size = spec.shape[at]
        if isinstance(size, str) or isinstance(total, str):
            raise ShapeError("the batch axis cannot be concatenated")
        total += size
    shape = (*specs[0].shape[:at], total, *specs[0].shape[at + 1 :])
    return Spec(shape, promote(*(s.dtype for s in specs)))


def _write_concatenate(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f"np.concatenate([{', '.join(parts)}], axis={settings.get('axis', -1)})"


def _concatenate_gradient(g: Node, y: Node, *xs: Node, axis: int = -1) -> Any:
    at = axis % y.ndim
    ends = [0]
    for x in xs:
        ends.append(ends[-1] + int(x.shape[at]))
    before = (slice(None),) * at
    return tuple(slice_(g, index=(*before, slice(a, b))) for a, b in pairwise(ends))


reshape: Op = Op("reshape", _write_reshape, _reshape_spec,
             lambda g, y, x, shape: (reshape(g, shape=x.shape),), kind="view")  # fmt: skip
transpose = Op("transpose", _write_transpose, _transpose_spec, _transpose_gradient, kind="view",
               latex="{0}^\\top")  # fmt: skip
expand = Op("expand", "np.broadcast_to({0}, {shape})", _expand_spec, lambda g, y, x, shape: (g,),
            kind="view")  # fmt: skip
pad = Op("pad", _write_pad, _pad_spec, _pad_gradient, kind="gather")
repeat: Op = Op("repeat", "np.repeat({0}, {repeats}, axis={axis})", _repeat_spec,
            lambda g, y, x, repeats, axis: (_folded(g, x.shape, repeats, axis),),
            kind="gather")  # fmt: skip
slice_ = Op("slice", _write_slice, _slice_spec, _slice_gradient, kind="view")
unslice = Op("unslice", "unslice({0}, {index}, {shape})",
             lambda g, *, index, shape: g.with_shape(tuple(shape)),
             lambda g, y, x, index, shape: (slice_(g, index=index),), kind="gather", helper='''\
def unslice(x, index, shape):
    """Zeros of this shape, with x at the index: the gradient of a slice."""
    whole = np.zeros(shape, x.dtype)
    whole[index] = x
    return whole
''')  # fmt: skip
interpolation = Op("interpolation", "interpolation({count}, {size}, np.{dtype})",
                   lambda *, count, size, dtype: Spec((count * size, count), dtype), None,
                   kind="gather", letter="shares", helper='''\
def interpolation(count, size, dtype):
    """How much each of count numbers counts for each of count * size between them (new, old)."""
    places = (np.arange(count * size) + 0.5) / size - 0.5
    places = np.clip(places, 0, count - 1)[:, None]
    return np.maximum(1 - np.abs(places - np.arange(count)), 0).astype(dtype)
''')  # fmt: skip
concatenate = Op("concatenate", _write_concatenate, _concatenate_spec, _concatenate_gradient,
                 kind="gather")  # fmt: skip


def _write_full(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    shape = shape_text(settings["shape"], "{batch}")
    if constant_value(node.args[0]) == 0:
        return f"np.zeros({shape}, np.{settings['dtype']})"
    return f"np.full({shape}, {parts[0]}, np.{settings['dtype']})"


full = Op("full", _write_full,
          lambda x, *, shape, dtype: Spec(tuple(shape), dtype),
          lambda g, y, x, shape, dtype: (g,), kind="view")  # fmt: skip


def stretch(x: Any, shape: Shape, dtype: str) -> Node:
    """x spread over a whole shape; a plain number becomes an array of this kind."""
    node = lift(x)
    if node.shape == tuple(shape) and (node.dtype != "number" or dtype == "number"):
        return node
    if node.dtype == "number":
        return full(node, shape=shape, dtype=dtype)
    return expand(node, shape=shape)


@numpy_formula
def expand_dims(x: Any, axis: int) -> Node:
    """x with one more axis, of size 1."""
    x = lift(x)
    at = axis % (x.ndim + 1)
    return reshape(x, shape=(*x.shape[:at], 1, *x.shape[at:]))


@numpy_formula
def squeeze(x: Any, axis: int) -> Node:
    """x without this axis, which must have size 1."""
    x = lift(x)
    at = axis % x.ndim
    if x.shape[at] != 1:
        raise ShapeError(f"axis {axis} of {shape_text(x.shape)} cannot be squeezed: it is not 1")
    return reshape(x, shape=x.shape[:at] + x.shape[at + 1 :])


@numpy_formula
def swapaxes(x: Any, a: int, b: int) -> Node:
    """x with two axes exchanged."""
    x = lift(x)
    order = list(range(x.ndim))
    order[a], order[b] = order[b], order[a]
    return transpose(x, axes=tuple(order))


@numpy_formula
def stack(xs: list[Any], axis: int = 0) -> Node:
    """Arrays of one shape, laid along a new axis."""
    return concatenate(*(expand_dims(x, axis) for x in xs), axis=axis)
