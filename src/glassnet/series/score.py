"""Errors of forecasts, window after window: in all, by step ahead, and by time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.series.windows import Windows

TOGETHER = 2048  # windows that are foretold at once: more would be a copy of the series many times
MAE, RMSE, MASE = METRICS = (
    "mean_absolute_error", "root_mean_squared_error", "mean_absolute_scaled_error",
)  # fmt: skip


@dataclass(frozen=True)
class Errors:
    """Sums of errors over windows, where the truth is known, by step ahead (H,).

    by_window  the mean absolute error of each window (n,)
    """

    counts: Any
    absolute: Any
    squared: Any
    scaled: Any
    by_window: Any

    def score(self, name: str) -> float:
        """A metric over all steps."""
        total = {MAE: self.absolute, RMSE: self.squared, MASE: self.scaled}[name]
        mean = float(total.sum() / self.counts.sum())
        return mean**0.5 if name == RMSE else mean

    @property
    def by_step(self) -> Any:
        """The mean absolute error of each step ahead (H,)."""
        return self.absolute / np.maximum(self.counts, 1)


def measured(
    windows: Windows, rows: Any, scales: Any, answer: Callable[[dict[str, Any]], Any]
) -> Errors:
    """Errors of what `answer` says for the network's inputs, over some windows.

    scales  of each group (G,)
    """
    inputs, targets, known = windows.inputs(), windows.targets(), windows.known_targets()
    sums, by_window = np.zeros((4, windows.horizon)), np.empty(len(rows))
    for first in range(0, len(rows), TOGETHER):
        some = rows[first : first + TOGETHER]
        p = np.asarray(answer({name: view[some] for name, view in inputs.items()}), np.float64)
        there = known[some]
        off = np.where(there, np.abs(p - targets[some]), 0.0)
        scaled = off / scales[windows.group[some]][:, None]
        sums += [there.sum(axis=0), off.sum(axis=0), (off**2).sum(axis=0), scaled.sum(axis=0)]
        by_window[first : first + TOGETHER] = off.sum(axis=1) / there.sum(axis=1)
    counts, absolute, squared, scaled = sums
    return Errors(counts, absolute, squared, scaled, by_window)


def seasonal_naive(horizon: int, season: int) -> Callable[[dict[str, Any]], Any]:
    """The values of one season ago, again and again; with a season of 1 the last value."""

    def answer(inputs: dict[str, Any]) -> Any:
        past = inputs["past"]
        return past[:, past.shape[1] - season + np.arange(horizon) % season]

    return answer
