"""Writers: a program as text in a language."""

from collections.abc import Callable

from glassnet.program.sources import numpy

WRITERS: dict[str, Callable[..., str]] = {"numpy": numpy.write_program}

__all__ = ["WRITERS"]
