"""From a table to a trained network: split, describe, build, train, measure.

frame = tables.read("penguins.csv")
fit = tables.find_fit(frame, "species")
fit.go()
fit.scores()                    # on rows held out, beside a constant answer
fit.model.save("model.safetensors")
tables.TableModel.load("model.safetensors").predict(frame)
"""

from glassnet.tables.evaluate import Evaluation, evaluate_table
from glassnet.tables.fit import TableFit, find_fit
from glassnet.tables.model import TableModel
from glassnet.tables.presets import PRESETS, preset_named
from glassnet.tables.reading import Stream, read
from glassnet.tables.settings import Settings

__all__ = [
    "PRESETS", "Evaluation", "Settings", "Stream", "TableFit", "TableModel", "evaluate_table",
    "find_fit", "preset_named", "read",
]  # fmt: skip
