"""The printed text is complete: with ten lines around it, and NumPy, it trains the same network."""

import subprocess
import sys

import numpy as np
import pytest
from cases.networks import ROWS

from glassnet.optim.optimizer import find
from glassnet.train.fit import start_slots

pytestmark = pytest.mark.slow

STEPS = 7
BEFORE = """\
import sys
sys.modules["glassnet"] = None  # whoever imports it gets an ImportError
"""
AFTER = """
data = np.load(sys.argv[1])
inputs = [data[f"input {i}"] for i in range(int(data["inputs"]))]
arrays = [data[f"array {i}"] for i in range(int(data["arrays"]))]
plain = {"learning_rate": float(data["learning_rate"]), "seed": int(data["seed"])}
for t in range(1, int(data["steps"]) + 1):
    step(*inputs, *arrays, *[{**plain, "t": t}[name] for name in data["settings"]])
np.savez(sys.argv[2], *arrays)
"""


def around(text):
    return [line for line in text.splitlines() if line.strip()]


def given(row, net, program):
    """What the step is called with, before the first step."""
    data = row.data()
    x = list(data.x.values()) if isinstance(data.x, dict) else [data.x]
    y = list(data.y.values()) if isinstance(data.y, dict) else [data.y]
    if not isinstance(data.y, dict) and np.ndim(data.y) == 1 and row.class_weight is None:
        y = [np.reshape(data.y, (-1, 1))]
    weights = [] if data.sample_weight is None else [data.sample_weight]
    classes = [list(row.class_weight.values())] if row.class_weight else []
    values = [*x, *y, *weights, *classes]
    inputs = [
        np.asarray(value, leaf.dtype).reshape(len(value), *leaf.shape[1:])
        for value, leaf in zip(values, program.inputs, strict=True)
    ]
    arrays = [*dict(net.parameters).values(), *start_slots(net, program).values()]
    return inputs, [array.copy() for array in arrays]


def save(path, inputs, arrays, program, optimizer, seed):
    np.savez(
        path, inputs=len(inputs), arrays=len(arrays), steps=STEPS, seed=seed,
        learning_rate=optimizer.start_rate, settings=[leaf.name for leaf in program.settings],
        **{f"input {i}": a for i, a in enumerate(inputs)},
        **{f"array {i}": a for i, a in enumerate(arrays)},
    )  # fmt: skip


def test_ten_lines_stand_around_the_text():
    assert len(around(BEFORE) + around(AFTER)) <= 10


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_saved_text_trains_to_the_same_bits(row, tmp_path):
    net = row.build()
    program, optimizer = row.program(net), find(row.optimizer)
    inputs, arrays = given(row, net, program)
    save(tmp_path / "before.npz", inputs, arrays, program, optimizer, net.seed)
    script = tmp_path / "network.py"
    script.write_text(BEFORE + program.source("numpy") + AFTER, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-I", script, tmp_path / "before.npz", tmp_path / "after.npz"], check=True
    )
    row.fit(net, epochs=STEPS)
    with np.load(tmp_path / "after.npz") as after:
        found = dict(zip([*program.parameters, *program.slots], after.values(), strict=True))
    for name, own in net.parameters.items():
        other = found.get(f"{name}/ema", found[name])
        assert own.tobytes() == other.tobytes(), name
        assert own.dtype == other.dtype == np.float32
