"""Tables that a report must cope with: (frame, target, epochs) and the task, if it must be said."""

from pathlib import Path

import numpy as np
import polars as pl
from tables.made_ratings import ratings

from glassnet import tables
from glassnet.tables import Settings, find_fit

PENGUINS = Path(__file__).parents[2] / "examples" / "data" / "penguins.csv"
EVIL = '<script>alert("1")</script>'


def penguins():
    return tables.read(PENGUINS), "species", 20


def two_classes():
    frame = tables.read(PENGUINS)
    return frame.filter(pl.col("species") != "Gentoo"), "species", 10


def amounts():
    return tables.read(PENGUINS), "body_mass_g", 10


def one_epoch():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 40))
    return words({"x": x, "y": y}), "y", 1


def evil():
    """Markup in the name of a column, of the target, of a class and of a cell."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=120)
    classes = np.where(x > 0, "<b>yes</b>", "no & \"never\" 'again'")
    cells = rng.choice([EVIL, "</td>", "\x00\x1b", "\u0639\u200f", "a" * 500], 120).tolist()
    frame = words({EVIL: x}).with_columns(
        pl.Series("</style><img src=x>", cells), pl.Series("<i>target</i>", classes)
    )
    return frame, "<i>target</i>", 3


def many_classes():
    """A thousand classes, twice each and more."""
    rng = np.random.default_rng(2)
    classes = [f"class {i}" for i in range(1000)] * 3
    return words({"x": rng.normal(size=3000)}).with_columns(pl.Series("y", classes)), "y", 1


def wide():
    """Of a hundred columns one tells the answer."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 100))
    y = np.where(x[:, 57] > 0, "up", "down")
    columns = {f"column {i}": x[:, i] for i in range(100)}
    return words(columns).with_columns(pl.Series("y", y)), "y", 15


def nothing_to_learn():
    """A target without spread among most rows: predictions are constant."""
    x = np.repeat([1.0, 2.0], 30)
    y = np.zeros(60)
    y[0] = 1e-3
    frame = words({"x": x, "y": y})
    return frame, "y", 1, "regression"


def long():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(50_000, 6))
    y = x[:, 0] ** 2 + x[:, 1]
    return words({f"x{i}": x[:, i] for i in range(6)} | {"y": y}), "y", 1


def rated():
    """A recommendation, whose titles hold markup."""
    frame = ratings().with_columns(title=pl.format("{} {}", pl.lit(EVIL), "bookId"))
    return frame, "rating", 10


def liked():
    """A recommendation of a yes or no without titles, by one number each."""
    frame = ratings(rank=1).drop("title")
    return frame.with_columns(rating=pl.col("rating") > 3), "rating", 10


CASE_MAKERS = (
    penguins, two_classes, amounts, one_epoch, evil, many_classes, wide, nothing_to_learn, long,
    rated, liked,
)  # fmt: skip


def words(columns):
    """A table of text, as a CSV file gives."""
    return pl.DataFrame({name: [f"{v:.6g}" for v in values] for name, values in columns.items()})


class _Cases(dict):
    def __missing__(self, name):
        maker = next(m for m in CASE_MAKERS if m.__name__ == name)
        self[name] = maker()
        return self[name]


CASES = _Cases()


def fitted(frame, target, epochs, task=None):
    """The fit of a case, trained, and its table."""
    fit = find_fit(frame, target, task, Settings(epochs=epochs, hidden=(8,)))
    fit.go()
    return fit, frame
