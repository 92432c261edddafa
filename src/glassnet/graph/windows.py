"""Windows that slide along axes, as NumPy's sliding_window_view, and the way back.

    windows(x)[n, i, j, c, k, l] = x[n, i * stride + k * dilation, j * stride + l * dilation, c]

`unwindows` is the transpose: it adds every number of the windows to the place that it came from.
"""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.sliding import Sizes, Sliding, whole
from glassnet.spec import Dim, Spec, shape_text


def sliding_of(settings: dict[str, Any]) -> Sliding:
    """How the windows of these settings slide."""
    rank = len(settings["axes"])
    return Sliding.of(
        settings["size"], rank, settings.get("stride", 1), settings.get("dilation", 1)
    )


def _windows_spec(
    x: Spec, *, axes: Sizes, size: Any, stride: Any = 1, dilation: Any = 1
) -> Spec:  # fmt: skip
    """x (B, H, W, C) over axes (1, 2) gives (B, H', W', C, K, K)."""
    _check_axes(axes, x.rank)
    slid = Sliding.of(size, len(axes), stride, dilation)
    counts = slid.counts([x.shape[a] for a in axes])
    shape: list[Dim] = list(x.shape)
    for axis, count in zip(axes, counts, strict=True):
        shape[axis] = count
    return x.with_shape((*shape, *slid.size))


def _unwindows_spec(
    parts: Spec, *, axes: Sizes, sizes: Sizes, size: Any, stride: Any = 1, dilation: Any = 1
) -> Spec:
    """The way back: (B, H', W', C, K, K) gives (B, H, W, C)."""
    rank = parts.rank - len(axes)
    _check_axes(axes, rank)
    shape: list[Dim] = list(parts.shape[:rank])
    for axis, n in zip(axes, sizes, strict=True):
        shape[axis] = n
    made = _windows_spec(Spec(tuple(shape)), axes=axes, size=size, stride=stride, dilation=dilation)
    if made.shape != parts.shape:
        raise ShapeError(
            f"{shape_text(parts.shape)} are not the windows of {shape_text(tuple(shape))}, "
            f"which would be {shape_text(made.shape)}"
        )
    return parts.with_shape(tuple(shape))


def _check_axes(axes: Sizes, rank: int) -> None:
    if not axes or len(set(axes)) < len(axes) or not all(0 <= axis < rank for axis in axes):
        raise ShapeError(f"axes {axes} must be different ones of 0 to {rank - 1}")


def _settings_text(settings: dict[str, Any]) -> str:
    slid = sliding_of(settings)
    words = [f"{slid.size}", f"axes={settings['axes']}"]
    words += [f"stride={slid.stride}"] if set(slid.stride) != {1} else []
    words += [f"dilation={slid.dilation}"] if set(slid.dilation) != {1} else []
    return ", ".join(words)


def _write_windows(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f"windows({parts[0]}, {_settings_text(settings)})"


def _write_unwindows(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f"unwindows({parts[0]}, {settings['sizes']}, {_settings_text(settings)})"


def _windows_gradient(g: Node, y: Node, x: Node, **settings: Any) -> Any:
    return (unwindows(g, sizes=whole([x.shape[a] for a in settings["axes"]]), **settings),)


def _unwindows_gradient(g: Node, y: Node, x: Node, sizes: Sizes, **settings: Any) -> Any:
    return (windows(g, **settings),)


_WINDOWS = '''\
def windows(x, size, axes, stride=1, dilation=1):
    """Every window of x along these axes, as a view: the windows' own axes come last."""
    stride, dilation = (np.broadcast_to(n, len(axes)) for n in (stride, dilation))
    reach = dilation * (np.array(size) - 1) + 1
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=axes, writeable=True)
    index = [slice(None)] * view.ndim
    for i, axis in enumerate(axes):
        index[axis] = slice(None, None, stride[i])
        index[x.ndim + i] = slice(None, None, dilation[i])
    return view[tuple(index)]
'''
_UNWINDOWS = '''\
def unwindows(parts, sizes, size, axes, stride=1, dilation=1):
    """The transpose of windows: each number is added to the place that it came from."""
    shape = list(parts.shape[: parts.ndim - len(axes)])
    for axis, n in zip(axes, sizes):
        shape[axis] = n
    whole = np.zeros(shape, parts.dtype)
    places = windows(whole, size, axes, stride, dilation)
    for at in np.ndindex(*size):
        places[(..., *at)] += parts[(..., *at)]
    return whole
'''

windows: Op = Op("windows", _write_windows, _windows_spec, _windows_gradient, kind="view",
                 helper=_WINDOWS)  # fmt: skip
unwindows: Op = Op("unwindows", _write_unwindows, _unwindows_spec, _unwindows_gradient,
                   kind="gather", helper=f"{_WINDOWS}\n\n{_UNWINDOWS}")  # fmt: skip
