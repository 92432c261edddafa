"""Arrays as the user gives them, checked against what a network takes; nothing is copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from glassnet.data.foreign import numbers_of, strange_column
from glassnet.data.labels import check_labels, filled_up
from glassnet.errors import DataError, GlassnetError, ShapeError, shown
from glassnet.spec import Spec, shape_text

_CHUNK = 1 << 20  # numbers looked at together when NaN and infinity are searched for
_LEAST_WEIGHT, _MOST_WEIGHT = 1e-20, 1e20  # of a row: losses divide by a sum of at least 1e-30


@dataclass(frozen=True)
class Rows:
    """Inputs, targets and row weights of one set of rows; `weights[i]` may be None.

    row_indices  which rows of the arrays these are, as int64; None is all
    """

    inputs: list[Any]
    targets: list[Any]
    weights: list[Any]
    row_indices: Any = None

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.inputs[0] if self.row_indices is None else self.row_indices)

    def only(self, rows: Any) -> Rows:
        """The same arrays, of which only these rows take part."""
        return replace(self, row_indices=np.ascontiguousarray(self._places(rows), np.int64))

    def take(self, rows: Any) -> Rows:
        """Arrays of some of the rows."""
        at = self._places(rows)
        return Rows(
            [a[at] for a in self.inputs],
            [a[at] for a in self.targets],
            [None if w is None else w[at] for w in self.weights],
        )

    def _places(self, rows: Any) -> Any:
        return rows if self.row_indices is None else self.row_indices[rows]

    def target(self, i: int) -> Any:
        """The i-th target of all rows."""
        return self.targets[i] if self.row_indices is None else self.targets[i][self.row_indices]

    def weight(self, i: int) -> Any:
        """The i-th weights of all rows, or None."""
        found = self.weights[i]
        return found if found is None or self.row_indices is None else found[self.row_indices]


def listed(value: Any, names: Sequence[str], what: str) -> list[Any]:
    """One array for each name: from a single array, a list, or a dict by name."""
    if isinstance(value, dict):
        if set(value) != set(names):
            raise DataError(f"{what}: expected a dict with {list(names)}, got {list(value)}.")
        return [value[name] for name in names]
    if len(names) == 1:
        return [value]
    if not isinstance(value, list | tuple) or len(value) != len(names):
        got = f"{len(value)} arrays" if isinstance(value, list | tuple) else "one array"
        raise DataError(f"{what}: the network has {len(names)}, {list(names)}; got {got}.")
    return list(value)


def as_array(value: Any, what: str) -> Any:
    """An array of numbers, not copied where it is one already."""
    _refuse_masks(value, what)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise DataError(f"{what} does not form an array: {error}. Rows need one length.") from None
    if not isinstance(value, np.ndarray | list | tuple | int | float):
        if column := strange_column(value):  # polars makes numbers of dates
            name, cells = column
            kind, got = _kind(cells)
            raise DataError(f"{what} must hold numbers, got {got} in {name}. {_NEXT[kind]}")
        found = numbers_of(value) if array.dtype.kind not in "fiub" else None
        array = array if found is None else found
    if array.dtype.kind not in "fiub":
        kind, got = _kind(array)
        raise DataError(f"{what} must hold numbers, got {got}. {_NEXT[kind]}")
    if not array.ndim:
        raise DataError(f"{what} must have one row for each example, got a single number.")
    if not len(array):
        raise DataError(f"{what} has no rows. Give at least one.")
    return array


_TABLE = "or train on the table itself: glassnet train DATA.csv --target COLUMN."
_TEXT = f"Encode text as numbers first, {_TABLE}"
_DATES = f"Take numbers of them first (days, months, hours), {_TABLE}"
_KINDS = {"U": "text", "S": "bytes", "O": "objects", "M": "dates", "m": "times", "T": "text",
          "c": "complex numbers", "V": "records"}  # fmt: skip
_NEXT = {"U": _TEXT, "S": _TEXT, "T": _TEXT, "M": _DATES, "m": _DATES,
         "O": f"Give an array of numbers; encode text first, {_TABLE}",
         "c": "Give the real and the imaginary parts as columns of their own.",
         "V": "Give its fields as columns of one array of numbers."}  # fmt: skip


def _kind(array: Any) -> tuple[str, str]:
    """What an array holds that are no numbers: its kind, and in words with the first of them."""
    flat, kind = array.ravel(), array.dtype.kind
    strange = [v for v in flat if not isinstance(v, int | float | np.number)] or list(flat[:1])
    if kind == "O" and strange:  # what the first of them is
        first = np.asarray(strange[0]).dtype.kind if np.ndim(strange[0]) == 0 else "O"
        kind = "M" if isinstance(strange[0], date) else first if first in "USc" else "O"
    examples = [shown(v, 40) if isinstance(v, str) else f"{v!s:.40}" for v in strange[:1]]
    example = f" such as {examples[0]}" if examples else ""
    return kind, f"{_KINDS.get(kind, array.dtype.name)}{example}"


def _refuse_masks(value: Any, what: str) -> None:
    """An error where a masked array hides numbers: what lies below a mask is no data."""
    if not isinstance(value, np.ma.MaskedArray) or not np.ma.is_masked(value):
        return
    hidden = np.argwhere(np.ma.getmaskarray(value))
    numbers = "1 masked number" if len(hidden) == 1 else f"{len(hidden):,} masked numbers"
    fill = "; or give x.astype(float).filled(np.nan) and let gn.FillMissing() be the first layer"
    raise DataError(
        f"{what} holds {numbers}, the first in row {hidden[0][0]}. Drop those rows"
        + (f"{fill}." if what.startswith("x") else ".")
    )


def check_inputs(
    x: Any, specs: Sequence[tuple[str, Spec]], *, nan_allowed: Sequence[str] = (),
    dtype: str = "float64",
) -> list[Any]:  # fmt: skip
    """x as one array for each input of the network, with the shapes that it takes.

    dtype  in which the network computes
    """
    names = [name for name, _ in specs]
    arrays = []
    for (name, spec), value in zip(specs, listed(x, names, "x"), strict=True):
        what = f"x[{name!r}]" if len(names) > 1 else "x"
        array = as_array(value, what)
        if array.shape[1:] != spec.shape[1:]:
            raise ShapeError(
                f"{what} has shape {array.shape}, but the network takes rows of shape "
                f"{shape_text(spec.shape[1:])}: expected {shape_text(('n', *spec.shape[1:]))}. "
                + _reshape_hint(array, spec)
            )
        if spec.dtype == "int64":
            _check_codes(array, what)
        check_finite(array, what, nan_allowed=name in nan_allowed, dtype=dtype)
        arrays.append(array)
    same_length(arrays, [f"x[{n!r}]" for n in names])
    return arrays


def _check_codes(array: Any, what: str) -> None:
    """Raise where floats are no codes: neither fractions nor what int64 cannot hold become one."""
    check_finite(array, what, hint="Give a missing category the code -1, or drop those rows.")
    if _has_fractions(array):
        raise DataError(f"{what} must hold whole numbers (codes), got fractions.")
    large = array.dtype.kind == "f" and array.dtype.itemsize > 2  # a float16 ends at 65504
    limit = np.uint64(2**63) if array.dtype == np.uint64 else 2.0**63
    for part in _parts(array) if large or array.dtype == np.uint64 else ():
        beyond = part[np.abs(part) >= limit]
        if beyond.size:
            raise DataError(
                f"{what} holds the code {beyond[0]:g}, beyond what int64 can hold. Number the "
                "categories 0, 1, ...; an unseen one is -1."
            )


def _reshape_hint(array: Any, spec: Spec) -> str:
    inside = spec.shape[1:]
    if array.ndim == 1 and inside == (1,):
        return "Use x.reshape(-1, 1)."
    if array.ndim == 1 and inside == array.shape:
        return "For a single row use x.reshape(1, -1), or x[None]."
    if (*array.shape[1:], 1) == inside:
        return "With one channel that is x[..., None]."
    if array.ndim > 2 and (*array.shape[2:], array.shape[1]) == inside:
        axes = ", ".join(map(str, (0, *range(2, array.ndim), 1)))
        return f"Channels come last: x.transpose({axes})."
    return "Give the columns that the network was built for, or build it for these."


def same_length(arrays: Sequence[Any], names: Sequence[str]) -> None:
    """Raise unless all arrays have as many rows."""
    lengths = [len(a) for a in arrays]
    if len(set(lengths)) > 1:
        listing = ", ".join(f"{n}: {k}" for n, k in zip(names, lengths, strict=True))
        raise DataError(
            f"Every array must have the same number of rows, got {listing}. Leave out the rows "
            "that one of them lacks."
        )


def check_finite(
    array: Any, what: str, *, nan_allowed: bool = False, dtype: str = "float64", hint: str = ""
) -> None:
    """Raise where an array of floats holds NaN or infinity, or what `dtype` does not hold.

    The message names the column, and ends in the hint, or in what suits x or y.
    """
    if array.dtype.kind != "f":
        return
    narrow = dtype == "float32" and array.dtype.itemsize > 4
    most = float(np.finfo(np.float32).max) if narrow else np.inf
    for part in _parts(array):
        if _not_finite(part, most, nan_allowed=nan_allowed).any():
            _report_not_finite(array, what, most, hint, nan_allowed=nan_allowed)


def _not_finite(array: Any, most: float, *, nan_allowed: bool) -> Any:
    """Where infinity stands, or what becomes infinity, or NaN unless that is allowed."""
    if most < np.inf:
        return np.abs(array) > most if nan_allowed else ~(np.abs(array) <= most)
    return np.isinf(array) if nan_allowed else ~np.isfinite(array)


def _has_fractions(array: Any) -> bool:
    """True where a number of the array is not whole."""
    return array.dtype.kind == "f" and any(np.any(p != np.floor(p)) for p in _parts(array))


def _parts(array: Any) -> Iterator[Any]:
    """Some rows after others: looking at all of them at once would take a copy."""
    per_row = max(1, array.size // len(array))
    step = max(1, _CHUNK // per_row)
    for first in range(0, len(array), step):
        yield array[first : first + step]


def _report_not_finite(array: Any, what: str, most: float, hint: str, *, nan_allowed: bool) -> None:
    bad = _not_finite(array, most, nan_allowed=nan_allowed)
    signs = (("NaN", np.isnan), ("infinity", np.isinf),
             ("numbers that float32 does not hold", np.isfinite))  # fmt: skip
    kinds = [kind for kind, is_so in signs if is_so(array[bad]).any()]
    where = np.argwhere(bad)
    if array.ndim > 1:
        columns, counts = np.unique(where[:, -1], return_counts=True)
        listed_columns = ", ".join(
            f"column {c} ({n} of them)" for c, n in list(zip(columns, counts, strict=True))[:5]
        )
    else:
        listed_columns = f"{len(where)} of them"
    raise DataError(
        f"{what} holds {' and '.join(kinds)}: {listed_columns}; first in row {where[0][0]}. "
        + (hint or _next_step(what, kinds))
    )


def _next_step(what: str, kinds: Sequence[str]) -> str:
    """What to do about numbers that are none."""
    if "float32" in kinds[0]:
        return "Divide them by a power of ten, or build the network with dtype='float64'."
    fill = "Fill or drop those rows, or let gn.FillMissing() be the first layer."
    return fill if what.startswith("x") else "Drop those rows."


def check_targets(y: Any, specs: Sequence[Spec], names: Sequence[str], kinds: Sequence[Any],
                  n_classes: Sequence[int]) -> list[Any]:  # fmt: skip
    """y as one array for each output, in the shape that its loss takes.

    kinds  the losses; n_classes  how many classes each output has, for class numbers
    """
    arrays = []
    rows = zip(listed(y, names, "y"), specs, names, kinds, n_classes, strict=True)
    for value, spec, name, loss, classes in rows:
        what = f"y[{name!r}]" if len(names) > 1 else "y"
        array = as_array(value, what)
        arrays.append(_shaped_target(array, spec, what, loss, classes))
    same_length(arrays, [f"y[{n!r}]" for n in names])
    return arrays


def _shaped_target(array: Any, spec: Spec, what: str, loss: Any, classes: int) -> Any:
    wanted = spec.shape[1:]
    if loss.target == "labels":
        array = filled_up(array, int(wanted[0]))
    if array.shape[1:] != wanted:
        if array.shape[1:] == () and wanted == (1,):
            array = array.reshape(-1, 1)
        elif array.shape[1:] == (*wanted, 1):
            array = array.reshape(array.shape[:-1])
        else:
            hint = _loss_hint(array, spec, loss)
            raise ShapeError(
                f"{what} has shape {array.shape}, but {loss.name} on this output takes "
                f"{shape_text(('n', *wanted))}.{hint}"
            )
    check_finite(array, what, dtype=spec.dtype)
    if loss.target == "class":
        return class_numbers(array, what, classes)
    return check_labels(array, what, classes) if loss.target == "labels" else array


def _loss_hint(array: Any, spec: Spec, loss: Any) -> str:
    if loss.name == "categorical_crossentropy" and array.ndim < spec.rank:
        return " For class numbers use loss='sparse_categorical_crossentropy'."
    if loss.target == "labels":
        return " A row has its labels, then -1; `length` of the loss is the most that a row has."
    if loss.target == "class" and array.ndim > spec.rank:
        return " For one-hot rows use loss='categorical_crossentropy'."
    return ""


def class_numbers(array: Any, what: str, classes: int) -> Any:
    """Class numbers 0 .. classes - 1 as integers."""
    if _has_fractions(array):
        raise DataError(f"{what} must hold class numbers 0, 1, ..., got fractions.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= classes:
        raise DataError(
            f"{what} holds class numbers from {low:.6g} to {high:.6g}, but the output has "
            f"{classes} classes, 0 to {classes - 1}. "
            + ("Number the classes from 0." if low == 1 and high == classes
               else "Number the classes from 0." if low < 0
               else f"Give the last layer {high + 1:.6g} units, or correct the labels.")
        )  # fmt: skip
    return array if array.dtype.kind in "iu" else array.astype(np.int64)


def check_weights(value: Any, names: Sequence[str], n_rows: int) -> list[Any]:
    """Row weights as one array for each output, or None."""
    if value is None:
        return [None] * len(names)
    if isinstance(value, dict) or (len(names) > 1 and isinstance(value, list | tuple)):
        given = listed(value, names, "sample_weight")
    else:
        given = [value] * len(names)
    arrays: list[Any] = []
    for weights in given:
        if weights is None:
            arrays.append(None)
            continue
        array = as_array(weights, "sample_weight").reshape(-1)
        if len(array) != n_rows:
            raise DataError(
                f"sample_weight has {len(array)} numbers for {n_rows} rows. Give one for each row."
            )
        check_finite(array, "sample_weight")
        if array.min() < 0 or not array.any():
            came = f"{array.min()}" if array.min() < 0 else "only zeros"
            raise DataError(
                f"sample_weight must be 0 or more, and not 0 for every row, got {came}. Leave it "
                "out to weigh all rows alike."
            )
        check_largest(float(array.max()), "sample_weight", DataError)
        arrays.append(array)
    return arrays


def check_largest(weight: float, what: str, error: type[GlassnetError]) -> None:
    """Raise where a float32 could not hold the sum of such weights, or divide by it."""
    if not _LEAST_WEIGHT <= weight <= _MOST_WEIGHT:
        raise error(
            f"{what}: the largest must lie between {_LEAST_WEIGHT:g} and {_MOST_WEIGHT:g}, got "
            f"{weight:g}. Divide all of them by it: a mean is the same, and rounds well."
        )
