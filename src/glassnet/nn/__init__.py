"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.attention import MultiHeadAttention
from glassnet.nn.dense import Dense
from glassnet.nn.distance import Distance
from glassnet.nn.dropout import Dropout
from glassnet.nn.embedding import Embedding
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.merge import Add, Concatenate, Multiply
from glassnet.nn.positions import PositionalEmbedding, PositionalEncoding
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
from glassnet.nn.transformer import TransformerBlock

__all__ = [
    "LAYERS", "Activation", "Add", "Concatenate", "Dense", "Distance", "Dropout", "Embedding",
    "FillMissing", "Flatten", "Input", "Layer", "MissingIndicator", "MultiHeadAttention",
    "Multiply", "OneHot", "PReLU", "Parameter", "PositionalEmbedding", "PositionalEncoding",
    "Rescale", "Reshape", "Standardize", "Symbol", "TransformerBlock", "init", "regularizers",
]  # fmt: skip
