"""Kill -9 at random moments: `python tests/crash.py --kills 50 --seed 0`.

A child trains with Checkpoint, writing a checkpoint and a model file after every epoch, and says
so after each write. It is killed at a random moment and started again, until the fit is done; then
another fit begins, until there were so many kills. After each kill

    every file under its own name is whole,
    no file is older than the last of which the child had said that it was written,
    what lies half written under a temporary name is refused,

and each fit ends with the very weights of one that nobody killed.
"""

import argparse
import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EPOCHS, LONGEST = 60, 0.7  # seconds from the first step to the kill, at most


def child(folder, epochs, engine):
    """Train, and say what was written."""
    import numpy as np

    import glassnet as gn
    from glassnet import files

    class Save(gn.callbacks.Callback):
        """A model file after each epoch; and what is on the disk by now."""

        def on_epoch_begin(self, run):
            newest = sorted(p.name for p in Path(folder).glob("step-*"))
            if newest and run.epoch:
                print("checkpoint", int(newest[-1][5:-12]), flush=True)

        def on_epoch_end(self, run):
            files.save(run.net, Path(folder, "model.safetensors"), {"step": run.step})
            print("model", run.step, flush=True)

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 5)).astype(np.float32)
    layers = [gn.Dense(400, "tanh"), gn.Dropout(0.2), gn.Dense(400, "relu"), gn.Dense(1, "sigmoid")]
    net = gn.Network(layers, input_shape=(5,), seed=3)
    print("ready", 0, flush=True)
    history = net.fit(
        x, (x[:, 0] * x[:, 1] > 0).astype(int), epochs=epochs, batch_size=16, verbose=0,
        engine=engine, optimizer=gn.optim.Adam(0.01, ema=0.9), validation_split=0.2,
        callbacks=[gn.callbacks.Checkpoint(folder), Save()],
    )  # fmt: skip
    print("done", history.hash, flush=True)


def start(folder, chosen):
    command = [sys.executable, __file__, "--child", str(folder), "--epochs", str(chosen.epochs),
               "--engine", chosen.engine]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def finish(process):
    """What a child says until its end, the last of each."""
    said = dict(line.split() for line in process.stdout)
    process.stdout.close()
    process.wait()
    return said


def kill(process, moment):
    """Kill a child some time after it is ready; what it had said."""
    said = dict([process.stdout.readline().split()])
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    return said | finish(process)


def inspect(folder, said, counts, known):
    """Every file after a kill; `known` are temporary ones that were there before."""
    from glassnet import files, lock
    from glassnet.errors import FileFormatError

    steps = {"checkpoint": [0], "model": [0]}
    for path in sorted(set(folder.iterdir()) - known - {folder / lock.NAME}):
        if path.suffix == ".tmp":
            known.add(path)
            counts["kills while a file was written"] += 1
        try:
            text = files.read(path)[1]
        except FileFormatError:
            counts["torn, refused" if path.suffix == ".tmp" else "damaged"] += 1
            continue
        if path.suffix == ".tmp":
            counts["whole, not yet renamed"] += 1
        elif path.name.startswith("step-"):
            steps["checkpoint"].append(text["step"])
        else:
            steps["model"].append(text["extra"]["step"])
        counts["whole files read"] += path.suffix != ".tmp"
    for kind, found in steps.items():
        counts["lost"] += max(found) < int(said.get(kind, 0))


def one_fit(chosen, chance, counts, expected):
    """Kill and start again until the fit is done, or there were enough kills."""
    with tempfile.TemporaryDirectory() as name:
        folder, result, known = Path(name, "run"), "", set()
        folder.mkdir()
        while not result:
            process = start(folder, chosen)
            if counts["kills"] < chosen.kills:
                said = kill(process, chance.uniform(0, LONGEST))
                counts["kills"] += process.returncode == -signal.SIGKILL
                inspect(folder, said, counts, known)
            else:
                said = finish(process)
            result = said.get("done", "")
            counts["resumed"] += "checkpoint" in said
        counts["fits"] += 1
        counts["fits with other weights"] += result != expected
        left = list(folder.glob(".step-*.tmp"))
        counts["temporary checkpoints left"] += len(left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--engine", default="numpy")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.child:
        child(chosen.child, chosen.epochs, chosen.engine)
        return
    chance = random.Random(chosen.seed)  # noqa: S311 - moments, no secrets
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        expected = finish(start(folder, chosen))["done"]
    while counts["kills"] < chosen.kills:
        one_fit(chosen, chance, counts, expected)
    for name in ("damaged", "lost", "fits with other weights"):
        counts[name] += 0
    print(json.dumps(counts))
    sys.exit(any(counts[n] for n in ("damaged", "lost", "fits with other weights")))


if __name__ == "__main__":
    main()
