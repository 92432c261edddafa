"""The table of optimisers and their options, and a run of steps node by node."""

import numpy as np

from glassnet import graph as g
from glassnet.optim import SGD, Adadelta, Adagrad, Adam, AdamW, Lion, Nadam, RMSprop

STEPWISE = {
    "SGD": SGD(0.05),
    "SGD, momentum": SGD(0.02, momentum=0.9),
    "SGD, Nesterov": SGD(0.02, momentum=0.8, nesterov=True),
    "Adam": Adam(0.05),
    "Adam, all options": Adam(0.1, beta1=0.5, beta2=0.9, epsilon=1e-3),
    "AdamW": AdamW(0.05),
    "AdamW, all options": AdamW(0.1, beta1=0.8, beta2=0.99, epsilon=1e-4, weight_decay=0.3),
    "Nadam": Nadam(0.05),
    "Nadam, all options": Nadam(0.02, beta1=0.8, beta2=0.95, epsilon=1e-4, momentum_decay=0.05),
    "RMSprop": RMSprop(),
    "RMSprop, all options": RMSprop(0.02, rho=0.9, epsilon=1e-3, momentum=0.5),
    "Adagrad": Adagrad(0.5),
    "Adagrad, all options": Adagrad(0.1, epsilon=1e-3),
    "Adadelta": Adadelta(),
    "Adadelta, all options": Adadelta(0.5, rho=0.95, epsilon=1e-3),
    "Lion": Lion(0.01),
    "Lion, all options": Lion(0.01, beta1=0.8, beta2=0.95, weight_decay=0.1),
}

START = np.random.default_rng(0).normal(size=12)
CURVATURE = np.linspace(0.5, 3, 12)


def slope(w):
    """The gradient of a bowl with ripples; it is 0 for the first weight."""
    dw = CURVATURE * w + 0.3 * np.sin(3 * w)
    dw[0] = 0
    return dw


class Run:
    """An optimiser at work on one array."""

    def __init__(self, optimizer, start, dtype="float64"):
        def leaf(name):
            return g.parameter(name, ("N",), dtype)

        self.w, self.dw = leaf("w"), leaf("dw")
        self.slots = {name: leaf(name) for name in optimizer.active_slots}
        self.rate = g.input("learning_rate", (), "number")
        self.t = g.input("t", (), "number")
        self.new = optimizer.update(self.w, self.dw, self.rate, self.t, **self.slots)
        self.now = {"w": np.array(start, dtype)}
        for name, value in optimizer.active_slots.items():
            self.now[name] = np.full(len(start), value, dtype)
        self.start_rate, self.count = optimizer.start_rate, 0

    def values(self, dw, rate=None):
        """What the leaves hold in the next step."""
        leaves = {"w": self.w, **self.slots}
        return {
            **{leaves[name]: value for name, value in self.now.items()},
            self.dw: np.asarray(dw, self.now["w"].dtype),
            self.rate: self.start_rate if rate is None else rate,
            self.t: self.count + 1,
        }

    def step(self, dw, rate=None):
        """One step; the weights after it."""
        found = g.evaluate(list(self.new.values()), self.values(dw, rate))
        self.now = dict(zip(self.new, found, strict=True))
        self.count += 1
        return self.now["w"]


def after(optimizer, steps, start=START, gradient=slope, dtype="float64"):
    """The weights after some steps."""
    run = Run(optimizer, start, dtype)
    for _ in range(steps):
        run.step(gradient(run.now["w"]))
    return run.now["w"]
