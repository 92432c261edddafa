"""A training step on sequences, beside PyTorch and JAX: LSTM, GRU, and two transformer blocks.

    python -m benchmarks.sequences [--threads 1,2] [--works lstm,gru,transformer] [--rounds 7]

64 features, 50 steps (64 for the transformer), batches of 32, Adam, float32, ten classes. Each peer
lives in a process of its own, bound to as many CPUs as it has threads, and all take turns; before
it is timed its losses of the first five steps must be ours to a part in a thousand. PyTorch runs
its own LSTM and GRU, and its fused Adam; JAX many steps in one scan, its best form.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

import numpy as np

from benchmarks.process import installed, surroundings

STEPS, CHECKED = 20, 5  # of a round; whose losses are compared
WORKS = {"lstm": 50, "gru": 50, "transformer": 64}
PEERS = {"glassnet": "glassnet", "PyTorch": "torch", "JAX scan": "jax"}
BATCH, WIDTH, HEADS, CLASSES = 32, 64, 4, 10


def data(work):
    rng = np.random.default_rng(0)
    n = BATCH * STEPS
    x = rng.normal(size=(n, WORKS[work], WIDTH)).astype("float32")
    return x, rng.integers(0, CLASSES, n)


def network(work):
    import glassnet as gn

    block = {"lstm": [gn.LSTM(WIDTH)], "gru": [gn.GRU(WIDTH)]} if work != "transformer" else {}
    layers = block.get(work) or [
        *(gn.TransformerBlock(HEADS, hidden_units=4 * WIDTH, activation="relu") for _ in range(2)),
        gn.GlobalAveragePooling1D(),
    ]
    layers.append(gn.Dense(CLASSES, "softmax"))
    return gn.Network(layers, input_shape=(WORKS[work], WIDTH), seed=0)


def start(work):
    """The first weights, by the names of Glassnet's arrays."""
    return {name: array.copy() for name, array in network(work).parameters.items()}


class Glassnet:
    def __init__(self, work, threads):
        self.net, (self.x, self.y) = network(work), data(work)
        self.start, self.threads = start(work), threads
        self.fit(1)

    def fit(self, epochs):
        return self.net.fit(self.x, self.y, epochs=epochs, batch_size=BATCH, shuffle=False,
                            engine="native", threads=self.threads, verbose=0)  # fmt: skip

    def losses(self):
        for name, array in self.start.items():
            self.net.parameters[name] = array
        return self.fit(1).steps[:CHECKED]

    def run(self):
        self.fit(1)


