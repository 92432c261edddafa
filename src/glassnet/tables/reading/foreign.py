"""Tables that are no files: any DataFrame by way of narwhals, arrays of NumPy, dicts of columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.data.foreign import column_of, complex_column, words_column
from glassnet.errors import DataError, brief
from glassnet.tables.reading.frame import clean

if TYPE_CHECKING:
    import polars as pl


def from_object(value: Any) -> pl.DataFrame:
    """The columns of a DataFrame (pandas, polars, pyarrow, ...), of an array, of a dict."""
    import polars as pl

    if isinstance(value, pl.DataFrame):
        return clean(value)
    if isinstance(value, np.ndarray):
        return clean(from_array(value))
    if isinstance(value, Mapping):
        return clean(_from_columns(value))
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        names = dict.fromkeys(name for row in value for name in row)
        return clean(_from_columns({name: [row.get(name) for row in value] for name in names}))
    return clean(_from_narwhals(value))


def from_array(value: Any) -> pl.DataFrame:
    """A 2-D array as column_1, column_2, ...; a structured one by the names of its fields."""
    if value.dtype.names and value.ndim == 1:
        return _from_columns({name: value[name] for name in value.dtype.names})
    if value.ndim not in {1, 2}:
        raise DataError(
            f"A table has rows and columns, got an array of shape {value.shape}. For images and "
            "sequences build a network: gn.Network(...).fit(x, y)."
        )
    columns = value.T if value.ndim == 2 else value[None]
    return _from_columns({f"column_{i}": column for i, column in enumerate(columns, 1)})


def from_arrays(arrays: Mapping[str, Any], path: Any) -> pl.DataFrame:
    """The arrays of an npz file: x and y, or columns by their names."""
    columns: dict[str, Any] = {}
    for name, array in arrays.items():
        if array.ndim == 2 and array.shape[1] > 1:
            front = "column" if name.lower() == "x" else name
            columns |= {f"{front}_{i}": array[:, i - 1] for i in range(1, array.shape[1] + 1)}
        elif array.ndim in {1, 2}:
            columns[name] = array.reshape(-1)
        else:
            raise DataError(
                f"{path}: {name!r} has shape {array.shape}, which is no column of a table. "
                "For images and sequences build a network: gn.Network(...).fit(x, y)."
            )
    return clean(_from_columns(columns))


def _from_columns(columns: Mapping[str, Any]) -> pl.DataFrame:
    import polars as pl

    if columns and all(
        v is None or isinstance(v, str) or np.ndim(v) == 0 for v in columns.values()
    ):
        columns = {name: [value] for name, value in columns.items()}  # a single row
    found = {str(name): _series(str(name), values) for name, values in columns.items()}
    lengths = {name: len(cells) for name, cells in found.items()}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{brief(name)} {count:,}" for name, count in list(lengths.items())[:6])
        raise DataError(f"The columns have different numbers of rows: {listed}.")
    return pl.DataFrame(list(found.values()))


def _series(name: str, values: Any) -> pl.Series:
    import polars as pl

    if isinstance(values, np.ndarray) and values.dtype.kind in "SUO":
        return words_column(name, values.tolist())
    if isinstance(values, np.ndarray) and values.dtype.kind == "c":
        raise DataError(complex_column(name, values.flat[0] if values.size else "1j"))
    if isinstance(values, np.ndarray) and values.dtype.kind in "Mm":
        values = values.astype(values.dtype.str[:2] + "8[us]")
    if isinstance(values, np.ndarray) and values.dtype == np.float16:
        values = values.astype(np.float32)
    try:
        found = pl.Series(name, values if isinstance(values, np.ndarray) else list(values))
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        return words_column(name, list(values))
    strange = found.dtype == pl.Object and any(isinstance(v, complex) for v in found)
    return words_column(name, list(values)) if strange or found.dtype == pl.Binary else found


def _from_narwhals(value: Any) -> pl.DataFrame:
    import narwhals as nw
    import polars as pl

    try:
        frame: Any = nw.from_native(value)
    except TypeError:
        raise DataError(
            f"A table is a path, a DataFrame (pandas, polars, pyarrow), an array or a dict of "
            f"columns; got {type(value).__name__}."
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if frame.implementation.is_polars():
        native: pl.DataFrame = frame.to_native()
        return native
    if frame.implementation.is_pyarrow():
        found = pl.from_arrow(frame.to_native())
        assert isinstance(found, pl.DataFrame)  # noqa: S101 - a table gives one
        return found
    return pl.DataFrame([column_of(cells, str(cells.name)) for cells in frame.iter_columns()])
