"""Keras 3 on JAX: model.fit, compiled, many steps an execution."""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("KERAS_HOME", os.path.expandvars("$BENCH_SCRATCH/keras"))

import keras
import numpy as np

from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def network(task):
    last = "sigmoid" if task.sizes[-1] == 1 else "softmax"
    model = keras.Sequential([keras.Input(task.sizes[:1])])
    for width in task.sizes[1:-1]:
        model.add(keras.layers.Dense(width, task.hidden))
    model.add(keras.layers.Dense(task.sizes[-1], last))
    model.set_weights([array for pair in task.start() for array in pair])
    return model


def train(task, threads, form):
    model = network(task)
    optimizer = (
        keras.optimizers.Adam(task.rate, epsilon=1e-8)
        if task.optimizer == "adam"
        else keras.optimizers.SGD(task.rate)
    )
    loss = "binary_crossentropy" if task.sizes[-1] == 1 else "sparse_categorical_crossentropy"
    x, y = task.data()
    # An epoch costs Keras a fixed time: a full batch is laid end to end, the same rows each step.
    repeats = task.epochs if task.steps_per_epoch == 1 else 1
    if repeats > 1:
        x, y = np.tile(x, (repeats, 1)), np.tile(y, (repeats,) + (1,) * (y.ndim - 1))
    per_epoch = len(x) // task.batch
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss, jit_compile=True, steps_per_execution=min(per_epoch, 32))
    variables = [*model.variables, *optimizer.variables]
    start = [np.array(v) for v in variables]

    def reset():
        for variable, value in zip(variables, start, strict=True):
            variable.assign(value)

    def losses(count=N_LOSSES):
        reset()
        found = []
        for i in range(count):
            first = i * task.batch % len(x)
            part = slice(first, first + task.batch)
            found.append(float(model.train_on_batch(x[part], y[part])))
            model.reset_metrics()
        return found

    def run(units):
        epochs = units * task.epochs // repeats
        model.fit(x, y, batch_size=task.batch, epochs=epochs, shuffle=False, verbose=0)

    return Worker(losses, run, reset)


def predict(task, threads, form):
    model = network(task)
    x, _ = task.data()

    def run(units):
        for _ in range(units * task.steps):
            model.predict_on_batch(x)

    return Worker(lambda: model.predict_on_batch(x), run)
