"""The stages of a network as ONNX nodes, for predictions: channels first, as its convolutions want.

ONNX orders the gates of an LSTM i, o, f, g, and wants the steps before the rows.
"""

from __future__ import annotations

import numpy as np
from onnx import helper, numpy_helper

from benchmarks.worker import DeclinedError


class Graph:
    """Nodes and arrays, and names for them."""

    def __init__(self):
        self.nodes, self.arrays = [], []

    def array(self, value):
        name = f"array{len(self.arrays)}"
        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, kind, *inputs, skipped=0, **settings):
        """The name of a node's output, behind so many outputs that are not wanted."""
        name = f"stage{len(self.nodes)}"
        outputs = [""] * skipped + [name]
        self.nodes.append(helper.make_node(kind, list(inputs), outputs, **settings))
        return name


def conv(graph, x, w, filters, kernel, padding):
    weight, bias = graph.array(w["weight"].transpose(3, 2, 0, 1)), graph.array(w["bias"])
    z = graph.node("Conv", x, weight, bias, kernel_shape=[kernel] * 2, pads=[padding] * 4)
    return graph.node("Relu", z)


def maxima(graph, x, w):
    return graph.node("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])


def lstm(graph, x, w, units):
    def gates(array):
        """(..., 4 units) as (1, 4 units, ...)."""
        i, f, g, o = np.split(array, 4, axis=-1)
        return np.concatenate([i, o, f, g], axis=-1).T[None]

    biases = np.concatenate([gates(w["bias"]), np.zeros((1, 4 * units), "float32")], axis=1)
    arrays = gates(w["weight"]), gates(w["recurrent_weight"]), biases
    steps = graph.node("Transpose", x, perm=[1, 0, 2])
    h = graph.node("LSTM", steps, *map(graph.array, arrays), skipped=1, hidden_size=units)
    return graph.node("Squeeze", h, graph.array(np.array([0])))


STAGES = {"conv": conv, "max": maxima, "lstm": lstm}


def before(graph, task):
    """The name of what the stages leave of `x`, one axis of features for each row."""
    name = "x"
    for (kind, *numbers), w in zip(task.stages, task.before(), strict=True):
        if kind not in STAGES:
            raise DeclinedError(f"no {kind!r} in ONNX here")
        name = STAGES[kind](graph, name, w, *numbers)
    return graph.node("Flatten", name) if len(task.left) > 1 else name
