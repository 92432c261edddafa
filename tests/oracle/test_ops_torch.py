"""Values and gradients against PyTorch, in float64, on the rows of the op table."""

import numpy as np
import pytest
from cases.ops import BATCH, DERIVED, ROWS

from glassnet import graph as g

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional

BOUND = 1e-12

# Row of tests/cases/ops.py -> the same in PyTorch. Where an op has one form, its name will do.
SAME_NAME = [
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh", "erf",
    "exp", "expm1", "floor", "isnan", "log", "log1p", "neg", "relu", "sigmoid", "sign", "sin",
    "sinh", "sqrt", "tan", "tanh",
]  # fmt: skip
TORCH = {
    **{name: getattr(torch, name) for name in SAME_NAME},
    "logical_not": lambda a: ~(a > 0),
    "softplus": F.softplus,
    "normal_cdf": torch.special.ndtr,
    "sigmoid: of a single number": torch.sigmoid,
    "relu: of a single number": torch.relu,
    "erf: of whole numbers": lambda i: torch.erf(i.double()),
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": lambda a: a > 0,
    "greater_equal": torch.ge,
    "not_equal": torch.ne,
    "logical_and": lambda a, b: (a > 0) & (b > 0),
    "logical_or": lambda a, b: (a > 0) | (b > 0),

    "sub: from a number": lambda a: 1 - a,
    "mul: itself": lambda a: a * a,
    "div: a number by all": lambda a: 1 / a,
    "div: all by a number": lambda a: a / 4,
    "add: itself": lambda a: a + a,
    "pow: 2": torch.square,
    "pow: 3": lambda a: a**3,
    "pow: 1": lambda a: a**1,
    "pow: -1": torch.reciprocal,
    "pow: -1.5": lambda a: a**-1.5,
    "pow: 1/2": torch.sqrt,
    "pow: of a number": torch.exp2,
    "pow: both vary": torch.pow,
    "pow: both vary, the base is stretched": torch.pow,

    "where: equal shapes": torch.where,
    "where: a column chooses": torch.where,
    "where: all stretched": torch.where,
    "where: a number or x": lambda c, a: torch.where(c, 0.0, a),
    "where: of single numbers": torch.maximum,
    "where: a function of itself": F.elu,
    "logaddexp: equal shapes": torch.logaddexp,
    "logaddexp: a column and a row": torch.logaddexp,
    "minimum: a number": lambda a: torch.clamp(a, max=1),
    "maximum: a number": lambda a: torch.clamp(a, min=0.5),
    "maximum: clip": lambda a: torch.clamp(a, -1, 1),
    "stop_gradient": lambda a: a * (a + 1).detach(),
    "cast: to int64": lambda a: a.to(torch.int64),

    "sum: everything": torch.sum,
    "sum: rows": lambda x: x.sum(0),
    "sum: last axis": lambda x: x.sum(-1),
    "sum: two axes": lambda x: x.sum((0, 2)),
    "sum: two axes counted from the end": lambda x: x.sum((-1, -3)),
    "sum: keepdims": lambda x: x.sum(1, keepdim=True),
    "sum: truth is counted": lambda x: (x > 0).sum(0),
    "mean: everything": torch.mean,
    "mean: rows": lambda x: x.mean(0),
    "mean: last axis, keepdims": lambda x: x.mean(-1, keepdim=True),
    "mean: two axes": lambda x: x.mean((0, 1)),
    "mean: two axes, keepdims": lambda x: x.mean((-1, 1), keepdim=True),
    "mean: of a batch by batch table": lambda x: (x @ x.T).square().mean(),
    "mean: variance": lambda x: x.var(correction=0),
    "mean: variance of rows": lambda x: x.var(0, correction=0),
    "mean: variance, keepdims": lambda x: x.var(-1, correction=0, keepdim=True),
    "row_mean: rows": lambda x: x.mean(0),
    "row_mean: two axes, keepdims": lambda x: x.mean((0, 1), keepdim=True),
    "max: everything": torch.amax,
    "max: rows": lambda x: x.amax(0),
    "max: last axis, keepdims": lambda x: x.amax(-1, keepdim=True),
    "max: two axes": lambda x: x.amax((0, -1)),
    "min: everything": torch.amin,
    "min: last axis": lambda x: x.amin(-1),
    "argmax: everything": torch.argmax,
    "argmax: last axis": lambda x: x.argmax(-1),
    "logsumexp: everything": lambda x: x.logsumexp((0, 1)),
    "logsumexp: last axis": lambda x: x.logsumexp(-1),
    "logsumexp: rows, keepdims": lambda x: x.logsumexp(0, keepdim=True),
    "logsumexp: two axes": lambda x: x.logsumexp((1, 2)),
    "logsumexp: a vector": lambda x: x.logsumexp(0),
    "softmax: last axis": lambda x: x.softmax(-1),
    "softmax: rows": lambda x: x.softmax(0),
    "softmax: middle axis": lambda x: x.softmax(-2),
    "log_softmax: last axis": lambda x: x.log_softmax(-1),
    "log_softmax: rows": lambda x: x.log_softmax(0),

    "reshape: split an axis": lambda x: x.reshape(-1, 2, 3),
    "reshape: join axes": lambda x: x.reshape(-1, 6),
    "transpose": lambda x: x.T,
    "transpose: three axes": lambda x: x.permute(2, 1, 0),
    "transpose: a turn": lambda x: x.permute(2, 0, 1),
    "transpose: axes counted from the end": lambda x: x.permute(-2, -1, 0),
    "transpose: a swap": lambda x: x.swapaxes(0, -1),
    "expand: a row": lambda x: x.expand(BATCH, 3),
    "expand: an axis of size 1": lambda x: x.expand(2, BATCH, 3),
    "pad: one axis": lambda x: F.pad(x, (1, 2)),
    "pad: two axes, with a value": lambda x: F.pad(x, (0, 2, 1, 0), value=7),
    "repeat: the last axis": lambda x: x.repeat_interleave(3, -1),
    "repeat: an axis in the middle": lambda x: x.repeat_interleave(2, 1),
    "slice: one place": lambda x: x[:, 1],
    "slice: from the end": lambda x: x[..., -1],
    "slice: a range": lambda x: x[:, 1:],
    "slice: with a step": lambda x: x[:, ::2],
    "slice: backwards": lambda x: x.flip(1),
    "slice: two axes": lambda x: x[:, 1, :2],
    "concatenate: two": lambda *xs: torch.cat(xs, -1),
    "concatenate: three along the middle": lambda *xs: torch.cat(xs, 1),
    "concatenate: stack": lambda *xs: torch.stack(xs, -1),

    "matmul: with its own transpose": lambda a: a @ a.T,
    "matmul: read transposed alone": lambda a, b: (
        3 * (torch.matmul(a, b) / 2).transpose(1, 2).reshape(-1, 3, 8)
    ),
    "matmul: its own transpose, turned": lambda a, b: torch.einsum("bki,bko->boi", a, b),
    "einsum: a product of matrices": lambda *xs: torch.einsum("bi,io->bo", *xs),
    "einsum: three arrays": lambda *xs: torch.einsum("bi,ij,jk->bk", *xs),
    "einsum: axes only one argument has": lambda *xs: torch.einsum("bij,bo->bo", *xs),
    "einsum: axes only one argument has, in both": lambda *xs: torch.einsum("bi,jo->bo", *xs),
    "einsum: inner product": torch.dot,
    "einsum: a sum": lambda x: torch.einsum("bij->j", x),
    "einsum: a sum of everything": torch.sum,
    "einsum: with itself": lambda x: torch.einsum("bi,bj->ij", x, x),

    "take: rows, some twice": lambda x: x[[0, 2, 2, 1]],
    "take: rows of the batch": lambda x: x[[0, 2, 2]],
    "take: by a table of indices": lambda x, i: F.embedding(i, x),
    "add_at: by the batch": lambda x, i: torch.zeros(4, 2, dtype=x.dtype).index_add(0, i, x),
    "pick: one of each row": lambda x, i: x.gather(1, i[:, None])[:, 0],
    "pick: from three axes": lambda x, i: x.gather(2, i[..., None])[..., 0],
    "one_hot": lambda i: F.one_hot(i, 4),
}  # fmt: skip
BINARY = {
    name: getattr(torch, name)
    for name in ("add", "sub", "mul", "div", "minimum", "maximum", "matmul")
}


