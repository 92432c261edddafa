"""Series: a table with a date, whose target is foretold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassnet import series, tables
from glassnet.cli.kinds.kind import Kind, Request
from glassnet.cli.kinds.python import read_arguments, text
from glassnet.cli.kinds.table import line, read_table, target_of
from glassnet.errors import SettingError, UnknownNameError

if TYPE_CHECKING:
    from glassnet.cli.console import Console
    from glassnet.tables import Evaluation

_PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 60, "patience": 6, "hidden": (64,)},
    "default": {},
    "thorough": {"epochs": 1000, "patience": 60, "hidden": (256, 256)},
}


class SeriesKind(Kind):
    """Series: a table with a date, whose target is foretold."""

    name, key, unit = "series", "series", "window"
    asked = {  # noqa: RUF012 - declared as a class's own
        "target": str, "window": int, "horizon": int, "known_ahead": tuple[str, ...],
        "group": str | None, "time": str | None,
    }  # fmt: skip

    @property
    def settings(self) -> type[series.Settings]:
        """glassnet.series.Settings."""
        return series.Settings

    def preset(self, name: str) -> dict[str, Any]:
        """How long it is trained, and how wide it is."""
        if name not in _PRESETS:
            raise UnknownNameError("preset", name, _PRESETS)
        return dict(_PRESETS[name])

    def prepared(self, console: Console, request: Request) -> tuple[Request, Any, series.SeriesFit]:
        """The table as it was read, and the series that were found in it."""
        for name in ("window", "horizon"):
            if name not in request.asked:
                raise SettingError(
                    f"Missing option '--{name}': a forecast looks back on --window steps and "
                    "foretells --horizon."
                )
        request, frame = read_table(console, request)
        asked = {**request.asked, "target": target_of(request, frame)}
        fit = series.find_fit(
            frame, **asked, settings=request.settings, progress=console.progress()
        )
        return request, frame, fit

    def asked_of(self, request: Request, fit: series.SeriesFit) -> Mapping[str, Any]:
        """What is foretold from what."""
        d = fit.model.description
        return {
            "target": d.target.name, "window": d.window, "horizon": d.horizon,
            "known_ahead": d.ahead, "group": d.group or None, "time": d.time or None,
        }  # fmt: skip

    def load(self, path: Path) -> series.SeriesModel:
        """SeriesModel.load."""
        return series.SeriesModel.load(path)

    def read(self, path: Path, csv: Mapping[str, Any], console: Console) -> Any:
        """tables.read."""
        return tables.read(path, **csv, say=console.remark)

    def evaluate(self, model: series.SeriesModel, data: Any) -> Evaluation:
        """series.evaluate."""
        return series.evaluate(model, data)

    def legend(self, model: series.SeriesModel) -> Iterator[str]:
        """What the inputs and the result are."""
        d = model.description
        names = ", ".join(line(column.name) for column in (d.target, *d.columns))
        yield f"past: {d.window:,} steps of {names}"
        yield f"result: the next {d.horizon:,} steps of {line(d.target.name)}"

    def reading(self, request: Request) -> str:
        """data = tables.read(...)."""
        return f"data = tables.read({text(str(request.data))}{read_arguments(request)})"
