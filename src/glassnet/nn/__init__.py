"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.bidirectional import Bidirectional
from glassnet.nn.dense import Dense
from glassnet.nn.dropout import Dropout
from glassnet.nn.embedding import Embedding
from glassnet.nn.gru import GRU
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.lstm import LSTM
from glassnet.nn.masking import Masking
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
from glassnet.nn.simple_rnn import SimpleRNN
from glassnet.nn.symbol import Input, Symbol
from glassnet.nn.time_distributed import TimeDistributed

__all__ = [
    "GRU", "LAYERS", "LSTM", "Activation", "Add", "Bidirectional", "Concatenate", "Dense",
    "Dropout", "Embedding", "FillMissing", "Flatten", "Input", "Layer", "Masking",
    "MissingIndicator", "Multiply", "OneHot", "PReLU", "Parameter", "Rescale", "Reshape",
    "SimpleRNN", "Standardize", "Symbol", "TimeDistributed", "init", "regularizers",
]  # fmt: skip
