"""NumPy's own functions, and arrays beside nodes, give nodes."""

import math

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError, UnknownNameError

X = g.input("x", (3, 4), "float64")
Y = g.input("y", (3, 4), "float64")
VALUES = {
    X: np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)),
    Y: np.random.default_rng(1).uniform(0.1, 0.9, (3, 4)),
}

# The same function takes arrays and nodes.
FUNCTIONS = {
    "exp": lambda x, y: np.exp(x), "log": lambda x, y: np.log(x), "sqrt": lambda x, y: np.sqrt(x),
    "tanh": lambda x, y: np.tanh(x), "arctanh": lambda x, y: np.arctanh(x),
    "abs": lambda x, y: np.abs(-x), "square": lambda x, y: np.square(x),
    "negative": lambda x, y: np.negative(x), "sign": lambda x, y: np.sign(x - y),
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "true_divide": np.true_divide, "power": np.power, "maximum": np.maximum,
    "minimum": np.minimum, "matmul": lambda x, y: np.matmul(x, y.T),
    "less": lambda x, y: np.where(np.less(x, y), x, y),
    "equal": np.equal, "not_equal": np.not_equal,
    "logical_and": lambda x, y: np.logical_and(x > 0.5, y > 0.5), "isnan": lambda x, y: np.isnan(x),
    "where": lambda x, y: np.where(x > y, x, 0), "clip": lambda x, y: np.clip(x, 0.3, 0.6),
    "mean": lambda x, y: np.mean(x), "mean of rows": lambda x, y: np.mean(x, axis=0),
    "sum": lambda x, y: np.sum(x, axis=(0, 1), keepdims=True),
    "max": lambda x, y: np.max(x, axis=-1), "amin": lambda x, y: np.amin(x, axis=0),
    "argmax": lambda x, y: np.argmax(x, axis=1), "var": lambda x, y: np.var(x, axis=0),
    "transpose": lambda x, y: np.transpose(x), "expand_dims": lambda x, y: np.expand_dims(x, 1),
    "squeeze": lambda x, y: np.squeeze(np.expand_dims(x, 1), axis=1),
    "swapaxes": lambda x, y: np.swapaxes(x, 0, 1), "stack": lambda x, y: np.stack([x, y], axis=1),
    "concatenate": lambda x, y: np.concatenate([x, y]),
    "concatenate along an axis": lambda x, y: np.concatenate((x, y, x), axis=1),
    "array + node": lambda x, y: np.arange(4.0) + x, "array - node": lambda x, y: np.ones(4) - x,
    "array * node": lambda x, y: np.arange(4.0) * x, "array / node": lambda x, y: np.arange(4) / x,
    "array @ node": lambda x, y: np.ones((2, 3)) @ x, "node @ array": lambda x, y: x @ np.eye(4),
    "array ** node": lambda x, y: np.arange(4.0) ** x, "array < node": lambda x, y: np.ones(4) < x,
    "NumPy's number": lambda x, y: np.float64(0.1) * x + np.int64(2),
    "Python's number": lambda x, y: 2 ** (1 - x) / 3 - (0.5 - x) ** 2,
    "slices": lambda x, y: x[1:, ::-1] + y[-1, 2],
    "methods": lambda x, y: x.max(axis=0) - x.min() + x.sum(0) / x.mean() + x.reshape(4, 3).T[0, 0],
    "plus": lambda x, y: abs(-x),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_of_numpys_gives_a_node_of_the_same_numbers(name):
    node = FUNCTIONS[name](X, Y)
    assert isinstance(node, g.Node)
    expected = FUNCTIONS[name](*VALUES.values())
    np.testing.assert_allclose(g.evaluate([node], VALUES)[0], expected, rtol=1e-15, strict=True)


@pytest.mark.parametrize("number", [np.float64(0.1), np.float32(0.5), np.int64(3), np.float16(2)])
def test_single_number_of_numpys_leaves_float32_as_it_is(number):
    x = g.input("x", (2,), "float32")
    (value,) = g.evaluate([number * x], {x: np.ones(2, np.float32)})
    np.testing.assert_array_equal(value, np.full(2, number, np.float32), strict=True)


UNKNOWN = {
    "np.fft.fft": (lambda: np.fft.fft(X), "There is no op 'fft'. .*Known: abs, add"),
    "np.cumsum": (lambda: np.cumsum(X), "There is no op 'cumsum'"),
    "np.linalg.norm": (lambda: np.linalg.norm(X), "There is no op 'norm'"),
    "np.exp2": (lambda: np.exp2(X), r"There is no op 'exp2'. Did you mean 'exp'\?"),
    "np.logaddexp2": (lambda: np.logaddexp2(X, Y), "Did you mean 'logaddexp'"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
def test_function_that_no_op_stands_for_is_an_error_that_names_it(name):
    call, words = UNKNOWN[name]
    with pytest.raises(UnknownNameError, match=words):
        call()


def test_setting_that_an_op_does_not_have_is_an_error_that_names_it():
    with pytest.raises(SettingError, match=r"sum: .*'dtype'"):
        np.sum(X, dtype=float)


@pytest.mark.parametrize(
    "call",
    [
        lambda: np.exp(X, where=np.ones(4, bool)),
        lambda: np.add.reduce(X),
        lambda: np.add.outer(X, Y),
    ],
)
def test_other_uses_of_a_ufunc_are_refused(call):
    with pytest.raises(TypeError, match="only plain calls work"):
        call()


def test_array_is_not_changed_in_place_by_a_node():
    array = np.ones((3, 4))
    with pytest.raises(TypeError, match="only plain calls work"):
        array += X


MISTAKEN = {
    "where": lambda: np.where(X == 1, X, Y),
    "product": lambda: (X == Y) * X,
    "unequal": lambda: X * (X != 0),
    "numpy's": lambda: X + np.mean(X == Y, dtype=bool),
}


@pytest.mark.parametrize("case", MISTAKEN)
def test_an_equality_that_python_answered_is_refused_by_every_op(case):
    with pytest.raises(ShapeError, match=r"write np\.equal\(a, b\), and np\.not_equal\(a, b\)"):
        MISTAKEN[case]()


def test_nodes_stay_keys_by_identity():
    assert {X: 1, Y: 2}[X] == 1
    assert X in [Y, X]
    assert X != Y


def test_a_function_of_math_is_answered_by_that_of_numpy():
    with pytest.raises(ShapeError, match=r"Write np\.tanh\(x\) instead of math\.tanh\(x\)"):
        math.tanh(X)
