"""Generated series: hours of a load with a daily season, a holiday and a temperature."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from glassnet import series

QUICK = series.Settings(hidden=(8,), epochs=3, dropout=0.0)


START = dt.datetime.fromisoformat("2024-01-01")


def hours(n, seed=0, start=START):
    rng, t = np.random.default_rng(seed), np.arange(n)
    holiday = np.repeat(rng.random(-(-n // 24)) < 0.15, 24)[:n]
    y = 50 + 10 * np.sin(2 * np.pi * t / 24) - 6 * holiday + rng.normal(size=n)
    times = [start + dt.timedelta(hours=int(i)) for i in t]
    return pl.DataFrame({"date": times, "y": y, "holiday": np.where(holiday, "yes", "no")})


def shops(n, names=("a", "b", "c")):
    parts = [
        hours(n, seed).with_columns(pl.col("y") * 10.0**seed, shop=pl.lit(name))
        for seed, name in enumerate(names)
    ]
    return pl.concat(parts)


def future(frame, window, horizon, target="y"):
    """The last rows, the target of the very last ones empty."""
    tail = frame.tail(window + horizon)
    known = pl.int_range(tail.height) < window
    return tail.with_columns(pl.when(known).then(pl.col(target)).alias(target))


@pytest.fixture(scope="session")
def load():
    return hours(24 * 40)


@pytest.fixture(scope="session")
def fit(load):
    found = series.find_fit(
        load, "y", window=48, horizon=24, known_ahead=["holiday"],
        settings=series.Settings(hidden=(32,), epochs=40),
    )  # fmt: skip
    found.go()
    return found
