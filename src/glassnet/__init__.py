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
    from glassnet.train import History

__version__ = "0.1.0"

__all__ = [
    "Activation", "Add", "Concatenate", "Dense", "Dropout", "Embedding", "FillMissing", "Flatten",
    "History", "Input", "Layer", "MissingIndicator", "Multiply", "Network", "OneHot", "PReLU",
    "Parameter", "Rescale", "Reshape", "Standardize", "__version__", "callbacks", "checks",
    "errors", "graph", "init", "load", "losses", "metrics", "optim", "plots", "regularizers",
]  # fmt: skip

# Everything is imported when it is first used: `import glassnet` costs next to nothing, and a
# command line can answer Ctrl-C in words before NumPy has been loaded.
_HOMES = {
    "glassnet": (
        "callbacks", "checks", "errors", "graph", "losses", "metrics", "nn", "optim", "plots",
    ),
    "glassnet.network": ("Network", "load"),
    "glassnet.nn": (
        "Activation", "Add", "Concatenate", "Dense", "Dropout", "Embedding", "FillMissing",
        "Flatten", "Input", "Layer", "MissingIndicator", "Multiply", "OneHot", "PReLU",
        "Parameter", "Rescale", "Reshape", "Standardize", "init", "regularizers",
    ),
    "glassnet.train": ("History",),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise _NoSuchNameError(name)
    if home == __name__:
        return importlib.import_module(f"glassnet.{name}")
    found = globals()[name] = getattr(importlib.import_module(home), name)
    return found


# What other libraries have and this one does not have yet, by a word in its name.
_TO_COME = {
    "conv": "convolutions", "pool": "pooling", "lstm": "recurrence", "gru": "recurrence",
    "rnn": "recurrence", "bidirectional": "recurrence", "timedistributed": "recurrence",
    "batchnorm": "normalisation of batches", "layernorm": "normalisation of rows",
    "groupnorm": "normalisation of groups", "rmsnorm": "normalisation of rows",
    "attention": "attention", "transformer": "attention", "fit_many": "fits of many networks",
    "load_onnx": "reading of ONNX", "estimators": "estimators", "distributed": "distributed fits",
    "studio": "studio",
}  # fmt: skip


class _NoSuchNameError(AttributeError):
    """A name that is not here; the hint is looked for only when somebody reads it.

    For Python asks for every submodule as an attribute first: `from glassnet import graph`.
    """

    def __str__(self) -> str:
        (name,) = self.args
        return f"module 'glassnet' has no attribute {name!r}{_hint(name)}"


def _hint(name: str) -> str:
    """What to write instead, or that it does not exist yet."""
    if name.startswith("_"):
        return ""
    from glassnet.nn import LAYERS
    from glassnet.spelling import nearest

    for word, thing in _TO_COME.items():
        if word in name.lower():
            layers = ", ".join(LAYERS)
            return f": this version has no {thing} yet. Its layers are {layers}"
    near = nearest(name, __all__)
    return f". Did you mean {near!r}?" if near else ""


def __dir__() -> list[str]:
    return sorted(__all__)
