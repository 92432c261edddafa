"""The rows that are measured in fresh processes, in turn: import, first steps, memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from benchmarks.peers import OWN, PEERS
from benchmarks.process import installed, surroundings
from benchmarks.rounds import Entry, say
from benchmarks.tasks import TABLE

IMPORTS = {
    "glassnet": "glassnet.network",  # `import glassnet` alone leaves all of it for later
    "PyTorch": "torch",
    "JAX jit": "jax",
    "Keras on JAX": "keras",
    "scikit-learn": "sklearn.neural_network",
    "tinygrad": "tinygrad",
    "ONNX Runtime": "onnxruntime",
}
NO_FIRST = {"glassnet, NumPy engine", "NumPy by hand", "JAX scan", "ONNX Runtime"}
NO_MEMORY = {"glassnet, NumPy engine", "NumPy by hand", "PyTorch compiled", "JAX jit", "tinygrad",
             "ONNX Runtime"}  # fmt: skip
LAYOUTS = {"": {}, "float64": {"dtype": "float64"}, "columns in order": {"order": "F"}}
BASE = "NumPy alone"
FRESH = "-m", "benchmarks.fresh"


class State(NamedTuple):
    """A figure that a cold cache and a warm one give: what benchmarks.fresh is asked, of whom."""

    what: str
    field: str  # of its answer
    unit: str
    task: str
    title: str
    without: set[str]


def _first(task):
    return State("first", "seconds", "s", task, f"first step of {task}", NO_FIRST)


def _steps(task):
    return State("steps", "bytes", "bytes", task, f"memory of {task}'s steps", NO_MEMORY)


STATES = {"first-step": _first("10-10-10-1")}
STATES |= {f"first-step-{task}": _first(task) for task in ("lenet", "resnet-20")}
STEPS = "lenet", "conv-norm-32-32-64-64", "resnet-20", "lstm", "transformer"
STATES |= {f"memory-{task}": _steps(task) for task in STEPS}
ROWS = ("import", "memory", *STATES)
TIMED_IMPORT = """
import json, sys, time
start = time.perf_counter()
import {}
print(json.dumps({{"seconds": time.perf_counter() - start}}))
"""


def ask(arguments, scratch, limit):
    """One fresh process and what it prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True, text=True, timeout=limit, env=surroundings(1, scratch), check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["no word"])[-1][:200])
    return json.loads(done.stdout.splitlines()[-1])


def tried(entry, arguments, scratch, settings):
    """The answer, or None and the entry says why."""
    if entry.status != "ok":
        return None
    try:
        return ask(arguments, scratch, settings.limit)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        entry.status, entry.note = "failed", str(error)
        return None


def finish(entries):
    for entry in entries:
        if entry.times:
            entry.fill()
        figures = f"{entry.figures.get('median', 0):.4g}" if entry.times else entry.note
        say(f"  {entry.peer:24s} {entry.status} {figures}")
    return entries


def import_row(names, settings):
    """Seconds above those of NumPy, round by round."""
    chosen = {BASE: "numpy"} | {n: m for n, m in IMPORTS.items() if n in names}
    entries = [
        Entry(name) if installed(module.split(".")[0]) else Entry(name, "not installed")
        for name, module in chosen.items()
    ]
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(settings.rounds + 1):
            base = 0.0
            for entry in entries:
                found = tried(
                    entry, ["-c", TIMED_IMPORT.format(chosen[entry.peer])], Path(scratch), settings
                )
                if found and turn:  # the first turn fills the disk's cache
                    entry.times.append(found["seconds"] - base)
                    base = found["seconds"] if entry.peer == BASE else base
    return finish(entries)


def states_rows(state, names, settings):
    """{"cold": entries, "warm": entries}: twice with the same caches, which the first finds empty.

    The time from a new network to the end of its first step, or the peak of its first steps in
    bytes above the process before them.
    """
    task = TABLE[state.task]
    chosen = [
        name for name, peer in PEERS.items()
        if name in names and name not in state.without and installed(peer.library)
        and "train" in peer.kinds and (peer.stages or not task.stages)
    ]  # fmt: skip
    cold, warm = ([Entry(name) for name in chosen] for _ in range(2))
    for _ in range(settings.rounds // 3 if task.stages else settings.rounds):
        for first, second in zip(cold, warm, strict=True):
            with tempfile.TemporaryDirectory() as scratch:
                for entry in (first, second):
                    arguments = [*FRESH, state.what, entry.peer, state.task]
                    found = tried(entry, arguments, Path(scratch), settings)
                    if found:
                        entry.times.append(found[state.field])
    return {"cold": finish(cold), "warm": finish(warm)}


def memory_row(names, settings, rows=None):
    """Peak above the table, as a share of the table's bytes."""
    entries = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in PEERS:
            if name not in names or name in NO_MEMORY or not installed(PEERS[name].library):
                continue
            for layout, changes in LAYOUTS.items():
                if layout and name not in OWN:
                    continue
                entry = Entry(f"{name}, {layout}" if layout else name)
                wanted = json.dumps(changes | ({"rows": rows} if rows else {}))
                found = [
                    tried(entry, [*FRESH, "memory", name, wanted], Path(scratch), settings)
                    for _ in range(min(3, settings.rounds))
                ]
                entry.times = [f["bytes"] / f["table"] for f in found if f]
                if entry.times:
                    entry.note = f"table of {found[0]['table'] / 2**20:.0f} MiB"
                entries.append(entry)
    return finish(entries)


def against(entries):
    """(the peer with the least, its median over ours); NumPy alone is no peer."""
    timed = {e.peer: e.figures["median"] for e in entries if e.figures and e.peer in PEERS}
    foreign = {name: value for name, value in timed.items() if name not in OWN}
    if not foreign:
        return None, None
    least = min(foreign, key=foreign.get)
    ours = timed.get("glassnet", 0.0)
    return least, foreign[least] / ours if ours > 0 else None
