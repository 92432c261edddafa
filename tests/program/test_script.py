"""A whole script trains as `fit` does, to the last bit, with nothing but NumPy."""

import math
import subprocess
import sys

import numpy as np
import pytest
from cases.networks import BY_NAME, ROWS
from program.test_complete import BEFORE, given

import glassnet as gn
from glassnet.errors import UnsupportedError
from glassnet.program.sources.numpy_script import _LIMITS as LIMITS

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(23, 3)), RNG.normal(size=23)


@pytest.fixture
def run(capsys):
    """Run a text: the weights by name, and the lines that it prints."""

    def run(text, inputs):
        scope = {"__name__": "script"}
        exec(text, scope)
        weights = scope["train"](**inputs)
        return weights, capsys.readouterr().out.splitlines()

    return run


def assert_same_weights(net, found):
    for name, own in net.parameters.items():
        assert own.tobytes() == found[name].tobytes(), name
        assert own.dtype == found[name].dtype


def whole(net, batch_size=7, **settings):
    return net.training_program(batch_size=batch_size, **settings).source("numpy", whole=True)


def fit(net, batch_size=7, **settings):
    return net.fit(X, Y, batch_size=batch_size, engine="numpy", verbose=0, **settings)


@pytest.mark.parametrize("batch_size", [5, None])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_script_trains_to_the_bits_of_fit(row, batch_size, run):
    net = row.build()
    data = row.data()
    program = net.training_program(
        loss=row.loss, optimizer=row.optimizer, metrics=row.metrics, y=data.y,
        sample_weight=data.sample_weight is not None, batch_size=batch_size,
        class_weight=len(row.class_weight) if row.class_weight else 0,
    )  # fmt: skip
    inputs, _ = given(row, net, program)
    named = {leaf.name: array for leaf, array in zip(program.inputs, inputs, strict=True)}
    found, printed = run(program.source(whole=True), named)
    history = row.fit(net, epochs=10, batch_size=batch_size)
    assert_same_weights(net, found)
    assert len(printed) == 10
    last = [f"{name} {history[name][-1]:.4f}" for name in program.figures]
    assert printed[-1] == "  ".join(["epoch 10/10", *last])


def test_script_runs_as_it_is(tmp_path):
    """From the command line, without Glassnet."""
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dropout(0.2), gn.Dense(1)], input_shape=(3,), seed=6)
    script, data, weights = (tmp_path / name for name in ("network.py", "x_y.npz", "out.npz"))
    script.write_text(BEFORE + whole(net), encoding="utf-8")
    np.savez(data, x=X, y=Y)
    subprocess.run([sys.executable, "-I", script, data, weights], check=True, capture_output=True)
    fit(net)
    with np.load(weights) as found:
        assert_same_weights(net, found)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("init", [*gn.nn.init.INITS, 0.25])
def test_initial_weights_are_drawn_or_written_out(init, dtype, run):
    layers = [gn.Dense(4, "tanh", weight_init=init, bias_init="rand"), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(3,), seed=6, dtype=dtype)
    text = whole(net)
    draws = {"glorot_uniform", "he_uniform", "lecun_uniform"}
    assert (f"W1 = {init}(" in text) == (init in draws)
    found, _ = run(text, {"x": X, "y": Y})
    fit(net)
    assert_same_weights(net, found)


def test_script_of_a_trained_network_goes_on_from_its_weights(run):
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(1)], input_shape=(3,), seed=6)
    fit(net, epochs=2)
    found, _ = run(whole(net, optimizer="sgd"), {"x": X, "y": Y})
    fit(net, optimizer="sgd")
    assert_same_weights(net, found)


