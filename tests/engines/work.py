"""A small fit that the tests of the engine share: in this process or in another."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import glassnet as gn
from glassnet.engines import Work

SOURCE = Path(gn.__file__).parents[1]


def data(n=70, columns=6):
    rng = np.random.default_rng(4)
    x = rng.normal(size=(n, columns)).astype("f4")
    return x, np.tanh(x[:, :1] * x[:, 1:2]).astype("f4")


def network(seed=3, hidden="tanh"):
    layers = [gn.Dense(8, hidden), gn.Dropout(0.2), gn.Dense(1)]
    return gn.Network(layers, input_shape=(6,), seed=seed)


def fitted(seed=3, engine="native", epochs=2, **settings):
    net = network(seed)
    net.fit(*data(), epochs=epochs, batch_size=16, engine=engine, verbose=0, **settings)
    return net


def digest(net):
    found = hashlib.sha256()
    for array in dict(net.parameters).values():
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def stretch(program, inputs, arrays, n_rows, batch_size, steps, *, rate=0.01, seed=7):
    """Some steps (start, stop) on arrays in the program's order, which are changed in place."""
    leaves = [*program.inputs, *program.state]
    values = dict(zip(leaves, [*inputs, *arrays], strict=True))
    return Work(values, True, n_rows, batch_size, *steps, rate, seed)


def start(text, **environment):
    """A new Python that has these helpers, and runs the text."""
    paths = os.pathsep.join([str(SOURCE), str(Path(__file__).parent)])
    known = {**os.environ, "PYTHONPATH": paths, **environment}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", f"from work import *\n{text}"],
        env=known, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def said(text, limit=120, **environment):
    """(output, errors) of a new Python; it must end well, and not hang: limit in seconds."""
    process = start(text, **environment)
    try:
        out, err = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, err
    return out.strip(), err.strip()


def digest_of(seed):
    """For workers: the weights of the fit with this seed."""
    return digest(fitted(seed))


def wide(seed=3, epochs=2, **settings):
    """A fit that is large enough for threads to share it."""
    net = gn.Network([gn.Dense(96, "tanh"), gn.Dense(96, "tanh"), gn.Dense(1)],
                     input_shape=(6,), seed=seed)  # fmt: skip
    settings = {"threads": 2, "batch_size": 64, "engine": "native", "verbose": 0, **settings}
    net.fit(*data(200), epochs=epochs, **settings)
    return net


def wide_digest(seed):
    """For workers: the weights of the wide fit with this seed."""
    return digest(wide(seed))
