"""From what an index follows: constants, its own row, or more; judged against what comes out."""

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.program.index_sites import guarded, index_sites

B = "B"
X, Z = g.input("x", (B, 4), "int64"), g.input("z", (B, 4), "float32")
CUBE = g.input("cube", (B, 2, 3), "float32")
W = g.parameter("w", (4,), "float32")
WHOLE = {"dtype": "int64"}
OF_ROW = {
    "as it is": X,
    "a column": X[:, 1],
    "elementwise": g.cast(g.floor(Z * 2 + g.constant(np.arange(4.0), "float32")), **WHOLE),
    "an extreme": g.max(X, axis=1),
    "reshaped": g.reshape(X, shape=(B, 2, 2)),
    "joined": g.concatenate(X, X[:, :2], axis=1),
    "one hot": g.one_hot(X[:, 0], depth=3, dtype="int64") + 4,
    "a product with constants": g.cast(Z @ g.constant(np.ones((4, 2)), "float32"), **WHOLE),
    "an einsum of rows": g.cast(g.einsum(Z, Z, subscripts="bi,bi->b"), **WHOLE),
    "products of stacks": g.cast(CUBE @ g.swapaxes(CUBE, 1, 2), **WHOLE),
    "softmax": g.cast(9 * g.softmax(Z), **WHOLE),
    "from a constant table": g.take(g.constant([3, 9, 7, 7, 5]), g.clip(X, 0, 4)),
    "picked": g.pick(X, g.clip(X[:, 0], 0, 3)),
}
OF_MORE = {
    "a mean of the batch": X - g.cast(g.mean(Z, axis=0), **WHOLE),
    "softmax over the batch": g.cast(9 * g.softmax(Z, axis=0), **WHOLE),
    "weights": X + g.cast(W, **WHOLE),
    "the batch's size": X + g.batch_size(),
    "the step": X[:, 0] + g.cast(g.STEP * g.cast(X[:, 0], dtype="float32"), **WHOLE),
    "rows of the batch": g.take(X, g.clip(X[:, 0], 0, 1)),
    "an einsum over rows": g.cast(g.einsum(Z, Z, subscripts="bi,ci->b"), **WHOLE),
    "a draw": g.cast(9 * g.random_uniform(g.SEED, g.STEP, stream=1, shape=(B,), dtype="float32"),
                     **WHOLE),
}  # fmt: skip
TABLE = g.parameter("table", (5, 2), "float32")


@pytest.mark.parametrize("case", OF_ROW)
def test_what_follows_from_its_row_is_looked_at_in_the_data(case):
    (root,) = guarded([g.take(TABLE, OF_ROW[case])])
    (site,) = index_sites([root])
    assert (site.size, site.op) == (5, "take")
    rng = np.random.default_rng(0)
    values = {leaf: 3 * rng.normal(size=(6, *leaf.shape[1:])) for leaf in (X, Z, CUBE)}
    values = {leaf: a.astype(leaf.dtype) for leaf, a in values.items()}
    whole = g.evaluate([site.index], values, 6)[0]
    for i in range(6):
        row = {leaf: a[i : i + 1] for leaf, a in values.items()}
        np.testing.assert_array_equal(g.evaluate([site.index], row, 1)[0], whole[i : i + 1])


@pytest.mark.parametrize("case", OF_MORE)
def test_what_follows_from_more_is_checked_in_the_step(case):
    (root,) = guarded([g.take(TABLE, OF_MORE[case])])
    assert root.args[1].op.name == "within"
    assert index_sites([root]) == ()


def test_rows_of_the_batch_are_checked_against_its_size():
    (root,) = guarded([g.take(Z, X[:, 0])])
    values = {Z: np.zeros((3, 4), "float32"), X: np.full((3, 4), 2)}
    assert g.evaluate([root], values, 3)[0].shape == (3, 4)
    values[X][1] = 3
    with pytest.raises(IndexError, match="the index 3 is outside of 0 to 2"):
        g.evaluate([root], values, 3)


def test_constants_are_judged_at_once():
    (root,) = guarded([g.take(TABLE, [0, 4])])
    assert index_sites([root]) == ()
    for wrong in (5, -1, 1.5):
        with pytest.raises(ShapeError, match=f"take: the index {wrong} is outside of 0 to 4"):
            guarded([g.take(TABLE, wrong)])
