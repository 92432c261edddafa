"""Plain NumPy, as the tutorials write it. In float64 it is the reference for all others."""

from __future__ import annotations

import numpy as np

from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Net:
    """Dense layers with their backpropagation and optimiser."""

    def __init__(self, task, dtype="float32", rows=None):
        self.task = task
        x, y = (a[:rows] for a in task.data())
        self.x = x.astype(dtype, copy=False)
        self.y = y if task.sizes[-1] == 1 else np.eye(task.sizes[-1], dtype=dtype)[y]
        self.dtype = dtype
        self.reset()

    def reset(self):
        self.layers = [[a.astype(self.dtype) for a in pair] for pair in self.task.start()]
        self.means = [[(np.zeros_like(a), np.zeros_like(a)) for a in pair] for pair in self.layers]
        self.t = 0

    def forward(self, x):
        a = [x]
        for weight, bias in self.layers[:-1]:
            z = a[-1] @ weight + bias
            a.append(sigmoid(z) if self.task.hidden == "sigmoid" else np.maximum(z, 0))
        weight, bias = self.layers[-1]
        z = a[-1] @ weight + bias
        return a, sigmoid(z) if self.task.sizes[-1] == 1 else softmax(z)

    def loss(self, p, y):
        if self.task.sizes[-1] == 1:
            return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
        return -np.mean(np.sum(y * np.log(p), axis=1))

    def step(self, x, y):
        a, p = self.forward(x)
        delta = (p - y) / len(x)
        self.t += 1
        for i in reversed(range(len(self.layers))):
            weight = self.layers[i][0]
            gradients = a[i].T @ delta, delta.sum(axis=0)
            if i:
                delta = delta @ weight.T
                slope = a[i] * (1 - a[i]) if self.task.hidden == "sigmoid" else a[i] > 0
                delta = delta * slope
            for j in range(2):
                self.update(i, j, gradients[j])
        return p

    def update(self, i, j, g):
        rate = self.task.rate
        if self.task.optimizer == "sgd":
            self.layers[i][j] -= rate * g
            return
        m, v = self.means[i][j]
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        self.means[i][j] = m, v
        m_hat, v_hat = m / (1 - 0.9**self.t), v / (1 - 0.999**self.t)
        self.layers[i][j] -= rate * m_hat / (np.sqrt(v_hat) + 1e-8)

    def batches(self):
        for first in range(0, len(self.x), self.task.batch):
            part = slice(first, first + self.task.batch)
            yield self.x[part], self.y[part]

    def losses(self, count=N_LOSSES):
        self.reset()
        found = []
        while len(found) < count:
            for x, y in self.batches():
                found.append(self.loss(self.step(x, y), y))
                if len(found) == count:
                    break
        return found

    def run(self, units):
        for _ in range(units * self.task.epochs):
            for x, y in self.batches():
                self.loss(self.step(x, y), y)


def train(task, threads, form):
    net = Net(task)
    if form == "reference":  # only the batches that are looked at
        net = Net(task, "float64", rows=N_LOSSES * task.batch)
    return Worker(net.losses, net.run, net.reset)


def predict(task, threads, form):
    net = Net(task, "float64" if form == "reference" else "float32")

    def run(units):
        for _ in range(units * task.steps):
            net.forward(net.x)

    return Worker(lambda: net.forward(net.x)[1], run)
