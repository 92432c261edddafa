"""Columns of other libraries' DataFrames, by way of narwhals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError

if TYPE_CHECKING:
    import polars as pl


def words_column(name: str, values: list[Any]) -> pl.Series:
    """Cells of any kind as text; what is no cell is null. Bytes are UTF-8."""
    import polars as pl

    cells = [_word(name, row, v) for row, v in enumerate(values)]
    return pl.Series(name, cells, dtype=pl.String)


def _word(name: str, row: int, value: Any) -> str | None:
    if value is None or value != value:  # noqa: PLR0124 - NaN
        return None
    if isinstance(value, complex | np.complexfloating):
        raise DataError(complex_column(name, value))
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise DataError(
            f"The column {name!r} holds bytes that are no text in UTF-8, such as {value[:20]!r} in "
            f"row {row + 1:,}. Decode them first: np.char.decode(column, 'cp1252')."
        ) from None


def complex_column(name: str, example: Any) -> str:
    """What is said of a column of complex numbers."""
    return (
        f"The column {name!r} holds complex numbers, such as {example}. Give the real and the "
        "imaginary parts as columns of their own."
    )


def strange_column(value: Any) -> tuple[str, Any] | None:
    """Of a DataFrame or a Series, the first column that holds no numbers: what it is called, cells.

    None for what is neither, or where all columns are numbers.
    """
    import narwhals as nw

    try:
        frame = nw.from_native(value, eager_only=True, allow_series=True)
    except (TypeError, nw.exceptions.NarwhalsError):
        return None
    columns = [frame] if isinstance(frame, nw.Series) else list(frame.iter_columns())
    for cells in columns:
        if not (cells.dtype.is_numeric() or cells.dtype == nw.Boolean):
            known = np.array(cells.drop_nulls().head(1).to_list(), object)
            return f"the column {str(cells.name)!r}", known
    return None


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
