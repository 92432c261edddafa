"""Arrays in files that are mapped into memory, for what is larger than it."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import numpy as np

from glassnet.errors import DataError


def mapped(shape: tuple[int, ...], dtype: Any, what: str, needed: int = 0) -> Any:
    """An array in a file without a name: it is gone when the array is, whatever happens.

    what    it holds, for the message: "the numbers of the table"
    needed  bytes of all such arrays, of which this is one
    """
    size = max(1, int(np.prod(shape, dtype=np.int64))) * np.dtype(dtype).itemsize
    with tempfile.TemporaryFile() as file:
        try:
            if hasattr(os, "posix_fallocate"):  # else a full disk would end the process later on
                os.posix_fallocate(file.fileno(), 0, size)
            file.truncate(size)
            return np.memmap(file, dtype, "r+", 0, shape)
        except OSError as error:
            raise DataError(
                f"{what} need {max(size, needed) / 2**30:.1f} GiB in {tempfile.gettempdir()}"
                f", and there is no room: {error.strerror}. Let the variable TMPDIR name a folder "
                "on a larger disk."
            ) from error
