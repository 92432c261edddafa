"""Optimisers and schedules against PyTorch's, in float64, step after step."""

import numpy as np
import pytest
from cases.optimizers import START, STEPWISE, Run, after, slope

from glassnet import graph as g
from glassnet.optim import SGD, schedules
from glassnet.optim.optimizer import find

torch = pytest.importorskip("torch", reason="torch is not installed")
lr_scheduler = torch.optim.lr_scheduler

BOUND = 1e-10
T = torch.optim

# Row of tests/cases/optimizers.py -> the same in PyTorch. Lion, which it has not, is tested
# elsewhere.
TORCH = {
    "SGD": lambda w: T.SGD(w, 0.05),
    "SGD, momentum": lambda w: T.SGD(w, 0.02, momentum=0.9),
    "SGD, Nesterov": lambda w: T.SGD(w, 0.02, momentum=0.8, nesterov=True),
    "Adam": lambda w: T.Adam(w, 0.05),
    "Adam, all options": lambda w: T.Adam(w, 0.1, betas=(0.5, 0.9), eps=1e-3),
    "AdamW": lambda w: T.AdamW(w, 0.05),
    "AdamW, all options": lambda w: T.AdamW(w, 0.1, betas=(0.8, 0.99), eps=1e-4, weight_decay=0.3),
    "Nadam": lambda w: T.NAdam(w, 0.05),
    "Nadam, all options": lambda w: T.NAdam(
        w, 0.02, betas=(0.8, 0.95), eps=1e-4, momentum_decay=0.05
    ),
    "RMSprop": T.RMSprop,
    "RMSprop, all options": lambda w: T.RMSprop(w, 0.02, alpha=0.9, eps=1e-3, momentum=0.5),
    "Adagrad": lambda w: T.Adagrad(w, 0.5),
    "Adagrad, all options": lambda w: T.Adagrad(w, 0.1, eps=1e-3),
    "Adadelta": T.Adadelta,
    "Adadelta, all options": lambda w: T.Adadelta(w, 0.5, rho=0.95, eps=1e-3),
}


