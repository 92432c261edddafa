"""A formula is written as a person would: parentheses where they are needed, and only there."""

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.graph.evaluate import namespace
from glassnet.graph.op import ATOM
from glassnet.graph.text import write

A, B, C = (g.input(name, (3, 3), "float64") for name in "abc")
FIRST, SECOND = (g.input(name, (3,), "int64") for name in "ij")
T = g.input("t", (), "number")


def inline(node):
    """The whole formula as one text, and how tightly it binds."""
    if node.name:
        return node.name, ATOM
    return write(node, [inline(arg) for arg in node.args], batch="len(x)")


WRITTEN = {
    "a + b * c": lambda: A + B * C,
    "(a + b) * c": lambda: (A + B) * C,
    "a - (b - c)": lambda: A - (B - C),
    "a - b - c": lambda: (A - B) - C,
    "a / (b / c)": lambda: A / (B / C),
    "a * (b * c)": lambda: A * (B * C),
    "a @ b @ c": lambda: A @ B @ C,
    "a @ (b @ c)": lambda: A @ (B @ C),
    "a @ (b + c)": lambda: A @ (B + C),
    "(a + b).T @ c": lambda: (A + B).T @ C,
    "-a * b": lambda: -(A * B),
    "np.clip(a, -0.5, 2)": lambda: g.clip(A, -0.5, 2),
    "np.clip(a + b, 1e-7, 0.5) * c": lambda: g.clip(A + B, 1e-7, 0.5) * C,
    "np.minimum(np.maximum(a, 0), 1)": lambda: g.clip(A, 0, 1),
    "np.minimum(np.maximum(a, b), 1)": lambda: g.minimum(g.maximum(A, B), 1),
    "np.minimum(np.maximum(a, -1), b)": lambda: g.minimum(g.maximum(A, -1), B),
    "min(max(t, -1), 1)": lambda: g.clip(T, -1, 1),
    "c / (-a * b)": lambda: C / -(A * B),
    "c - -a * b": lambda: C - -(A * B),
    "c * -a": lambda: C * -A,
    "-(a + b)": lambda: -(A + B),
    "(-a)**2": lambda: (-A) ** 2,
    "-a**2": lambda: -(A**2),
    "(a * b)**2": lambda: (A * B) ** 2,
    "(a**2)**3": lambda: (A**2) ** 3,
    "a**b**c": lambda: A ** (B**C),
    "a**-b": lambda: A**-B,
    "a**(b + c)": lambda: A ** (B + C),
    "a**-1": lambda: A**-1,
    "a - -1": lambda: A - g.constant(-1),
    "(-1.5)**a": lambda: g.constant(-1.5) ** A,
    "(a < b) < (b < c)": lambda: (A < B) < (B < C),
    "(a > 0) == (b > 0)": lambda: g.equal(A > 0, B > 0),
    "a + b < c * 2": lambda: A + B < C * 2,
    "c * (a > b)": lambda: C * (A > B),
    "np.mean(a + b)": lambda: g.mean(A + B),
    "np.mean(a * b, axis=0)": lambda: g.mean(A * B, axis=0),
    "np.mean((a + b).sum(axis=1))": lambda: g.mean((A + B).sum(axis=1)),
    "(a + b).sum(axis=0)": lambda: g.sum(A + B, axis=0),
    "a.max(axis=-1, keepdims=True)": lambda: g.max(A, axis=-1, keepdims=True),
    "a.sum(axis=(0, 1))": lambda: g.sum(A, axis=(0, 1)),
    "softmax(a + b)": lambda: g.softmax(A + B),
    "logsumexp(a - b, axis=1)": lambda: g.logsumexp(A - B, axis=1),
    "np.concatenate([a + b, c - a], axis=-1)": lambda: g.concatenate(A + B, C - A),
    "(a + b)[:, 0]": lambda: (A + B)[:, 0],
    "a[::-1, 1:]": lambda: A[::-1, 1:],
    "a[1]": lambda: A[1],
    "(a + b)[i + j]": lambda: g.take(A + B, FIRST + SECOND),
    "(a + b)[np.arange(3), i + j]": lambda: g.pick(A + B, FIRST + SECOND),
    "one_hot(i + j, 5, np.float32)": lambda: g.one_hot(FIRST + SECOND, depth=5),
    "(a + b).reshape(9)": lambda: (A + B).reshape(9),
    "(a - b)[:, None]": lambda: g.expand_dims(A - B, 1),
    "a[..., None]": lambda: g.expand_dims(A, -1),
    "a[None]": lambda: g.expand_dims(A, 0),
    "(a > b).astype(np.float32)": lambda: g.cast(A > B, dtype="float32"),
    "np.maximum(a + b, 0)": lambda: g.relu(A + B),
    "(a + b) * c + 1": lambda: g.stop_gradient(A + B) * C + 1,
    "np.pad(a + b, ((1, 0), (0, 2)))": lambda: g.pad(A + B, widths=((1, 0), (0, 2))),
    "np.pad(a, ((1, 0), (0, 2)), constant_values=3)":
        lambda: g.pad(A, widths=((1, 0), (0, 2)), value=3),
    'np.einsum("ij,jk->ik", a + b, c, optimize=True)':
        lambda: g.einsum(A + B, C, subscripts="ij,jk->ik"),
    "a / len(x)": lambda: A / g.batch_size(),
    "(t > 1 and t < 5)": lambda: g.logical_and(T > 1, T < 5),
    "(not (t > 1 and t < 5))": lambda: g.logical_not(g.logical_and(T > 1, T < 5)),
    "(0.5 if t < 5 else 1.5) * a": lambda: g.where(T < 5, 0.5, 1.5) * A,
    "math.sqrt(t + 1) * a": lambda: g.sqrt(T + 1) * A,
    "max(t, 2)": lambda: g.maximum(T, 2),
    "a * np.inf": lambda: A * np.inf,
    "np.minimum(a, -np.inf)": lambda: g.minimum(A, -np.inf),
}  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_formula_is_written_as_a_person_would(text):
    assert inline(WRITTEN[text]())[0] == text


@pytest.mark.parametrize("text", WRITTEN)
def test_written_formula_gives_the_numbers_of_the_graph(text):
    rng = np.random.default_rng(0)
    values = {leaf: rng.uniform(0.5, 1.5, (3, 3)) for leaf in (A, B, C)}
    values |= {FIRST: np.array([0, 1, 0]), SECOND: np.array([1, 1, 0]), T: 3}
    node = WRITTEN[text]()
    scope = {leaf.name: value for leaf, value in values.items()} | {"x": np.ones((3, 1))}
    with np.errstate(invalid="ignore"):  # of a negative base
        found = eval(text, {**namespace(), **scope})  # noqa: S307
        (expected,) = g.evaluate([node], values, batch=3)
    np.testing.assert_allclose(found, expected, rtol=1e-14)
