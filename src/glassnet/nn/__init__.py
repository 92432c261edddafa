"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.dense import Dense
from glassnet.nn.dot import CosineSimilarity, Dot
from glassnet.nn.dropout import Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from glassnet.nn.embedding import Embedding
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.merge import Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract
from glassnet.nn.noise import GaussianDropout, GaussianNoise
from glassnet.nn.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
)
from glassnet.nn.padding import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
)
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
from glassnet.nn.upsampling import UpSampling1D, UpSampling2D, UpSampling3D

__all__ = [
    "LAYERS", "Activation", "Add", "Average", "BatchNormalization", "Concatenate",
    "CosineSimilarity", "Cropping1D", "Cropping2D", "Cropping3D", "Dense", "Dot", "Dropout",
    "Embedding", "FillMissing", "Flatten", "GaussianDropout", "GaussianNoise",
    "GroupNormalization", "Input", "Layer", "LayerNormalization", "Maximum", "Minimum",
    "MissingIndicator", "Multiply", "OneHot", "PReLU", "Parameter", "RMSNormalization",
    "Rescale", "Reshape", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "Standardize", "Subtract", "Symbol", "UpSampling1D", "UpSampling2D", "UpSampling3D",
    "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "init", "regularizers",
]  # fmt: skip
