"""Of "auto": the loss and the optimizer of the last fit, in evaluations, programs and copies."""

import copy
import json
import pickle

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, YES, X, network, neuron

import glassnet as gn
from glassnet import files
from glassnet.errors import FileFormatError, SettingError

HUBER = gn.losses.Huber(0.3)


def fit(net, y=SIZE, **settings):
    history = net.fit(X, y, **{"epochs": 2, "validation_data": (X, y), **ENGINE, **settings})
    return history["val_loss"][-1]


def cubes(y, p):
    return gn.graph.abs(p - y) ** 3


LOSSES = {
    "name": "mae", "object": HUBER, "class": gn.losses.LogCosh, "function": cubes,
    "weighted": gn.losses.MeanSquaredError(weight=0.25), "auto": "auto",
}  # fmt: skip


@pytest.mark.parametrize("loss", LOSSES)
def test_evaluate_uses_the_loss_of_the_last_fit(loss):
    net = neuron("linear")
    fit(net, loss="sse")
    last = fit(net, loss=LOSSES[loss])
    assert net.evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)
    assert net.evaluate(X, SIZE, loss="sse")["loss"] != pytest.approx(last, rel=1e-3)


def test_before_a_fit_the_loss_follows_from_the_activation():
    net = neuron("linear")
    squares = np.mean((net.predict(X)[:, 0] - SIZE) ** 2)
    assert net.evaluate(X, SIZE)["loss"] == pytest.approx(squares, rel=1e-5)


def test_fit_itself_starts_from_the_activation():
    net = neuron("linear")
    fit(net, loss="mae")
    last = fit(net)
    assert net.evaluate(X, SIZE, loss="mse")["loss"] == pytest.approx(last, rel=1e-6)
    assert net.evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)


def test_a_fit_by_auto_leaves_the_kind_of_targets_free():
    net = network(gn.Dense(3, "softmax"))
    fit(net, KIND)
    numbers, rows = net.evaluate(X, KIND), net.evaluate(X, np.eye(3)[KIND])
    assert numbers["loss"] == pytest.approx(rows["loss"], rel=1e-5)


def two_outputs():
    x = gn.Input((3,))
    return gn.Network(
        inputs=x, outputs=[gn.Dense(1, name="size")(x), gn.Dense(1, "sigmoid", name="yes")(x)]
    )


def test_shares_of_the_outputs_are_remembered():
    net, y = two_outputs(), [SIZE, YES]
    last = fit(net, y, loss=["mae", "auto"], loss_weights=[0.5, 3.0])
    assert net.evaluate(X, y)["loss"] == pytest.approx(last, rel=1e-6)


def test_walkthrough_and_program_and_check_use_it():
    net = neuron("linear")
    fit(net, loss=HUBER)
    given = net.training_program(loss=HUBER)
    assert net.training_program().source() == given.source()
    assert net.walkthrough(X, SIZE, optimizer="adam").program.source() == given.source()
    assert gn.checks.check_gradients(net, X, SIZE).worst < 1e-6


@pytest.mark.parametrize("loss", ["mae", HUBER, LOSSES["weighted"], "auto"], ids=str)
def test_it_survives_a_file(loss, tmp_path):
    net = neuron("linear")
    last = fit(net, loss=loss)
    net.save(tmp_path / "model.safetensors")
    found = gn.load(tmp_path / "model.safetensors")
    assert found.fitted == net.fitted
    assert found.evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)


def test_shares_survive_a_file(tmp_path):
    net, y = two_outputs(), [SIZE, YES]
    last = fit(net, y, loss=["mae", "auto"], loss_weights=[0.5, 3.0])
    net.save(tmp_path / "model")
    assert gn.load(tmp_path / "model").evaluate(X, y)["loss"] == pytest.approx(last, rel=1e-6)


def test_a_loss_of_ones_own_is_handed_over_or_asked_for(tmp_path):
    net = neuron("linear")
    last = fit(net, loss=cubes)
    net.save(tmp_path / "model")
    found = gn.load(tmp_path / "model", custom={"cubes": cubes})
    assert found.evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)
    found = gn.load(tmp_path / "model")
    with pytest.raises(SettingError, match=r"^The network was fitted with the loss 'cubes', your"):
        found.evaluate(X, SIZE)
    assert found.evaluate(X, SIZE, loss="mae")["loss"] > 0
    found.save(tmp_path / "again")
    assert gn.load(tmp_path / "again").fitted == found.fitted
    assert fit(found) > 0
    assert found.evaluate(X, SIZE)["loss"] > 0


