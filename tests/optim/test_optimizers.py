"""Optimisers: what their steps have in common, what sets them apart, and what is refused."""

import math
from itertools import pairwise

import numpy as np
import pytest
from cases.optimizers import START, STEPWISE, Run, after, slope
from kinds import assert_float32_throughout

from glassnet.errors import SettingError, UnknownNameError
from glassnet.optim import (
    LBFGS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Lion,
    Nadam,
    Optimizer,
    RMSprop,
    schedules,
)
from glassnet.optim.lbfgs import Search
from glassnet.optim.optimizer import OPTIMIZERS, find

each = pytest.mark.parametrize("name", STEPWISE)


def test_table_names_every_optimizer():
    assert {type(one) for one in STEPWISE.values()} | {LBFGS} == set(OPTIMIZERS.values())


@each
def test_update_gives_the_weights_and_every_slot(name):
    optimizer = STEPWISE[name]
    assert set(Run(optimizer, START).new) == {"w", *optimizer.active_slots}


@each
def test_float32_stays_float32(name):
    run = Run(STEPWISE[name], START, "float32")
    for _ in range(3):
        dw = slope(run.now["w"])
        assert_float32_throughout(list(run.new.values()), run.values(dw))
        run.step(dw)
    assert {value.dtype.name for value in run.now.values()} == {"float32"}


@each
def test_float32_follows_float64(name):
    narrow, wide = after(STEPWISE[name], 20, dtype="float32"), after(STEPWISE[name], 20)
    limit = 0.05 if isinstance(STEPWISE[name], Lion) else 1e-3  # a sign may turn a step earlier
    np.testing.assert_allclose(narrow, wide, atol=limit)


@each
def test_first_step_goes_down(name):
    decay = getattr(STEPWISE[name], "weight_decay", 0)
    step = after(STEPWISE[name], 1) - START
    falls = slope(START) + decay * START
    np.testing.assert_array_equal(np.sign(step[1:]), -np.sign(falls[1:]))


@each
def test_weight_without_gradient_stays_where_it_is(name):
    decay = getattr(STEPWISE[name], "weight_decay", 0)
    rate = STEPWISE[name].start_rate
    assert after(STEPWISE[name], 7)[0] == pytest.approx(START[0] * (1 - rate * decay) ** 7)


@each
def test_each_number_goes_its_own_way(name):
    order = np.random.default_rng(1).permutation(len(START))
    runs = Run(STEPWISE[name], START), Run(STEPWISE[name], START[order])
    for _ in range(5):
        dw = slope(runs[0].now["w"])
        found = runs[0].step(dw)[order], runs[1].step(dw[order])
    np.testing.assert_allclose(*found, rtol=1e-14)


@each
def test_optimizer_finds_the_bottom_of_a_bowl(name):
    found = after(STEPWISE[name], 600, gradient=lambda w: 2 * (w - 1))
    restless = isinstance(STEPWISE[name], Lion | Adadelta)  # their steps need not get shorter
    near = 0.3 if restless else 0.06
    assert np.abs(found - 1).max() < near


@pytest.mark.parametrize("factor", [1e-3, 1e3])
@pytest.mark.parametrize(
    "optimizer",
    [
        Adam(epsilon=1e-14), AdamW(epsilon=1e-14), Nadam(epsilon=1e-14), RMSprop(epsilon=1e-14),
        Adagrad(epsilon=1e-14), Lion(),
    ],
    ids=lambda o: type(o).__name__,
)  # fmt: skip
def test_step_does_not_depend_on_the_size_of_the_gradient(optimizer, factor):
    small = after(optimizer, 5, gradient=slope)
    large = after(optimizer, 5, gradient=lambda w: factor * slope(w))
    np.testing.assert_allclose(small, large, atol=1e-9)


# One by one.
@pytest.mark.parametrize(
    ("optimizer", "title"),
    [
        (SGD(), "gradient descent"),
        (SGD(0.1, momentum=0.9), "gradient descent with momentum"),
        (SGD(0.1, momentum=0.9, nesterov=True), "gradient descent with Nesterov momentum"),
        (AdamW(), "AdamW"),
        (LBFGS(), "L-BFGS"),
    ],
)
def test_optimizer_has_a_title_for_the_printed_program(optimizer, title):
    assert optimizer.title == title


