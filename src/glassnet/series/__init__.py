"""From a table with a date to a forecast: windows, network, figures beside the seasonal naive one.

frame = tables.read("load.csv")
fit = series.find_fit(frame, "y", window=48, horizon=24, known_ahead=["holiday"])
fit.go()
fit.scores()                    # on the last part of the time, beside the seasonal naive forecast
fit.model.save("model.safetensors")
series.SeriesModel.load("model.safetensors").predict(recent_rows)
"""

from glassnet.series.evaluate import evaluate
from glassnet.series.find import find_fit
from glassnet.series.fit import SeriesFit
from glassnet.series.model import SeriesModel
from glassnet.series.settings import Settings

__all__ = ["SeriesFit", "SeriesModel", "Settings", "evaluate", "find_fit"]
