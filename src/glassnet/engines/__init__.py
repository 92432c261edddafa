"""Engines: what runs programs."""

from glassnet.engines.engine import Engine, Prepared, Work, find

__all__ = ["Engine", "Prepared", "Work", "find"]
