"""How a trained forecast does on a table that it has not seen: later rows, say."""

from __future__ import annotations

from typing import Any

from glassnet.errors import DataError
from glassnet.series.model import SeriesModel
from glassnet.series.rows import described_rows, grid_of, read_table
from glassnet.series.scale import scales_of
from glassnet.series.score import METRICS, measured, seasonal_naive
from glassnet.series.windows import windows_of
from glassnet.tables.evaluate import Evaluation


def evaluate(model: SeriesModel, frame: Any) -> Evaluation:
    """Metrics of every window of a table: of the network, and of the seasonal naive forecast.

    frame  what `tables.read` takes: rows with the target, `window` + `horizon` in a row at least;
           the first `window` of each group are looked back on only

    The scaled error is in units of the seasonal naive forecast's error in training. `n_rows` of the
    result counts windows, `n_unknown` the rows without a target.
    """
    d = model.description
    rows = described_rows(read_table(frame), d, target_needed=True)
    rows = rows.only(rows.between_targets().nonzero()[0])
    grid = grid_of(d.clock, rows, d.time)
    windows = windows_of(d, grid, rows.y, rows.columns)
    usable = windows.usable()
    if not len(usable):
        raise DataError(
            f"No window fits into the {len(grid.ticks):,} steps of the table: {d.window:,} are "
            f"needed to look back on and {d.horizon:,} to foretell in a row. Give more rows."
        )
    scales = scales_of(d, grid)
    ours = measured(windows, usable, scales, model.answers)
    theirs = measured(windows, usable, scales, seasonal_naive(d.horizon, d.season))
    scores = {name: (ours.score(name), theirs.score(name)) for name in METRICS}
    n_unknown = int((~windows.known).sum())
    return Evaluation(scores, len(usable), n_unknown, rows.strange, d.target.name, "forecast")