@pytest.fixture(autouse=True)
def float64():
    """NAdam keeps its product of momenta in the default kind."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def steps_in_torch(make, count, schedule=None):
    """The weights after so many steps of PyTorch."""
    w = torch.tensor(START, requires_grad=True)
    optimizer = make([w])
    follow = schedule(optimizer) if schedule else None
    for _ in range(count):
        w.grad = torch.tensor(slope(w.detach().numpy()))
        optimizer.step()
        if follow:
            follow.step()
    return w.detach().numpy()


def test_every_optimizer_but_lion_is_compared():
    assert set(TORCH) == {name for name in STEPWISE if not name.startswith("Lion")}


@pytest.mark.parametrize("count", [1, 10, 100])
@pytest.mark.parametrize("name", TORCH)
def test_weights_equal_pytorchs(name, count):
    found, expected = after(STEPWISE[name], count), steps_in_torch(TORCH[name], count)
    np.testing.assert_allclose(found, expected, rtol=BOUND, atol=BOUND)


DEFAULTS = {"adam": T.Adam, "adamw": T.AdamW, "nadam": T.NAdam,
            "rmsprop": T.RMSprop, "adagrad": T.Adagrad, "adadelta": T.Adadelta}  # fmt: skip


@pytest.mark.parametrize("name", DEFAULTS)
def test_default_settings_are_pytorchs(name):
    expected = steps_in_torch(DEFAULTS[name], 10)
    np.testing.assert_allclose(after(find(name), 10), expected, rtol=BOUND, atol=BOUND)


# (ours, PyTorch's): the rate for each step, from 1.0.
SCHEDULES = {
    "StepLR": (
        schedules.Step(1.0, every=7, gamma=0.3),
        lambda o: lr_scheduler.StepLR(o, step_size=7, gamma=0.3),
    ),
    "ExponentialLR": (
        schedules.Exponential(1.0, every=1, gamma=0.95),
        lambda o: lr_scheduler.ExponentialLR(o, gamma=0.95),
    ),
    "PolynomialLR": (
        schedules.Polynomial(1.0, steps=40),
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=40),
    ),
    "PolynomialLR, squared": (
        schedules.Polynomial(1.0, steps=40, power=2),
        lambda o: lr_scheduler.PolynomialLR(o, total_iters=40, power=2),
    ),
    "CosineAnnealingLR": (
        schedules.Cosine(1.0, steps=59, end=0.1),
        lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=59, eta_min=0.1),
    ),
    "CosineAnnealingWarmRestarts": (
        schedules.Cosine(1.0, steps=17, end=0.05, restarts=True),
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, T_0=17, eta_min=0.05),
    ),
    "OneCycleLR": (
        schedules.OneCycle(1.0, steps=60),
        lambda o: lr_scheduler.OneCycleLR(o, 1.0, total_steps=60),
    ),
    "OneCycleLR, all options": (
        schedules.OneCycle(1.0, steps=60, rise=0.45, div=10, final_div=50),
        lambda o: lr_scheduler.OneCycleLR(
            o, 1.0, total_steps=60, pct_start=0.45, div_factor=10, final_div_factor=50
        ),
    ),
    "LinearLR": (
        schedules.Warmup(1.0, steps=10),
        lambda o: lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=9),
    ),
    "ConstantLR": (
        schedules.Constant(1.0),
        lambda o: lr_scheduler.ConstantLR(o, factor=1),
    ),
    "SequentialLR": (
        schedules.Warmup(1.0, steps=10, then=schedules.Cosine(steps=49)),
        lambda o: lr_scheduler.SequentialLR(
            o,
            [
                lr_scheduler.LinearLR(o, start_factor=0.1, total_iters=9),
                lr_scheduler.CosineAnnealingLR(o, T_max=49),
            ],
            milestones=[10],
        ),
    ),
}
RATE, S = g.input("learning_rate", (), "number"), g.input("s", (), "number")


def rate(schedule, s):
    values = {RATE: schedule.learning_rate, S: s}
    return g.evaluate([schedule.formula(RATE, S)], values)[0]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.filterwarnings("ignore:The epoch parameter in `scheduler.step")
def test_rates_equal_pytorchs(name):
    ours, theirs = SCHEDULES[name]
    optimizer = T.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    follow = theirs(optimizer)
    for s in range(59):
        assert rate(ours, s) == pytest.approx(follow.get_last_lr()[0], rel=BOUND, abs=1e-13)
        optimizer.step()
        follow.step()


def test_plateau_equals_pytorchs():
    losses = np.random.default_rng(0).uniform(1, 2, 60)
    ours = schedules.OnPlateau(1.0, factor=0.5, patience=4, least=0.01)
    optimizer = T.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    follow = lr_scheduler.ReduceLROnPlateau(  # it counts the epochs that it still bears
        optimizer, factor=0.5, patience=3, threshold=0, min_lr=0.01
    )
    for i, loss in enumerate(losses):
        follow.step(loss)
        assert ours.rate(losses[: i + 1]) == pytest.approx(follow.get_last_lr()[0], rel=1e-12)


def test_weights_under_a_schedule_equal_pytorchs():
    schedule = schedules.OneCycle(0.1, steps=60)
    run = Run(SGD(schedule, momentum=0.9), START)
    for s in range(60):
        run.step(slope(run.now["w"]), rate(schedule, s))
    expected = steps_in_torch(
        lambda w: T.SGD(w, 0.1, momentum=0.9),
        60,
        lambda o: lr_scheduler.OneCycleLR(o, 0.1, total_steps=60, cycle_momentum=False),
    )
    np.testing.assert_allclose(run.now["w"], expected, rtol=BOUND, atol=BOUND)