def in_torch(row):
    """The function of PyTorch for a row, or None."""
    binary = BINARY.get(row.op) if len(row.leaves) == 2 else None
    return TORCH.get(str(row), binary)


COMPARED = [row for row in ROWS if in_torch(row)]
DERIVED_TOO = [row for row in COMPARED if row in DERIVED and row.make()[0].dtype == "float64"]


def tensors_of(values):
    made = [torch.tensor(np.asarray(value)) for value in values.values()]
    return [t.requires_grad_() if t.is_floating_point() else t for t in made]


def assert_close(found, tensor):
    expected = tensor.detach().numpy()
    np.testing.assert_allclose(found, expected, rtol=BOUND, atol=BOUND)
    assert np.shape(found) == expected.shape


def test_table_names_no_row_that_is_gone():
    assert set(TORCH) <= {str(row) for row in ROWS}


@pytest.mark.parametrize("row", COMPARED, ids=str)
def test_value_equals_pytorchs(row):
    node, _, values = row.make()
    found = g.evaluate([node], values, batch=BATCH)[0]
    assert_close(found, in_torch(row)(*tensors_of(values)))


@pytest.mark.parametrize("row", DERIVED_TOO, ids=str)
def test_gradient_equals_pytorchs(row):
    node, leaves, values = row.make()
    tensors = tensors_of(values)
    in_torch(row)(*tensors).square().sum().backward()
    wrt = [(x, t.grad) for x, t in zip(leaves, tensors, strict=True) if t.requires_grad]
    found = g.gradients(g.sum(node * node), [x for x, _ in wrt])
    for dx, (_, expected) in zip(g.evaluate(found, values, batch=BATCH), wrt, strict=True):
        assert_close(dx, expected)
