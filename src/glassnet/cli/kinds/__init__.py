"""The kinds of data that the commands take: each one's reading, fit, model and words."""

from glassnet.cli.kinds.kind import Fit, Kind, Model, Request
from glassnet.cli.kinds.known import KINDS, kind_of_data, kind_of_model

__all__ = ["KINDS", "Fit", "Kind", "Model", "Request", "kind_of_data", "kind_of_model"]
