"""Convolutions: an image times a kernel that slides over it, and the two ways back.

Of images x (B, H, W, C), a kernel w (K, K, C, O) and z (B, H', W', O), which may also be sequences
or volumes, there are three products, each of two of them, that give the third:

    z  = conv(x, w)                z[n, i, j, o] = sum of x[n, i + k, j + l, c] * w[k, l, c, o]
    dx = conv_input(dz, w)         each number goes back to the window that it was made from
    dw = conv_weight(x, dz)        what each weight met, summed over all windows

They are closed: the gradients of each are the two others. (It is the cross-correlation that the
field calls convolution: the kernel is not turned round.) `conv_transpose` is `conv_input` under
the name that it has as a layer. Settings:

    stride, dilation   one number, or one for each axis
    padding            zeros around x: one number, one for each axis, or (before, behind) for each
    groups             channels and outputs fall into so many groups, each with kernels of its own:
                       w is (K, K, C / groups, O)
"""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.sliding import Sizes, Sliding, each, rank_of, spatial
from glassnet.graph.sliding_text import helper_of, writer
from glassnet.spec import Spec, promote, shape_text


def kernel_sliding(size: Any, rank: int, settings: dict[str, Any]) -> Sliding:
    """How a kernel of this size slides."""
    return Sliding.of(size, rank, settings.get("stride", 1), settings.get("dilation", 1),
                      settings.get("padding", 0))  # fmt: skip


def _check_kernel(x: Spec, w: Spec, groups: int) -> None:
    """x (B, H, W, C), w (K, K, C / groups, O)."""
    rank = rank_of(x.shape)
    if w.rank != rank + 2:
        raise ShapeError(
            f"the kernel of images {shape_text(x.shape)} must have {rank + 2} axes, "
            f"(*size, C, O), got {shape_text(w.shape)}"
        )
    channels, outputs = w.shape[-2:]
    if x.shape[-1] != int(channels) * groups:
        said = f" in {groups} groups" if groups > 1 else ""
        raise ShapeError(
            f"the kernel {shape_text(w.shape)}{said} is for {int(channels) * groups} channels, and "
            f"the last axis of {shape_text(x.shape)} has {x.shape[-1]}"
        )
    if int(outputs) % groups:
        raise ShapeError(f"{groups} groups do not divide the {outputs} outputs of the kernel")


def _conv_spec(x: Spec, w: Spec, *, groups: int = 1, **settings: Any) -> Spec:
    _check_kernel(x, w, groups)
    rank = rank_of(x.shape)
    counts = kernel_sliding(w.shape[:rank], rank, settings).counts(spatial(x.shape))
    return Spec((x.shape[0], *counts, w.shape[-1]), promote(x.dtype, w.dtype))


def _conv_input_spec(
    dz: Spec, w: Spec, *, size: Sizes, groups: int = 1, **settings: Any
) -> Spec:  # fmt: skip
    rank_of(dz.shape)
    channels = int(w.shape[-2]) * groups if w.rank == dz.rank else 1
    x = Spec((dz.shape[0], *size, channels), promote(dz.dtype, w.dtype))
    _check_made(_conv_spec(x, w, groups=groups, **settings), dz, x)
    return x


def _conv_weight_spec(
    x: Spec, dz: Spec, *, size: Any, groups: int = 1, **settings: Any
) -> Spec:  # fmt: skip
    rank = rank_of(x.shape)
    if int(x.shape[-1]) % groups:
        raise ShapeError(f"{groups} groups do not divide the {x.shape[-1]} channels")
    shape = (*each(size, rank), int(x.shape[-1]) // groups, dz.shape[-1])
    w = Spec(shape, promote(x.dtype, dz.dtype))
    _check_made(_conv_spec(x, w, groups=groups, **settings), dz, x)
    return w


def _check_made(made: Spec, dz: Spec, x: Spec) -> None:
    if made.shape != dz.shape:
        raise ShapeError(
            f"of images {shape_text(x.shape)} the convolution makes {shape_text(made.shape)}, "
            f"and not {shape_text(dz.shape)}"
        )


def _conv_gradient(g: Node, y: Node, x: Node, w: Node, **settings: Any) -> Any:
    return (
        conv_input(g, w, size=spatial(x.shape), **settings),
        conv_weight(x, g, size=_kernel(w), **settings),
    )


def _conv_input_gradient(
    g: Node, y: Node, dz: Node, w: Node, size: Sizes, **settings: Any
) -> Any:  # fmt: skip
    return conv(g, w, **settings), conv_weight(g, dz, size=_kernel(w), **settings)


def _conv_weight_gradient(
    g: Node, y: Node, x: Node, dz: Node, size: Sizes, **settings: Any
) -> Any:  # fmt: skip
    return conv_input(dz, g, size=spatial(x.shape), **settings), conv(x, g, **settings)


def _kernel(w: Node) -> Sizes:
    """The sizes of a kernel along the axes on which it slides."""
    return tuple(int(n) for n in w.shape[:-2])


def kernel_and_result(node: Node) -> tuple[Node, Node]:
    """(w, z) of one of the three products, whichever of them it gives."""
    if node.op is conv:
        return node.args[1], node
    return (node, node.args[1]) if node.op is conv_weight else (node.args[1], node.args[0])


conv: Op = Op("conv", writer("conv"), _conv_spec, _conv_gradient, kind="contract",
              letter="z", helper=helper_of("conv"))  # fmt: skip
conv_input: Op = Op("conv_input", writer("conv_input"), _conv_input_spec, _conv_input_gradient,
                    kind="contract", letter="dx", helper=helper_of("conv_input"))  # fmt: skip
conv_weight: Op = Op("conv_weight", writer("conv_weight"), _conv_weight_spec,
                     _conv_weight_gradient, kind="contract", letter="dw",
                     helper=helper_of("conv_weight"))  # fmt: skip
conv_transpose: Op = Op("conv_transpose", writer("conv_transpose"), _conv_input_spec,
                        _conv_input_gradient, kind="contract", letter="z",
                        helper=helper_of("conv_transpose"))  # fmt: skip
