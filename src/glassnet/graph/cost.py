"""How much arithmetic a formula takes: multiplications with an addition, for each row."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from glassnet.graph import convolve
from glassnet.graph.contract import letters_of
from glassnet.graph.node import Node
from glassnet.graph.walk import in_order
from glassnet.spec import Dim, known_size


def multiply_adds(outputs: Sequence[Node]) -> int:
    """Those of all products of matrices, contractions and convolutions that the outputs need.

    >>> from glassnet import graph
    >>> multiply_adds([graph.input("x", ("B", 784)) @ graph.parameter("W", (784, 128))])
    100352
    """
    nodes = [node for node in in_order(outputs) if node.op.name in _COUNTED]
    return sum(_COUNTED[node.op.name](node) for node in nodes)


def _of_matmul(node: Node) -> int:
    return known_size(node.shape) * known_size(node.args[0].shape[-1:])


def _of_einsum(node: Node) -> int:
    sizes: dict[str, Dim] = {}
    for term, arg in zip(letters_of(node)[0], node.args, strict=True):
        sizes.update(zip(term, arg.shape, strict=True))
    return known_size(tuple(sizes.values())) if len(node.args) > 1 else 0


def _of_convolution(node: Node) -> int:
    """As often as each number of the kernel meets a window: of each place of z."""
    w, z = convolve.kernel_and_result(node)
    return math.prod(map(int, w.shape)) * known_size(z.shape[1:-1])


def _of_loop(node: Node) -> int:
    """Those of a step, as often as there are steps."""
    per_step = multiply_adds(node.settings["body"].roots)
    return per_step * int(node.settings["n_steps"])


_COUNTED: dict[str, Callable[[Node], int]] = {
    "matmul": _of_matmul, "einsum": _of_einsum, "scan": _of_loop,
    **dict.fromkeys(("conv", "conv_input", "conv_weight", "conv_transpose"), _of_convolution),
}  # fmt: skip
