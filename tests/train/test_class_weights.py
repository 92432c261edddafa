"""Class weights: which class a key means, and what is said of targets that are no classes."""

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, YES, N, X, network, neuron

import glassnet as gn
from glassnet.errors import DataError, SettingError, ShapeError


def losses(net, y, **settings):
    return net.fit(X, y, **{"epochs": 2, "batch_size": None, **ENGINE, **settings})["loss"]


def by_rows(net, y, weights, **settings):
    return losses(net, y, sample_weight=weights, **settings)


KEYS = {
    "whole numbers": {0: 2, 1: 5}, "truths": {False: 2, True: 5}, "floats": {0.0: 2, 1.0: 5},
    "NumPy's": {np.int8(0): 2, np.float32(1): 5}, "NumPy's truths": {np.False_: 2, np.True_: 5},
    "a list": [2, 5], "an array": np.array([2, 5]),
}  # fmt: skip


@pytest.mark.parametrize("keys", KEYS)
@pytest.mark.parametrize("units", [1, 2])
def test_classes_may_be_called_by(keys, units):
    def net():
        return network(gn.Dense(units, "sigmoid" if units == 1 else "softmax"))

    found = losses(net(), YES, class_weight=KEYS[keys])
    assert found == pytest.approx(by_rows(net(), YES, np.where(YES, 5.0, 2.0)), rel=1e-5)


def test_targets_may_be_truths():
    found = losses(neuron(), YES > 0, class_weight={True: 5})
    assert found == pytest.approx(by_rows(neuron(), YES, np.where(YES, 5.0, 1.0)), rel=1e-5)


@pytest.mark.parametrize("weight", [{-1: 2, 1: 5}, [2, 5]])
def test_classes_of_hinge_are_called_as_its_targets(weight):
    y = 2 * YES - 1
    found = losses(neuron("linear"), y, loss="hinge", class_weight=weight)
    rows = by_rows(neuron("linear"), y, np.where(YES, 5.0, 2.0), loss="hinge")
    assert found == pytest.approx(rows, rel=1e-5)


def test_balanced_classes_of_hinge_count_as_much_together():
    y = 2 * YES - 1
    rows = np.where(YES, N / (2 * YES.sum()), N / (2 * (N - YES.sum())))
    found = losses(neuron("linear"), y, loss="hinge", class_weight="balanced")
    assert found == pytest.approx(by_rows(neuron("linear"), y, rows, loss="hinge"), rel=1e-5)


HUGE = np.where(YES, 1e9, 0)
NO_CLASSES = "class_weight needs targets that are classes, 0 and 1, got "
INSTEAD = ". Weigh rows by sample_weight instead."
REFUSED = [
    (neuron("linear"), SIZE, "balanced", DataError, f"{NO_CLASSES}fractions{INSTEAD}"),
    (neuron("linear"), HUGE, "balanced", DataError, f"{NO_CLASSES}1000000000.0{INSTEAD}"),
    (neuron("linear"), HUGE, {0: 1}, DataError, f"{NO_CLASSES}1000000000.0{INSTEAD}"),
    (neuron("linear"), KIND, {0: 1}, DataError, f"{NO_CLASSES}2{INSTEAD}"),
    (neuron("linear"), -3 * YES, {0: 1}, DataError, f"{NO_CLASSES}-3{INSTEAD}"),
    (neuron("linear"), KIND - 1, {0: 1}, DataError,
     f"class_weight needs targets that are classes, -1 and 1, got 0{INSTEAD}"),
    (neuron(), YES, {0.5: 1}, SettingError, "class_weight: there is no class 0.5, only 0 to 1."),
    (neuron(), YES, {np.nan: 1}, SettingError, "class_weight: there is no class nan, only 0 to 1."),
    (neuron(), YES, {-1: 1}, SettingError, "class_weight: there is no class -1, only 0 to 1."),
    (neuron(), YES, {"1": 1}, SettingError, "class_weight: there is no class '1', only 0 to 1."),
    (neuron(), YES, {None: 1}, SettingError, "class_weight: there is no class None, only 0 to 1."),
    (network(gn.Dense(2, "sigmoid")), np.c_[YES, YES], {0: 1}, DataError,
     ("class_weight needs one class a row, but there are rows of y that do not sum to 1. Weigh "
      "such rows by sample_weight.")),
    (network(gn.Dense(4), gn.Reshape((2, 2))), np.zeros((N, 2, 2)), {0: 1}, ShapeError,
     "class_weight needs one class a row, got targets of shape (37, 2, 2)."),
    (network(gn.Dense(4), gn.Reshape((2, 2)), gn.Dense(2, "softmax")), np.c_[YES, 1 - YES], {0: 1},
     ShapeError, "class_weight needs one class a row, got targets of shape (37, 2)."),
]  # fmt: skip


@pytest.mark.parametrize(("net", "y", "weight", "kind", "message"), REFUSED,
                         ids=[f"{m[-40:]} {i}" for i, (*_, m) in enumerate(REFUSED)])  # fmt: skip
def test_what_is_no_class_is_named(net, y, weight, kind, message):
    with pytest.raises(kind) as caught:
        losses(net, y, class_weight=weight)
    assert str(caught.value) == message


def test_an_output_without_classes_is_named():
    class Total(gn.Layer):
        def formula(self, x):
            return gn.graph.sum(x, axis=-1)

    net = network(gn.Dense(2), Total())
    with pytest.raises(ShapeError, match=r"needs an output with an axis of classes, got \(B,\)"):
        losses(net, YES, class_weight={0: 1})
