"""Which outputs and targets go with which loss, and what is said of the others, to the word."""

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, YES, N, X, network

import glassnet as gn
from glassnet.errors import DataError, SettingError

SHARES = np.eye(3)[KIND]
SIGNS = 2 * YES - 1
ONE_UNIT = (
    " compares classes, but the output 'dense' has one unit. For yes or no take "
    "loss='binary_crossentropy' with gn.Dense(1, 'sigmoid'); for K classes gn.Dense(K, 'softmax')."
)
OR = ", or take a loss for such an output."
ROWS = (" takes rows that sum to 1 (one-hot rows, say), none below 0. For class numbers use "
        "sparse_categorical_crossentropy.")  # fmt: skip


def net(units, activation):
    return network(gn.Dense(units, activation))


def fit(units, activation, loss, y):
    return net(units, activation).fit(X, y, loss=loss, epochs=1, **ENGINE)


# fmt: off
OUTPUTS = [
    (1, "sigmoid", "kl_divergence", YES, f"kl_divergence{ONE_UNIT}"),
    (1, "sigmoid", "categorical_crossentropy", np.ones(N), f"categorical_crossentropy{ONE_UNIT}"),
    (1, "softmax", "auto", YES, f"sparse_categorical_crossentropy{ONE_UNIT}"),
    (3, "linear", "kl_divergence", SHARES,
     ("kl_divergence takes shares that sum to 1, but the output 'dense' ends in 'linear', which "
      f"gives any number. End in gn.Dense(3, 'softmax'){OR}")),
    (3, "linear", "scce", KIND,
     ("sparse_categorical_crossentropy takes probabilities of classes, but the output 'dense' ends "
      f"in 'linear', which gives any number. End in gn.Dense(3, 'softmax'){OR}")),
    (3, "tanh", "cce", SHARES,
     ("categorical_crossentropy takes probabilities of classes, but the output 'dense' ends in "
      f"'tanh', which gives numbers from -1 to 1. End in gn.Dense(3, 'softmax'){OR}")),
    (1, "linear", "bce", YES,
     ("binary_crossentropy takes an output from 0 to 1, but the output 'dense' ends in 'linear', "
      f"which gives any number. End in gn.Dense(1, 'sigmoid'){OR}")),
    (1, "relu", "focal", YES,
     ("focal takes an output from 0 to 1, but the output 'dense' ends in 'relu', which gives "
      f"numbers from 0 up. End in gn.Dense(1, 'sigmoid'){OR}")),
    (1, "linear", "poisson", YES,
     ("poisson takes an output above 0, but the output 'dense' ends in 'linear', which gives any "
      f"number. End in gn.Dense(1, 'softplus'){OR}")),
    (1, "sigmoid", "hinge", SIGNS,
     ("hinge takes an output of either sign, but the output 'dense' ends in 'sigmoid', which gives "
      f"numbers from 0 to 1. End in gn.Dense(1){OR}")),
]
TARGETS = [
    (1, "linear", "hinge", YES, ("y: hinge takes targets of -1 and 1, got 0 to 1. Give 2 * y - 1, "
     "or take loss='binary_crossentropy' with a sigmoid.")),
    (1, "tanh", "hinge", np.full(N, 3), ("y: hinge takes targets of -1 and 1, got 3 to 3. For "
     "amounts take loss='mean_squared_error'.")),
    (1, "softplus", "poisson", -YES, ("y: poisson takes counts, 0 or more, got -1. For amounts of "
     "either sign take loss='mean_squared_error'.")),
    (3, "softmax", "kl_divergence", 2 * SHARES, f"y: kl_divergence{ROWS}"),
    (3, "softmax", "cce", SHARES * [2, -1, 0], f"y: categorical_crossentropy{ROWS}"),
    (1, "sigmoid", "focal", 2 * YES, ("y: focal takes targets from 0 to 1, got 0 to 2. For class "
     "numbers end in gn.Dense(3, 'softmax'); or correct them.")),
]
GOOD = [
    (1, "linear", "hinge", SIGNS), (1, "tanh", "hinge", SIGNS), (1, "softplus", "poisson", KIND),
    (3, "softmax", "kl_divergence", SHARES), (3, "softmax", "kl_divergence", np.ones((N, 3)) / 3),
    (3, "sigmoid", "binary_crossentropy", SHARES), (3, "softmax", "binary_crossentropy", SHARES),
    (1, "sigmoid", "focal", YES > 0), (3, "sigmoid", "categorical_crossentropy", SHARES),
    (3, lambda z: z / (1 + gn.graph.abs(z)), "binary_crossentropy", SHARES),
    (1, "linear", "cosine_similarity", SIZE), (1, "sigmoid", "mean_squared_error", YES),
]
# fmt: on


@pytest.mark.parametrize(("units", "activation", "loss", "y", "message"), OUTPUTS)
def test_an_output_that_a_loss_is_not_for_is_named(units, activation, loss, y, message):
    with pytest.raises(SettingError) as caught:
        fit(units, activation, loss, y)
    assert str(caught.value) == message
    with pytest.raises(SettingError):
        net(units, activation).evaluate(X, y, loss=loss)


@pytest.mark.parametrize(("units", "activation", "loss", "y", "message"), TARGETS)
def test_a_target_that_a_loss_is_not_for_is_named(units, activation, loss, y, message):
    with pytest.raises(DataError) as caught:
        fit(units, activation, loss, y)
    assert str(caught.value) == message
    with pytest.raises(DataError):
        net(units, activation).evaluate(X, y, loss=loss)


