"""What is known of whole numbers before there are any, against what comes out."""

import math

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.graph.ranges import range_of

INF = math.inf
CASES = {
    "an input": (lambda x: x, (-INF, INF)),
    "clip": (lambda x: g.clip(x, 2, 7), (2, 7)),
    "one side": (lambda x: g.maximum(x, 3), (3, INF)),
    "a sum after one side may wrap": (lambda x: g.maximum(x, 3) + 1, (-INF, INF)),
    "arithmetic": (lambda x: 3 * g.clip(x, -1, 2) - g.clip(x, 0, 4) + 1, (-6, 7)),
    "relu": (lambda x: g.minimum(g.relu(x), 5), (0, 5)),
    "chosen inside": (lambda x: g.where(g.logical_and(x >= 0, x < 4), x, 9), (0, 9)),
    "chosen outside": (lambda x: g.where(g.logical_or(x < 0, x > 4), 0, x), (0, 4)),
    "turned and denied": (lambda x: g.where(g.logical_not(g.greater(0, x)), x, 1), (0, INF)),
    "between whole numbers": (lambda x: g.where(g.logical_and(x > 0.5, x <= 2.5), x, 1), (1, 2)),
    "equal": (lambda x: g.where(g.equal(x, 3), x, 5), (3, 5)),
    "another's condition": (lambda x: g.where(x + 1 < 4, x, 0), (-INF, INF)),
    "either may fail": (lambda x: g.where(g.logical_or(x > 0, x < 4), x, 0), (-INF, INF)),
    "truth": (lambda x: g.cast(x > 3, dtype="int64"), (0, 1)),
    "a float may be NaN": (lambda x: g.cast(g.clip(g.cast(x, dtype="float32"), 0, 1),
                                            dtype="int64"), (-INF, INF)),
    "argmax": (lambda x: g.argmax(x, axis=-1), (0, 3)),
    "argmax of the batch": (lambda x: g.argmax(x, axis=0), (0, INF)),
    "views": (lambda x: g.reshape(g.clip(x, 0, 1), shape=("B", 2, 2))[:, 1], (0, 1)),
    "joined": (lambda x: g.concatenate(g.clip(x, 0, 1), g.clip(x, 5, 6)), (0, 6)),
    "a constant": (lambda x: g.constant([4, -2, 3]), (-2, 4)),
    "from a table": (lambda x: g.take(g.constant([4, -2, 3]), g.clip(x, 0, 2)), (-2, 4)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_range(case):
    build, expected = CASES[case]
    x = g.input("x", ("B", 4), "int64")
    node = build(x)
    assert tuple(range_of(node)) == expected
    values = np.random.default_rng(0).integers(-9, 12, (200, 4))
    (found,) = g.evaluate([node], {x: values}, 200)
    assert expected[0] <= found.min()
    assert found.max() <= expected[1]


def test_class_numbers_are_known():
    assert range_of(g.input("y", ("B",), "int64", below=5)).is_inside(5)
    assert not range_of(g.input("y", ("B",), "int64", below=5)).is_inside(4)
