"""Tables: a column to predict from the others of its row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet.cli.kinds.kind import Kind, Request
from glassnet.cli.kinds.python import read_arguments, text
from glassnet.errors import SettingError, plain, quoted
from glassnet.tables import (
    Evaluation,
    Settings,
    TableFit,
    TableModel,
    evaluate_table,
    find_fit,
    preset_named,
    read,
)
from glassnet.tables.reading import COMMAS_ARE_DECIMAL

if TYPE_CHECKING:
    from glassnet.cli.console import Console


class TableKind(Kind):
    """Tables: a column to predict from the others of its row."""

    name, key = "tables", "table"
    asked = {"target": str, "task": str | None}  # noqa: RUF012 - declared as a class's own

    @property
    def settings(self) -> type[Settings]:
        """glassnet.tables.Settings."""
        return Settings

    def preset(self, name: str) -> dict[str, Any]:
        """One of glassnet.tables.PRESETS."""
        return preset_named(name)

    def prepared(self, console: Console, request: Request) -> tuple[Request, Any, TableFit]:
        """The table as it was read, and what was found in it."""
        request, frame = read_table(console, request)
        asked = request.asked
        fit = find_fit(
            frame, target_of(request, frame), asked.get("task"), request.settings,
            progress=console.progress(),
        )  # fmt: skip
        return request, frame, fit

    def asked_of(self, request: Request, fit: TableFit) -> Mapping[str, Any]:
        """The target and the task that it was found to have."""
        target = fit.model.table.target
        return {"target": target.name, "task": target.task}

    def load(self, path: Path) -> TableModel:
        """TableModel.load."""
        return TableModel.load(path)

    def read(self, path: Path, csv: Mapping[str, Any], console: Console) -> Any:
        """tables.read."""
        return read(path, **csv, say=console.remark)

    def evaluate(self, model: TableModel, data: Any) -> Evaluation:
        """tables.evaluate_table."""
        return evaluate_table(model, data)

    def legend(self, model: TableModel) -> Iterator[str]:
        """What the inputs and the result are, column by column."""
        table, target = model.table, model.table.target
        flags = {flag.name for flag in table.flags}
        for i, feature in enumerate(table.features):
            kind = " (1 yes, 0 no)" if feature.name in flags else ""
            yield f"numbers[:, {i}]: {line(feature.name)}{kind}"
        places = [(f"categories[:, {i}]", column) for i, column in enumerate(table.hot)]
        for place, column in [*places, *table.embedded.items()]:
            codes = [f"{code} {line(v or 'missing')}" for code, v in enumerate(column.values)]
            yield f"{place}: {line(column.name)} ({', '.join(codes)})"
        for place, words in table.coded.items():
            known = f"{words.tokenizer.vocabulary:,} codes, 0 for filling, 1 for what is not known"
            yield f"{place}: {line(words.name)} ({known})"
        if target.is_binary:
            yield f"result: the probability that {line(target.name)} is {line(target.classes[1])}"
        elif target.is_classes:
            yield f"result: the probability of {', '.join(map(line, target.classes))}"
        else:
            yield f"result: {line(target.name)}"

    def reading(self, request: Request) -> str:
        """data = tables.read(...)."""
        return f"data = tables.read({text(str(request.data))}{read_arguments(request)})"


def read_table(console: Console, request: Request) -> tuple[Request, Any]:
    """The table of a request; and the request with what was found out of the file.

    That commas are decimal holds for files to predict from too, where none may be seen.
    """
    heard: list[str] = []

    def say(remark: str) -> None:
        heard.append(remark)
        console.remark(remark)

    assert request.data is not None  # noqa: S101 - the command has asked for it
    frame = read(request.data, **request.csv, say=say)
    if any(COMMAS_ARE_DECIMAL in remark for remark in heard):
        request = replace(request, csv={**request.csv, "decimal": ","})
    return request, frame


def target_of(request: Request, frame: Any) -> str:
    """The column to predict; an error that names the columns where none was given."""
    target = request.asked.get("target")
    if target is None:
        raise SettingError(
            "Missing option '--target', the column to predict. The table has "
            f"{quoted(frame.columns)}."
        )
    return str(target)


def line(name: str) -> str:
    """A name without line breaks and escape codes, so that it stays in its comment."""
    return plain(" ".join(name.split()))
