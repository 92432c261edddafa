"""Files: models and checkpoints, as data that no code is run from."""

from glassnet.files.bundle import append_to_file, read, replace_file, write
from glassnet.files.model import load, load_with_extra, save
from glassnet.files.typed import check_fields

__all__ = [
    "append_to_file", "check_fields", "load", "load_with_extra", "read", "replace_file", "save",
    "write",
]  # fmt: skip
