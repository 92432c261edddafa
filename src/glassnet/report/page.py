"""The page: the sections one below another, the style inside, and nothing fetched from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glassnet.atomic_file import replace_file
from glassnet.report import sections as s
from glassnet.report.markup import Markup, join, shortened, tag
from glassnet.report.report_data import ReportData
from glassnet.tables.columns import Progress, silent

if TYPE_CHECKING:
    import polars as pl

    from glassnet.tables import TableFit
    from glassnet.tables.reading import Stream

# Browsers keep the promise too: no request, no script.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_LINKS = {
    "data": "Data", "network": "Network", "training": "Training", "answers": "Answers",
    "columns": "Columns", "words": "Words", "worst": "Errors", "program": "Program",
}  # fmt: skip


def html(fit: TableFit, table: pl.DataFrame | Stream, *, progress: Progress = silent) -> str:
    """The report as one HTML text.

    fit    a fit that is finished
    table  what it was found in, all rows; of a Stream a sample is shown, and said to be one
    progress  is told how many columns have been weighed: progress(what, done, of how many)
    """
    case = ReportData(fit, table, progress)
    answers = s.classification(case) if case.is_classes else s.regression(case)
    words = s.words(case)
    body = tag(
        "main", s.head(case), _links(with_words=words is not None), s.overview(case),
        s.architecture(case), s.curves(case), answers, s.influence(case), words, s.worst(case),
        s.program(case), tag("footer", "Written by Glassnet. This file is complete in itself."),
    )  # fmt: skip
    return "<!doctype html>\n" + tag("html", _head(case), tag("body", body), lang="en") + "\n"


def write(
    path: str | Path, fit: TableFit, table: pl.DataFrame | Stream, *, progress: Progress = silent
) -> None:
    """Write the report into one file, which is whole or, after a crash, the one from before."""
    replace_file(Path(path), html(fit, table, progress=progress).encode())


def _head(case: ReportData) -> Markup:
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name_="color-scheme", content="light dark"),
        tag("link", rel="icon", href="data:,"),
        tag("title", f"{shortened(case.target.name, 60)}: report of a training run"),
        tag("style", Markup(style)),
    )


def _links(*, with_words: bool) -> Markup:
    shown = {key: text for key, text in _LINKS.items() if with_words or key != "words"}
    return tag("nav", join(*(tag("a", text, href=f"#{key}") for key, text in shown.items())))
