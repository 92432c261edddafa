"""JAX: one jitted step called from Python, or many steps in one jitted scan."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers.jax_stages import STAGES, packed
from benchmarks.tasks import N_LOSSES
from benchmarks.worker import Worker


def logits(task, weights, a):
    act = jax.nn.relu if task.hidden == "relu" else jax.nn.sigmoid
    before, layers = weights
    for (kind, *numbers), w in zip(task.stages, before, strict=True):
        a = STAGES[kind](w, a, *numbers)
    a = a.reshape(len(a), -1)
    for weight, bias in layers[:-1]:
        a = act(a @ weight + bias)
    weight, bias = layers[-1]
    return a @ weight + bias


def start(task):
    """The first weights, as JAX's arrays."""
    return jax.tree.map(jnp.array, ([packed(w) for w in task.before()], task.start()))


def loss_of(task, layers, x, y):
    z = logits(task, layers, x)
    if task.sizes[-1] == 1:
        return jnp.mean(jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))))
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1))


def update(task, layers, means, t, gradients):
    tree = jax.tree.map
    if task.optimizer == "sgd":
        return tree(lambda w, g: w - task.rate * g, layers, gradients), means
    m = tree(lambda m, g: 0.9 * m + 0.1 * g, means[0], gradients)
    v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, means[1], gradients)
    low, high = 1 - 0.9**t, 1 - 0.999**t

    def moved(w, m, v):
        return w - task.rate * (m / low) / (jnp.sqrt(v / high) + 1e-8)

    return tree(moved, layers, m, v), (m, v)


class Trainer:
    """The state of a training, and the two ways to go on with it."""

    def __init__(self, task, scan, unroll=1):
        self.task, self.unroll = task, unroll
        x, y = task.data()
        shape = task.steps_per_epoch, task.batch
        x = jnp.asarray(x.reshape(*shape, *x.shape[1:]), jnp.float32)
        kind = jnp.float32 if task.sizes[-1] == 1 else jnp.int32
        y = jnp.asarray(y.reshape(*shape, *y.shape[1:]), kind)
        self.x, self.y, self.scan = x, y, scan
        self.batches = [] if scan else [(x[i], y[i]) for i in range(task.steps_per_epoch)]
        self.one = jax.jit(self.step, donate_argnums=0)
        self.unit = jax.jit(self.many, donate_argnums=0)
        self.reset()

    def reset(self):
        layers = start(self.task)
        zeros = [jax.tree.map(jnp.zeros_like, layers) for _ in range(2)]
        means = tuple(zeros) if self.task.optimizer == "adam" else ()
        self.state = jax.block_until_ready((layers, means, jnp.float32(0)))

    def step(self, state, batch):
        layers, means, t = state
        value = jax.value_and_grad(lambda w: loss_of(self.task, w, *batch))
        loss, gradients = value(layers)
        layers, means = update(self.task, layers, means, t + 1, gradients)
        return (layers, means, t + 1), loss

    def many(self, state, x, y):
        def epoch(state, _):
            return jax.lax.scan(self.step, state, (x, y), unroll=self.unroll)

        outer = self.unroll if len(x) == 1 or self.unroll is True else 1
        return jax.lax.scan(epoch, state, length=self.task.epochs, unroll=outer)

    def losses(self, count=N_LOSSES):
        self.reset()
        found = []
        if self.scan:
            while len(found) < count:
                self.state, some = self.unit(self.state, self.x, self.y)
                found += np.asarray(some).ravel().tolist()
            return found[:count]
        for i in range(count):
            self.state, loss = self.one(self.state, self.batches[i % len(self.batches)])
            found.append(float(loss))
        return found

    def run(self, units):
        for _ in range(units):
            if self.scan:
                self.state, _ = self.unit(self.state, self.x, self.y)
            else:
                for _ in range(self.task.epochs):
                    for batch in self.batches:
                        self.state, _ = self.one(self.state, batch)
        jax.block_until_ready(self.state)

    def worker(self):
        return Worker(self.losses, self.run, self.reset)


def train(task, threads, form):
    # In a loop of XLA a convolution is a hundred times as slow as outside: of images all steps are
    # written out. Other stages take milliseconds, and longer to compile than they would gain.
    unrolls = (True,) if len(task.shape) == 3 else (1,) if task.stages else (1, 2, 4)
    if form != "scan":  # "jit", or "plain scan", where memory is measured and nothing is tried out
        return Trainer(task, form == "plain scan", unrolls[0]).worker()
    if len(unrolls) == 1:
        return Trainer(task, True, unrolls[0]).worker()
    found = []
    for unroll in unrolls:
        worker = Trainer(task, scan=True, unroll=unroll).worker()
        worker.seconds(1)
        found.append((min(worker.seconds(1) for _ in range(3)), worker))
    return min(found, key=lambda pair: pair[0])[1]


def predict(task, threads, form):
    layers = start(task)
    last = jax.nn.sigmoid if task.sizes[-1] == 1 else jax.nn.softmax
    forward = jax.jit(lambda x: last(logits(task, layers, x)))
    x, _ = task.data()

    def run(units):
        for _ in range(units * task.steps):
            np.asarray(forward(x))

    return Worker(lambda: np.asarray(forward(x)), run)
