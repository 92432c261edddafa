"""Recurrent layers against PyTorch: states and gradients of every array, in float64."""

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g

torch = pytest.importorskip("torch")

I, O, T, N = 3, 4, 6, 5  # noqa: E741 - the shape letters of the project
KINDS = {
    "rnn": (gn.SimpleRNN, torch.nn.RNN),
    "lstm": (gn.LSTM, torch.nn.LSTM),
    "gru": (gn.GRU, torch.nn.GRU),
}


def arrays_of(theirs, kind, behind="_l0"):
    """PyTorch's arrays in our shapes; its two biases are one, but for a GRU."""
    found = {name: getattr(theirs, name + behind) for name in
             ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}  # fmt: skip
    own = {"weight": found["weight_ih"].T, "recurrent_weight": found["weight_hh"].T}
    if kind == "gru":
        return own | {"bias": found["bias_ih"], "recurrent_bias": found["bias_hh"]}
    return own | {"bias": found["bias_ih"] + found["bias_hh"]}


def gradients_of(theirs, kind, behind="_l0"):
    found = {name: getattr(theirs, name + behind).grad.numpy() for name in
             ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}  # fmt: skip
    own = {"weight": found["weight_ih"].T, "recurrent_weight": found["weight_hh"].T,
           "bias": found["bias_ih"]}  # fmt: skip
    return own | ({"recurrent_bias": found["bias_hh"]} if kind == "gru" else {})


def ours(layer, x, arrays, weights):
    """(output, gradients of sum(output * weights) by x and each array)."""
    leaf = g.input("x", ("B", T, I), "float64")
    own = {k: g.parameter(k, a.shape, "float64") for k, a in arrays.items()}
    from glassnet.nn.symbol import apply

    output = apply(layer, [leaf], "float64", own)
    at = g.input("weights", output.shape, "float64")
    wrt = [leaf, *own.values()]
    found = [output, *g.gradients(g.sum(output * at), wrt)]
    values = {leaf: x, at: weights, **{own[k]: a for k, a in arrays.items()}}
    h, *slopes = g.evaluate(g.tidy_loops(found), values, N)
    return h, dict(zip(["x", *own], slopes, strict=True))


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_states_and_gradients_are_pytorchs(kind, sequences):
    torch.manual_seed(1)
    layer, their = KINDS[kind]
    theirs = their(I, O, batch_first=True, dtype=torch.float64)
    x = torch.randn(N, T, I, dtype=torch.float64, requires_grad=True)
    every = theirs(x)[0]
    expected = every if sequences else every[:, -1]
    weights = torch.randn_like(expected)
    (expected * weights).sum().backward()
    arrays = {k: a.detach().numpy() for k, a in arrays_of(theirs, kind).items()}
    h, slopes = ours(
        layer(O, return_sequences=sequences), x.detach().numpy(), arrays, weights.numpy()
    )
    np.testing.assert_allclose(h, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    wanted = {"x": x.grad.numpy(), **gradients_of(theirs, kind)}
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, wanted[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_both_ways_are_pytorchs(kind):
    torch.manual_seed(2)
    layer, their = KINDS[kind]
    theirs = their(I, O, batch_first=True, bidirectional=True, dtype=torch.float64)
    x = torch.randn(N, T, I, dtype=torch.float64, requires_grad=True)
    expected = theirs(x)[0]
    weights = torch.randn_like(expected)
    (expected * weights).sum().backward()
    arrays, wanted = {}, {"x": x.grad.numpy()}
    for before, behind in (("forward_", "_l0"), ("backward_", "_l0_reverse")):
        own = arrays_of(theirs, kind, behind)
        arrays |= {before + k: a.detach().numpy() for k, a in own.items()}
        wanted |= {before + k: a for k, a in gradients_of(theirs, kind, behind).items()}
    both = gn.Bidirectional(layer(O, return_sequences=True))
    h, slopes = ours(both, x.detach().numpy(), arrays, weights.numpy())
    np.testing.assert_allclose(h, expected.detach().numpy(), rtol=1e-12, atol=1e-12)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, wanted[name], rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_masked_rows_are_pytorchs_of_unequal_lengths(kind):
    """Filling behind a row changes nothing: the last state is that of PyTorch's packed sequence."""
    torch.manual_seed(3)
    layer, their = KINDS[kind]
    theirs = their(I, O, batch_first=True, dtype=torch.float64)
    x, lengths = torch.randn(N, T, I, dtype=torch.float64), [6, 3, 1, 4, 6]
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False
    )
    last = theirs(packed)[1]
    expected = (last[0] if kind == "lstm" else last)[0].detach().numpy()
    filled = x.numpy().copy()
    for row, length in zip(filled, lengths, strict=True):
        row[length:] = 0
    net = gn.Network([gn.Masking(), layer(O)], input_shape=(T, I), dtype="float64")
    for name, array in arrays_of(theirs, kind).items():
        net.parameters[f"{gn.nn.registry.snake(layer.__name__)}.{name}"] = array.detach().numpy()
    np.testing.assert_allclose(net.predict(filled), expected, rtol=1e-12, atol=1e-12)


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("kind", KINDS)
def test_states_that_go_on_train_as_pytorchs_detached_ones(kind, engine):
    """Truncated backpropagation: (h, c) from batch to batch, a gradient within each alone."""
    torch.manual_seed(4)
    layer, their = KINDS[kind]
    theirs = their(I, O, batch_first=True, dtype=torch.float64)
    top = torch.nn.Linear(O, 1, dtype=torch.float64)
    net = gn.Network([layer(O, stateful=True), gn.Dense(1)], input_shape=(T, I), dtype="float64")
    name = gn.nn.registry.snake(layer.__name__)
    for array, value in arrays_of(theirs, kind).items():
        net.parameters[f"{name}.{array}"] = value.detach().numpy()
    net.parameters["dense.weight"] = top.weight.detach().numpy().T
    net.parameters["dense.bias"] = top.bias.detach().numpy()
    batches, epochs = 4, 3
    x = torch.randn(batches * N, T, I, dtype=torch.float64)
    y = torch.randn(batches * N, 1, dtype=torch.float64)
    if kind != "gru":  # its two biases are one here, which moves half as far
        theirs.bias_hh_l0.requires_grad_(False)
    moved = [p for p in [*theirs.parameters(), *top.parameters()] if p.requires_grad]
    optimizer, state, losses = torch.optim.SGD(moved, lr=0.1), None, []
    for first in list(range(0, batches * N, N)) * epochs:
        every, state = theirs(x[first : first + N], state)
        state = detached(state)
        loss = torch.nn.functional.mse_loss(top(every[:, -1]), y[first : first + N])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    history = net.fit(
        x.numpy(), y.numpy(), loss="mse", optimizer=gn.optim.SGD(0.1), epochs=epochs, batch_size=N,
        shuffle=False, engine=engine, verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(history.steps, losses, rtol=1e-10)
    last = state if isinstance(state, tuple) else (state,)
    for found, wanted in zip(net.states.values(), last, strict=True):
        np.testing.assert_allclose(found, wanted[0].numpy(), rtol=1e-9, atol=1e-12)
