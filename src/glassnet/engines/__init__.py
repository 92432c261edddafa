"""Engines: what runs programs."""

from glassnet.engines.engine import Engine, Predictor, Trainer, Work
from glassnet.engines.numpy_engine import NumpyEngine, NumpyProgram
from glassnet.engines.select import find, has_native

__all__ = [
    "Engine", "NumpyEngine", "NumpyProgram", "Predictor", "Trainer", "Work", "find", "has_native",
]  # fmt: skip
