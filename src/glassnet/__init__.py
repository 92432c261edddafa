"""Glassnet: neural networks from the NumPy world, in which a network is a program you can read.

import glassnet as gn

net = gn.Network([gn.Dense(16, "relu"), gn.Dense(1, "sigmoid")], input_shape=(10,))
history = net.fit(x, y, epochs=20)
print(net.training_program().source("numpy"))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from glassnet import callbacks, checks, errors, graph, losses, metrics, optim, plots
    from glassnet.network import Network, load
    from glassnet.nn import (
        GRU,
        LSTM,
        Activation,
        Add,
        Bidirectional,
        Concatenate,
        Dense,
        Dropout,
        Embedding,
        FillMissing,
        Flatten,
        Input,
        Layer,
        Masking,
        MissingIndicator,
        Multiply,
        OneHot,
        Parameter,
        PReLU,
        Rescale,
        Reshape,
        SimpleRNN,
        Standardize,
        TimeDistributed,
        init,
        regularizers,
    )
    from glassnet.train import History

__version__ = "0.1.0"

__all__ = [
    "GRU", "LSTM", "Activation", "Add", "Bidirectional", "Concatenate", "Dense", "Dropout",
    "Embedding", "FillMissing", "Flatten", "History", "Input", "Layer", "Masking",
    "MissingIndicator", "Multiply", "Network", "OneHot", "PReLU", "Parameter", "Rescale", "Reshape",
    "SimpleRNN", "Standardize", "TimeDistributed", "__version__", "callbacks", "checks", "errors",
    "graph", "init", "load", "losses", "metrics", "optim", "plots", "regularizers",
]  # fmt: skip

# Everything is imported when it is first used: `import glassnet` costs next to nothing, and a
# command line can answer Ctrl-C in words before NumPy has been loaded.
_HOMES = {
    "glassnet": (
        "callbacks", "checks", "errors", "graph", "losses", "metrics", "nn", "optim", "plots",
    ),
    "glassnet.network": ("Network", "load"),
    "glassnet.nn": (
        "GRU", "LSTM", "Activation", "Add", "Bidirectional", "Concatenate", "Dense", "Dropout",
        "Embedding", "FillMissing", "Flatten", "Input", "Layer", "Masking", "MissingIndicator",
        "Multiply", "OneHot", "PReLU", "Parameter", "Rescale", "Reshape", "SimpleRNN",
        "Standardize", "TimeDistributed", "init", "regularizers",
    ),
    "glassnet.train": ("History",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        from glassnet.errors import UnknownAttributeError

        raise UnknownAttributeError("module 'glassnet'", name, __all__, "glassnet")
    if home == __name__:
        return importlib.import_module(f"glassnet.{name}")
    found = globals()[name] = getattr(importlib.import_module(home), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
