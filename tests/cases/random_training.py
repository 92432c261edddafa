"""Random ends of networks and ways to train them: losses with targets to match, and optimisers."""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

import glassnet as gn
from glassnet import graph as g
from glassnet.optim import schedules
from glassnet.optim.optimizer import OPTIMIZERS

STEPS = 20
BATCHES = (1, 2, 3, 5, 7, 13, 16, 17, 19, 32, None)
L = gn.losses


def root_square(y, p):
    """A user's own loss, and metric."""
    return g.sqrt(1 + (p - y) ** 2) - 1


class End(NamedTuple):
    """What an output may end in for a loss.

    target  what y holds; least  how many units the output has at least
    """

    loss: Any
    activations: tuple[str, ...]
    target: str
    least: int = 1


ANY = ("linear", "tanh", "prelu", "softsign", "leaky_relu")
ENDS = (
    End(L.SumSquaredError(), ANY, "number"),
    End(L.MeanSquaredError(), ANY, "number"),
    End(L.MeanAbsoluteError(), ANY, "number"),
    End(L.Huber(), ANY, "number"),
    End(L.Huber(0.2), ANY, "number"),
    End(L.Quantile(0.8), ANY, "number"),
    End(L.LogCosh(), ANY, "number"),
    End(root_square, ANY, "number"),
    End(L.Poisson(), ("softplus",), "count"),
    End(L.BinaryCrossentropy(), ("sigmoid",), "yes"),
    End(L.BinaryCrossentropy(0.1), ("sigmoid",), "yes"),
    End(L.Focal(), ("sigmoid",), "yes"),
    End(L.Focal(0.5, None), ("sigmoid",), "yes"),
    End(L.CategoricalCrossentropy(), ("softmax",), "labels", 2),
    End(L.CategoricalCrossentropy(0.1), ("softmax",), "shares", 2),
    End(L.SparseCategoricalCrossentropy(), ("softmax",), "class", 2),
    End(L.SparseCategoricalCrossentropy(0.1), ("softmax",), "class", 2),
    End(L.Hinge(), ("linear", "tanh"), "sign"),
    End(L.KlDivergence(), ("softmax",), "shares", 2),
    End(L.KlDivergence(), ("softmax",), "labels", 2),
    End(L.CosineSimilarity(), ANY, "number"),
    End(L.Contrastive(), ("softplus",), "distant"),
    End(L.Triplet(0.5), ("softplus",), "place", 2),
)
KINKED = (
    "mean_absolute_error",
    "quantile",
    "hinge",
    "triplet",
)  # slopes that may cancel to nothing


def _shares(rng, shape):
    drawn = rng.uniform(0.1, 1, shape)
    return drawn / drawn.sum(-1, keepdims=True)


TARGETS = {
    "number": lambda rng, shape: rng.normal(size=shape),
    "count": lambda rng, shape: rng.integers(0, 4, shape),
    "yes": lambda rng, shape: rng.integers(0, 2, shape),
    "sign": lambda rng, shape: 2 * rng.integers(0, 2, shape) - 1,
    "labels": lambda rng, shape: np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])],
    "shares": _shares,
    "class": lambda rng, shape: rng.integers(0, shape[-1], shape[:-1]),
    "place": lambda rng, shape: rng.integers(0, shape[-1], shape[:-1]),
    "distant": lambda rng, shape: rng.integers(0, 2, shape),
}
METRICS = {
    "number": ["mean_absolute_error", "root_mean_squared_error", "r2", root_square],
    "count": ["mean_absolute_error"],
    "sign": ["accuracy"],
    "place": [],
    "distant": ["mean_absolute_error"],
    "shares": ["mean_absolute_error"],
    "yes": ["accuracy", "log_loss", "brier"],
    "one yes": ["accuracy", "log_loss", "brier", "precision", "recall", "f1", "roc_auc",
                "average_precision", "balanced_accuracy"],
    "labels": ["accuracy", "log_loss", "brier", "f1"],
    "class": ["accuracy", "log_loss", "brier", "precision", "recall", "roc_auc",
              gn.metrics.TopKAccuracy(1)],
}  # fmt: skip


class Output(NamedTuple):
    """One output: its symbol, its loss, its target and its metrics."""

    symbol: Any
    loss: Any
    y: Any
    metrics: list


