"""Callbacks: the moments at which they are called, and what those that ship do."""

import math
import time

import numpy as np
import pytest
from train.small import ENGINE, SIZE, YES, N, X, classifier, network, neuron, same_bits, weights

import glassnet as gn
from glassnet.errors import SettingError, UnknownNameError

STEPS = 4  # of an epoch of N rows, ten at a time


class Diary(gn.callbacks.Callback):
    """Writes down each moment, with the epochs and steps that are finished."""

    def __init__(self):
        self.lines = []

    def note(self, moment, run):
        self.lines.append((moment, run.epoch, run.step))

    def on_fit_begin(self, run):
        self.note("fit begin", run)

    def on_epoch_begin(self, run):
        self.note("epoch begin", run)

    def on_step_begin(self, run):
        self.note("step begin", run)

    def on_step_end(self, run):
        self.note("step end", run)

    def on_epoch_end(self, run):
        self.note("epoch end", run)

    def on_fit_end(self, run):
        self.note("fit end", run)


class AtStep(gn.callbacks.Callback):
    """Does something after one step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step_end(self, run):
        if run.step == self.step:
            self.action(run)


class AtEpoch(gn.callbacks.Callback):
    def __init__(self, action):
        self.action = action

    def on_epoch_end(self, run):
        self.action(run)


def fit(net, callbacks, *, y=YES, epochs=3, **settings):
    return net.fit(X, y, epochs=epochs, batch_size=10, callbacks=callbacks, **ENGINE, **settings)


def test_moments_come_in_order():
    diary = Diary()
    fit(classifier(), [diary], epochs=2)
    expected = [("fit begin", 0, 0)]
    for epoch in range(2):
        expected.append(("epoch begin", epoch, epoch * STEPS))
        for step in range(epoch * STEPS, (epoch + 1) * STEPS):
            expected += [("step begin", epoch, step), ("step end", (step + 1) // STEPS, step + 1)]
        expected.append(("epoch end", epoch + 1, (epoch + 1) * STEPS))
    assert diary.lines == [*expected, ("fit end", 2, 2 * STEPS)]


def test_end_comes_even_where_a_callback_fails():
    diary = Diary()

    def fail(run):
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        fit(classifier(), [diary, AtStep(3, fail)])
    assert diary.lines[-1] == ("fit end", 0, 3)


def test_history_is_there_at_the_end_of_a_step_and_of_an_epoch():
    seen = []
    look = AtStep(5, lambda run: seen.append((len(run.history.steps), run.history.epochs)))
    rows = AtEpoch(lambda run: seen.append(len(run.history["val_loss"])))
    fit(classifier(), [look, rows], validation_split=0.2, epochs=2)
    assert seen == [1, (5, 1), 2]


@pytest.mark.parametrize("step", [1, 4, 6])
def test_callback_may_end_the_fit(step):
    net, other = classifier(), classifier()
    history = fit(net, [AtStep(step, lambda run: run.stop("enough"))])
    assert history.stop_reason == "enough"
    assert len(history.steps) == step
    fit(other, [AtStep(step, lambda run: run.stop("enough"))], epochs=50)
    assert same_bits(weights(net), weights(other))


def test_callback_may_set_the_learning_rate():
    rates = iter([0.5, 0.25, 0.125])

    def halve(run):
        run.learning_rate = next(rates)

    history = fit(neuron(), [AtEpoch(halve)], optimizer=gn.optim.SGD(1.0))
    assert history["learning_rate"] == [1.0, 0.5, 0.25]


# Early stopping.
class Column(gn.callbacks.Callback):
    """Puts figures of its own into the history, before others look at them."""

    def __init__(self, values):
        self.values = iter(values)

    def on_epoch_end(self, run):
        run.history.table.setdefault("figure", []).append(next(self.values))


def stopped(values, **settings):
    """(history, weights after each epoch, weights at the end, the callback)."""
    kept = []
    stop = gn.callbacks.EarlyStopping("figure", **settings)
    keep = AtEpoch(lambda run: kept.append(weights(run.net)))
    net = classifier()
    history = fit(net, [Column(values), keep, stop], epochs=len(values))
    return history, kept, weights(net), stop


def test_early_stopping_gives_back_the_best_weights():
    history, kept, end, stop = stopped([5, 3, 4, 3.5, 3.2, 1, 1], patience=3)
    assert (history.epochs, history.stop_reason) == (5, "early stopping")
    assert (stop.best, stop.best_epoch) == (3, 2)
    assert same_bits(end, kept[1])


def test_best_weights_come_back_where_patience_did_not_run_out():
    history, kept, end, _ = stopped([5, 3, 4, 6], patience=3)
    assert history.stop_reason == "done"
    assert same_bits(end, kept[1])


def test_last_weights_stay_where_they_are_asked_for():
    history, kept, end, _ = stopped([5, 3, 4, 6, 7], patience=3, restore_best=False)
    assert history.epochs == 5
    assert same_bits(end, kept[-1])


def test_too_small_an_improvement_is_none():
    history, _, _, stop = stopped([5, 4.95, 4.9, 4.85, 1], patience=2, min_delta=0.5)
    assert (history.epochs, stop.best) == (3, 5)


def test_scores_are_to_rise():
    history, kept, end, _ = stopped([1, 3, 2, 2.5, 9], patience=2, mode="max")
    assert history.epochs == 4
    assert same_bits(end, kept[1])


DIRECTIONS = {
    "val_accuracy": True,
    "val_acc": True,
    "val_roc_auc": True,
    "val_auc": True,
    "val_brier": False,
    "val_loss": False,
}


@pytest.mark.parametrize(("monitor", "rises"), DIRECTIONS.items())
def test_direction_follows_from_the_metric(monitor, rises):
    stop = gn.callbacks.EarlyStopping(monitor, patience=50)
    metrics = ["accuracy", "roc_auc", "brier"]
    history = fit(classifier(), [stop], validation_split=0.3, metrics=metrics, epochs=8)
    assert abs(stop.best) == (max if rises else min)(history[monitor])


@pytest.mark.parametrize("rate", ["fast", None, float("nan"), -0.1, True, [0.1]])
def test_a_rate_that_is_no_number_is_refused(rate):
    class Wrong(gn.callbacks.Callback):
        def on_epoch_begin(self, run):
            run.learning_rate = rate

    with pytest.raises(gn.errors.SettingError, match="learning_rate must be a number"):
        fit(classifier(), [Wrong()], epochs=2)


def test_validation_is_watched_where_there_is_some():
    stop = gn.callbacks.EarlyStopping(patience=50)
    history = fit(classifier(), [stop], validation_split=0.3, epochs=6)
    assert stop.best == min(history["val_loss"])
    history = fit(classifier(), [stop], epochs=6)
    assert stop.best == min(history["loss"])


def test_averages_are_given_back_as_they_were_in_the_best_epoch():
    kept = []
    stop = gn.callbacks.EarlyStopping("figure", patience=2)
    keep = AtEpoch(lambda run: kept.append({k: v.copy() for k, v in run.weights().items()}))
    net = classifier()
    fit(net, [Column([3, 1, 2, 4]), keep, stop], epochs=4, optimizer=gn.optim.Adam(ema=0.9))
    assert same_bits(weights(net), kept[1])


def test_callback_begins_anew_with_each_fit():
    stop = gn.callbacks.EarlyStopping("figure", patience=2)
    for _ in range(2):
        net = classifier()
        history = fit(net, [Column([1, 2, 3, 4]), stop], epochs=4)
        assert history.epochs == 3


# Time, rates, plateaus.
def test_time_limit_ends_the_fit():
    net = classifier()
    start = time.monotonic()
    history = fit(net, [gn.callbacks.TimeLimit(0.3)], epochs=10**7)
    assert history.stop_reason == "time limit"
    assert 0.3 <= time.monotonic() - start < 3
    assert len(history.steps) > 10


def test_learning_rate_finder_tries_rates_and_puts_the_weights_back():
    net, before = neuron("linear"), weights(neuron("linear"))
    finder = gn.callbacks.LearningRateFinder(low=1e-4, high=1, steps=30)
    history = net.fit(X, SIZE, epochs=100, batch_size=None, optimizer="sgd", callbacks=[finder],
                      **ENGINE)  # fmt: skip
    assert history.stop_reason == "learning rates tried"
    assert len(finder.rates) == len(finder.losses) <= 30
    ratios = np.diff(np.log(finder.rates))
    np.testing.assert_allclose(ratios, ratios[0], rtol=1e-6)
    assert finder.rates[0] == pytest.approx(1e-4)
    assert 0.01 < finder.suggestion < 1
    assert same_bits(weights(net), before)


def test_learning_rate_finder_survives_rates_that_are_far_too_large():
    net, before = neuron("linear"), weights(neuron("linear"))
    finder = gn.callbacks.LearningRateFinder(low=1e-3, high=1e30, steps=100)
    fit(net, [finder], y=SIZE * 1000, epochs=100, optimizer="sgd")
    assert same_bits(weights(net), before)
    assert math.isfinite(finder.suggestion)


def test_learning_rate_finder_needs_a_fit():
    with pytest.raises(SettingError, match="fit with it first"):
        _ = gn.callbacks.LearningRateFinder().suggestion


def test_plateau_lowers_the_learning_rate():
    schedule = gn.optim.schedules.OnPlateau(0.4, factor=0.5, patience=2, monitor="figure")
    history = fit(classifier(), [Column([5, 4, 4, 4, 4, 4, 1, 1])], epochs=8,
                  optimizer=gn.optim.SGD(schedule))  # fmt: skip
    assert history["learning_rate"] == [0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


def test_plateau_of_the_loss_is_watched_where_there_is_no_validation():
    schedule = gn.optim.schedules.OnPlateau(1e-30, patience=1)
    history = fit(neuron(), [], optimizer=gn.optim.SGD(schedule), epochs=4)
    assert history["learning_rate"][-1] < 1e-30


# What is refused.
@pytest.mark.parametrize(("build", "message"), [
    (lambda: gn.callbacks.EarlyStopping(patience=0), "patience must be 1 or more"),
    (lambda: gn.callbacks.EarlyStopping(min_delta=-1), "min_delta 0 or more"),
    (lambda: gn.callbacks.EarlyStopping(mode="up"), "'auto', 'min' or 'max', got 'up'"),
    (lambda: gn.callbacks.TimeLimit(0), "seconds must be above 0"),
    (lambda: gn.callbacks.LearningRateFinder(low=1, high=0.1), "0 < low < high"),
    (lambda: gn.callbacks.LearningRateFinder(steps=1), "at least 2 steps"),
    (lambda: gn.callbacks.Checkpoint("x", keep=0), "keep must be above 0"),
    (lambda: gn.callbacks.Checkpoint("x", every_steps=-1), "every_steps must be above 0"),
])  # fmt: skip
def test_settings_of_callbacks_are_checked(build, message):
    with pytest.raises(SettingError, match=message):
        build()


def test_unknown_column_names_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"'val_los'. Did you mean 'val_loss'"):
        fit(classifier(), [gn.callbacks.EarlyStopping("val_los")], validation_split=0.2)


def test_network_of_one_layer_stops_as_well():
    patient = gn.callbacks.EarlyStopping(patience=1, min_delta=1e-6)  # rounding is no improvement
    history = fit(network(gn.Dense(1)), [patient], y=SIZE * 0,
                  optimizer=gn.optim.SGD(1e-30), epochs=N)  # fmt: skip
    assert history.epochs == 2
