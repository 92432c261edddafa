"""Columns of other libraries' DataFrames, by way of narwhals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import polars as pl


def words_column(name: str, values: list[Any]) -> pl.Series:
    """Cells of any kind as text; what is no cell is null."""
    import polars as pl

    cells = [None if v is None or v != v else str(v) for v in values]  # noqa: PLR0124 - NaN
    return pl.Series(name, cells, dtype=pl.String)


def numbers_of(value: Any) -> Any:
    """A DataFrame or a Series of numbers, NaN where one is missing, as an array; None for others.

    For what NumPy takes for objects: numbers that know of missing ones, beside yes and no.
    """
    import narwhals as nw

    try:
        frame = nw.from_native(value, allow_series=True, pass_through=True)
    except nw.exceptions.NarwhalsError:  # columns of one name, say
        return None
    columns = [frame] if isinstance(frame, nw.Series) else []
    columns = list(frame.iter_columns()) if isinstance(frame, nw.DataFrame) else columns
    if not columns or not all(c.dtype.is_numeric() or c.dtype == nw.Boolean for c in columns):
        return None
    arrays = [_filled(column_of(cells, str(cells.name))) for cells in columns]
    return arrays[0] if isinstance(frame, nw.Series) else np.column_stack(arrays)


def _filled(cells: pl.Series) -> Any:
    """The numbers, NaN where one is missing."""
    import polars as pl

    if not cells.null_count():
        return cells.to_numpy()
    return cells.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def column_of(cells: Any, name: str) -> pl.Series:
    """A column of another library, by way of NumPy, so that pyarrow is not needed."""
    import narwhals as nw
    import polars as pl

    kind = cells.dtype
    missing = cells.is_null().to_numpy().astype(bool)
    if kind.is_numeric():
        numbers = np.asarray(cells.to_numpy())
        if numbers.dtype.kind in "iufb":
            return pl.Series(name, numbers)
        known = [None if m else float(v) for v, m in zip(cells.to_list(), missing, strict=True)]
        return pl.Series(name, known, dtype=pl.Float64)
    if kind == nw.Datetime:
        bare = cells.dt.replace_time_zone(None) if kind.time_zone else cells
        times = np.asarray(bare.to_numpy()).astype("datetime64[us]")
        return pl.Series(name, times).set(pl.Series(missing), None)
    if kind == nw.Duration:
        return pl.Series(name, np.asarray(cells.to_numpy()).astype("timedelta64[us]"))
    values = [None if m else v for v, m in zip(cells.to_list(), missing, strict=True)]
    if kind == nw.Boolean:
        return pl.Series(name, [None if v is None else bool(v) for v in values], dtype=pl.Boolean)
    if kind == nw.Date:
        return pl.Series(name, values, dtype=pl.Date)
    return words_column(name, values)
