"""Charts as SVG: axes with round numbers, curves, points, bars, histograms, a heat map."""

from glassnet.report.charts.axes import Axes, axes, line, svg, words
from glassnet.report.charts.bars import Bar, bars, legend
from glassnet.report.charts.curve import curve, thinned
from glassnet.report.charts.heat import heat
from glassnet.report.charts.histogram import columns, histogram, small, small_of_numbers
from glassnet.report.charts.scale import Scale, limits, log_ticks, round_ticks, wants_log
from glassnet.report.charts.scatter import MOST as MOST_POINTS
from glassnet.report.charts.scatter import scatter

__all__ = [
    "MOST_POINTS", "Axes", "Bar", "Scale", "axes", "bars", "columns", "curve", "heat", "histogram",
    "legend", "limits", "line", "log_ticks", "round_ticks", "scatter", "small", "small_of_numbers",
    "svg", "thinned", "wants_log", "words",
]  # fmt: skip