@pytest.mark.parametrize(("units", "activation", "loss", "y"), GOOD)
def test_what_may_be_right_is_taken(units, activation, loss, y):
    assert fit(units, activation, loss, y).epochs == 1


@pytest.mark.parametrize("metric", ["log_loss", "brier"])
def test_a_metric_of_probabilities_refuses_what_is_none(metric):
    with pytest.raises(SettingError) as caught:
        net(1, "linear").fit(X, SIGNS, loss="hinge", metrics=metric, epochs=1, **ENGINE)
    assert str(caught.value) == (
        f"{metric} is a metric of probabilities, but the output 'dense' ends in 'linear', which "
        "gives any number. End in a sigmoid or a softmax, or take a metric for such an output."
    )
    with pytest.raises(DataError, match=f"^y: {metric} takes targets from 0 to 1, got 0 to 2"):
        net(1, "sigmoid").fit(X, KIND, loss="mse", metrics=[metric], epochs=1, **ENGINE)
    for units, end, y in [(1, "sigmoid", YES), (3, "softmax", KIND), (3, "softmax", SHARES)]:
        assert np.isfinite(net(units, end).evaluate(X, y, metrics=metric)[metric])


def test_one_of_several_targets_is_named():
    x = gn.Input((3,))
    both = gn.Network(inputs=x, outputs=[gn.Dense(1, name="a")(x), gn.Dense(1, name="b")(x)])
    with pytest.raises(DataError, match=r"^y\['b'\]: hinge takes targets of -1 and 1"):
        both.fit(X, [SIZE, YES], loss=["mse", "hinge"], epochs=1, **ENGINE)


def test_a_loss_of_ones_own_takes_anything():
    class OnLogits(gn.losses.BinaryCrossentropy):
        def formula(self, y, p):
            return gn.graph.mean(gn.graph.softplus(p) - y * p, axis=-1)

    try:
        assert fit(1, "linear", OnLogits(), 3 * YES).epochs == 1
    finally:
        del gn.losses.LOSSES["on_logits"]


YES_OR_NO = ["accuracy", "balanced_accuracy", "precision", "recall", "f1"]


@pytest.mark.parametrize(("loss", "end"), [("hinge", "linear"), ("mse", "tanh")])
@pytest.mark.parametrize("metric", YES_OR_NO)
def test_of_targets_minus_1_and_1_a_positive_output_is_a_yes(metric, loss, end):
    small = net(1, end)
    small.parameters["dense.weight"] = np.array([[0.1], [0.0], [0.0]])  # below 0.5 everywhere
    small.parameters["dense.bias"] = [0.0]
    signs = np.where(X[:, 0] > 0, 1, -1)
    assert small.evaluate(X, signs, loss=loss, metrics=metric)[metric] == 1.0
    history = small.fit(
        X, signs, loss=loss, metrics=metric, optimizer=gn.optim.SGD(1e-6), epochs=1, **ENGINE
    )
    assert history[metric] == [1.0]


def test_the_program_of_an_accuracy_under_hinge_asks_for_the_sign():
    source = net(1, "linear").training_program(loss="hinge", metrics="accuracy").source("numpy")
    assert "(z > 0) == (y > 0.5)" in source
    own = net(1, "linear").training_program(loss="hinge", metrics=gn.metrics.Accuracy(0.3))
    assert "(z > 0.3) == (y > 0.5)" in own.source("numpy")


CLASSES = [*YES_OR_NO, "roc_auc", "average_precision"]


@pytest.mark.parametrize("metric", CLASSES)
def test_a_metric_of_classes_refuses_amounts(metric):
    with pytest.raises(DataError) as caught:
        net(1, "linear").fit(X, SIZE, metrics=[metric], epochs=1, **ENGINE)
    assert str(caught.value) == (
        f"y: {metric} is a metric of classes, but under mean_squared_error these targets are "
        f"amounts, from {SIZE.min():g} to {SIZE.max():g}. Take 'mean_absolute_error', "
        "'root_mean_squared_error' or 'r2'; for classes another loss, or targets of 0 and 1."
    )
    with pytest.raises(DataError, match="is a metric of classes"):
        net(1, "sigmoid").evaluate(X, SIZE / 100 + 0.5, loss="mae", metrics=metric)
    for loss, end, y in [("mse", "linear", YES), ("mse", "tanh", SIGNS), ("bce", "sigmoid", YES)]:
        assert np.isfinite(net(1, end).evaluate(X, y, loss=loss, metrics=metric)[metric])


def test_a_metric_of_classes_refuses_the_amounts_of_one_output_of_several():
    x = gn.Input((3,))
    both = gn.Network(
        inputs=x, outputs=[gn.Dense(1, "sigmoid", name="a")(x), gn.Dense(1, name="b")(x)]
    )
    for metric in ("accuracy", "roc_auc"):
        with pytest.raises(DataError, match=rf"^y\['b'\]: {metric} is a metric of classes"):
            both.fit(X, [YES, SIZE], metrics=metric, epochs=1, **ENGINE)
        only = both.fit(X, [YES, SIZE], metrics={"a": metric}, epochs=1, **ENGINE)
        assert np.isfinite(only[f"a_{metric}"][0])
