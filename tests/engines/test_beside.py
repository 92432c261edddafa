"""Concatenation, padding and slices read every part, also beside it: in native code, safely.

Each formula is run over rows and over tables (of parameters, or of one row), and trained: the
gradient of a slice is a padded table.
"""

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.engines.native.loop import build
from glassnet.nn.layer import Parameter

pytestmark = pytest.mark.slow

pytest.importorskip("llvmlite", reason="llvmlite is not installed")


def own(shapes, formula):
    """A layer with these parameters."""

    class Own(gn.Layer):
        def parameters(self, *specs):
            return {name: Parameter(shape, "normal") for name, shape in shapes.items()}

        def formula(self, x, **parameters):
            return formula(x, **parameters)

    return Own()


def flat(x, n):
    return g.transpose(x.reshape("B", 2, n // 2), axes=(0, 2, 1)).reshape("B", n)


FORMULAS = {
    "tables side by side": own(
        {"a": (3, 4), "b": (3, 5)}, lambda x, a, b: x @ g.concatenate(a, b, axis=-1)
    ),
    "tables one below the other": own(
        {"a": (1, 4), "b": (2, 4)}, lambda x, a, b: x @ g.concatenate(a, b, axis=0)
    ),
    "a slice of a table": own({"a": (3, 6)}, lambda x, a: x @ a[:, 1:4]),
    "a block of a table": own({"a": (5, 6)}, lambda x, a: x @ a[1:4, 2:5]),
    "a padded table": own({"a": (3, 2)}, lambda x, a: x @ g.pad(a, widths=((0, 0), (1, 2)))),
    "a reshaped part": own({"w": (3, 6)}, lambda x, w: g.concatenate(x, flat(x @ w, 6), axis=-1)),
    "a padded part": own(
        {"w": (3, 6)}, lambda x, w: g.pad(flat(x @ w, 6), widths=((0, 0), (2, 1)))
    ),
    "tables spread over rows": own(
        {"a": (2, 4), "b": (2, 3)},
        lambda x, a, b: (
            g.concatenate(a, b, axis=-1) * x[:, :1].reshape("B", 1, 1)
        ).reshape("B", 14),
    ),
    "a reshaped table": own(
        {"a": (6, 4), "b": (2, 5)},
        lambda x, a, b: x @ g.concatenate(a.reshape(3, 8), g.pad(b, widths=((0, 1), (0, 0))),
                                          axis=-1),
    ),
}  # fmt: skip
X = np.random.default_rng(0).normal(size=(9, 3))
Y = X @ [1.0, -1.0, 0.5]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("what", FORMULAS)
def test_what_is_read_beside_changes_nothing(what, dtype):
    found = []
    for engine in ("numpy", "native"):
        net = gn.Network([FORMULAS[what], gn.Dense(1)], input_shape=(3,), dtype=dtype)
        net.fit(X, Y, epochs=3, batch_size=4, engine=engine, optimizer="sgd", verbose=0)
        found.append(net)
    one, other = (dict(net.parameters) for net in found)
    bound = 1e-6 if dtype == "float32" else 1e-14
    for name in one:
        np.testing.assert_allclose(other[name], one[name], rtol=0, atol=bound)
    ready, p = found[0].predictor(), found[0].predict(X)
    assert ready._one is not None
    np.testing.assert_allclose(ready(X), p, rtol=0, atol=bound)
    for i in range(len(X)):
        np.testing.assert_allclose(ready(X[i : i + 1]), p[i : i + 1], rtol=0, atol=bound)


@pytest.mark.parametrize(
    "layer", [gn.Flatten(), gn.Dense(8, "silu"), gn.Activation("tanh")], ids=repr
)
def test_tables_laid_side_by_side_are_predicted_row_by_row(layer):
    x = gn.Input((3, 5))
    h = layer(gn.Concatenate()(x, gn.Multiply()(x, x)))
    net = gn.Network(inputs=x, outputs=gn.Dense(2)(gn.Flatten()(h)), seed=0, dtype="float64")
    rows = np.random.default_rng(1).normal(size=(4, 3, 5))
    ready, p = net.predictor(), net.predict(rows)
    for i in range(4):
        np.testing.assert_allclose(ready(rows[i : i + 1]), p[i : i + 1], rtol=0, atol=1e-14)


def test_the_arena_has_room_for_what_is_read_beside():
    """A wide part in front of the input, which lies first of all buffers."""
    x = gn.Input((3,))
    wide = gn.Concatenate()(gn.Dense(100)(x), x)
    net = gn.Network(inputs=x, outputs=gn.Dense(1)(wide))
    layout = build(net.prediction_program(), 16, ["float32"]).layout
    first, last = min(layout.at.values()), max(layout.at.values())
    assert first >= 100 * layout.lanes * 4
    assert layout.size - last >= 100 * layout.lanes * 4


def test_without_anything_beside_no_room_is_left():
    net = gn.Network([gn.Dense(4), gn.Dense(1)], input_shape=(3,))
    layout = build(net.prediction_program(), 16, ["float32"]).layout
    assert min(layout.at.values()) == 0
