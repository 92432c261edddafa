"""A step of training with an LSTM or a GRU beside PyTorch and a scan of JAX, on one thread.

    python -m benchmarks.recurrent

64 features, 64 units, 50 steps, batches of 32, Adam, mean squared error of one number behind the
last state. All peers take the same rows from the same weights; before they are timed, their losses
of the first three steps must be one another's to a part in 5000. They take turns, each in a process
of its own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

FEATURES, UNITS, STEPS, BATCH, N_BATCHES, ROUNDS = 64, 64, 50, 32, 20, 7
RATE = 0.001
GATES = {"lstm": 4, "gru": 3}


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_BATCHES * BATCH, STEPS, FEATURES)).astype("float32")
    return x, rng.normal(size=(N_BATCHES * BATCH, 1)).astype("float32")


def start(kind):
    """The first weights: of the recurrent layer, then of the dense one."""
    rng, wide = np.random.default_rng(1), GATES[kind] * UNITS
    shapes = [(FEATURES, wide), (UNITS, wide), (wide,), (wide,), (UNITS, 1), (1,)]
    found = [rng.uniform(-0.12, 0.12, shape).astype("float32") for shape in shapes]
    if kind == "lstm":
        found[3][:] = 0  # of two biases one, which is their sum
    return found


def glassnet(kind):
    import glassnet as gn

    layer = {"lstm": gn.LSTM, "gru": gn.GRU}[kind](UNITS)
    net = gn.Network([layer, gn.Dense(1)], input_shape=(STEPS, FEATURES))
    first = start(kind)
    own = first if kind == "gru" else [*first[:3], *first[4:]]
    x, y = data()

    def run(n):
        for name, array in zip(net.parameters, own, strict=True):
            net.parameters[name] = array
        rows = n * BATCH
        return net.fit(
            x[:rows], y[:rows], loss="mean_squared_error", optimizer=gn.optim.Adam(RATE), epochs=1,
            batch_size=BATCH, shuffle=False, threads=1, engine="native", verbose=0,
        )  # fmt: skip

    def losses():
        for n in (1, 2, 3):  # the loss of an epoch is the mean of its steps
            yield run(n)["loss"][0] * n

    sums = [0, *losses()]
    return lambda: run(N_BATCHES), list(np.diff(sums))


def torch(kind):
    import torch

    torch.set_num_threads(1)
    layer = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[kind](FEATURES, UNITS, batch_first=True)
    dense = torch.nn.Linear(UNITS, 1)
    parameters = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0,
                  dense.weight, dense.bias]  # fmt: skip
    x, y = map(torch.from_numpy, data())

    def run(n=N_BATCHES):
        with torch.no_grad():
            for p, array in zip(parameters, start(kind), strict=True):
                p.copy_(torch.from_numpy(array.T if array.ndim > 1 else array))
        adam = torch.optim.Adam(parameters, RATE, fused=True)
        found = []
        for i in range(0, n * BATCH, BATCH):
            adam.zero_grad()
            loss = ((dense(layer(x[i : i + BATCH])[0][:, -1]) - y[i : i + BATCH]) ** 2).mean()
            loss.backward()
            adam.step()
            found.append(loss.detach())
        return [float(loss) for loss in found]

    return run, run(3)


def jax(kind):
    import jax
    import jax.numpy as jnp

    def cell(u, bu):
        def lstm(state, xw):
            h, c = state
            i, f, g, o = jnp.split(xw + h @ u, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        def gru(state, xw):
            (h,) = state
            (xr, xz, xn), (hr, hz, hn) = jnp.split(xw, 3, -1), jnp.split(h @ u + bu, 3, -1)
            z = jax.nn.sigmoid(xz + hz)
            return ((1 - z) * jnp.tanh(xn + jax.nn.sigmoid(xr + hr) * hn) + z * h,), None

        return lstm if kind == "lstm" else gru

    def loss(parameters, x, y):
        w, u, b, bu, w2, b2 = parameters
        zeros = (jnp.zeros((BATCH, UNITS)),) * (2 if kind == "lstm" else 1)
        (h, *_), _ = jax.lax.scan(cell(u, bu), zeros, jnp.swapaxes(x @ w + b, 0, 1))
        return jnp.mean((h @ w2 + b2 - y) ** 2)

    def step(state, xy):
        parameters, m, v, t = state
        value, slopes = jax.value_and_grad(loss)(parameters, *xy)
        t = t + 1
        m = [a + 0.1 * (g - a) for a, g in zip(m, slopes, strict=True)]
        v = [a + 0.001 * (g * g - a) for a, g in zip(v, slopes, strict=True)]
        parameters = [
            p - RATE * a / (1 - 0.9**t) / (jnp.sqrt(b / (1 - 0.999**t)) + 1e-8)
            for p, a, b in zip(parameters, m, v, strict=True)
        ]
        return (parameters, m, v, t), value

    x, y = (jnp.asarray(a.reshape(N_BATCHES, BATCH, *a.shape[1:])) for a in data())
    first = [jnp.asarray(a) for a in start(kind)]
    zeros = [jnp.zeros_like(a) for a in first]
    every = jax.jit(lambda x, y: jax.lax.scan(step, (first, zeros, zeros, 0.0), (x, y))[1])

    def run():
        return jax.block_until_ready(every(x, y))

    return run, [float(loss) for loss in run()[:3]]


PEERS = {"glassnet": glassnet, "PyTorch": torch, "JAX scan": jax}


def child(peer, kind):
    """Say the first losses; then, for each line that is read, how long a step takes."""
    run, losses = PEERS[peer](kind)
    run()
    print(json.dumps([float(loss) for loss in losses]), flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print((time.perf_counter() - began) / N_BATCHES * 1e6, flush=True)


def main():
    alone = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "OMP_NUM_THREADS": "1"}
    print(f"{'':6}" + "".join(f"{peer:>24}" for peer in PEERS) + "   us a step: median (least)")
    for kind in GATES:
        children = {
            peer: subprocess.Popen(  # this very file
                [sys.executable, "-m", "benchmarks.recurrent", peer, kind], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **alone},
            )
            for peer in PEERS
        }  # fmt: skip
        losses = {peer: json.loads(one.stdout.readline()) for peer, one in children.items()}
        for peer, found in losses.items():
            np.testing.assert_allclose(found, losses["PyTorch"], rtol=2e-4, err_msg=peer)
        times = {peer: [] for peer in PEERS}
        for _ in range(ROUNDS):
            for peer, one in children.items():
                print(file=one.stdin, flush=True)
                times[peer].append(float(one.stdout.readline()))
        for one in children.values():
            one.stdin.close()
            one.wait()
        row = [f"{statistics.median(found):.0f} ({min(found):.0f})" for found in times.values()]
        ours, *others = (statistics.median(found) for found in times.values())
        ratio = f"   {min(others) / ours:.1f} x the fastest peer"
        print(f"{kind:6}" + "".join(f"{text:>24}" for text in row) + ratio, flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(*sys.argv[1:])
    else:
        main()
