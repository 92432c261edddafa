"""scikit-learn's MLPClassifier. fit with warm_start goes on from the weights that it is given."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def estimator(task):
    found = MLPClassifier(
        task.sizes[1:-1], activation="logistic" if task.hidden == "sigmoid" else "relu",
        solver=task.optimizer, alpha=0.0, batch_size=task.batch, learning_rate_init=task.rate,
        momentum=0.0, nesterovs_momentum=False, shuffle=False, warm_start=True, tol=0.0,
        n_iter_no_change=10**9,
    )  # fmt: skip
    x, y = task.data()
    classes = np.arange(max(2, task.sizes[-1]))
    found.partial_fit(x[: task.batch], y[: task.batch].ravel(), classes=classes)
    reset(found, task)
    return found


def reset(found, task):
    found.coefs_ = [weight.copy() for weight, _ in task.start()]
    found.intercepts_ = [bias.copy() for _, bias in task.start()]
    vars(found).pop("_optimizer", None)


def train(task, threads, form):
    warnings.simplefilter("ignore")  # that it has not converged
    found = estimator(task)
    x, y = task.data()
    y = y.ravel()

    def losses(count=N_LOSSES):
        reset(found, task)
        values = []
        for i in range(count):
            first = i * task.batch % task.rows
            part = slice(first, first + task.batch)
            values.append(found.partial_fit(x[part], y[part]).loss_)
        return values

    def run(units):
        found.max_iter = units * task.epochs
        found.fit(x, y)

    return Worker(losses, run, lambda: reset(found, task))


def predict(task, threads, form):
    if task.batch == 1:  # it can't be made from one row: both classes must have been seen
        found = MLPClassifier(task.sizes[1:-1])
        found.partial_fit(np.zeros((2, task.sizes[0]), "float32"), [0, 1], classes=[0, 1])
        reset(found, task)
    else:
        found = estimator(task)
    x, _ = task.data()

    def run(units):
        for _ in range(units * task.steps):
            found.predict_proba(x)

    return Worker(lambda: found.predict_proba(x)[:, 1:], run)
