"""Shapes are known before anything runs, and a shape that does not fit says what to do."""

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError, UnknownNameError
from glassnet.graph import registry

X = g.input("x", ("B", 3))
W = g.parameter("W", (3, 4))
CUBE = g.input("cube", ("B", 2, 6))
INDEX = g.input("index", ("B",), "int64")

SHAPES = {
    "the batch stays": (lambda: X + 1, ("B", 3)),
    "broadcasting fills up": (lambda: X + CUBE[:, :, :3][:, 0], ("B", 3)),
    "a column and a row": (lambda: X[:, :1] * g.constant([1, 2]), ("B", 2)),
    "matmul": (lambda: X @ W, ("B", 4)),
    "matmul with a batch on both sides": (lambda: X.T @ X, (3, 3)),
    "matmul to a table of the batch": (lambda: X @ X.T, ("B", "B")),
    "matmul of stacked matrices": (lambda: CUBE @ g.parameter("K", (6, 5)), ("B", 2, 5)),
    "sum takes the batch away": (lambda: X.sum(axis=0), (3,)),
    "keepdims keeps it as 1": (lambda: X.mean(axis=0, keepdims=True), (1, 3)),
    "reshape to the batch": (lambda: CUBE.reshape("B", 12), ("B", 12)),
    "-1 finds the batch": (lambda: CUBE.reshape(-1, 3, 4), ("B", 3, 4)),
    "-1 finds a size": (lambda: CUBE.reshape("B", -1, 4), ("B", 3, 4)),
    "transpose": (lambda: CUBE.T, (6, 2, "B")),
    "a slice": (lambda: CUBE[:, 0, 1:6:2], ("B", 3)),
    "an ellipsis": (lambda: CUBE[..., 0], ("B", 2)),
    "an ellipsis for nothing": (lambda: X[:, 0, ...], ("B",)),
    "concatenate": (lambda: g.concatenate(X, X, X[:, :1]), ("B", 7)),
    "stack": (lambda: g.stack([X, X, X], axis=1), ("B", 3, 3)),
    "take from a table": (lambda: g.take(W, INDEX), ("B", 4)),
    "pick": (lambda: g.pick(X, INDEX), ("B",)),
    "one hot": (lambda: g.one_hot(INDEX, depth=7), ("B", 7)),
    "pad": (lambda: g.pad(X, widths=((0, 0), (2, 1))), ("B", 6)),
    "einsum": (lambda: g.einsum(CUBE, X, subscripts="btc,bi->bti"), ("B", 2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_shape_is_known_with_the_batch_as_a_letter(name):
    formula, shape = SHAPES[name]
    node = formula()
    assert node.shape == shape
    assert node.ndim == len(shape)


DTYPES = {
    "a number takes the kind of what it meets": (lambda: 2.5 * X, "float32"),
    "so does a number of NumPy's": (lambda: np.float64(2.5) * X, "float32"),
    "so does a bound": (lambda: g.clip(X, np.float64(0), 1), "float32"),
    "comparison is truth": (lambda: X > 0, "bool"),
    "truth times float": (lambda: (X > 0) * X, "float32"),
    "truth times a number is what NumPy makes of it": (lambda: (X > 0) * 0.5, "float64"),
    "whole numbers divided": (lambda: INDEX / 2, "float64"),
    "whole numbers and float32": (lambda: INDEX * X[:, 0], "float64"),
    "the place of the largest": (lambda: g.argmax(X, axis=1), "int64"),
    "truth summed is a count": (lambda: g.sum(X > 0), "int64"),
    "the root of a whole number": (lambda: g.sqrt(INDEX), "float64"),
    "cast": (lambda: g.cast(X > 0, dtype="float32"), "float32"),
}  # fmt: skip


@pytest.mark.parametrize("name", DTYPES)
def test_kind_of_number_is_known(name):
    formula, dtype = DTYPES[name]
    assert formula().dtype == dtype


ERRORS = {
    "add": (lambda: X + W, r"In add\(x \(B, 3\) float32, W \(3, 4\) float32\): Shapes \(B, 3\)"),
    "broadcasting": (lambda: X + W, r"and \(3, 4\) do not broadcast.*equal, or one of them 1"),
    "batch against a number": (lambda: X + np.zeros((5, 3)), r"sizes \('B', 5\) meet in one axis"),
    "matmul": (lambda: X @ W.T, r"inner sizes must agree, got \(B, 3\) @ \(4, 3\): 3 is not 4"),
    "matmul of a vector": (lambda: X @ W[:, 0], r"takes matrices.*reshape\(x, shape=\(n, 1\)\)"),
    "matmul of stacks": (lambda: g.constant(np.zeros((2, 4, 6))) @ np.zeros((3, 6, 5)),
        "do not broadcast"),
    "concatenate sizes": (lambda: g.concatenate(X, W),
        r"\(B, 3\), \(3, 4\): all sizes but those of axis -1"),
    "concatenate ranks": (lambda: g.concatenate(X, CUBE), "must be equal"),
    "concatenate no axis": (lambda: g.concatenate(X, X, axis=2), "no axis 2 in an array of 2"),
    "concatenate the batch": (lambda: g.concatenate(X, X, axis=0),
        "batch axis cannot be concatenated"),
    "reshape": (lambda: W.reshape(5, 2),
        r"cannot reshape \(3, 4\) to \(5, 2\): 12 numbers do not fill 10"),
    "reshape loses the batch": (lambda: X.reshape(3), r"cannot reshape \(B, 3\) to \(3,\)"),
    "reshape -1 over the batch": (lambda: X.reshape(-1), r"cannot reshape \(B, 3\) to \(-1,\)"),
    "reshape no whole size": (lambda: W.reshape(-1, 5), r"cannot reshape \(3, 4\) to \(-1, 5\)"),
    "reshape two unknown sizes": (lambda: W.reshape(-1, -1, 12), "cannot reshape"),
    "reshape two batches to one": (lambda: (X @ X.T).reshape("B"),
        r"cannot reshape \(B, B\) to \(B,\)"),
    "transpose": (lambda: g.transpose(X, axes=(0, 0)),
        r"axes \(0, 0\) do not name each of 2 axes once"),
    "expand": (lambda: g.expand(X, shape=(3,)), r"\(B, 3\) does not expand to \(3,\)"),
    "expand to a size": (lambda: g.expand(X, shape=("B", 4)), "do not broadcast"),
    "pad pairs": (lambda: g.pad(X, widths=((1, 1),)),
        "1 pairs of widths for 2 axes; give one for each"),
    "pad less than nothing": (lambda: g.pad(X, widths=((0, 0), (-1, 0))), "must be 0 or more"),
    "pad the batch": (lambda: g.pad(X, widths=((1, 0), (0, 0))), "batch axis cannot be padded"),
    "slice the batch": (lambda: X[0], "batch axis cannot be sliced: its size is not known yet"),
    "slice some of the batch": (lambda: X[1:], "batch axis cannot be sliced"),
    "slice outside": (lambda: X[:, 3], "index 3 is outside of axis 1, which has 3 places"),
    "slice too deep": (lambda: X[:, 0, 0], r"3 indices for the 2 axes of \(B, 3\)"),
    "slice by a list": (lambda: X[:, [0, 1]], r"use take\(x, index\)"),
    "slice by an array": (lambda: W[np.array([0, 1])], r"use take\(x, index\)"),
    "slice by a node": (lambda: W[INDEX], r"use take\(x, index\)"),
    "squeeze": (lambda: g.squeeze(X, 1), r"axis 1 of \(B, 3\) cannot be squeezed: it is not 1"),
    "sum": (lambda: X.sum(axis=2), "there is no axis 2 in an array of 2 axes"),
    "softmax": (lambda: g.softmax(X, axis=-3), "there is no axis -3"),
    "argmax": (lambda: g.argmax(X, axis=(0, 1)), "argmax takes one axis"),
    "einsum form": (lambda: g.einsum(X, W, subscripts="bi,io"), "must be one '->', with"),
    "einsum dots": (lambda: g.einsum(X, subscripts="...i->i"), r"'\.\.\.' is not known here"),
    "einsum two arrows": (lambda: g.einsum(X, subscripts="bi->b->"), "must be one '->', with the"),
    "einsum no text": (lambda: g.einsum(X, subscripts=["bi->b"]), "subscripts are a text"),
    "einsum text first": (lambda: g.einsum("bi,io->bo", X, W),
                          r"got the text 'bi,io->bo'\. Settings go by keyword"),
    "einsum results": (lambda: g.einsum(X, subscripts="bi->b,i"), "there is one result"),
    "einsum square": (lambda: g.einsum(X, subscripts="bi->bb"), "the result 'bb' names an axis tw"),
    "einsum diagonal": (lambda: g.einsum(X, subscripts="bb->b"), "'bb' names an axis of .* twice"),
    "einsum digit": (lambda: g.einsum(X, subscripts="bi->b1"), "'1' is no letter for an axis"),
    "einsum letter": (lambda: g.einsum(X, subscripts="bi->bz"),
                      "the result 'bz' has the letter 'z', which no array has. Known: b, i"),
    "einsum whole": (lambda: np.einsum("bi->b->", X), "Write subscripts as in einsum"),
    "einsum count": (lambda: g.einsum(X, subscripts="bi,io->bo"), "names 2 arrays, got 1"),
    "einsum axes": (lambda: g.einsum(X, W, subscripts="b,io->bo"),
        r"'b' does not name each axis of \(B, 3\)"),
    "einsum twice": (lambda: g.einsum(W, subscripts="ii->i"), "'ii' names an axis of .* twice"),
    "einsum sizes": (lambda: g.einsum(X, W, subscripts="bi,bo->io"), "axis 'b' has size B and 3"),
    "einsum result": (lambda: g.einsum(X, subscripts="bi->bo"),
        "the result 'bo' has the letter 'o', which no array has"),
    "take by floats": (lambda: g.take(W, X),
        "must hold whole numbers, got float32; cast it to int64"),
    "take from a number": (lambda: g.take(g.sum(X), 0), "no axis to take from in a single number"),
    "pick": (lambda: g.pick(CUBE, INDEX),
        r"one index for each row is needed: \(B, 2\), got \(B,\)"),
    "cast": (lambda: g.cast(X, dtype="float16"),
        "no kind of number 'float16'; use float32, float64"),
    "truth": (lambda: X and W, r"neither true nor false.*where\(condition, a, b\) instead of if"),
    "if": (lambda: 1 if X > 0 else 0, "neither true nor false before the program runs"),
    "loop": (lambda: list(X), r"cannot be looped over; take parts with x\[:, i\]"),
    "unpack": (lambda: [*W], "cannot be looped over"),
    "length": (lambda: len(X), r"size of an axis is in \.shape; the batch's is batch_size\(\)"),
    "a word": (lambda: X + "1", "holds numbers, got the text '1'"),
    "a list of nodes": (lambda: g.add(X, [X, X]), r"must hold numbers, got object \(list\)"),
    "a half": (lambda: X + np.ones(3, np.float16), "got float16"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_shape_that_does_not_fit_says_what_came_and_what_to_do(name):
    formula, words = ERRORS[name]
    with pytest.raises(ShapeError, match=words):
        formula()


def test_error_names_the_layer():
    with g.inside_layer("dense_1"), pytest.raises(ShapeError) as caught:
        X @ W.T
    assert str(caught.value) == (
        "In layer 'dense_1', matmul(x (B, 3) float32, (4, 3) float32): "
        "inner sizes must agree, got (B, 3) @ (4, 3): 3 is not 4."
    )


def test_innermost_layer_is_named_and_left_again():
    with g.inside_layer("block"):
        with g.inside_layer("dense"):
            inner = X * 2
        outer = X * 3
    assert (inner.layer, outer.layer, (X * 4).layer) == ("dense", "block", "")


def test_layer_is_left_after_an_error():
    with pytest.raises(ShapeError), g.inside_layer("dense"):
        X @ X
    assert (X * 2).layer == ""


SETTINGS = {
    "an axis by position": (lambda: g.sum(X, 0), r"settings by keyword, as in sum\(x, axis=0\)"),
    "an unknown setting": (lambda: g.mean(X, axes=0), "mean: .*unexpected keyword argument 'axes'"),
    "a missing setting": (lambda: g.transpose(X, (1, 0)), "transpose: .*settings by keyword"),
    "a missing array": (lambda: g.matmul(X), "matmul: .*missing 1 required positional argument"),
    "a setting that no sum has": (lambda: g.add(X, X, axis=0), "add: .*'axis'"),
    "one array too many": (lambda: g.exp(X, X), "exp: .*takes 1 positional argument"),
    "one array too few": (lambda: g.add(X), "add: .*missing 1 required positional argument"),
}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_array_or_setting_out_of_place_is_named(name):
    formula, words = SETTINGS[name]
    with pytest.raises(SettingError, match=words):
        formula()


def test_unknown_op_is_an_error_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match=r"no op 'sofmax'\. Did you mean 'softmax'\?"):
        registry.registered("sofmax")
