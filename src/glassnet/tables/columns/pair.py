"""Whether a table is a recommendation: who, what, and how much it was liked.

It is one where all of this holds:

1. the target is an amount, or a yes or no;
2. exactly two columns hold identifiers whose values come again: words of more than 32 values, or
   whole numbers or words in a column whose name says so (userId, movie_id, customer, book);
   a column that another one decides (a title, that always goes with its movieId) is none of them;
3. hardly any user meets the same item twice;
4. every other column belongs to the user or to the item, is a time, is always the same, or only
   tells rows apart.

A column that says something of its own (how ill the patient was) makes it a table like others. So
does a kind that is given to a column: `columns={"userId": "category"}`. And the kinds "user" and
"item" say which columns the two are, whatever the rules say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from glassnet.errors import DataError, UnknownNameError, brief
from glassnet.tables.columns import dates
from glassnet.tables.columns.cells import are_flags, is_text, is_time, parse, strange_type
from glassnet.tables.columns.column import IGNORE, ITEM, KEY, USER
from glassnet.tables.columns.identifiers import identifiers

if TYPE_CHECKING:
    import polars as pl

_MANY = 32  # different words that may be identifiers without a name that says so,
_FEWEST = 8  # and with one
_ROWS_EACH = 2.0  # rows in which an identifier occurs, on average
_PAIRS = 0.9  # of the rows, that hold a pair of their own
_DECIDED = 0.99  # of the rows, in which a column is what another decides
_TITLES = 0.5  # titles an item, of which a column of titles has at least so many
_SAMPLE = 50  # cells that tell numbers from words
_USERS = ("user", "customer", "client", "member", "reader", "viewer", "listener", "person",
          "student", "buyer", "reviewer", "rater")  # fmt: skip
_ITEMS = ("item", "product", "article", "movie", "film", "book", "song", "track", "artist", "album",
          "game", "recipe", "restaurant", "question", "isbn", "asin", "sku", "joke")  # fmt: skip
_TIMES = {"time", "timestamp", "stamp", "date", "datetime", "hour", "day", "week", "month",
          "quarter", "year"}  # fmt: skip
_TITLE = re.compile(r"title|name", re.IGNORECASE)


@dataclass(frozen=True)
class Pair:
    """The columns of a recommendation by name.

    title     the column that says what items are called, if there is one
    left_out  the others, and why they do not go in
    """

    user: str
    item: str
    title: str | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)


def find_pair(
    sample: pl.DataFrame, column: Callable[[str], pl.Series], kinds: Mapping[str, str],
    apart: Collection[str],
) -> Pair | None:  # fmt: skip
    """The two columns of identifiers of a table, or None where it is no recommendation.

    sample  rows that tell what columns are; column  gives one as a whole
    kinds   what the user says that columns are; apart  the target, and what else is no input
    """
    names = [name for name in sample.columns if name not in apart]
    asked = _asked(kinds, sample.columns, apart)
    if len(asked) == 2:
        return _described(sample, asked[USER], asked[ITEM], names, kinds, forced=True)
    like = [name for name in names if name not in kinds and _looks_like(sample[name])]
    found = {name: identifiers(sample[name]) for name in (*asked.values(), *like)}
    found = {name: cells for name, cells in found.items() if _is_repeated(column(name))}
    two = _undecided(found)
    if len(two) != 2 or not set(asked.values()) <= set(two) or _is_met_again(column, two):
        if asked:
            raise _no_other(asked, two)
        return None
    user, item = _roles(two, asked)
    return _described(sample, user, item, names, kinds, forced=bool(asked))


def _asked(
    kinds: Mapping[str, str], columns: Collection[str], apart: Collection[str]
) -> dict[str, str]:
    """The columns that the user has called user and item, by these words."""
    found: dict[str, str] = {}
    for name, kind in kinds.items():
        if kind not in {USER, ITEM}:
            continue
        if name not in columns:
            raise UnknownNameError("column", name, columns)
        if name in apart or kind in found:
            what = "the target or the weight" if name in apart else f"{kind}, as {found[kind]!r} is"
            raise DataError(f"{name!r} is {what}: name one column as user and one as item.")
        found[kind] = name
    return found


def _no_other(asked: Mapping[str, str], two: Collection[str]) -> DataError:
    ((kind, name),) = asked.items()
    other = USER if kind == ITEM else ITEM
    there = ", ".join(repr(n) for n in two if n != name) or "none"
    return DataError(
        f"{name!r} is the {kind}, but which column is the {other} is not plain: those that could "
        f"be are {there}. Say it: columns={{'COLUMN': {other!r}}}."
    )


def _looks_like(cells: pl.Series) -> bool:
    """Whether a column may hold identifiers, by its name, its type and its first cells."""
    if strange_type(cells) or is_time(cells) or _is_called_a_time(cells.name):
        return False
    if cells.dtype.is_float() or is_text(cells):
        first = parse(cells.drop_nulls().head(_SAMPLE))
        whole = bool((first.numbers == first.numbers // 1).all()) if first.known else False
        if first.known and not first.foreign and not (whole and _is_called(cells.name)):
            return False
    elif not _is_called(cells.name):
        return False
    least = _FEWEST if _is_called(cells.name) else _MANY + 1
    if cells.n_unique() < least or are_flags(cells):
        return False
    return not is_text(cells) or _is_called(cells.name) or dates.find_form(cells) is None


def _is_called(name: str) -> bool:
    """Whether a name is an identifier's."""
    return bool(KEY.search(name)) or _role(name) != ""