@pytest.mark.parametrize("way", [lambda n: pickle.loads(pickle.dumps(n)), copy.deepcopy])  # noqa: S301
def test_it_survives_copies(way):
    net = neuron("linear")
    for loss in (HUBER, cubes):
        last = fit(net, loss=loss)
        assert way(net).evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)


def test_a_lambda_stays_behind_in_a_pickle():
    net = neuron("linear")
    last = fit(net, loss=lambda y, p: gn.graph.abs(y - p) ** 1.5)
    found = pickle.loads(pickle.dumps(net))  # noqa: S301
    assert found.predict(X).tobytes() == net.predict(X).tobytes()
    with pytest.raises(SettingError, match="fitted with the loss '<lambda>'"):
        found.evaluate(X, SIZE)
    assert copy.deepcopy(net).evaluate(X, SIZE)["loss"] == pytest.approx(last, rel=1e-6)


LIES = [
    5, [], [[]], [{}], [{"auto": True}], [{"weight": -1, "auto": True}], [{"weight": 1, "x": 1}],
    [{"weight": 1, "class": "huber"}], [{"weight": 1, "class": "hubert", "settings": {}}],
    [{"weight": 1, "class": "huber", "settings": {"delta": -1}}],
    [{"weight": 1, "class": "huber", "settings": {"delta": [1]}}],
    [{"weight": 1, "class": "huber", "settings": {"zeta": 1}}],
    [{"weight": 1, "class": {}, "settings": {}}], [{"weight": 1, "name": 3}],
    [{"weight": 1, "auto": True}] * 2,
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=json.dumps)
def test_a_file_that_lies_about_its_losses_is_refused_or_has_none(lie, tmp_path):
    path = tmp_path / "model"
    neuron("linear").save(path)
    arrays, text = files.read(path)
    files.write(path, arrays, {**text, "losses": lie})
    if lie:
        with pytest.raises(FileFormatError):
            gn.load(path)
    else:
        assert gn.load(path).fitted == ()


def test_a_file_says_no_more_than_it_must(tmp_path):
    path, net = tmp_path / "model", neuron("linear")
    net.save(path)
    assert set(files.read(path)[1]) == {"format", "network", "extra"}
    fit(net, loss=gn.losses.Huber(weight=2.0))
    net.save(path)
    entry = {"class": "huber", "settings": {"weight": 2.0}, "weight": 2.0}
    assert files.read(path)[1]["losses"] == [entry]


# The optimizer of the last fit.
RATES = gn.optim.schedules.Warmup(0.1, then=gn.optim.schedules.Cosine(0.1))
OPTIMIZERS = {
    "name": "rmsprop", "object": gn.optim.SGD(0.2, momentum=0.5), "class": gn.optim.Lion,
    "schedule": gn.optim.Adam(RATES), "lbfgs": "lbfgs",
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_walkthrough_and_program_use_the_optimizer_of_the_last_fit(name):
    net, asked = neuron("linear"), OPTIMIZERS[name]
    fit(net, optimizer="sgd")
    fit(net, optimizer=asked, batch_size=None)
    for one in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):  # noqa: S301
        given = one.training_program(optimizer=asked).source()
        assert one.training_program().source() == given
        assert one.walkthrough(X, SIZE).program.source() == given
    plain = net.training_program(optimizer="sgd").source()
    assert net.walkthrough(X, SIZE, optimizer="sgd").program.source() == plain != given


def test_before_a_fit_the_program_is_that_of_adam_and_the_walkthrough_that_of_gradient_descent():
    net = neuron("linear")
    adam, sgd = (net.training_program(optimizer=name).source() for name in ("adam", "sgd"))
    assert net.training_program().source() == adam
    assert net.walkthrough(X, SIZE).program.source() == sgd


def test_an_optimizer_of_ones_own_that_a_pickle_cannot_hold_is_asked_for_again():
    class Halving(gn.optim.schedules.Schedule):
        def formula(self, learning_rate, s):
            return learning_rate * 0.5

    net = neuron("linear")
    fit(net, optimizer=gn.optim.SGD(Halving(0.1)))
    assert net.training_program().source() == copy.deepcopy(net).training_program().source()
    other = pickle.loads(pickle.dumps(net))  # noqa: S301
    with pytest.raises(SettingError, match=r"fitted with the optimizer SGD, your own, .*Give it"):
        other.training_program()
    assert other.training_program(optimizer="sgd").source()
    assert np.isfinite(other.evaluate(X, SIZE)["loss"])
