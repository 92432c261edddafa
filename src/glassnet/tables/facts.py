"""What was found out of a table, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from glassnet.errors import brief

if TYPE_CHECKING:
    from glassnet.tables.columns import Table
    from glassnet.tables.fit import TableFit

Fact = tuple[str, str, str]  # a word in front, what is said, and how: "", bold, dim or yellow

_LEARNT = ("dense", "embedding")
_MOST_NAMES = 12  # columns of one kind in a list


def facts_of(fit: TableFit) -> Iterator[Fact]:
    """The table, the task, the columns, the rows and the network, in the order to be said."""
    table = fit.model.table
    n_columns = len(table.columns) + len(table.left_out) + 1
    yield "table", f"{in_words(fit.n_rows)}, {n_columns} columns", "bold"
    yield "target", f"{brief(table.target.name)}: {table.target.describe()}", ""
    yield "", table.target.reason, "dim"
    if fit.n_unknown:
        lack = "lacks it and is" if fit.n_unknown == 1 else "lack it and are"
        yield "", f"{in_words(fit.n_unknown)} {lack} left out", "yellow"
    yield from _of_columns(table)
    yield "rows", rows_by_part(fit.rows), ""
    yield "network", _network(fit), ""


def _of_columns(table: Table) -> Iterator[Fact]:
    counts = [f"{brief(column.name)} ({len(column.values)})" for column in table.categories]
    reasons = [f"{brief(name)} ({reason})" for name, reason in table.left_out.items()]
    remarks = [f"{brief(name)} ({remark})" for name, remark in table.remarks.items()]
    for label, text, style in (
        ("numbers", _shortened([brief(column.name) for column in table.numbers]), ""),
        ("categories", _shortened(counts), ""),
        ("yes or no", _shortened([brief(column.name) for column in table.flags]), ""),
        ("texts", _shortened([f"{brief(c.name)} ({c.describe()})" for c in table.texts]), ""),
        ("dates", _shortened([brief(column.name) for column in table.dates]), ""),
        ("left out", _shortened(reasons), "yellow"),
        ("note", _shortened(remarks), "yellow"),
    ):
        if text:
            yield label, text, style


def _shortened(listed: list[str]) -> str:
    """The first of a long list, and how many there are."""
    if len(listed) <= _MOST_NAMES:
        return ", ".join(listed)
    return f"{', '.join(listed[:_MOST_NAMES])}, ... ({len(listed):,} in all)"


def in_words(count: int, unit: str = "row") -> str:
    """1 row, 2,000 rows."""
    return f"{count:,} {unit}" + ("" if count == 1 else "s")


def rows_by_part(rows: dict[str, Any]) -> str:
    """How many rows each part has."""
    train, held, test = (len(rows[part]) for part in ("train", "validation", "test"))
    return f"{train:,} to train, {held:,} to know when to stop, {test:,} to test"


def _network(fit: TableFit) -> str:
    """14 > 64 > 64 > 3 units, and how many weights."""
    arrays = {k: v for k, v in fit.model.net.parameters.items() if k.startswith(_LEARNT)}
    weights = [v for k, v in arrays.items() if k.startswith("dense") and k.endswith(".weight")]
    widths = [weights[0].shape[0], *(w.shape[1] for w in weights)]
    count = sum(array.size for array in arrays.values())
    return f"{' > '.join(map(str, widths))} units, {count:,} weights"


def as_json(fit: TableFit) -> dict[str, Any]:
    """What was found out, for machines."""
    table = fit.model.table
    return {
        "target": table.target.name,
        "task": table.target.task,
        "classes": list(table.target.classes),
        "rows": {part: len(rows) for part, rows in fit.rows.items()},
        "rows_without_target": fit.n_unknown,
        "left_out": dict(table.left_out),
    }
