"""How time per sample goes with width, batch, depth and rows, and where the curve bends.

    python -m benchmarks --scaling

Glassnet and the two peers that are the fastest in the middle of each axis. A point that would take
too long, or too much memory, is left out and said so.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict

from benchmarks.machine import free_memory
from benchmarks.peers import OURS, OWN, PEAK
from benchmarks.rounds import row, say
from benchmarks.tasks import Task

UNIT_FLOPS = 2e9  # about what one unit does; at least 2 steps, at most 128
SLOWEST = 5.0  # seconds a unit may take


def _task(axis, value, sizes, batch, rows=None):
    task = Task(f"{axis} {value}", sizes, batch, batch)
    steps = rows // batch if rows else int(min(128, max(2, UNIT_FLOPS // task.flops)))
    return Task(task.name, sizes, batch, steps * batch)


def powers(first, last, factor=2):
    """first, first * factor, ... up to last."""
    count = round(math.log(last / first, factor))
    return [first * factor**i for i in range(count + 1)]


def width(value):
    return _task("width", value, (value, value, value, 1), 128)


def batch(value):
    return _task("batch", value, (30, 64, 64, 1), value)


def depth(value):
    return _task("depth", value, (64,) * (value + 1) + (1,), 32)


def rows(value):
    return _task("rows", value, (30, 64, 64, 1), 500, value)


AXES = {
    "width": (width, powers(8, 4096)),
    "batch": (batch, powers(1, 65536, 4)),
    "depth": (depth, powers(1, 32)),
    "rows": (rows, powers(10**3, 10**7, 10)),
}


def axis(room, name, names, quick=False):
    """All points of an axis: {"axis", "peers", "points": [{"value", "peer": {...}}], ...}."""
    make, values = AXES[name]
    values = values[:2] if quick else values
    say(f"{name}, {room.threads} threads")
    peers = _fastest(room, make(values[len(values) // 2]), names)
    points, left_out = [], []
    growth = 0.0  # seconds a unit at the last point, by its operations
    for value in values:
        task = make(value)
        reason = _too_much(task, growth, len(peers))
        if reason:
            say(f"  {name} {value} is left out: {reason}")
            left_out.append({"value": value, "reason": reason})
            continue
        say(f"  {task.name}")
        entries = [e for e in row(room, task, peers) if e.peer != PEAK]
        slowest = max((e.figures["median"] for e in entries if e.times), default=0.0)
        growth = slowest / task.flops
        points.append({
            "value": value,
            "entries": [asdict(e) for e in entries],
            "per_sample": {e.peer: e.figures["median"] / task.batch for e in entries if e.times},
        })  # fmt: skip
    bends = {p: b for p in peers if (b := bend(points, p)) is not None}
    return {"axis": name, "threads": room.threads, "peers": peers, "points": points,
            "left_out": left_out, "bends": bends}  # fmt: skip


def _fastest(room, task, names):
    """Glassnet and the two quickest peers at one point."""
    entries = [e for e in row(room, task, names) if e.peer != PEAK and e.times]
    foreign = sorted((e.figures["median"], e.peer) for e in entries if e.peer not in OWN)
    for name in list(room.pipes):
        room.dismiss(name)
    return [n for n in names if n == OURS] + [peer for _, peer in foreign[:2]]


def _too_much(task, growth, n_peers):
    seconds = growth * task.flops * task.steps
    if seconds > SLOWEST:
        return f"about {seconds:.0f} s for its shortest run (more than {SLOWEST:.0f})"
    needed = 2 * task.rows * task.sizes[0] * 4 * n_peers
    free = free_memory()
    if free is not None and needed > 0.8 * free:
        return f"about {needed / 2**30:.1f} GiB of tables, {free / 2**30:.1f} GiB are free"
    return ""


def bend(points, peer):
    """Where the slope in log-log changes most, or None with fewer than three points."""
    known = [(p["value"], p["per_sample"][peer]) for p in points if peer in p["per_sample"]]
    if len(known) < 3:
        return None
    logs = [(math.log(v), math.log(t)) for v, t in known]
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in itertools.pairwise(logs)]
    changes = [abs(b - a) for a, b in itertools.pairwise(slopes)]
    return known[1 + changes.index(max(changes))][0]