@pytest.mark.parametrize("metrics", [(), ["root_mean_squared_error"]], ids=str)
@pytest.mark.parametrize("loss", ["mean_squared_error", "sum_squared_error"])
def test_script_prints_the_history(loss, metrics, run):
    net = gn.Network([gn.Dense(1)], input_shape=(3,), seed=6)
    text = whole(net, loss=loss, metrics=metrics, optimizer="sgd")
    _, printed = run(text, {"x": X, "y": Y})
    history = fit(net, loss=loss, metrics=metrics, optimizer="sgd")
    names = ["loss", *metrics]
    expected = [
        f"epoch {i + 1}/10  " + "  ".join(f"{name} {history[name][i]:.4f}" for name in names)
        for i in range(10)
    ]
    assert printed == expected


@pytest.mark.parametrize(
    "name", ["n", "order", "rows", "train", "between", "shuffled", "sys", "data", "epochs", "means"]
)
def test_name_of_an_input_hides_nothing_of_the_script(name, run):
    a, b = gn.Input((3,), name=name), gn.Input((3,), name="total")
    net = gn.Network(inputs=[a, b], outputs=gn.Dense(1)(gn.Add()(a, b)), seed=1)
    program = net.training_program(batch_size=7)
    named = dict(zip((leaf.name for leaf in program.inputs), (X, X, Y), strict=True))
    found, _ = run(program.source(whole=True), named)
    net.fit([X, X], Y, batch_size=7, engine="numpy", verbose=0)
    assert_same_weights(net, found)


def test_script_is_as_it_was_read_last(golden):
    net = BY_NAME["relu_adam"].build()
    golden("relu_adam_whole.py", net.training_program(metrics=["accuracy"]).source(whole=True))


def test_script_before_the_statistics_are_known_is_refused():
    """With the zeros and ones that stand for them it would train another network than fit."""
    net = gn.Network([gn.FillMissing(), gn.Standardize(), gn.Dense(1)], input_shape=(3,))
    net.parameters["fill_missing.fill"] = [1.0, 2.0, 3.0]
    with pytest.raises(UnsupportedError) as refused:
        whole(net)
    assert str(refused.value) == (
        "A whole script cannot hold this training: the first fit finds standardize.mean, "
        "standardize.scale in the training rows, so they are not known yet. Fit first, or set "
        "net.parameters['standardize.mean'], and take the program anew."
    )
    assert "scaled = (filled - mean) / scale" in net.training_program().source()


def test_script_after_the_statistics_were_found_trains_as_fit_does(run):
    net = gn.Network([gn.Standardize(), gn.Dense(1)], input_shape=(3,), seed=6)
    fit(net, epochs=1)
    found, _ = run(whole(net, optimizer="sgd"), {"x": X, "y": Y})
    fit(net, optimizer="sgd")
    assert_same_weights(net, found)


@pytest.mark.parametrize("size", [(1, 1), (3, 4), (7, 1), (13, 29), (784, 128), (999, 1000)])
def test_limits_of_initial_weights_are_those_of_the_library(size):
    class Known(gn.nn.init.Draw):
        def uniform(self, shape):
            return np.ones(shape)  # low + (high - low) * 1: near the limit

    for name, limit in LIMITS.items():
        fan_in, fan_out = size
        value = eval(limit, {"math": math, "fan_in": fan_in, "fan_out": fan_out})  # noqa: S307
        drawn = gn.nn.init.INITS[name](size, Known(0, 0))
        assert drawn[0, 0] == -value + (value - -value)


@pytest.mark.parametrize(("program", "why"), [
    (lambda net: net.prediction_program(), r"holds a training, and this program is <program pre"),
    (lambda net: net.training_program(optimizer="lbfgs"), "L-BFGS searches along a line"),
    (lambda net: net.training_program(optimizer=gn.optim.SGD(gn.optim.schedules.OnPlateau(0.1))),
     "OnPlateau looks at the history. Take another schedule"),
])  # fmt: skip
def test_what_no_script_can_hold_is_said(program, why):
    net = gn.Network([gn.Dense(1)], input_shape=(3,))
    with pytest.raises(UnsupportedError, match=why):
        program(net).source(whole=True)
