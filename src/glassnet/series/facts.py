"""What was found out about a series, in words and as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glassnet.errors import brief, quoted, shown

if TYPE_CHECKING:
    from glassnet.series.fit import SeriesFit

_MOST = 6  # names in a line
Fact = tuple[str, str, str]


def facts_of(fit: SeriesFit) -> list[Fact]:
    """(label, text, style), in the order to print."""
    d, grid = fit.model.description, fit.grid
    found: list[Fact] = [("target", f"{brief(d.target.name)}, forecast", "bold")]
    found.append(("time", _time(fit), ""))
    season = f"{d.season:,} steps" if d.season > 1 else "none, so the baseline is the last value"
    found.append(("season", f"{season} ({d.remarks.get('season', '')})", ""))
    if d.group:
        found.append(("groups", f"{len(grid.names):,} series by {shown(d.group)}", ""))
    found.append(("window", f"{d.window:,} steps back, {d.horizon:,} ahead", ""))
    found.append(("columns", _columns(fit), ""))
    found += [("ahead", _ahead(fit), "")] if d.ahead_width else []
    found.append(("windows", _windows(fit), ""))
    found += [("left out", f"{brief(n)}: {why}", "dim") for n, why in d.left_out.items()]
    return found + [("note", text, "yellow") for text in _notes(fit)]


def _time(fit: SeriesFit) -> str:
    d, grid = fit.model.description, fit.grid
    first, last = (d.clock.text(int(t)) for t in (grid.ticks.min(), grid.ticks.max()))
    of = f"{brief(d.time)}, " if d.time else "no column of dates: "
    return f"{of}{d.clock.describe()}, {first} to {last}"


def _columns(fit: SeriesFit) -> str:
    names = [brief(c.name) for c in fit.model.description.columns]
    if not names:
        return "the target alone is looked back on"
    more = f", and {len(names) - _MOST:,} more" if len(names) > _MOST else ""
    return f"looked back on beside the target: {', '.join(names[:_MOST])}{more}"


def _ahead(fit: SeriesFit) -> str:
    d = fit.model.description
    parts = [f"{part} of the calendar" for part in d.calendar]
    return f"known of the steps to come: {', '.join([*map(brief, d.ahead), *parts])}"


def _windows(fit: SeriesFit) -> str:
    counts = [len(fit.rows[part]) for part in ("train", "validation", "test")]
    d, cuts = fit.model.description, fit.cuts
    return (
        f"{counts[0]:,} to train, {counts[1]:,} for validation from "
        f"{d.clock.text(cuts.validation)}, {counts[2]:,} for the test from "
        f"{d.clock.text(cuts.test)}"
    )


def _notes(fit: SeriesFit) -> list[str]:
    """What was done about a table that is not as it should be."""
    d, grid = fit.model.description, fit.grid
    found = []
    if grid.unsorted:
        found.append(f"rows were sorted by time: {grid.unsorted:,} stood after a later one")
    if grid.n_missing:
        found.append(f"{grid.n_missing:,} steps have no row: they were added as missing ones")
    if fit.n_filled:
        found.append(
            f"{fit.n_filled:,} values of {shown(d.target.name)} are missing: each is taken as the "
            "one before it, and none is judged"
        )
    if fit.n_unknown:
        found.append(
            f"{fit.n_unknown:,} rows before the first or behind the last value of "
            f"{shown(d.target.name)} take no part"
        )
    if fit.short:
        found.append(
            f"{len(fit.short):,} groups have fewer than {d.window + d.horizon:,} steps and take no "
            f"part: {quoted(list(fit.short), 3)}"
        )
    found += [d.remarks[name] for name in (d.time, "window") if d.remarks.get(name)]
    lost = [n for n in d.left_out if d.left_out[n].startswith("always")]
    return found + [f"{shown(n)} does not change in the part to train on" for n in lost[:_MOST]]


def plain_facts(fit: SeriesFit) -> dict[str, Any]:
    """The same as plain data."""
    d = fit.model.description
    return {
        "target": d.target.name, "task": "forecast", "time": d.time or None,
        "step": d.clock.describe(), "season": d.season, "window": d.window,
        "horizon": d.horizon, "columns": [c.name for c in d.columns],
        "known_ahead": list(d.ahead), "calendar": list(d.calendar),
        "group": d.group or None, "groups": len(fit.grid.names),
        "windows": {part: len(rows) for part, rows in fit.rows.items()},
        "left_out": dict(d.left_out), "notes": _notes(fit),
    }  # fmt: skip
