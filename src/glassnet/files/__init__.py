"""Files: models and checkpoints, as data that no code is run from."""

from glassnet.files.bundle import read, write
from glassnet.files.model import SavedModel, read_model, save
from glassnet.files.typed import check_fields

__all__ = ["SavedModel", "check_fields", "read", "read_model", "save", "write"]
