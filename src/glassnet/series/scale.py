"""How hard each series is to foretell: the error of the seasonal naive forecast in training.

Errors in these units can be compared between series of different size; their mean is the mean
absolute scaled error, MASE. (Hyndman and Koehler, 'Another look at measures of forecast accuracy',
2006.)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.series.description import Description
from glassnet.series.grid import Grid
from glassnet.series.windows import Windows

_MOST = 100.0  # times as much as the median one may a series weigh


def naive_scales(grid: Grid, y: Any, train: Any, season: int) -> dict[str, float]:
    """By group mean(|y_t - y_(t - season)|) over the steps to train on; of all where it is none."""
    found = {}
    for name, a, b in zip(grid.names, grid.firsts[:-1], grid.firsts[1:], strict=True):
        part = y[a:b][train[a:b]]
        apart = np.abs(part[season:] - part[:-season])
        known = apart[~np.isnan(apart)]
        found[name] = float(known.mean()) if len(known) else 0.0
    known_scales = [s for s in found.values() if s > 0]
    common = float(np.mean(known_scales)) if known_scales else 1.0
    return {name: scale or common for name, scale in found.items()}


def scales_of(description: Description, grid: Grid) -> Any:
    """The scale of each group of a grid (G,); of one not met in training the mean of all."""
    common = float(np.mean(list(description.scales.values())))
    return np.array([description.scales.get(name, common) for name in grid.names])


def window_weights(description: Description, grid: Grid, windows: Windows) -> Any:
    """How much each window counts (n,), so that every series counts the same; None for one series.

    One over the scale of its series: what training lowers is the mean absolute scaled error.
    """
    if len(grid.names) == 1:
        return None
    weights = 1 / scales_of(description, grid)
    weights = np.minimum(weights / np.median(weights), _MOST)
    return weights[windows.group[: windows.count]].astype(np.float32)
