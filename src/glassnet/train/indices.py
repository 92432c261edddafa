"""Indices that follow from the data, looked at before anything is computed with them.

Both engines may then take them as they are: one out of range would be another row, or none at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.data import Rows
from glassnet.errors import DataError
from glassnet.graph import Node
from glassnet.graph.shape import full_index
from glassnet.program import Program
from glassnet.program.index_sites import IndexSite
from glassnet.spec import FLOATS

_CHUNK = 1 << 18  # numbers of the inputs that are looked at together


def check_rows(program: Program, rows: Rows, of: str = "") -> None:
    """DataError where the program would pick by an index of these rows that is out of range.

    of  which rows they are: "validation_data"
    """
    if program.index_sites:
        given = [*rows.inputs, *rows.targets, *(w for w in rows.weights if w is not None)]
        batched = [leaf for leaf in program.data if leaf.is_batched]
        arrays = dict(zip(batched, given, strict=True))
        check_indices(program.index_sites, arrays, rows.row_indices, of)


def check_indices(
    sites: Sequence[IndexSite], arrays: Mapping[Node, Any], row_indices: Any = None, of: str = ""
) -> None:
    """DataError for the first index that is out of range.

    arrays       the data of every input that has rows
    row_indices  which rows of them take part, None for all
    """
    for site in sites:
        leaves = site.leaves
        given = [arrays[leaf] for leaf in leaves]
        count = len(given[0] if row_indices is None else row_indices)
        step = max(1, _CHUNK // max(1, sum(a[:1].size for a in given)))
        for first in range(0, count, step):
            at: Any = slice(first, first + step)
            at = at if row_indices is None else row_indices[at]
            parts = [np.asarray(a[at], leaf.dtype) for a, leaf in zip(given, leaves, strict=True)]
            _check_part(site, dict(zip(leaves, parts, strict=True)), at, of)


def _check_part(site: IndexSite, values: Mapping[Node, Any], at: Any, of: str) -> None:
    """Some rows together. What is cast is looked at before, where NaN is still NaN."""
    index, is_cast = site.index, False
    while index.op.name == "cast" and not is_cast:
        index, is_cast = index.args[0], index.args[0].dtype in FLOATS
    count = len(next(iter(values.values())))
    with np.errstate(all="ignore"):
        found = g.evaluate([index], values, count)[0]
        low = found > -1 if is_cast else found >= 0
        outside = ~(low & (found < site.size))
    if outside.any():
        place = np.argwhere(outside)[0]
        row = at.start + place[0] if isinstance(at, slice) else at[place[0]]
        raise DataError(_message(site, found[tuple(place)], _where(index, place, int(row), of)))


def _message(site: IndexSite, value: Any, where: str) -> str:
    layer = f"In layer '{site.layer}', " if site.layer else "In a loss or a metric, "
    if site.op == "mask":
        return (
            f"{layer}the mask hides all {site.size} steps of {where}: there is nothing to go "
            f"through. Its mask is ({site.size},) of False; give the row a step that counts, or "
            "leave it out."
        )
    if site.op == "spell":
        steps = "1 step" if value == site.size else f"{value - site.size + 1} steps"
        return (
            f"The mask of {where} shows {steps} fewer than its labels take (one for each, and a "
            "blank between two equal ones). Show more steps of it, give it fewer labels, or leave "
            "the row out."
        )
    last = site.size - 1
    counted = " (negative ones are not counted from the end)" if value < 0 else ""
    return (
        f"{layer}{site.op}: the index {value} is outside of 0 to {last}{counted}; it comes from "
        f"{where}. Correct the data, or keep the index in its range: clip(index, 0, {last})."
    )


def _where(index: Node, place: Any, row: int, of: str) -> str:
    """The row, and the column where a single one is behind the index."""
    column = [int(i) for i in place[1:]]
    while (
        not index.is_leaf and len(index.args) == 1 and index.op.name in {"cast", "floor", "slice"}
    ):
        if index.op.name == "slice":
            column = _before_slice(index, column)
        index = index.args[0]
    leaves = [node for node in g.in_order([index]) if node.op.name == "input"]
    names = " and ".join(leaf.name for leaf in leaves)
    behind = f", column {', '.join(map(str, column))}" if index.is_leaf and column else ""
    return f"{names}, row {row}{behind}" + (f" of {of}" if of else "")


def _before_slice(node: Node, column: Sequence[int]) -> list[int]:
    """Where a number of a slice lies in what was sliced."""
    x, rest = node.args[0], iter(column)
    entries = full_index(node.settings["index"], x.shape)[1:]
    return [
        entry % int(size)
        if isinstance(entry, int)
        else range(*entry.indices(int(size)))[next(rest)]
        for entry, size in zip(entries, x.shape[1:], strict=True)
    ]