def test_gradient_descent_subtracts_the_rate_times_the_gradient():
    np.testing.assert_array_equal(after(SGD(0.1), 1), START - 0.1 * slope(START))


def test_momentum_adds_up_to_a_longer_step():
    run = Run(SGD(0.1, momentum=0.9), [0.0])
    for _ in range(300):
        before = run.now["w"][0]
        run.step([1.0])
    assert before - run.now["w"][0] == pytest.approx(0.1 / (1 - 0.9))


@pytest.mark.parametrize("optimizer", [Adam(0.01), AdamW(0.01, weight_decay=0)])
def test_first_step_of_adam_is_the_rate_long(optimizer):
    step = np.abs(after(optimizer, 1) - START)
    np.testing.assert_allclose(step[1:], 0.01, rtol=1e-6)


def test_adamw_without_decay_is_adam():
    np.testing.assert_array_equal(after(AdamW(weight_decay=0), 20), after(Adam(), 20))


def test_every_step_of_lion_is_the_rate_long():
    step = np.abs(after(Lion(0.01), 1) - START)
    np.testing.assert_allclose(step[1:], 0.01, rtol=1e-12)


def lion(w, m, dw, o):
    """Chen et al., 2023, algorithm 2."""
    direction = np.sign(o.beta1 * m + (1 - o.beta1) * dw)
    w = w - o.learning_rate * (direction + o.weight_decay * w)
    return w, o.beta2 * m + (1 - o.beta2) * dw


@pytest.mark.parametrize("name", ["Lion", "Lion, all options"])
def test_lion_follows_its_algorithm(name):
    w, m = START, np.zeros_like(START)
    for _ in range(30):
        w, m = lion(w, m, slope(w), STEPWISE[name])
    np.testing.assert_allclose(after(STEPWISE[name], 30), w, rtol=1e-12)


@pytest.mark.parametrize("number", [np.float64, np.float32])
def test_settings_may_be_numpys_numbers(number):
    for optimizer in (Adam(number(0.5), beta1=number(0.5)), SGD(number(0.5), momentum=number(0.5))):
        run = Run(optimizer, START, "float32")
        run.step(slope(START))
        assert {value.dtype.name for value in run.now.values()} == {"float32"}


# L-BFGS.
def rosenbrock(p):
    """sum(100 (b - a^2)^2 + (1 - a)^2) over neighbours a, b, and its gradient."""
    a, b = p[:-1], p[1:]
    slope = np.zeros_like(p)
    slope[:-1] = -400 * a * (b - a**2) - 2 * (1 - a)
    slope[1:] += 200 * (b - a**2)
    return float(np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2)), slope


def bowl(p):
    return float(CURVED @ p**2), 2 * CURVED * p


CURVED = np.logspace(0, 3, 6)


def searched(function, point, steps, memory=10, length=1.0):
    """(losses before each step, the point after them, how often the function was asked)."""
    asked, values = 0, []

    def counted(p):
        nonlocal asked
        asked += 1
        return function(p)

    search, point = Search(memory), np.array(point, float)
    for _ in range(steps):
        value, point = search.advance(counted, point, length)
        values.append(value)
    return values, point, asked


@pytest.mark.parametrize("start", [[-1.2, 1], [3, -4], [-1.2] * 6, [0] * 10])
def test_lbfgs_finds_the_bottom_of_rosenbrocks_valley(start):
    values, point, _ = searched(rosenbrock, start, 130)
    np.testing.assert_allclose(point, 1, rtol=1e-8)
    assert all(later <= earlier for earlier, later in pairwise(values))


def test_lbfgs_asks_for_the_loss_little_more_than_once_a_step():
    _, point, asked = searched(rosenbrock, [-1.2, 1], 36)
    assert np.abs(point - 1).max() < 1e-6
    assert asked < 50


@pytest.mark.parametrize("memory", [1, 3, 20])
@pytest.mark.parametrize("length", [0.01, 1.0, 100.0])
def test_lbfgs_finds_the_bottom_of_a_bowl(memory, length):
    _, point, _ = searched(bowl, np.ones(6), 400, memory, length)
    np.testing.assert_allclose(point, 0, atol=1e-5)


