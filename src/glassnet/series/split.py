"""Windows in the order of time: the last ones for the test, those before them for validation.

No window's target reaches from one part into the next; a window that looks back does reach into the
part before, as it will when it is used.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from glassnet.errors import DataError
from glassnet.series.clock import Clock
from glassnet.series.settings import Settings
from glassnet.series.windows import Windows


class Cuts(NamedTuple):
    """The first steps of validation and of test."""

    validation: int
    test: int


def find_cuts(ticks: Any, settings: Settings) -> Cuts:
    """The times before which the shares of all steps lie."""
    order = np.sort(ticks)
    n_before_test = round((1 - settings.test_share) * len(order))
    n_train = round((1 - settings.validation_share) * n_before_test)
    return Cuts(*(int(order[min(n, len(order) - 1)]) for n in (n_train, n_before_test)))


def split_windows(windows: Windows, cuts: Cuts) -> dict[str, Any]:
    """The numbers of the windows of each part."""
    rows = windows.usable()
    first, last = windows.first_ticks(rows), windows.last_ticks(rows)
    return {
        "train": rows[last < cuts.validation],
        "validation": rows[(first >= cuts.validation) & (last < cuts.test)],
        "test": rows[first >= cuts.test],
    }


def check_parts(parts: dict[str, Any], windows: Windows, cuts: Cuts, clock: Clock) -> None:
    """DataError where a part has no window."""
    empty = [name for name, rows in parts.items() if not len(rows)]
    if not empty:
        return
    steps = {"train": int((windows.ticks < cuts.validation).sum()),
             "test": int((windows.ticks >= cuts.test).sum())}  # fmt: skip
    steps["validation"] = len(windows.ticks) - sum(steps.values())
    w, h = windows.window, windows.horizon
    raise DataError(
        f"No window of {w} steps with {h} to foretell fits into the part for "
        f"{' and that for '.join(empty)}. In the order of time there are {steps['train']:,} steps "
        f"to train on (before {clock.text(cuts.validation)}), {steps['validation']:,} for "
        f"validation and {steps['test']:,} for the test. Training needs {w + h:,} in a row or "
        f"more, the others {h:,} each: take a smaller window or horizon, larger shares, more rows."
    )
