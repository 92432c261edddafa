"""Losses and their gradients against PyTorch's, in float64, on the rows of the table of losses."""

import numpy as np
import pytest
from cases.losses import ROWS
from cases.ops import BATCH

from glassnet import graph as g
from glassnet import losses
from glassnet.losses.loss import reduced

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional

BOUND = 1e-12


def rows_mean(values):
    return values.reshape(len(values), -1).mean(1)


def cross_entropy(**settings):
    """PyTorch wants the classes in axis 1."""

    def loss(y, x):
        y = y.movedim(-1, 1) if y.ndim == x.ndim else y
        return rows_mean(F.cross_entropy(x.movedim(-1, 1), y, reduction="none", **settings))

    return loss


def plain(function, **settings):
    return lambda y, x: rows_mean(function(x, y, reduction="none", **settings))


def smooth(y, share):
    return y * (1 - share) + share / 2


def contrastive(y, x):
    """PyTorch has the other half of it as hinge_embedding_loss."""
    d = F.softplus(x)
    far = F.hinge_embedding_loss(d, -torch.ones_like(d), margin=1.0, reduction="none")
    return rows_mean(torch.where(y == 1, d**2, far**2) / 2)


def triplet(margin):
    """Of points on a line, whose distances from the anchor at 0 these are."""

    def loss(y, x):
        d = F.softplus(x)
        alike, other = d.gather(1, y[:, None]), d.gather(1, 1 - y[:, None])
        return F.triplet_margin_loss(
            torch.zeros_like(alike), alike, other, margin=margin, eps=0, reduction="none"
        )

    return loss


def ctc(y, ln_p):
    """With every row's steps, and y filled up by labels that are not counted."""
    n_steps = torch.full((len(y),), ln_p.shape[1])
    return F.ctc_loss(
        ln_p.transpose(0, 1), y.clamp(min=1), n_steps, (y > 0).sum(1), reduction="none"
    )


mse, bce = plain(F.mse_loss), plain(F.binary_cross_entropy_with_logits)

# Row of tests/cases/losses.py -> the same in PyTorch, (y, leaf x) -> one number a row.
TORCH = {
    "sum_squared_error": lambda y, x: F.mse_loss(x, y, reduction="none").sum(1),
    "mean_squared_error": mse,
    "mean_squared_error: an image": mse,
    "mean_squared_error: a sigmoid": lambda y, x: mse(y, x.sigmoid()),
    "mean_absolute_error": plain(F.l1_loss),
    "huber": plain(F.huber_loss),
    "huber: delta": plain(F.huber_loss, delta=0.3),
    "poisson: softplus": lambda y, x: rows_mean(
        F.poisson_nll_loss(F.softplus(x), y, log_input=False, eps=0, reduction="none")
    ),
    "poisson: exp": plain(F.poisson_nll_loss, log_input=True),
    "binary_crossentropy": bce,
    "binary_crossentropy: several": bce,
    "binary_crossentropy: between": bce,
    "binary_crossentropy: smooth": lambda y, x: bce(smooth(y, 0.2), x),
    "binary_crossentropy: of a probability": plain(F.binary_cross_entropy),
    "categorical_crossentropy": cross_entropy(),
    "categorical_crossentropy: shares": cross_entropy(),
    "categorical_crossentropy: sequence": cross_entropy(),
    "categorical_crossentropy: smooth": cross_entropy(label_smoothing=0.1),
    "categorical_crossentropy: of shares": lambda y, x: cross_entropy()(y, x.log()),
    "sparse_categorical_crossentropy": cross_entropy(),
    "sparse_categorical_crossentropy: sequence": cross_entropy(),
    "sparse_categorical_crossentropy: smooth": cross_entropy(label_smoothing=0.1),
    "sparse_categorical_crossentropy: of shares": lambda y, x: cross_entropy()(y, x.log()),
    "focal: gamma 0": bce,
    "kl_divergence": lambda y, x: F.kl_div(x.log_softmax(-1), y, reduction="none").sum(1),
    "kl_divergence: labels": lambda y, x: F.kl_div(x.log_softmax(-1), y, reduction="none").sum(1),
    "kl_divergence: of shares": lambda y, x: F.kl_div(x.log(), y, reduction="none").sum(1),
    "contrastive": contrastive,
    "contrastive: several": contrastive,
    "ctc": lambda y, x: ctc(y, x.log_softmax(-1)),
    "ctc: length": lambda y, x: ctc(y, x.log_softmax(-1)),
    "triplet": triplet(1),
    "triplet: margin": triplet(0.2),
    "cosine_similarity": lambda y, x: rows_mean(-F.cosine_similarity(y, x, dim=-1)),
    "cosine_similarity: sequence": lambda y, x: rows_mean(-F.cosine_similarity(y, x, dim=-1)),
}
COMPARED = [row for row in ROWS if str(row) in TORCH]


def test_table_names_no_row_that_is_gone():
    assert set(TORCH) == {str(row) for row in COMPARED}


@pytest.mark.parametrize("row", COMPARED, ids=str)
def test_loss_and_gradient_equal_pytorchs(row):
    y, p, x, values = row.make()
    loss = reduced(row.loss, y, p, None)
    found = g.evaluate([row.loss.rows(y, p), *g.gradients(loss, [x])], values, batch=BATCH)
    leaf = torch.tensor(values[x], requires_grad=True)
    expected = TORCH[str(row)](torch.tensor(values[y]), leaf)
    (expected.sum() if row.loss.total else expected.mean()).backward()
    np.testing.assert_allclose(found[0], expected.detach().numpy(), rtol=BOUND, atol=BOUND)
    np.testing.assert_allclose(found[1], leaf.grad.numpy(), rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("beta", [0.3, 1.0, 2.5])
def test_huber_over_delta_is_pytorchs_smooth_l1(beta):
    y, p = g.input("y", ("B", 3), "float64"), g.input("p", ("B", 3), "float64")
    drawn = np.random.default_rng(0).normal(0, 2, (2, BATCH, 3))
    found = g.evaluate([losses.Huber(beta).rows(y, p) / beta], {y: drawn[0], p: drawn[1]})[0]
    expected = F.smooth_l1_loss(*map(torch.tensor, drawn), beta=beta, reduction="none").mean(1)
    np.testing.assert_allclose(found, expected.numpy(), rtol=BOUND)


@pytest.mark.parametrize(
    ("T", "K", "L"), [(12, 7, 5), (6, 4, 3), (5, 2, 3), (4, 6, 1), (40, 9, 12)]
)
def test_ctc_of_rows_with_repeats_equals_pytorchs(T, K, L):
    rng = np.random.default_rng(T)
    labels = np.full((8, L), -1)
    for row in labels:
        drawn = rng.integers(1, K, rng.integers(0, L + 1))
        if len(drawn) + (drawn[1:] == drawn[:-1]).sum() <= T:
            row[: len(drawn)] = drawn
    y, x = g.input("y", ("B", L), "int64"), g.input("x", ("B", T, K), "float64")
    values = {y: labels, x: rng.normal(0, 3, (8, T, K))}
    rows = losses.CTC(length=L).formula(y, g.softmax(x))
    found = g.evaluate([rows, *g.gradients(g.mean(rows), [x])], values, batch=8)
    leaf = torch.tensor(values[x], requires_grad=True)
    expected = ctc(torch.tensor(labels), leaf.log_softmax(-1))
    expected.mean().backward()
    np.testing.assert_allclose(found[0], expected.detach().numpy(), rtol=BOUND)
    np.testing.assert_allclose(found[1], leaf.grad.numpy(), rtol=BOUND, atol=BOUND)
