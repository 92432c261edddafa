"""The page: the sections one below another, the style inside, and nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glassnet.atomic_file import replace_file
from glassnet.images import ImageFit
from glassnet.report import sections as s
from glassnet.report.case import Case
from glassnet.report.image_case import ImageCase
from glassnet.report.markup import Markup, join, shortened, tag
from glassnet.report.series_case import SeriesCase
from glassnet.report.table_case import TableCase
from glassnet.series import SeriesFit
from glassnet.tables import TableFit
from glassnet.tables.columns import Progress, silent

# Browsers keep the promise too: no request, no script.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LINKS = {
    "data": "Data", "network": "Network", "training": "Training", "answers": "Answers",
    "columns": "Columns", "words": "Words", "worst": "Errors", "program": "Program",
}  # fmt: skip


def html(fit: Any, data: Any, *, progress: Progress = silent) -> str:
    """The report as one HTML text.

    fit   a fit that is finished, of any kind of data
    data  what it was found in: of a table all rows; of a Stream a sample is shown, and said to be
          one
    progress  is told how many columns have been weighed: progress(what, done, of how many)
    """
    make = next(make for kind, make in _MAKERS.items() if isinstance(fit, kind))
    case, found = make(fit, data, progress)
    parts = [part for part in found if part is not None]
    body = tag(
        "main", s.head(case), _links(parts), *parts,
        tag("footer", "Written by Glassnet. This file is complete in itself."),
    )  # fmt: skip
    return "<!doctype html>\n" + tag("html", _head(case), tag("body", body), lang="en") + "\n"


def write(path: str | Path, fit: Any, data: Any, *, progress: Progress = silent) -> None:
    """Write the report into one file, which is whole or, after a crash, the one from before."""
    replace_file(Path(path), html(fit, data, progress=progress).encode())


_Page = tuple[Case, Sequence[Markup | None]]


def _of_table(fit: TableFit, table: Any, progress: Progress) -> _Page:
    case = TableCase(fit, table, progress)
    answers = s.classification(case) if case.is_classes else s.regression(case)
    return case, [
        s.overview(case), s.architecture(case), s.curves(case), answers, s.influence(case),
        s.words(case), s.worst(case), s.program(case),
    ]  # fmt: skip


def _of_images(fit: ImageFit, photos: Any, progress: Progress) -> _Page:
    case = ImageCase(fit)
    return case, [
        s.image_overview(case), s.architecture(case), s.first_filters(case), s.curves(case),
        s.classification(case), s.wrong_images(case), s.program(case),
    ]  # fmt: skip


def _of_series(fit: SeriesFit, table: Any, progress: Progress) -> _Page:
    case = SeriesCase(fit)
    return case, [
        s.series_overview(fit), s.architecture(case), s.curves(case), s.forecasts(fit),
        s.program(case),
    ]  # fmt: skip


_MAKERS: dict[type, Callable[..., _Page]] = {
    TableFit: _of_table,
    ImageFit: _of_images,
    SeriesFit: _of_series,
}


def _head(case: Case) -> Markup:
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{shortened(case.title, 60)}: report of a training run"),
        tag("style", Markup(style)),
    )


def _links(parts: Sequence[Markup]) -> Markup:
    """A link to each section that is there."""
    there = [key for key in _LINKS if any(f'id="{key}"' in part[:200] for part in parts)]
    return tag("nav", join(*(tag("a", _LINKS[key], href=f"#{key}") for key in there)))