def draw_output(d, x):
    """An output upon the value x (B, I), or upon a value like it."""
    end = d.pick.choice(ENDS)
    units = max(end.least, d.pick.choice([1, 1, 2, 3, 4]))
    if d.chance(0.1):
        x = gn.Reshape((2, units))(gn.Dense(2 * units, "tanh")(x))  # an output of several axes
    symbol = gn.Dense(units, d.pick.choice(end.activations))(x)
    y = TARGETS[end.target](d.rng, (d.n_rows, *symbol.shape[1:]))
    one = end.target == "yes" and symbol.shape[1:] == (1,)
    known = METRICS["one yes" if one else end.target]
    if len(symbol.shape) > 2:
        known = ["mean_absolute_error"] if end.target == "number" else []
    return Output(symbol, end.loss, y, d.pick.sample(known, d.pick.randint(0, min(2, len(known)))))


def draw_optimizer(d, losses):
    """An optimiser with options of its own, and a rate that suits the losses."""
    rate = d.pick.choice([0.003, 0.01, 0.03])
    total = any(getattr(loss, "total", False) for loss in losses)
    names = [n for n in OPTIMIZERS if n != "lbfgs"]
    if total or any(getattr(loss, "name", "") in KINKED for loss in losses):
        names.remove("lion")  # the sign of what cancels is nobody's
    kind = d.pick.choice(names)
    options = draw_options(d, kind)
    if kind == "sgd" and total:
        rate /= 30
    if kind == "adadelta":
        rate *= 30
    if d.chance(0.3):
        rate = draw_schedule(d, rate)
    return OPTIMIZERS[kind](rate, **options)


def draw_options(d, kind):
    """What an optimiser of this kind takes beside its rate."""
    options: dict[str, Any] = {}
    if kind == "sgd" and d.chance(0.6):
        options = {"momentum": d.pick.choice([0.5, 0.9]), "nesterov": d.chance(0.5)}
    if kind == "rmsprop" and d.chance(0.5):
        options = {"momentum": 0.5, "rho": 0.9}
    if kind in {"adam", "nadam", "adamw"} and d.chance(0.5):
        options = {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-4}
    if kind in {"adamw", "lion"} and d.chance(0.5):
        options["weight_decay"] = 0.1
    if d.chance(0.2):
        options["clip_norm"] = d.pick.choice([0.1, 1.0, 50.0])
    if d.chance(0.2):
        options["clip_value"] = d.pick.choice([0.01, 0.5])
    if d.chance(0.2):
        options["ema"] = 0.9
    return options


def draw_schedule(d, rate):
    """One of the schedules that stand in the step."""
    return d.pick.choice([
        schedules.Constant(rate), schedules.Step(rate, 7, 0.5), schedules.Exponential(rate, 10),
        schedules.Polynomial(rate, 15, power=2.0), schedules.Cosine(rate, 13),
        schedules.Cosine(rate, 6, restarts=True), schedules.Warmup(rate, 5),
        schedules.Warmup(rate, 4, then=schedules.Cosine(rate, 12)), schedules.OneCycle(rate, 19),
    ])  # fmt: skip


def draw_settings(d, outputs):
    """The settings of fit."""
    losses = [o.loss for o in outputs]
    optimizer = draw_optimizer(d, losses)
    if len(losses) > 1 and d.chance(0.5):
        losses = [replace(x, weight=0.3) if isinstance(x, L.Loss) else x for x in losses]
    batch_size = d.pick.choice([b for b in BATCHES if b != 1 or d.n_rows < 30])
    steps = math.ceil(d.n_rows / min(batch_size or d.n_rows, d.n_rows))
    settings: dict[str, Any] = {
        "loss": losses if len(losses) > 1 else losses[0], "optimizer": optimizer,
        "metrics": [o.metrics for o in outputs], "batch_size": batch_size,
        "epochs": math.ceil(STEPS / steps), "shuffle": d.chance(0.8),
    }  # fmt: skip
    if d.chance(0.25):
        settings["sample_weight"] = d.rng.integers(0, 4, d.n_rows) / 2 + (d.rng.random() < 0.5)
        settings["sample_weight"][0] = 1
    if len(outputs) == 1 and d.chance(0.4) and _has_classes(outputs[0]):
        count = max(2, outputs[0].symbol.shape[-1])
        settings["class_weight"] = list(d.rng.uniform(0.5, 2, count))
    return settings


def _has_classes(output):
    """Whether each row is of one class: a number, or a single yes or no."""
    y = output.y
    if len(output.symbol.shape) > 2 or y.dtype.kind != "i":
        return False
    return y.ndim == 1 or (y.shape[1] == 1 and set(y.ravel()) <= {0, 1})
