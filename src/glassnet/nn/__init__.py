"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.embedding import Embedding
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.merge import Add, Concatenate, Multiply
from glassnet.nn.preprocessing import (
    FillMissing,
    MissingIndicator,
    OneHot,
    Rescale,
    Standardize,
)
from glassnet.nn.registry import LAYERS
from glassnet.nn.reshape import Flatten, Reshape
from glassnet.nn.symbol import Input, Symbol

__all__ = [
    "LAYERS", "Activation", "Add", "Concatenate", "Dense", "Dropout", "Embedding", "FillMissing",
    "Flatten", "Input", "Layer", "MissingIndicator", "Multiply", "OneHot", "PReLU", "Parameter",
    "Rescale", "Reshape", "Standardize", "Symbol", "init", "regularizers",
]  # fmt: skip
