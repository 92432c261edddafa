"""Recommendations: found out in a table, and what they say of users and items."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.errors import DataError, SettingError, UnknownNameError
from glassnet.tables.columns import (
    ROLES,
    IdentifierColumn,
    Pair,
    Table,
    Target,
    find_identifiers,
    find_pair,
    identifiers,
)
from glassnet.tables.settings import Settings
from glassnet.tables.source import TableSource, source_of

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables.model import TableModel

USER, ITEM = ROLES
_MOST_NAMES = 10_000  # among which a mistyped one is looked for


def find_recommendation(
    source: TableSource, target: Target, task: str | None, rows: Any, settings: Settings,
    apart: Collection[str],
) -> Pair | None:  # fmt: skip
    """The user and the item of a table, by the rules of `find_pair`; None where it has none.

    rows  those with a target; task  what was asked for, None if nothing was
    """
    asked = [name for name, kind in settings.columns.items() if kind in ROLES]
    if not settings.recommendation and asked:
        raise SettingError(
            f"{asked[0]!r} is said to be a user or an item, and recommendation is false. Leave out "
            "one of the two."
        )
    if not settings.recommendation or (settings.encoding != "auto" and not asked):
        return None
    if not _is_rating(target, task):
        if asked:
            raise DataError(
                f"The target {target.name!r} has {len(target.classes)} classes, but a "
                "recommendation predicts an amount, or a yes or no."
            )
        return None
    return find_pair(
        source.sample(rows, settings.seed), source.column, settings.columns, {target.name, *apart}
    )


def _is_rating(target: Target, task: str | None) -> bool:
    """Whether a target can be how much an item was liked: 1 to 5 are amounts."""
    if not target.is_classes or target.is_binary:
        return True
    return task is None and all(_is_number(name) for name in target.classes)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def recommendation_table(
    source: TableSource, pair: Pair, target: Target, y: Any, rows: Any, settings: Settings
) -> Table:
    """The table of a user and an item that the training rows describe."""
    if not target.is_classes:
        chosen = y[rows]
        target = replace(target, mean=float(chosen.mean()), scale=float(chosen.std()) or 1.0)
    titles = _titles(source.sample(rows, settings.seed), pair)
    user = find_identifiers(source.column(pair.user)[rows])
    item = find_identifiers(source.column(pair.item)[rows], titles)
    found = {}
    for column in (user, item):
        if not column.values:
            raise DataError(
                f"No {column.name!r} occurs in two rows to train on, so nothing can be learnt of "
                "one. Take a table in which they come again."
            )
        n = identifiers(source.column(column.name)[rows]).drop_nulls().n_unique()
        rare = n - len(column.values)
        if rare:
            found[column.name] = f"{rare:,} met in one row only are taken together"
    return Table(target, (), (), dict(pair.left_out), found, identifiers=(user, item))


def _titles(sample: pl.DataFrame, pair: Pair) -> dict[str, str]:
    """What items are called, by identifier."""
    if pair.title is None:
        return {}
    import polars as pl

    named = pl.DataFrame({"item": identifiers(sample[pair.item]), "title": sample[pair.title]})
    named = named.drop_nulls().unique("item", keep="first", maintain_order=True)
    return dict(zip(named["item"].to_list(), named["title"].cast(pl.String).to_list(), strict=True))


def neighbors(model: TableModel, role: str, name: Any, n: int, least: int) -> pl.DataFrame:
    """The users or items that lie nearest: those whose learnt numbers point the same way."""
    import polars as pl

    column = _column(model, role)
    best, near = nearest(model, role, _code(column, name), _count("n", n), least)
    return pl.DataFrame({**_named(column, best), "similarity": near})


def nearest(model: TableModel, role: str, code: int, n: int, least: int) -> tuple[Any, Any]:
    """The codes of the n nearest (n,) and the cosines (n,): rows of `<role>_factors.weight`.

    least  training rows that each has: the numbers of rare ones are near by chance
    """
    counts = np.array((0, *_column(model, role).counts))
    factors = model.net.parameters[f"{role}_factors.weight"]
    near = cosines(np.asarray(factors, np.float64), code)
    others = np.flatnonzero(counts >= max(_count("least", least), 1))
    others = others[others != code]
    best = others[np.argsort(-near[others], kind="stable")[:n]]
    return best, near[best]


def cosines(factors: Any, code: int) -> Any:
    """The cosine of the angle between a row (K,) of factors (V, K) and every row, (V,)."""
    lengths = np.maximum(np.linalg.norm(factors, axis=1), 1e-12)
    found: Any = factors @ factors[code] / (lengths * lengths[code])
    return found


def recommend(model: TableModel, user: Any, n: int, seen: Any = None) -> pl.DataFrame:
    """The items with the highest answers for a user; of a yes or no with the likeliest yes.

    seen  the codes of items that are left out
    """
    import polars as pl

    who, what = _column(model, USER), _column(model, ITEM)
    items = np.arange(1, what.vocabulary)
    if seen is not None:
        items = np.setdiff1d(items, seen)
    users = np.full(len(items), _code(who, user))
    p = model.answers({USER: users, ITEM: items}) if len(items) else np.empty(0)
    p = p[:, -1] if p.ndim == 2 else p
    best = np.argsort(-p, kind="stable")[: _count("n", n)]
    return pl.DataFrame({**_named(what, items[best]), "prediction": p[best]})


def seen_by(model: TableModel, user: Any, frame: Any) -> Any:
    """The codes of the items that a user has in a table."""
    who, what, source = _column(model, USER), _column(model, ITEM), source_of(frame)
    own = (who.codes(source.column(who.name)) == _code(who, user)).nonzero()[0]
    return np.unique(what.codes(source.column(what.name)[own]))


def _column(model: TableModel, role: str) -> IdentifierColumn:
    """The column of users or of items."""
    if role not in ROLES:
        raise UnknownNameError("kind of identifier", role, ROLES)
    if not model.table.identifiers:
        raise DataError(
            "The model is no recommendation: it has no user and no item. Train one on a table with "
            "columns={'COLUMN': 'user', 'OTHER': 'item'}."
        )
    return model.table.identifiers[ROLES.index(role)]


def code_of(model: TableModel, role: str, name: Any) -> int:
    """The code of a user or of an item."""
    return _code(_column(model, role), name)


def _code(column: IdentifierColumn, name: Any) -> int:
    """The code of an identifier, or of a title; UnknownNameError where it is not known."""
    import polars as pl

    text = identifiers(pl.Series(column.name, [str(name)]))[0]
    for known in (column.values, column.titles):
        if text in known:
            return known.index(text) + 1
    raise UnknownNameError(column.name, str(name), (column.titles or column.values)[:_MOST_NAMES])


def _named(column: IdentifierColumn, codes: Any) -> dict[str, list[str]]:
    found = {column.name: [column.values[code - 1] for code in codes]}
    if column.titles:
        called = "title" if column.name != "title" else "called"
        found[called] = [column.title(code) for code in codes]
    return found


def _count(name: str, n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise SettingError(f"{name} must be a whole number above 0, got {n!r}.")
    return n
