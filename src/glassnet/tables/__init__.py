"""From a table to a trained network: split, describe, build, train, measure.

frame = data.read_csv("penguins.csv")
fit = find_fit(frame, "species")
fit.go()
fit.scores()                    # on rows held out, beside a constant answer
fit.model.save("model.safetensors")
TableModel.load("model.safetensors").predict(frame)
"""

from glassnet.tables.fit import TableFit, find_fit
from glassnet.tables.model import TableModel
from glassnet.tables.settings import Settings

__all__ = ["Settings", "TableFit", "TableModel", "find_fit"]
