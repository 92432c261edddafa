"""tinygrad: a training step under TinyJit."""

from __future__ import annotations

import numpy as np
from tinygrad import Context, Tensor, TinyJit, nn

from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def logits(task, layers, a):
    for weight, bias in layers[:-1]:
        z = a @ weight + bias
        a = z.relu() if task.hidden == "relu" else z.sigmoid()
    weight, bias = layers[-1]
    return a @ weight + bias


def tensors(task):
    return [(Tensor(w).realize(), Tensor(b).realize()) for w, b in task.start()]


class Trainer:
    """Weights, optimiser, batches that are ready, and a step that is compiled."""

    def __init__(self, task):
        self.task, self.layers = task, tensors(task)
        weights = [array for pair in self.layers for array in pair]
        if task.optimizer == "adam":
            self.optimizer = nn.optim.Adam(weights, lr=task.rate, eps=1e-8)
        else:
            self.optimizer = nn.optim.SGD(weights, lr=task.rate)
        x, y = task.data()
        x = np.ascontiguousarray(x, np.float32)
        y = y if task.sizes[-1] == 1 else y.astype("int32")
        cuts = range(0, task.rows, task.batch)
        self.batches = [
            (Tensor(x[i : i + task.batch]).realize(), Tensor(y[i : i + task.batch]).realize())
            for i in cuts
        ]
        state = nn.state.get_state_dict(self.optimizer)
        self.state = {k: v for k, v in state.items() if isinstance(v, Tensor)}
        self.start = {k: v.numpy().copy() for k, v in self.state.items()}
        self.step = TinyJit(self.one)

    def reset(self):
        for name, tensor in self.state.items():
            tensor.assign(Tensor(self.start[name], dtype=tensor.dtype)).realize()

    def one(self, x, y):
        with Context(TRAINING=1):
            self.optimizer.zero_grad()
            z = logits(self.task, self.layers, x)
            if self.task.sizes[-1] == 1:
                loss = z.binary_crossentropy_logits(y)
            else:
                loss = z.sparse_categorical_crossentropy(y)
            loss.backward()
            return loss.realize(*self.optimizer.schedule_step())

    def losses(self, count=N_LOSSES):
        self.reset()
        pairs = [self.batches[i % len(self.batches)] for i in range(count)]
        return [float(self.step(x, y).item()) for x, y in pairs]

    def run(self, units):
        loss = None
        for _ in range(units * self.task.epochs):
            for x, y in self.batches:
                loss = self.step(x, y)
        loss.item()


def train(task, threads, form):
    trainer = Trainer(task)
    return Worker(trainer.losses, trainer.run, trainer.reset)


def predict(task, threads, form):
    layers = tensors(task)
    last = Tensor.sigmoid if task.sizes[-1] == 1 else Tensor.softmax
    forward = TinyJit(lambda x: last(logits(task, layers, x)).realize())
    x, _ = task.data()

    def call():
        return forward(Tensor(x).realize()).numpy()

    def run(units):
        for _ in range(units * task.steps):
            call()

    return Worker(call, run)
