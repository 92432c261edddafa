"""Glassnet through its public doors: net.fit and net.predict.

A fit builds its program before it trains. A callback notes when steps were finished, a few times a
second; what lies between the first note and the last is training only. On more than one core the
engine itself chooses how many threads pay.
"""

from __future__ import annotations

import time

import glassnet as gn
import glassnet.network  # what `import glassnet` leaves for later: loaded before the clock starts
from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker

LEAST = 0.15  # seconds between first and last note


def network(task):
    last = "sigmoid" if task.sizes[-1] == 1 else "softmax"
    layers = [
        gn.Conv2D(stage[0], stage[1], padding=stage[2], activation="relu") if stage
        else gn.MaxPooling2D() for stage in task.stages
    ]  # fmt: skip
    layers += [gn.Flatten()] if task.image else []
    layers += [gn.Dense(width, task.hidden) for width in task.sizes[1:-1]]
    shape = task.image or task.sizes[:1]
    net = gn.Network([*layers, gn.Dense(task.sizes[-1], last)], input_shape=shape)
    set_weights(net, task)
    return net


def set_weights(net, task):
    arrays = [array for pair in task.start() for array in pair]
    for name, array in zip(dict(net.parameters), arrays, strict=True):
        net.parameters[name] = array


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


def predict(task, threads, form):
    net = network(task)
    x, _ = task.data()
    prepared = net.predictor() if task.rows == 1 or task.ready else net.predict

    def run(units):
        for _ in range(units * task.steps):
            prepared(x)

    return Worker(lambda: prepared(x), run)
