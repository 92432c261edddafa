"""PyTorch: eager or compiled, with whichever form of its optimiser is the fastest here."""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch.nn import functional

from benchmarks.peers.torch_stages import STAGES
from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def network(task):
    layers = [STAGES[kind](w, *numbers)
              for (kind, *numbers), w in zip(task.stages, task.before(), strict=True)]  # fmt: skip
    layers += [torch.nn.Flatten()] if len(task.left) > 1 else []
    for weight, bias in task.start_channels_first():
        layer = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight.T.copy()))
            layer.bias.copy_(torch.from_numpy(bias))
        layers += [layer, torch.nn.ReLU() if task.hidden == "relu" else torch.nn.Sigmoid()]
    return torch.nn.Sequential(*layers[:-1])  # to the logits


def images(task):
    return len(task.shape) == 3


class Trainer:
    """A network and its training step."""

    def __init__(self, task, form, compiled=False, memory=torch.contiguous_format):
        self.task, self.net = task, network(task)
        if images(task):
            self.net = self.net.to(memory_format=memory)
        kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[task.optimizer]
        moved = [p for p in self.net.parameters() if p.requires_grad]
        self.optimizer = kind(moved, lr=task.rate, **form)
        x, y = (torch.from_numpy(np.ascontiguousarray(a)) for a in task.data())
        x = x.to(torch.float32)
        if images(task):
            x = x.permute(0, 3, 1, 2).contiguous(memory_format=memory)
        self.batches = list(zip(x.split(task.batch), y.split(task.batch), strict=True))
        self.start = [p.detach().clone() for p in self.net.parameters()]
        self.loss = torch.compile(self.loss_of) if compiled else self.loss_of

    def loss_of(self, x, y):
        z = self.net(x)
        if self.task.sizes[-1] == 1:
            return functional.binary_cross_entropy_with_logits(z, y)
        return functional.cross_entropy(z, y)

    def reset(self):
        with torch.no_grad():
            for parameter, value in zip(self.net.parameters(), self.start, strict=True):
                parameter.copy_(value)
            for state in self.optimizer.state.values():
                for value in state.values():
                    if value is not None:
                        value.zero_()

    def step(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(x, y)
        loss.backward()
        self.optimizer.step()
        return loss

    def losses(self, count=N_LOSSES):
        self.reset()
        pairs = [self.batches[i % len(self.batches)] for i in range(count)]
        return [self.step(x, y).item() for x, y in pairs]

    def run(self, units):
        for _ in range(units * self.task.epochs):
            for x, y in self.batches:
                self.step(x, y)

    def worker(self):
        return Worker(self.losses, self.run, self.reset)


def train(task, threads, form):
    torch.set_num_threads(threads)
    if form.startswith("fused"):  # a first step is timed: nothing is tried out
        return Trainer(task, {"fused": True}, compiled="compiled" in form).worker()
    found = []
    optimizers = {"fused": True}, {"foreach": True}, {"foreach": False}
    if task.stages and form == "compiled":
        optimizers = optimizers[:1]  # each is compiled anew, which takes up to minutes
    memories = [torch.contiguous_format] + [torch.channels_last] * images(task)
    for options, memory in itertools.product(optimizers, memories):
        trainer = Trainer(task, options, compiled=form == "compiled", memory=memory)
        trainer.losses(N_LOSSES if task.stages else 20)
        found.append((min(trainer.worker().seconds(1) for _ in range(3)), trainer))
    return min(found, key=lambda pair: pair[0])[1].worker()


def predict(task, threads, form):
    torch.set_num_threads(threads)
    last = torch.nn.Sigmoid() if task.sizes[-1] == 1 else torch.nn.Softmax(dim=1)
    net = torch.nn.Sequential(*network(task), last).eval()
    forward = torch.compile(net) if form == "compiled" else net
    x, _ = task.data_channels_first()

    def call():
        with torch.inference_mode():
            return forward(torch.from_numpy(x)).numpy()

    def run(units):
        for _ in range(units * task.steps):
            call()

    return Worker(call, run)
