"""Engines: what runs programs."""

from glassnet.engines.engine import Engine, Prepared, Work
from glassnet.engines.select import find, has_native

__all__ = ["Engine", "Prepared", "Work", "find", "has_native"]
