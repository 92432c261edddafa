"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.attention import MultiHeadAttention
from glassnet.nn.convolution import Conv1D, Conv2D, Conv3D, DepthwiseConv2D, SeparableConv2D
from glassnet.nn.dense import Dense
from glassnet.nn.distance import Distance
from glassnet.nn.dropout import Dropout
from glassnet.nn.embedding import Embedding
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.merge import Add, Concatenate, Multiply
from glassnet.nn.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalAveragePooling3D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    GlobalMaxPooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from glassnet.nn.positions import PositionalEmbedding, PositionalEncoding
from glassnet.nn.preprocessing import FillMissing, MissingIndicator, OneHot, Rescale, Standardize
from glassnet.nn.registry import LAYERS
from glassnet.nn.rescaling import Rescaling
from glassnet.nn.reshape import Flatten, Reshape
from glassnet.nn.symbol import Input, Symbol
from glassnet.nn.transformer import TransformerBlock
from glassnet.nn.transposed import Conv1DTranspose, Conv2DTranspose

__all__ = [
    "LAYERS", "Activation", "Add", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D",
    "Concatenate", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Dense",
    "DepthwiseConv2D", "Distance", "Dropout", "Embedding", "FillMissing", "Flatten",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "Input", "Layer",
    "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "MissingIndicator", "MultiHeadAttention",
    "Multiply", "OneHot", "PReLU", "Parameter", "PositionalEmbedding", "PositionalEncoding",
    "Rescale", "Rescaling", "Reshape", "SeparableConv2D", "Standardize", "Symbol",
    "TransformerBlock", "init", "regularizers",
]  # fmt: skip
