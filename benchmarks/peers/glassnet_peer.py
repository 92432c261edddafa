"""Glassnet through its public door: net.fit and net.predict."""

from __future__ import annotations

import glassnet as gn

from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def network(task):
    last = "sigmoid" if task.sizes[-1] == 1 else "softmax"
    layers = [gn.Dense(width, task.hidden) for width in task.sizes[1:-1]]
    net = gn.Network([*layers, gn.Dense(task.sizes[-1], last)], input_shape=task.sizes[:1])
    set_weights(net, task)
    return net


def set_weights(net, task):
    arrays = [array for pair in task.start() for array in pair]
    for name, array in zip(dict(net.parameters), arrays, strict=True):
        net.parameters[name] = array


def train(task, threads, form):
    net = network(task)
    kind = {"adam": gn.optim.Adam, "sgd": gn.optim.SGD}[task.optimizer]
    x, y = task.data()

    def fit(epochs, rows=task.rows):
        return net.fit(
            x[:rows], y[:rows], optimizer=kind(task.rate), epochs=epochs,
            batch_size=None if task.batch == task.rows else task.batch, shuffle=False,
            engine=form, threads=threads, verbose=0,
        )  # fmt: skip

    def losses(count=N_LOSSES):
        set_weights(net, task)
        steps = min(count, task.steps_per_epoch)
        return fit(-(-count // steps), steps * task.batch).steps[:count]

    def run(units):
        fit(units * task.epochs)

    return Worker(losses, run, lambda: set_weights(net, task), builds=True)


def predict(task, threads, form):
    net = network(task)
    x, _ = task.data()
    prepared = net.predictor() if hasattr(net, "predictor") else net.predict

    def run(units):
        for _ in range(units * task.steps):
            prepared(x)

    return Worker(lambda: prepared(x), run)
