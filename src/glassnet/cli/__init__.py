"""The command line: a thin shell over the Python API."""

from glassnet.cli.start import main

__all__ = ["main"]
