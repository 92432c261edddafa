"""Training on sequences with hidden steps: PyTorch's losses and weights with ignore_index."""

import numpy as np
import pytest

import glassnet as gn

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

N, T, V, K, STEPS, BATCH = 24, 7, 11, 3, 12, 8
RNG = np.random.default_rng(6)
X = RNG.integers(1, V, (N, T))
X[np.arange(T) >= RNG.integers(1, T + 1, (N, 1))] = 0
SHOWN = X != 0
Y, YES = RNG.integers(0, K, (N, T)), RNG.integers(0, 2, (N, T, 1))
AMOUNTS = RNG.normal(size=(N, T, 2))
WEIGHTS = RNG.uniform(0.1, 2, N)


def ours(last, activation):
    codes = gn.Input((T,), dtype="int64")
    h = gn.Embedding(V, 4, mask_zero=True)(codes)
    h = gn.LSTM(5, return_sequences=True)(h)
    outputs = gn.TimeDistributed(gn.Dense(last, activation))(h)
    return gn.Network(inputs=codes, outputs=outputs, seed=2, dtype="float64")


class Theirs(nn.Module):
    """Behind the last step shown PyTorch's LSTM goes on: it changes nothing that is looked at."""

    def __init__(self, net, last):
        super().__init__()
        self.embed, self.lstm = nn.Embedding(V, 4), nn.LSTM(4, 5, batch_first=True)
        self.dense = nn.Linear(5, last)
        self.double()
        own = {k: torch.tensor(v) for k, v in net.parameters.items()}
        with torch.no_grad():
            self.embed.weight.copy_(own["embedding.weight"])
            self.lstm.weight_ih_l0.copy_(own["lstm.weight"].T)
            self.lstm.weight_hh_l0.copy_(own["lstm.recurrent_weight"].T)
            self.lstm.bias_ih_l0.copy_(own["lstm.bias"])
            self.lstm.bias_hh_l0.zero_()
            self.dense.weight.copy_(own["time_distributed.weight"].T)
            self.dense.bias.copy_(own["time_distributed.bias"])
        self.lstm.bias_hh_l0.requires_grad_(False)

    def forward(self, x):
        return self.dense(self.lstm(self.embed(x))[0])


def ignoring(z, y, x, w):
    target = torch.where(x != 0, y, -100).flatten()
    if w is None:
        return F.cross_entropy(z.flatten(0, 1), target, ignore_index=-100)
    each = F.cross_entropy(z.flatten(0, 1), target, ignore_index=-100, reduction="none")
    share = (w[:, None] * (x != 0)).flatten()
    return (share * each).sum() / share.sum()


def over_the_shown(loss):
    def mean(z, y, x, w):
        each = loss(z, y.to(z.dtype), reduction="none").mean(-1)
        share = (x != 0) if w is None else w[:, None] * (x != 0)
        return (share * each).sum() / share.sum()

    return mean


ROWS = [
    ("sparse_categorical_crossentropy", K, "softmax", Y, ignoring),
    ("binary_crossentropy", 1, "sigmoid", YES,
     over_the_shown(F.binary_cross_entropy_with_logits)),
    ("mean_squared_error", 2, "linear", AMOUNTS, over_the_shown(F.mse_loss)),
    ("mean_absolute_error", 2, "linear", AMOUNTS, over_the_shown(F.l1_loss)),
    ("huber", 2, "linear", AMOUNTS, over_the_shown(F.huber_loss)),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_training_with_hidden_steps_is_pytorchs(row, weights, engine):
    loss, last, activation, y, formula = row
    net = ours(last, activation)
    theirs = Theirs(net, last)
    steps = torch.optim.SGD([p for p in theirs.parameters() if p.requires_grad], lr=0.1)
    x_, y_ = torch.tensor(X), torch.tensor(y)
    w_ = None if weights is None else torch.tensor(weights)
    before = formula(theirs(x_), y_, x_, w_).item()
    assert net.evaluate(X, y, loss=loss, sample_weight=weights)["loss"] == pytest.approx(before)
    expected = []
    for step in range(STEPS):
        rows = slice(step % 3 * BATCH, (step % 3 + 1) * BATCH)
        found = formula(theirs(x_[rows]), y_[rows], x_[rows], None if w_ is None else w_[rows])
        steps.zero_grad()
        found.backward()
        steps.step()
        expected.append(found.item())
    history = net.fit(
        X, y, loss=loss, optimizer=gn.optim.SGD(0.1), epochs=STEPS // 3, batch_size=BATCH,
        shuffle=False, sample_weight=weights, engine=engine, verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(history.steps, expected, rtol=1e-10)
    for name, array in (("embedding.weight", theirs.embed.weight),
                        ("lstm.weight", theirs.lstm.weight_ih_l0.T),
                        ("time_distributed.weight", theirs.dense.weight.T)):  # fmt: skip
        np.testing.assert_allclose(net.parameters[name], array.detach(), rtol=1e-8, atol=1e-12)


def test_figures_of_an_epoch_are_pytorchs_over_all_steps_that_are_shown():
    net = ours(K, "softmax")
    theirs = Theirs(net, K)
    with torch.no_grad():
        z = theirs(torch.tensor(X))
        expected = ignoring(z, torch.tensor(Y), torch.tensor(X), None).item()
        right = (z.argmax(-1).numpy() == Y)[SHOWN].mean()
    still = {"optimizer": gn.optim.SGD(1e-300), "epochs": 1, "batch_size": 7, "verbose": 0}
    history = net.fit(X, Y, metrics=["accuracy"], **still)
    assert history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert history["accuracy"][0] == pytest.approx(right, rel=1e-12)


def spoken(rng, n, steps, length):
    """x (n, T, 3) of which each row ends somewhere, labels (n, L), and both lengths."""
    lengths = rng.integers(2 * length, steps + 1, n)
    x = np.where(
        np.arange(steps)[:, None] < lengths[:, None, None], rng.normal(size=(n, steps, 3)), 0
    )
    labels = rng.integers(0, length + 1, n)
    y = np.where(np.arange(length) < labels[:, None], rng.integers(1, 5, (n, length)), -1)
    return x, y, lengths, labels


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_ctc_with_a_mask_is_pytorchs_with_input_lengths(engine):
    x, y, lengths, labels = spoken(RNG, 20, 10, 4)
    net = gn.Network([gn.Masking(), gn.Dense(5, "softmax")], input_shape=(10, 3), dtype="float64")
    theirs = nn.Linear(3, 5, dtype=torch.float64)
    with torch.no_grad():
        theirs.weight.copy_(torch.tensor(net.parameters["dense.weight"].T))
        theirs.bias.zero_()
    steps = torch.optim.SGD(theirs.parameters(), lr=0.1)
    expected = []
    for _ in range(10):
        ln_p = F.log_softmax(theirs(torch.tensor(x)), -1).transpose(0, 1)
        target = torch.tensor(np.where(y < 0, 0, y))
        given = torch.tensor(lengths), torch.tensor(labels)
        found = nn.CTCLoss(reduction="none")(ln_p, target, *given).mean()
        steps.zero_grad()
        found.backward()
        steps.step()
        expected.append(found.item())
    loss, sgd = gn.losses.CTC(length=4), gn.optim.SGD(0.1)
    history = net.fit(x, y, loss=loss, optimizer=sgd, epochs=10, batch_size=None, engine=engine,
                      verbose=0)  # fmt: skip
    np.testing.assert_allclose(history.steps, expected, rtol=1e-10)
    own = net.parameters["dense.weight"]
    np.testing.assert_allclose(own, theirs.weight.detach().T, rtol=1e-8, atol=1e-12)
