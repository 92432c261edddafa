"""What a command line asks of training: defaults < preset < config file < --set and options."""

from __future__ import annotations

import dataclasses
import functools
import json
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from glassnet.cli.kinds import KINDS, Kind, Request, kind_of_data
from glassnet.cli.toml import read_toml
from glassnet.cli.values import fitting, in_words, is_table, parse
from glassnet.errors import SettingError, UnknownNameError

# What a config file may hold beside the settings of the network and what its kind is asked for.
_OWN: dict[str, Any] = {
    "data": str, "time_limit": float | None, "preset": str, "csv": dict[str, Any],
}  # fmt: skip
# csv.header and so on: how a CSV file is read, where it is not found out rightly (tables.read).
_CSV: dict[str, Any] = {
    "header": bool | None, "separator": str | None, "encoding": str | None,
    "decimal": str | None,
}  # fmt: skip
_HOLDS_FOR_OTHERS = {"header", "decimal"}  # of the files that are predicted from


@functools.cache
def _settings(kind: Kind) -> dict[str, Any]:
    """The settings of a kind of data, with their types."""
    hints = typing.get_type_hints(kind.settings)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind.settings)}


def _types(kind: Kind) -> dict[str, Any]:
    """Everything that may be set for a kind of data."""
    return {**_OWN, **kind.asked, **_settings(kind)}


def _types_of_all() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in reversed(KINDS):
        found |= _types(kind)
    return found


def find_request(
    config: Path | None, preset: str | None, sets: Sequence[str], options: Mapping[str, Any]
) -> Request:
    """The request that these make together; later ones win, and options that are None say nothing.

    config   a TOML file; preset  a name
    sets     as they stand behind --set: "epochs=20", "columns.age=number"
    options  by the names that the config file has
    """
    given = {name: value for name, value in options.items() if value is not None}
    chosen = _merged(_from_file(config), *map(_from_set, sets), given)
    data = None if chosen.get("data") is None else Path(str(chosen["data"]))
    kind = kind_of_data(data, chosen)
    named = chosen.pop("preset", "default") if preset is None else preset
    values = _merged(kind.preset(named), chosen)
    values.pop("preset", None)
    for name in values:
        _check_name(name, f"setting for {kind.name}", _types(kind))
    fitted = {name: fitting(name, value, _types(kind)[name]) for name, value in values.items()}
    settings = {name: value for name, value in fitted.items() if name in _settings(kind)}
    limit, csv = fitted.get("time_limit"), _csv(fitted.get("csv") or {})
    if limit is not None and not limit > 0:
        raise SettingError(f"time_limit must be above 0 seconds, got {limit!r}.")
    asked = {name: fitted[name] for name in kind.asked if name in fitted}
    return Request(kind, data, asked, limit, csv, kind.settings(**settings))


def csv_settings(config: Path, sets: Sequence[str]) -> dict[str, Any]:
    """How a CSV file is read: as --set says; what a few rows cannot tell, as the run's.

    config  of the run; a model that was copied somewhere alone has none
    sets    as they stand behind --set: "csv.header=false"
    """
    given = [_from_set(text) for text in sets]
    for name in (name for part in given for name in part if name != "csv"):
        raise SettingError(
            f"The model has its settings already: only csv.{', csv.'.join(_CSV)} can be set, got "
            f"{name!r}."
        )
    of_run = read_toml(config).get("csv", {}) if config.is_file() else {}
    kept = {name: value for name, value in of_run.items() if name in _HOLDS_FOR_OTHERS}
    merged = _merged({"csv": kept}, *given)
    return _csv(fitting("csv", merged["csv"], _OWN["csv"]))


def _csv(given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in _CSV:
            raise UnknownNameError("setting of csv", name, _CSV)
    found = {name: fitting(f"csv.{name}", value, _CSV[name]) for name, value in given.items()}
    mark = found.get("separator")
    if mark is not None and len(mark) != 1:
        raise SettingError(f"csv.separator is one character, got {mark!r}.")
    return found


def _from_file(path: Path | None) -> dict[str, Any]:
    """A config file's values; a relative path to the data starts where the file lies."""
    if path is None:
        return {}
    values = read_toml(path)
    for name in values:
        _check_name(name, f"setting for {path.name}", _types_of_all())
    if isinstance(values.get("data"), str):
        values["data"] = str(path.parent / values["data"])
    return values


def _from_set(text: str) -> dict[str, Any]:
    """`name=value` or `name.part=value`; a part may hold dots, spaces and = as columns do."""
    if "=" not in text:
        raise SettingError(f"--set takes name=value, such as epochs=20; got {text!r}.")
    name, dot, _ = text.partition("=")[0].strip().partition(".")
    types = _types_of_all()
    _check_name(name, "setting", types)
    if not dot:
        return {name: parse(text.partition("=")[2], types[name])}
    part, _, value = text.partition(".")[2].rpartition("=")
    if not is_table(types[name]):
        raise SettingError(f"The setting {name!r} has no parts, so {name}.{part} means nothing.")
    return {name: {part: parse(value)}}


def _check_name(name: str, what: str, known: Mapping[str, Any]) -> None:
    if name not in known:
        raise UnknownNameError(what, name, known)


def _merged(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """Later layers win; what holds values by name is merged name by name."""
    found: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.items():
            before = found.get(name)
            both = isinstance(before, Mapping) and isinstance(value, Mapping)
            found[name] = {**before, **value} if both else value  # type: ignore[dict-item]
    return found


def list_of_settings() -> str:
    """Every setting of each kind of data: its default, or else what it may be, a line each."""
    lines = ["\b", "Settings for --set and --config, and what they are by default:"]
    for kind in KINDS:
        lines += [f"{kind.name}:", *(f"  {line}" for line in _listed(kind))]
    lines += ["csv files:"]
    lines += [f"  csv.{name}: {in_words(type_)}" for name, type_ in _CSV.items()]
    return "\n".join(lines)


def _listed(kind: Kind) -> Iterator[str]:
    defaults = kind.settings().to_json()
    yield from (f"{name} = {json.dumps(value)}" for name, value in defaults.items())
    for name, type_ in _settings(kind).items():
        if name not in defaults:
            yield f"{name}: {in_words(type_)}"
