"""One row of the table: check that all peers do the same work, then time them in turn.

The losses before the first step and after 1, 2 and 5 steps (or the outputs) must be those of plain
NumPy in float64, to TOLERANCE of their size; of images and sequences this is the program that
Glassnet prints. That lets through float32's rounding and the place of Adam's epsilon, which Keras
and scikit-learn put elsewhere; a learning rate 1 % off is found.
"""

from __future__ import annotations

import math
import statistics
import sys
from dataclasses import asdict, dataclass, field

import numpy as np

from benchmarks import peak
from benchmarks.peers import HELPERS, OWN, PEAK, PEERS, REFERENCE, STAGES_REFERENCE
from benchmarks.process import LostError, Pipe, installed
from benchmarks.tasks import CHECKED

TOLERANCE = 2e-4
MARGIN = 1e-6  # for outputs near 0


@dataclass(frozen=True)
class Settings:
    """How long everything takes.

    rounds  how often each peer has its turn; target  seconds of a turn
    limit   seconds after which a child is given up
    """

    rounds: int = 9
    target: float = 0.4
    limit: float = 300.0


QUICK = Settings(rounds=3, target=0.01, limit=120.0)


@dataclass
class Entry:
    """What came of one peer in one row; times are of one step, or of one prediction."""

    peer: str
    status: str = "ok"
    note: str = ""
    times: list[float] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)

    def fill(self, flops=0.0, peak_flops=0.0):
        """Median, spread, and the share of the FMA peak."""
        middle = statistics.median(self.times)
        self.figures |= {"median": middle, "min": min(self.times), "max": max(self.times)}
        if flops and peak_flops:
            self.figures["share"] = flops / middle / peak_flops


def say(text):
    print(text, file=sys.stderr, flush=True)


class Room:
    """The children of one count of threads; they stay for all rows, so that each imports once."""

    def __init__(self, threads, scratch, settings):
        self.threads, self.scratch, self.settings = threads, scratch, settings
        self.pipes = {}

    def __enter__(self):
        return self

    def __exit__(self, *error):
        for pipe in self.pipes.values():
            pipe.close()

    def ask(self, name, command, argument):
        """The answer of a child, which is started where it is not there yet."""
        if name not in self.pipes:
            self.pipes[name] = Pipe(name, self.threads, self.scratch, self.settings.limit)
        try:
            return self.pipes[name].ask(command, argument)
        except LostError as error:
            del self.pipes[name]
            return {"failed": str(error)}

    def dismiss(self, name):
        """End a child, and free its memory."""
        if name in self.pipes:
            self.pipes.pop(name).close()


def difference(task, answers, expected):
    """What is not the same work, or nothing."""
    answers, expected = np.asarray(answers), np.asarray(expected)
    if answers.shape != expected.shape:
        return f"{answers.size} numbers, expected {expected.size}"
    off = ~np.isclose(answers, expected, rtol=TOLERANCE, atol=MARGIN)
    if task.kind == "train":
        looked_at = np.isin(np.arange(len(off)), (0, *CHECKED))
        off &= looked_at
    if not off.any():
        return ""
    i = int(np.flatnonzero(off)[0])
    what = f"loss after {i} steps" if task.kind == "train" else f"output {i}"
    return f"{what} {answers[i]:.7g}, expected {expected[i]:.7g}"


def row(room, task, names):
    """All peers in one task: a list of entries."""
    fields = asdict(task)
    reference = STAGES_REFERENCE if task.stages else REFERENCE
    found = room.ask(reference, "open", fields)
    room.dismiss(reference)
    if "answers" not in found:
        raise RuntimeError(f"The reference for {task.name} failed: {found}")
    entries = [
        _opened(room, task, name, fields, found["answers"])
        for name in names
        if task.kind in PEERS[name].kinds and (PEERS[name].stages or not task.stages)
    ]  # fmt: skip
    ready = [entry for entry in entries if entry.status == "ok"]
    meter = Entry(PEAK)
    if task.kind == "train" and installed(HELPERS[PEAK].library):
        room.ask(PEAK, "open", fields)
        ready.append(meter)
    _take_turns(room, task, ready)
    for entry in ready:
        if entry.status == "ok" and entry is not meter:
            entry.fill(task.flops, _rate(room, task, meter))
            say(f"  {entry.peer:24s} {entry.figures['median'] * 1e6:12.2f} us")
    for entry in entries:
        if entry.status != "ok":
            say(f"  {entry.peer:24s} {entry.status}: {entry.note}")
    if meter.times:
        entries.append(meter)
        meter.figures["flops"] = _rate(room, task, meter)
    return entries


def _opened(room, task, name, fields, expected):
    peer = PEERS[name]
    if not installed(peer.library):
        return Entry(name, "not installed", peer.library)
    answer = room.ask(name, "open", fields)
    for status in ("failed", "declined"):
        if status in answer:
            return Entry(name, status, answer[status])
    found = difference(task, answer["answers"], expected)
    return Entry(name, "not the same work", found) if found else Entry(name)


def _take_turns(room, task, entries):
    """Each warms up and finds how many units fill a turn; then A B C, A B C, ..."""
    units = {}
    for entry in entries:
        units[entry.peer] = _calibrated(room, entry)
    for _ in range(room.settings.rounds):
        for entry in entries:
            if entry.status == "ok":
                taken = _seconds(room, entry, units[entry.peer])
                if taken is not None:
                    entry.times.append(taken / units[entry.peer] / task.steps)


def _calibrated(room, entry):
    _seconds(room, entry, 1)  # whatever is built at the first call is built now
    units, target = 1, room.settings.target
    while entry.status == "ok":
        taken = _seconds(room, entry, units)
        if taken is None or taken > target / 2 or units >= 10**6:
            break
        growth = 8 if taken <= target / 10 else target / taken
        units = math.ceil(units * growth)
    return units


def _seconds(room, entry, units):
    answer = room.ask(entry.peer, "seconds", units)
    if "seconds" in answer:
        return answer["seconds"]
    entry.status, entry.note = "failed", answer["failed"]
    return None


def _rate(room, task, meter):
    """The machine's peak in operations a second: the best round, for it can only be too low."""
    return room.threads * peak.flops() / (min(meter.times) * task.steps) if meter.times else 0.0


def ratios(entries):
    """(fastest foreign peer, its median over ours), and each entry's own ratio to the fastest."""
    timed = {e.peer: e.figures["median"] for e in entries if "median" in e.figures}
    foreign = {name: value for name, value in timed.items() if name not in OWN}
    if not foreign:
        return None, None
    fastest = min(foreign, key=foreign.get)
    for entry in entries:
        if entry.peer in timed:
            entry.figures["ratio"] = timed[entry.peer] / foreign[fastest]
    ours = timed.get("glassnet")
    return fastest, foreign[fastest] / ours if ours else None