def _role(name: str) -> str:
    """user, item, or nothing that is known: from the words in a name.

    >>> _role("userId"), _role("Book Title"), _role("misuse")
    ('user', 'item', '')
    """
    words = [word.removesuffix("id") or word for word in _words(name)]
    if any(word in _USERS for word in words):
        return USER
    return ITEM if any(word in _ITEMS for word in words) else ""


def _words(name: str) -> list[str]:
    """The words of a name, in the singular.

    >>> _words("userIds"), _words("rated_at_times")
    (['user', 'id'], ['rated', 'at', 'time'])
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return [word.removesuffix("s") or word for word in re.findall(r"[a-z]+", split)]


def _is_called_a_time(name: str) -> bool:
    """Whether a name is a time's, and no identifier's: Month, but not dateId."""
    return not _is_called(name) and not _TIMES.isdisjoint(_words(name))


def _is_repeated(cells: pl.Series) -> bool:
    known = len(cells) - cells.null_count()
    return known >= _ROWS_EACH * max(1, cells.drop_nulls().n_unique())


def _is_met_again(column: Callable[[str], pl.Series], two: list[str]) -> bool:
    """Whether many pairs occur in more than one row."""
    import polars as pl

    pairs = pl.DataFrame([column(name).alias(name) for name in two])
    return pairs.n_unique() < _PAIRS * pairs.height


def _undecided(found: Mapping[str, pl.Series]) -> list[str]:
    """Those of some columns that no other decides; of two that decide each other one stays."""
    kept = list(found)
    for name in found:
        for other in kept:
            if other != name and name in kept and decides(found[other], found[name]):
                both = decides(found[name], found[other])
                # titles may be shared by two items: then these are decided by, and decide, nearly
                weaker = other if both and _is_better(found[name], found[other]) else name
                kept.remove(weaker)
                break
    return kept


def _is_better(cells: pl.Series, than: pl.Series) -> bool:
    """Whether a column is the identifier and another its title."""
    return bool(KEY.search(cells.name)) > bool(KEY.search(than.name))


def decides(cells: pl.Series, other: pl.Series) -> bool:
    """Whether a column decides another: the same there in nearly all rows in which it is the same.

    Told by the values that occur in several rows.

    >>> import polars as pl
    >>> film, title = pl.Series("film", [1, 1, 2, 2]), pl.Series("title", ["a", "a", "a", "a"])
    >>> decides(film, title), decides(title, film)
    (True, False)
    """
    import polars as pl

    counts = pl.DataFrame({"a": cells, "b": other}).drop_nulls("a").group_by("a", "b").len()
    each = counts.group_by("a").agg(pl.sum("len").alias("n"), pl.max("len").alias("most"))
    several = each.filter(pl.col("n") > 1)
    n, most = float(several["n"].sum()), float(several["most"].sum())
    return n > 0 and most >= _DECIDED * n


def _roles(two: list[str], asked: Mapping[str, str]) -> tuple[str, str]:
    """(user, item): as asked for, by their names, or else in their order."""
    first, second = two
    if asked.get(USER) == second or asked.get(ITEM) == first:
        return second, first
    if not asked and ITEM in {_role(first)} - {_role(second)}:
        return second, first
    return (second, first) if not asked and _role(second) == USER != _role(first) else (
        first, second)  # fmt: skip


def _described(
    sample: pl.DataFrame, user: str, item: str, names: list[str], kinds: Mapping[str, str],
    *, forced: bool,
) -> Pair | None:  # fmt: skip
    """The pair with what becomes of the other columns; None where one says something of its own."""
    left_out, titles = {}, {}
    who, what = identifiers(sample[user]), identifiers(sample[item])
    for name in names:
        if name in {user, item}:
            continue
        kind = kinds.get(name)
        if kind not in {None, IGNORE}:
            if not forced:
                return None
            raise DataError(
                f"{name!r} cannot be a {kind} beside a user and an item: a recommendation looks at "
                f"{user!r} and {item!r} alone. Leave the kind of {name!r} out."
            )
        reason = "as asked for" if kind else _reason(sample[name], who, what)
        if not reason and not forced:
            return None
        left_out[name] = reason or f"{brief(user)} and {brief(item)} alone decide"
        if left_out[name] == _belongs(what) and is_text(sample[name]):
            titles[name] = sample[name].n_unique()
    return Pair(user, item, _title(titles, what.n_unique()), left_out)


def _title(titles: Mapping[str, int], n_items: int) -> str | None:
    """The column that tells items apart best; one that is called so comes first."""
    told = {name: n for name, n in titles.items() if n >= _TITLES * n_items}
    return max(told, key=lambda name: (bool(_TITLE.search(name)), told[name]), default=None)


def _belongs(cells: pl.Series) -> str:
    return f"belongs to {brief(cells.name)}"


def _reason(cells: pl.Series, who: pl.Series, what: pl.Series) -> str:
    """Why a column says nothing that user and item do not say; nothing where it does."""
    if strange_type(cells):
        return strange_type(cells)
    if cells.n_unique() == 1:
        return "always the same"
    if is_time(cells) or (_is_called_a_time(cells.name) and not decides(what, cells)):
        return "a time: who and what alone decide"
    if decides(what, cells):
        return _belongs(what)
    if decides(who, cells):
        return _belongs(who)
    if is_text(cells) and dates.find_form(cells) is not None:
        return "a time: who and what alone decide"
    return "only tells rows apart" if _is_key(cells) else ""


def _is_key(cells: pl.Series) -> bool:
    """Whether whole numbers are all different, and rise from row to row or are called id."""
    numbers: Any = parse(cells).numbers
    if not (numbers == numbers // 1).all() or cells.n_unique() < len(cells):
        return False
    return bool(KEY.search(cells.name)) or bool((numbers[1:] > numbers[:-1]).all())