def test_lbfgs_stays_at_the_bottom():
    values, point, _ = searched(bowl, np.zeros(6), 3)
    assert values == [0, 0, 0]
    np.testing.assert_array_equal(point, np.zeros(6))


def test_lbfgs_steps_back_from_where_there_is_no_number():
    def fenced(p):
        if p[0] < 0.5:
            return math.nan, np.full(1, math.nan)
        return float(p[0] - np.log(p[0] - 0.5)), 1 - 1 / (p - 0.5)

    _, point, _ = searched(fenced, [9.0], 40)
    assert point[0] == pytest.approx(1.5, rel=1e-6)


def test_lbfgs_forgets_what_does_not_fit():
    search = Search(memory=5, steps=[np.array([1.0, 0])], changes=[np.array([1.0, 0])])

    def rising(p):  # whichever way it goes, the loss is larger there
        return float(np.abs(p).sum()), np.array([1.0, 1.0])

    _, point = search.advance(rising, np.zeros(2), 1.0)
    np.testing.assert_array_equal(point, np.zeros(2))
    assert search.steps == []


# Names and settings.
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_is_found_by_name_class_and_itself(name):
    optimizer = find(name)
    assert type(optimizer).__name__.lower() == name
    assert find(type(optimizer)) == optimizer
    assert find(optimizer) is optimizer


def test_rate_of_a_schedule_is_where_it_starts():
    assert SGD(schedules.Cosine(0.3)).start_rate == 0.3
    assert type(SGD(np.float64(0.3)).start_rate) is float


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "SGD: learning_rate must be a number above 0, or a schedule, got 0"),
        (lambda: SGD("fast"), "learning_rate must be a number above 0, or a schedule, got 'fast'"),
        (lambda: SGD(math.inf), "got inf"),
        (lambda: SGD(math.nan), "got nan"),
        (lambda: SGD(0.1, momentum=1), "momentum must be a number from 0 up to, but not, 1, got 1"),
        (lambda: SGD(0.1, nesterov=True), "momentum must be above 0 with nesterov=True, got 0"),
        (lambda: Adam(beta2=-0.1), "Adam: beta2 must be a number from 0 up to, but not, 1"),
        (lambda: Adam(epsilon=0), "Adam: epsilon must be a number above 0, got 0"),
        (lambda: Adam(beta1="0.9"), "beta1 must be .* got '0.9'"),
        (lambda: AdamW(weight_decay=-1), "weight_decay must be a number, 0 or more, got -1"),
        (lambda: Nadam(momentum_decay=-1), "momentum_decay must be a number, 0 or more, got -1"),
        (lambda: RMSprop(rho=1.5), "RMSprop: rho must be"),
        (lambda: Adadelta(clip_norm=0), "Adadelta: clip_norm must be a number above 0, got 0"),
        (lambda: Adagrad(clip_value=-1), "Adagrad: clip_value must be a number above 0, got -1"),
        (lambda: Lion(ema=1), "Lion: ema must be a number between 0 and 1, got 1"),
        (lambda: LBFGS(memory=0), "LBFGS: memory must be a whole number of at least 1, got 0"),
        (
            lambda: LBFGS(schedules.Cosine()),
            "LBFGS: learning_rate must be a number, not a schedule",
        ),
        (lambda: LBFGS(ema=0.9), "LBFGS: ema must be None: a line search chooses each step"),
        (lambda: LBFGS(clip_norm=1), "LBFGS: clip_norm must be None"),
        (lambda: find(0.1), r"An optimizer is a name or an object such as gn\.optim\.Adam\(\)"),
    ],
)
def test_setting_out_of_range_is_refused(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_unknown_optimizer_is_refused():
    with pytest.raises(UnknownNameError, match=r"Did you mean 'adam'\?"):
        find("adm")


def test_optimizer_of_ones_own_is_found_by_its_name():
    class SignDescent(Optimizer):
        def update(self, w, dw, learning_rate, t, **slots):
            return {"w": w - learning_rate * np.sign(dw)}

    try:
        found = after(find("signdescent"), 1)
        np.testing.assert_allclose(found, START - 0.01 * np.sign(slope(START)))
    finally:
        del OPTIMIZERS["signdescent"]
