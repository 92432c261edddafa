"""Tables as people have them: files of many kinds, frames, streams."""

from glassnet.tables.reading.frame import COMMAS_ARE_DECIMAL, read_csv
from glassnet.tables.reading.reader import read
from glassnet.tables.reading.stream import Stream

__all__ = ["COMMAS_ARE_DECIMAL", "Stream", "read", "read_csv"]