class Torch:
    def __init__(self, work, threads):
        import torch

        torch.set_num_threads(threads)
        x, y = data(work)
        self.torch, self.work = torch, work
        self.x, self.y = torch.from_numpy(x).split(BATCH), torch.from_numpy(y).split(BATCH)
        self.weights = {k: torch.nn.Parameter(torch.from_numpy(v)) for k, v in start(work).items()}
        self.cell = self._cell() if work != "transformer" else None
        own = list(self.cell.parameters()) if self.cell is not None else []
        rest = [w for k, w in self.weights.items() if not own or k.startswith("dense")]
        self.optimizer = torch.optim.Adam([*own, *rest], lr=0.001, fused=True)

    def _cell(self):
        """Its own layer: gates lie as ours, each weight turned, and one of two biases may be 0."""
        torch, w = self.torch, self.weights
        cell = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[self.work](
            WIDTH, WIDTH, batch_first=True
        )
        with torch.no_grad():
            cell.weight_ih_l0.copy_(w[f"{self.work}.weight"].T)
            cell.weight_hh_l0.copy_(w[f"{self.work}.recurrent_weight"].T)
            cell.bias_ih_l0.copy_(w[f"{self.work}.bias"])
            second = w.get(f"{self.work}.recurrent_bias")
            cell.bias_hh_l0.zero_() if second is None else cell.bias_hh_l0.copy_(second)
        if self.work == "lstm":
            cell.bias_hh_l0.requires_grad_(False)  # we have one bias
        return cell

    def logits(self, x):
        functional, w = self.torch.nn.functional, self.weights
        if self.cell is not None:
            h = self.cell(x)[0][:, -1]
        else:
            for name in ("transformer_block", "transformer_block_1"):
                x = self.block(
                    x, {k.split(".")[1]: v for k, v in w.items() if k.startswith(name + ".")}
                )
            h = x.mean(dim=1)
        return functional.linear(h, w["dense.weight"].T, w["dense.bias"])

    def block(self, x, w):
        functional = self.torch.nn.functional

        def dense(x, name):
            return functional.linear(x, w[f"{name}_weight"].T, w[f"{name}_bias"])

        def normal(x, name):
            return functional.layer_norm(x, (WIDTH,), w[f"{name}_scale"], w[f"{name}_shift"])

        def heads(x):
            return x.view(len(x), -1, HEADS, WIDTH // HEADS).transpose(1, 2)

        n = normal(x, "attention")
        q, k, v = (heads(dense(n, name)) for name in ("query", "key", "value"))
        h = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        x = x + dense(h, "output")
        return x + dense(functional.relu(dense(normal(x, "feed_forward"), "up")), "down")

    def step(self, x, y):
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.torch.nn.functional.cross_entropy(self.logits(x), y)
        loss.backward()
        self.optimizer.step()
        return loss

    def losses(self):
        return [self.step(self.x[i], self.y[i]).item() for i in range(CHECKED)]

    def run(self):
        for x, y in zip(self.x, self.y, strict=True):
            self.step(x, y)


class Jax:
    def __init__(self, work, threads):
        import jax
        import jax.numpy as jnp

        self.jax, self.jnp, self.work = jax, jnp, work
        x, y = data(work)
        self.x = jnp.asarray(x.reshape(STEPS, BATCH, *x.shape[1:]))
        self.y = jnp.asarray(y.reshape(STEPS, BATCH))
        w = {k: jnp.asarray(v) for k, v in start(work).items()}
        zeros = {k: jnp.zeros_like(v) for k, v in w.items()}
        self.state = w, zeros, zeros, jnp.float32(0)
        self.epoch = jax.jit(lambda state: jax.lax.scan(self.step, state, (self.x, self.y)))
        self.epoch(self.state)[1].block_until_ready()

    def lstm(self, w, x):
        jax, jnp = self.jax, self.jnp

        def cell(state, z):
            h, c = state
            i, f, g, o = jnp.split(z + h @ w["lstm.recurrent_weight"], 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        z = x @ w["lstm.weight"] + w["lstm.bias"]
        zeros = jnp.zeros((len(x), WIDTH))
        return jax.lax.scan(cell, (zeros, zeros), z.swapaxes(0, 1), unroll=5)[0][0]

    def gru(self, w, x):
        jax, jnp = self.jax, self.jnp

        def cell(h, z):
            r, u, n = jnp.split(h @ w["gru.recurrent_weight"] + w["gru.recurrent_bias"], 3, axis=-1)
            zr, zu, zn = jnp.split(z, 3, axis=-1)
            u = jax.nn.sigmoid(zu + u)
            n = jnp.tanh(zn + jax.nn.sigmoid(zr + r) * n)
            return (1 - u) * n + u * h, None

        z = x @ w["gru.weight"] + w["gru.bias"]
        return jax.lax.scan(cell, jnp.zeros((len(x), WIDTH)), z.swapaxes(0, 1), unroll=5)[0]

    def transformer(self, w, x):
        for name in ("transformer_block", "transformer_block_1"):
            x = self.block(
                {k.split(".")[1]: v for k, v in w.items() if k.startswith(name + ".")}, x
            )
        return x.mean(axis=1)

    def block(self, w, x):
        jax, jnp = self.jax, self.jnp

        def dense(x, name):
            return x @ w[f"{name}_weight"] + w[f"{name}_bias"]

        def normal(x, name):
            centred = x - x.mean(axis=-1, keepdims=True)
            deviation = jnp.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
            return centred / deviation * w[f"{name}_scale"] + w[f"{name}_shift"]

        def heads(x):
            return x.reshape(len(x), -1, HEADS, WIDTH // HEADS).swapaxes(1, 2)

        n = normal(x, "attention")
        q, k, v = (heads(dense(n, name)) for name in ("query", "key", "value"))
        p = jax.nn.softmax(q @ k.swapaxes(-1, -2) / (WIDTH // HEADS) ** 0.5)
        x = x + dense((p @ v).swapaxes(1, 2).reshape(x.shape), "output")
        return x + dense(jax.nn.relu(dense(normal(x, "feed_forward"), "up")), "down")

    def step(self, state, batch):
        jax, jnp = self.jax, self.jnp
        w, m, v, t = state
        x, y = batch

        def loss_of(w):
            z = getattr(self, self.work)(w, x) @ w["dense.weight"] + w["dense.bias"]
            return -jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1).mean()

        loss, g = jax.value_and_grad(loss_of)(w)
        t = t + 1
        tree = jax.tree.map
        m = tree(lambda m, g: m + 0.1 * (g - m), m, g)
        v = tree(lambda v, g: v + 0.001 * (g * g - v), v, g)
        w = tree(
            lambda w, m, v: w - 0.001 * (m / (1 - 0.9**t)) / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8),
            w, m, v,
        )  # fmt: skip
        return (w, m, v, t), loss

    def losses(self):
        return np.asarray(self.epoch(self.state)[1])[:CHECKED].tolist()

    def run(self):
        self.state, losses = self.epoch(self.state)
        losses.block_until_ready()


CLASSES_OF = {"glassnet": Glassnet, "PyTorch": Torch, "JAX scan": Jax}


def child(peer, work, threads):
    """Losses first; then for each line that comes, the seconds a step."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    made = CLASSES_OF[peer](work, threads)
    print(*made.losses(), flush=True)
    made.run()
    for _ in sys.stdin:
        began = time.perf_counter()
        made.run()
        print((time.perf_counter() - began) / STEPS, flush=True)


def measured(work, threads, rounds, scratch):
    """Microseconds a step by peer, the median of rounds in turns."""
    children = {}
    for peer in (p for p, library in PEERS.items() if installed(library)):
        children[peer] = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sequences", "--child", peer, work, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=surroundings(threads, scratch),
        )  # fmt: skip
    losses = {
        peer: np.array(one.stdout.readline().split(), float) for peer, one in children.items()
    }
    for peer, found in losses.items():
        np.testing.assert_allclose(found, losses["glassnet"], rtol=1e-3, err_msg=f"{peer}, {work}")
    times = {peer: [] for peer in children}
    for _ in range(rounds):
        for peer, one in children.items():
            one.stdin.write("go\n")
            one.stdin.flush()
            times[peer].append(float(one.stdout.readline()) * 1e6)
    for one in children.values():
        one.communicate()
    return {peer: statistics.median(found) for peer, found in times.items()}


def main():
    from pathlib import Path
    from tempfile import TemporaryDirectory

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--child", nargs=3)
    given = parser.parse_args()
    if given.child:
        peer, work, threads = given.child
        child(peer, work, int(threads))
        return
    with TemporaryDirectory() as scratch:
        for work in given.works.split(","):
            for threads in map(int, given.threads.split(",")):
                found = measured(work, threads, given.rounds, Path(scratch))
                others = {peer: time for peer, time in found.items() if peer != "glassnet"}
                best = min(others, key=others.get)
                listed = ", ".join(f"{peer} {time:,.0f} us" for peer, time in found.items())
                ratio = others[best] / found["glassnet"]
                print(f"{work}, threads {threads}: {listed}; {ratio:.2f}x {best}", flush=True)


if __name__ == "__main__":
    main()
