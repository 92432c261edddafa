"""What a command line asks of training: defaults < preset < config file < --set and options."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassnet.cli.toml import read_toml
from glassnet.cli.values import fitting, in_words, is_table, parse
from glassnet.errors import SettingError, UnknownNameError
from glassnet.tables import Settings, preset_named

# What a config file may hold beside the settings of the network.
_OWN: dict[str, Any] = {
    "data": str, "target": str, "task": str | None, "time_limit": float | None, "preset": str,
    "csv": dict[str, Any],
}  # fmt: skip
# csv.header and so on: how a CSV file is read, where it is not found out rightly (tables.read).
_CSV: dict[str, Any] = {
    "header": bool | None, "separator": str | None, "encoding": str | None,
    "decimal": str | None,
}  # fmt: skip
_HOLDS_FOR_OTHERS = {"header", "decimal"}  # of the files that are predicted from
_SETTINGS: dict[str, Any] = {
    field.name: typing.get_type_hints(Settings)[field.name]
    for field in dataclasses.fields(Settings)
}
_TYPES = {**_OWN, **_SETTINGS}


@dataclass(frozen=True)
class Request:
    """Everything that decides what a training does; `csv` and `settings` are the Python API's."""

    data: Path | None
    target: str | None
    task: str | None
    time_limit: float | None
    csv: Mapping[str, Any]
    settings: Settings


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
    named = preset or chosen.pop("preset", "default")
    values = _merged(preset_named(named), chosen)
    values.pop("preset", None)
    fitted = {name: fitting(name, value, _TYPES[name]) for name, value in values.items()}
    own = {name: fitted.pop(name, None) for name in _OWN if name != "preset"}
    own["csv"] = _csv(own["csv"] or {})
    if own["time_limit"] is not None and not own["time_limit"] > 0:
        raise SettingError(f"time_limit must be above 0 seconds, got {own['time_limit']!r}.")
    data = Path(own.pop("data")) if own["data"] is not None else own.pop("data")
    return Request(data, settings=Settings(**fitted), **own)


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
        _check_name(name, f"setting for {path.name}")
    if isinstance(values.get("data"), str):
        values["data"] = str(path.parent / values["data"])
    return values


def _from_set(text: str) -> dict[str, Any]:
    """`name=value` or `name.part=value`; a part may hold dots, spaces and = as columns do."""
    if "=" not in text:
        raise SettingError(f"--set takes name=value, such as epochs=20; got {text!r}.")
    name, dot, _ = text.partition("=")[0].strip().partition(".")
    _check_name(name, "setting")
    if not dot:
        return {name: parse(text.partition("=")[2], _TYPES[name])}
    part, _, value = text.partition(".")[2].rpartition("=")
    if not is_table(_TYPES[name]):
        raise SettingError(f"The setting {name!r} has no parts, so {name}.{part} means nothing.")
    return {name: {part: parse(value)}}


def _check_name(name: str, kind: str) -> None:
    if name not in _TYPES:
        raise UnknownNameError(kind, name, _TYPES)


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
    """Every setting with its default, or else with what it may be, a line each."""
    lines = ["\b", "Settings for --set and --config, and what they are by default:"]
    defaults = Settings().to_json()
    lines += [f"  {name} = {json.dumps(value)}" for name, value in defaults.items()]
    lines += [
        f"  {name}: {in_words(kind)}"
        for name, kind in _SETTINGS.items() if name not in defaults
    ]  # fmt: skip
    lines += [f"  csv.{name}: {in_words(kind)}" for name, kind in _CSV.items()]
    return "\n".join(lines)
