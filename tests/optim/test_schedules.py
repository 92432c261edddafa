"""Schedules: the rate after s steps, at the points where the formula can be done in one's head."""

import math

import numpy as np
import pytest

from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.optim.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    OnPlateau,
    Polynomial,
    Schedule,
    Step,
    Warmup,
)

RATE = g.input("learning_rate", (), "number")
S = g.input("s", (), "number")


def rate(schedule, s):
    """The rate after s steps."""
    found = schedule.formula(RATE, S)
    return g.evaluate([found], {RATE: schedule.learning_rate, S: s})[0]


CYCLE = OneCycle(1.0, steps=101, rise=0.3, div=10, final_div=100)
VALUES = {
    "constant": (Constant(0.1), {0: 0.1, 10**6: 0.1}),
    "step": (Step(1.0, every=10, gamma=0.1), {0: 1, 9: 1, 10: 0.1, 19: 0.1, 20: 0.01, 99: 1e-9}),
    "exponential": (Exponential(1.0, every=10, gamma=0.5),
                    {0: 1, 5: math.sqrt(0.5), 10: 0.5, 20: 0.25}),
    "polynomial": (Polynomial(1.0, steps=10, end=0.2), {0: 1, 5: 0.6, 10: 0.2, 11: 0.2, 999: 0.2}),
    "polynomial, squared": (Polynomial(1.0, steps=10, power=2), {0: 1, 5: 0.25, 10: 0, 11: 0}),
    "cosine": (Cosine(1.0, steps=10, end=0.2), {0: 1, 5: 0.6, 10: 0.2, 11: 0.2, 999: 0.2}),
    "cosine, restarts": (Cosine(1.0, steps=10, restarts=True),
                         {0: 1, 5: 0.5, 10: 1, 15: 0.5, 20: 1, 100: 1}),
    "warm-up": (Warmup(1.0, steps=4), {0: 0.25, 1: 0.5, 3: 1, 4: 1, 999: 1}),
    "warm-up, then cosine": (Warmup(1.0, steps=4, then=Cosine(steps=10)),
                             {0: 0.25, 3: 1, 4: 1, 9: 0.5, 14: 0, 99: 0}),
    "warm-up, then steps": (Warmup(1.0, steps=4, then=Step(every=2, gamma=0.5)),
                            {0: 0.25, 3: 1, 4: 1, 5: 1, 6: 0.5, 8: 0.25}),
    "one cycle": (CYCLE, {0: 0.1, 29.3: 1, 100: 0.001, 101: 0.001, 999: 0.001}),
    "on plateau": (OnPlateau(0.1), {0: 0.1, 999: 0.1}),
}  # fmt: skip
each = pytest.mark.parametrize("name", VALUES)


def all_schedules(kind=Schedule):
    return {kind} | {k for sub in kind.__subclasses__() for k in all_schedules(sub)}


def test_table_names_every_schedule():
    assert {type(schedule) for schedule, _ in VALUES.values()} == all_schedules() - {Schedule}


@each
def test_rate_is_what_the_formula_says(name):
    schedule, expected = VALUES[name]
    found = {s: rate(schedule, s) for s in expected}
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


@each
def test_rate_is_a_plain_number(name):
    schedule, expected = VALUES[name]
    formula = schedule.formula(RATE, S)
    assert {node.dtype for node in g.in_order([formula])} <= {"number", "bool"}
    for s in map(int, expected):
        known = g.evaluate_all([formula], {RATE: schedule.learning_rate, S: s})
        assert {type(value) for value in known.values()} <= {bool, int, float}


@each
def test_float32_weights_stay_float32(name):
    schedule, _ = VALUES[name]
    w = g.parameter("w", ("N",), "float32")
    values = {RATE: schedule.learning_rate, S: 3, w: np.ones(2, "f4")}
    assert g.evaluate([w - schedule.formula(RATE, S) * w], values)[0].dtype == "float32"


@each
def test_rate_is_never_negative(name):
    schedule, _ = VALUES[name]
    rates = [rate(schedule, s) for s in range(150)]
    assert min(rates) >= 0
    assert max(rates) <= schedule.learning_rate


def test_one_cycle_goes_up_then_down():
    rates = [rate(CYCLE, s) for s in range(101)]
    peak = int(np.argmax(rates))
    assert peak == 29
    assert np.all(np.diff(rates[: peak + 1]) > 0)
    assert np.all(np.diff(rates[peak + 1 :]) < 0)


@pytest.mark.parametrize("rise", [0, 0.001, 0.5, 0.999, 1])
@pytest.mark.parametrize("steps", [1, 2, 3, 50])
def test_one_cycle_of_any_length_stays_between_its_ends(steps, rise):
    schedule = OneCycle(1.0, steps=steps, rise=rise)
    assert all(0 < rate(schedule, s) <= 1 for s in range(60))


@pytest.mark.parametrize("then", [Exponential(every=1, gamma=0.01), Step(every=1, gamma=0.01)])
def test_a_long_warm_up_does_not_overflow_what_comes_after(then):
    schedule = Warmup(1.0, steps=10_000, then=then)
    assert rate(schedule, 0) == pytest.approx(1e-4)
    assert rate(schedule, 10_001) == pytest.approx(0.01)


# On a plateau.
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], 1),
        ([3, 2, 1], 1),
        ([1, 1], 1),
        ([1, 1, 1], 0.5),
        ([1, 2, 2, 2], 0.5),
        ([1, 2, 2, 2, 2], 0.25),
        ([1, 2, 0.5, 2], 1),
        ([1, 2, 2, 0.5, 2, 2], 0.25),
        ([1] * 20, 0.1),
        ([math.nan, math.nan], 0.5),
    ],
)
def test_rate_is_cut_when_the_best_is_too_long_ago(values, expected):
    assert OnPlateau(1.0, factor=0.5, patience=2, least=0.1).rate(values) == expected


def test_the_least_rate_never_raises_the_rate():
    assert OnPlateau(0.01, patience=1, least=0.1).rate([1, 1, 1]) == 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(0), "Constant: learning_rate must be a number above 0, got 0"),
        (lambda: Step(every=0), "Step: every must be a number above 0, got 0"),
        (lambda: Exponential(gamma=-1), "Exponential: gamma must be a number above 0, got -1"),
        (lambda: Polynomial(steps=0), "Polynomial: steps must be a number above 0, got 0"),
        (lambda: Polynomial(power=-1), "Polynomial: power must be a number, 0 or more, got -1"),
        (lambda: Cosine(end=-1), "Cosine: end must be a number, 0 or more, got -1"),
        (lambda: Cosine(steps="many"), "Cosine: steps must be a number above 0, got 'many'"),
        (lambda: OneCycle(rise=1.5), "OneCycle: rise must be a number from 0 to 1, got 1.5"),
        (lambda: OneCycle(div=0), "OneCycle: div must be a number above 0, got 0"),
        (lambda: OnPlateau(factor=2), "OnPlateau: factor must be a number above 0, at most 1"),
        (lambda: OnPlateau(patience=0), "OnPlateau: patience must be a number above 0, got 0"),
        (lambda: Warmup(then=0.1), "Warmup: then must be a schedule .* or None, got 0.1"),
        (lambda: Warmup(then=OnPlateau()), r"OnPlateau stands alone"),
        (lambda: Cosine(math.nan), "learning_rate must be a number above 0, got nan"),
    ],
)
def test_setting_out_of_range_is_refused(make, message):
    with pytest.raises(SettingError, match=message):
        make()
