"""The raw cells of a column, of any kind: as numbers where they are, as text otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import polars as pl

_MOSTLY = 0.95  # a column is described as numbers where this share of its cells is
_MOST_LETTERS = 60


def amounts(cells: pl.Series) -> Any:
    """The cells as numbers (n,), NaN where there is none."""
    import polars as pl

    if cells.dtype.is_nested() or cells.dtype.is_temporal():
        return np.full(len(cells), np.nan)
    try:
        found = cells.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
    except pl.exceptions.PolarsError:
        return np.full(len(cells), np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def missing(cells: pl.Series) -> int:
    """Cells without a value: null, or NaN among floats."""
    n = cells.null_count()
    return n + int(cells.is_nan().sum() or 0) if cells.dtype.is_float() else n


def texts(cells: pl.Series) -> list[str | None]:
    """Each cell as a short text; None where it is missing."""
    return [_text(cell) for cell in cells.to_list()]


def _text(cell: Any) -> str | None:
    if cell is None or cell != cell:  # NaN  # noqa: PLR0124
        return None
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "\u2026"


class Common(NamedTuple):
    """The most frequent values with their counts, and how many there are in all."""

    top: list[tuple[str, int]]
    distinct: int


def common(cells: pl.Series, most: int) -> Common:
    """The most frequent values of a column, those of one count in order."""
    import polars as pl

    if cells.dtype.is_nested() or cells.dtype == pl.Object:
        cells = pl.Series(cells.name, texts(cells), pl.String)
    counted = cells.drop_nulls().value_counts(name="rows ")
    counted = counted.sort(["rows ", counted.columns[0]], descending=[True, False]).head(most)
    top = [(_text(value) or "NaN", int(n)) for value, n in counted.iter_rows()]
    return Common(top, cells.drop_nulls().n_unique())


def is_amounts(cells: pl.Series, values: Any) -> bool:
    """Whether nearly all of its cells are numbers."""
    known = int((~np.isnan(values)).sum())
    return known > 0 and known >= _MOSTLY * (len(cells) - missing(cells))
