"""Glassnet through its public doors: net.fit and net.predict.

A fit builds its program before it trains. A callback notes when steps were finished, a few times a
second; what lies between the first note and the last is training only. On more than one core the
engine itself chooses how many threads pay.
"""

from __future__ import annotations

import time

import numpy as np

import glassnet as gn
import glassnet.network  # what `import glassnet` leaves for later: loaded before the clock starts
from benchmarks.stages import changes
from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker

LEAST = 0.15  # seconds between first and last note


def conv(x, filters, kernel, padding):
    return gn.Conv2D(filters, kernel, padding=padding, activation="relu")(x)


def normal(x, filters, kernel, padding, strides=1):
    """A convolution and batch normalisation."""
    z = gn.Conv2D(filters, kernel, strides=strides, padding=padding, use_bias=False)(x)
    return gn.BatchNormalization()(z)


def conv_norm(x, *numbers):
    return gn.Activation("relu")(normal(x, *numbers))


def residual(x, filters, stride):
    inner = normal(conv_norm(x, filters, 3, 1, stride), filters, 3, 1)
    if changes(x.shape[-3:], filters, stride):
        x = normal(x, filters, 1, 0, stride)
    return gn.Activation("relu")(gn.Add()([inner, x]))


def mean(x):
    images = len(x.shape) == 4
    return (gn.GlobalAveragePooling2D if images else gn.GlobalAveragePooling1D)()(x)


STAGES = {
    "conv": conv,
    "conv_norm": conv_norm,
    "residual": residual,
    "max": lambda x: gn.MaxPooling2D(2)(x),  # noqa: PLW0108 - each stage its own layer
    "mean": mean,
    "lstm": lambda x, units: gn.LSTM(units)(x),
    "gru": lambda x, units: gn.GRU(units)(x),
    "transformer": lambda x, heads, hidden: gn.TransformerBlock(
        heads, hidden_units=hidden, activation="relu"
    )(x),
}


def network(task, dtype="float32"):
    x = h = gn.Input(task.shape or task.sizes[:1])
    for kind, *numbers in task.stages:
        h = STAGES[kind](h, *numbers)
    if len(task.left) > 1:
        h = gn.Flatten()(h)
    for width in task.sizes[1:-1]:
        h = gn.Dense(width, task.hidden)(h)
    last = gn.Dense(task.sizes[-1], "sigmoid" if task.sizes[-1] == 1 else "softmax")
    net = gn.Network(inputs=x, outputs=last(h), dtype=dtype)
    set_weights(net, task)
    return net


def set_weights(net, task):
    arrays = [array for stage in task.before() for array in stage.values()]
    arrays += [array for pair in task.start() for array in pair]
    running = {"mean": 0.0, "variance": 1.0}
    names = dict(net.parameters)
    moved = [name for name in names if name.rpartition(".")[2] not in running]
    for name, array in zip(moved, arrays, strict=True):
        net.parameters[name] = array
    for name in names.keys() - set(moved):
        net.parameters[name] = np.full_like(names[name], running[name.rpartition(".")[2]])


class Notes(gn.callbacks.Callback):
    """When how many steps were finished."""

    def __init__(self):
        self.seen = []

    def on_tick(self, run):
        self.seen.append((time.perf_counter(), run.step))

    def per_step(self):
        """Seconds a step, or None: there were too few notes."""
        (first, start), (last, stop) = self.seen[0], self.seen[-1]
        return (last - first) / (stop - start) if last - first > LEAST else None


def train(task, threads, form):
    if form == "reference":
        return reference(task)
    net = network(task)
    kind = {"adam": gn.optim.Adam, "sgd": gn.optim.SGD}[task.optimizer]
    x, y = task.data()

    def fit(epochs, rows=task.rows, callbacks=()):
        return net.fit(
            x[:rows], y[:rows], optimizer=kind(task.rate), epochs=epochs,
            batch_size=None if task.batch == task.rows else task.batch, shuffle=False,
            engine=form, threads=None if threads > 1 else 1, callbacks=callbacks, verbose=0,
        )  # fmt: skip

    def losses(count=N_LOSSES):
        set_weights(net, task)
        steps = min(count, task.steps_per_epoch)
        return fit(-(-count // steps), steps * task.batch).steps[:count]

    def run(units):
        fit(units * task.epochs)

    long_enough = task.epochs

    def clock(units):
        nonlocal long_enough
        epochs, per_step = max(long_enough, units * task.epochs), None
        while per_step is None:
            notes = Notes()
            fit(epochs, callbacks=[notes])
            per_step = notes.per_step()
            if per_step is None:
                epochs = long_enough = 2 * epochs
        return per_step * units * task.steps

    return Worker(losses, run, lambda: set_weights(net, task), clock)


def reference(task):
    """In float64: the first losses of the printed program, or the outputs."""
    net = network(task, "float64")
    rows = N_LOSSES * task.batch if task.kind == "train" else task.rows
    x, y = (array[:rows] for array in task.data())
    if task.kind == "predict":
        return Worker(lambda: net.predict(x), net.predict)
    settings = {"optimizer": gn.optim.Adam(task.rate), "batch_size": task.batch, "shuffle": False}

    def losses():
        return net.fit(x, y, epochs=1, engine="numpy", verbose=0, **settings).steps

    return Worker(losses, net.fit)


def predict(task, threads, form):
    if form == "reference":
        return reference(task)
    net = network(task)
    x, _ = task.data()
    prepared = net.predictor() if task.rows == 1 or task.ready else net.predict

    def run(units):
        for _ in range(units * task.steps):
            prepared(x)

    return Worker(lambda: prepared(x), run)
