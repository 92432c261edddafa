"""Glassnet: neural networks from the NumPy world, in which a network is a program you can read.

import glassnet as gn

net = gn.Network([gn.Dense(16, "relu"), gn.Dense(1, "sigmoid")], input_shape=(10,))
history = net.fit(x, y, epochs=20)
print(net.training_program().source("numpy"))
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from glassnet import errors, graph, losses, optim
from glassnet.network import Network, load
from glassnet.nn import (
    Activation,
    Add,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    FillMissing,
    Flatten,
    Input,
    Layer,
    MissingIndicator,
    Multiply,
    OneHot,
    Parameter,
    PReLU,
    Rescale,
    Reshape,
    Standardize,
    init,
    regularizers,
)

if TYPE_CHECKING:
    from glassnet import callbacks, checks, metrics, plots
    from glassnet.train import History

__version__ = "0.1.0"

__all__ = [
    "Activation", "Add", "Concatenate", "Dense", "Dropout", "Embedding", "FillMissing", "Flatten",
    "History", "Input", "Layer", "MissingIndicator", "Multiply", "Network", "OneHot", "PReLU",
    "Parameter", "Rescale", "Reshape", "Standardize", "__version__", "callbacks", "checks",
    "errors", "graph", "init", "load", "losses", "metrics", "optim", "plots", "regularizers",
]  # fmt: skip

# What is imported when it is first used, so that `import glassnet` stays as quick as NumPy's.
_LAZY = {
    "History": ("glassnet.train", "History"),
    "callbacks": ("glassnet.callbacks", ""),
    "checks": ("glassnet.checks", ""),
    "metrics": ("glassnet.metrics", ""),
    "plots": ("glassnet.plots", ""),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        near = None if name.startswith("_") else errors.nearest(name, __all__)
        hint = f". Did you mean {near!r}?" if near else ""
        raise AttributeError(f"module 'glassnet' has no attribute {name!r}{hint}")
    module, attribute = _LAZY[name]
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted(__all__)
