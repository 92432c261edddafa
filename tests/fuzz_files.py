"""Fuzzing for as long as one likes: `python tests/fuzz_files.py --seconds 300 --seed 0`.

Every input is a model, a table model or a checkpoint that is damaged, or lies with a checksum that
is right. It must be loaded and predict, or be refused by FileFormatError or UnknownNameError,
within a second of computing. While it is loaded, an audit hook watches for whatever runs code,
opens another file, starts a process or imports; the process may take a gigabyte more than it has,
and no more.
Inputs that fail are kept in --keep, and the exit code is 1.
"""

import argparse
import collections
import contextlib
import hashlib
import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ.setdefault("GLASSNET_CACHE", "off")

import hypothesis
from cases.model_files import LIMIT, READERS, judge, samples
from files.mutations import WAYS
from hypothesis import HealthCheck, Phase, given, settings

import glassnet as gn
from glassnet import files

ROOM = 2**30
BATCH = 400  # inputs between two looks at the clock
RUNS_CODE = re.compile(
    r"exec|compile|import|code\.|marshal\.|pickle\.|ctypes\.|subprocess\.|socket\.|os\.(?!scandir|"
    r"listdir|remove|rename|mkdir|stat|putenv|unsetenv|chmod|utime)|shutil\.|urllib|open|webbrowser"
)


class Watch:
    """What happens while a file is read; `python -X importtime` would see less."""

    def __init__(self):
        self.path, self.seen = None, []
        sys.addaudithook(self._hook)

    def _hook(self, event, arguments):
        if self.path is None or not RUNS_CODE.match(event):
            return
        if event == "open" and str(arguments[0]) == self.path:
            return
        self.seen.append(f"{event} {arguments!r:.100}")

    @contextlib.contextmanager
    def on(self, path):
        self.path, self.seen = str(path), []
        try:
            yield
        finally:
            self.path = None


def load_alone(kind, path):
    """Only reading, which must run nothing; a prediction runs the program by design."""
    if kind == "model":
        gn.load(path)
    elif kind == "table":
        from glassnet.tables import TableModel

        TableModel.load(path)
    else:
        files.read(path)


class Fuzz:
    """Counts, and what failed."""

    def __init__(self, folder, keep):
        self.path, self.keep, self.watch = Path(folder, "fuzzed"), keep, Watch()
        self.counts, self.faults = collections.Counter(), collections.Counter()
        self.slowest = 0.0

    def try_one(self, kind, way, data):
        """Read, and use, one input."""
        self.path.write_bytes(data)
        signal.setitimer(signal.ITIMER_PROF, 20)  # of the processor: others may be busy
        started = time.process_time()
        try:
            refused = gn.errors.FileFormatError, gn.errors.UnknownNameError
            with contextlib.suppress(*refused), self.watch.on(self.path):
                load_alone(kind, self.path)
            assert self.watch.seen == [], f"code was run: {self.watch.seen[:3]}"
            outcome = judge(kind, self.path)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            outcome = self._fault(kind, way, data, error)
        self.slowest = max(self.slowest, time.process_time() - started)
        signal.setitimer(signal.ITIMER_PROF, 0)
        self.counts[kind, way, outcome] += 1

    def _fault(self, kind, way, data, error):
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        name = "hang" if isinstance(error, TimeoutError) or "too long" in str(error) else "crash"
        self.faults[name] += 1
        if self.counts[kind, way, f"{name}: {where}"] == 0 and self.keep:
            self.keep.mkdir(parents=True, exist_ok=True)
            stem = self.keep / f"{kind}-{hashlib.sha256(data).hexdigest()[:10]}"
            stem.with_suffix(".bin").write_bytes(data)
            stem.with_suffix(".txt").write_text(traceback.format_exc(), encoding="utf-8")
        return f"{name}: {where}"

    def batch(self, kind, way, seed, examples):
        """Some inputs of one kind, made in one way."""

        @hypothesis.seed(seed)
        @settings(max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(data=WAYS[way](kind))
        def many(data):
            self.try_one(kind, way, data)

        many()


def limit():
    """No more memory than there is now, and a little; no input longer than some seconds."""
    used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = used * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))

    def too_long(*_):
        raise TimeoutError("it took too long")

    signal.signal(signal.SIGPROF, too_long)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--examples", type=int, help="so many of each kind and way, then stop")
    parser.add_argument("--keep", type=Path, help="a folder for inputs that fail")
    chosen = parser.parse_args()
    for kind in READERS:  # imports and first traces, before anybody watches
        for data in samples()[kind]:
            with tempfile.NamedTemporaryFile() as file:
                Path(file.name).write_bytes(data)
                judge(kind, file.name)
    if sys.platform == "linux":
        limit()
    end, seed = time.monotonic() + chosen.seconds, chosen.seed
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(folder, chosen.keep)
        while True:
            for kind in READERS:
                for way in WAYS:
                    few = BATCH if kind == "model" else BATCH // 4
                    fuzz.batch(kind, way, seed, chosen.examples or few)
            seed += 1
            if chosen.examples or time.monotonic() > end:
                break
    report(fuzz)
    sys.exit(bool(fuzz.faults))


def report(fuzz):
    total = sum(fuzz.counts.values())
    crashes, hangs = fuzz.faults["crash"], fuzz.faults["hang"]
    print(f"{total:,} inputs: {crashes} crashes, {hangs} over {LIMIT:g} s, "
          f"the slowest {fuzz.slowest:.2f} s (read and judged)")  # fmt: skip
    table = collections.defaultdict(collections.Counter)
    for (kind, way, outcome), count in fuzz.counts.items():
        table[f"{kind}, {way}"][outcome] += count
    for name, outcomes in table.items():
        listed = ", ".join(f"{outcome} {count:,}" for outcome, count in outcomes.most_common())
        print(f"  {name + ':':<28} {listed}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"inputs": total, **fuzz.faults, "peak_mb": round(peak)}))


if __name__ == "__main__":
    main()
