"""A table larger than the memory there is: `python -m benchmarks.streaming`.

Writes a CSV file, sets a limit on its own memory in a child process (RLIMIT_DATA: heap and private
mappings, which is what arrays take), and trains there on the whole table. Printed are the size of
the file, the limit, and the most memory that the child had, watched from outside. A second child
reads the same file with stream=False under the same limit, to show that it does not fit.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

MIB = 1 << 20
COLUMNS = 60  # of numbers; beside them two categories, one yes/no, one date
BATCH = 20_000  # rows that are written together


def write_table(path, n_bytes):
    """A table of at least so many bytes with something to learn in it; how many rows it has."""
    import polars as pl

    rows, batch = 0, 0
    with path.open("wb") as file:
        while file.tell() < n_bytes:
            some(np.random.default_rng(batch), pl).write_csv(file, include_header=batch == 0)
            rows, batch = rows + BATCH, batch + 1
    return rows


def some(rng, pl):
    """A batch of rows."""
    x = rng.normal(size=(BATCH, COLUMNS))
    kind, place = rng.integers(0, 5, BATCH), rng.integers(0, 300, BATCH)
    paid, day = rng.random(BATCH) < 0.5, rng.integers(0, 700, BATCH)
    y = x[:, 0] * x[:, 1] + np.sin(place) + kind + paid + 0.1 * rng.normal(size=BATCH)
    x[rng.random(x.shape) < 0.02] = np.nan
    return pl.DataFrame(
        {f"x{i}": x[:, i] for i in range(COLUMNS)}
        | {
            "kind": np.array([*"abcde"])[kind],
            "place": np.char.add("p", place.astype(str)),
            "paid": np.where(paid, "yes", "no"),
            "day": np.datetime64("2024-01-01") + day,
            "y": y,
        }
    ).fill_nan(None)


def train(path, limit, stream, epochs):
    """What the child does: a limit, then a fit; JSON on stdout."""
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    from glassnet import tables

    start = time.perf_counter()
    frame = tables.read(path, stream=stream)
    settings = tables.Settings(epochs=epochs, batch_size=256)
    fit = tables.find_fit(frame, "y", settings=settings)
    ready = time.perf_counter()
    fit.go()
    figures = {
        "read": type(frame).__name__, "prepared": ready - start, "trained": fit.history.seconds,
        "rows": sum(map(len, fit.rows.values())), "r2": fit.scores()["r2"][0],
    }  # fmt: skip
    print(json.dumps(figures))


def watched(arguments):
    """Run a child; its output, its exit code, and the most of `VmData` and `RssAnon` it had."""
    child = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.streaming", *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # its threads reserve 64 MiB each
    )  # fmt: skip
    most = {"VmData": 0, "RssAnon": 0}
    while child.poll() is None:
        for line in status(child.pid):
            name, _, value = line.partition(":")
            if name in most and value:
                most[name] = max(most[name], int(value.split()[0]) * 1024)
        time.sleep(0.01)
    out, err = child.communicate()
    return out, err, child.returncode, most


def status(pid):
    try:
        return Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return []


def report(path, limit, epochs):
    size = path.stat().st_size
    print(f"file    {size / MIB:8.0f} MiB")
    print(f"limit   {limit / MIB:8.0f} MiB (RLIMIT_DATA)")
    for stream in ("auto", "False"):
        out, err, code, most = watched(["--child", path, limit, stream, epochs])
        peak = f"data at most {most['VmData'] / MIB:.0f} MiB, of which touched "
        peak += f"{most['RssAnon'] / MIB:.0f} MiB"
        if code:
            last = err.strip().splitlines()[-1][:70] if err.strip() else ""
            print(f"stream={stream}: ended with {code} ({last}); {peak}")
            continue
        found = json.loads(out)
        print(
            f"stream={stream}: {found['read']}, {found['rows']:,} rows; prepared in "
            f"{found['prepared']:.1f} s, trained {epochs} epochs in {found['trained']:.1f} s, "
            f"r2 {found['r2']:.3f}; {peak}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file")
    parser.add_argument("--limit", type=int, default=768, help="MiB of memory")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--child", nargs=4, metavar="WORD", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        path, limit, stream, epochs = given.child
        choice = stream if stream == "auto" else stream == "True"
        train(path, int(limit), choice, int(epochs))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        write_table(path, given.size * MIB)
        report(path, given.limit * MIB, given.epochs)


if __name__ == "__main__":
    main()
