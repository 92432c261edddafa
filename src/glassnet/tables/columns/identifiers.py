"""Columns of identifiers: who and what, told apart by name, each with numbers of its own.

3, 3.0 and " 3 " are one identifier; 003 is another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import shown
from glassnet.tables.columns import cells as cells_of

if TYPE_CHECKING:
    import polars as pl

UNKNOWN = 0  # the code of one that training has not met, or once only
_OFTEN = 2  # training rows in which an identifier must occur for numbers of its own
_MOST = 200_000  # identifiers of a column: their numbers are moved in every step


@dataclass(frozen=True)
class IdentifierColumn:
    """A column of identifiers; the code of a cell is its place in `values`, counted from 1.

    values  those with numbers of their own; all others share the code 0
    counts  in how many training rows each occurs
    titles  what they are called, where another column says it; else nothing
    """

    name: str
    values: tuple[str, ...]
    counts: tuple[int, ...]
    titles: tuple[str, ...] = ()

    @property
    def vocabulary(self) -> int:
        """How many codes there are."""
        return len(self.values) + 1

    def title(self, code: int) -> str:
        """What the identifier of a code is called."""
        return (self.titles or self.values)[code - 1]

    def codes(self, cells: pl.Series) -> Any:
        """The codes of cells (n,)."""
        return cells_of.codes(identifiers(cells), self.values) + 1

    def remark(self, cells: pl.Series, codes: Any) -> str:
        """What is strange about cells that have these codes; nothing where all are known."""
        strange = cells.filter(codes == UNKNOWN)
        if not len(strange):
            return ""
        met = strange.drop_nulls()
        example = f", such as {shown(str(met[0]))}" if len(met) else ""
        n = f"{len(strange):,} cell" + ("" if len(strange) == 1 else "s")
        return (
            f"{n} missing, or met in no more than {_OFTEN - 1} row of training{example}: "
            "answered by the mean and what else is known"
        )


def identifiers(cells: pl.Series) -> pl.Series:
    """Cells as identifiers; an empty one is missing.

    >>> import polars as pl
    >>> identifiers(pl.Series(["7.0", " 7 ", "007", " "])).to_list()
    ['7', '7', '007', None]
    """
    import polars as pl

    text = cells_of.words(cells).str.strip_chars().str.replace(r"^([+-]?\d+)\.0+$", "$1")
    found: pl.Series = text.to_frame("x").select(pl.when(pl.col("x") != "").then(pl.col("x")))["x"]
    return found.alias(cells.name)


def find_identifiers(cells: pl.Series, titles: dict[str, str] | None = None) -> IdentifierColumn:
    """The column that its training rows describe: the identifiers that come often enough.

    titles  what they are called, as far as that is known
    """
    counts = identifiers(cells).drop_nulls().value_counts(sort=False)
    known, often = counts[:, 0].to_numpy(), counts[:, 1].to_numpy()
    order = np.lexsort((known, -often.astype(np.int64)))
    kept = dict(sorted((str(known[i]), int(often[i])) for i in order[:_MOST] if often[i] >= _OFTEN))
    named = tuple(titles.get(value, value) for value in kept) if titles else ()
    return IdentifierColumn(cells.name, tuple(kept), tuple(kept.values()), named)
