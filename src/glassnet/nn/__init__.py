"""Layers, and what they are made of."""

from glassnet.nn import init, regularizers
from glassnet.nn.activation import Activation, PReLU
from glassnet.nn.attention import MultiHeadAttention
from glassnet.nn.augmentation import (
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomTranslation,
    RandomZoom,
)
from glassnet.nn.bidirectional import Bidirectional
from glassnet.nn.colours import RandomBrightness, RandomContrast
from glassnet.nn.convolution import Conv1D, Conv2D, Conv3D, DepthwiseConv2D, SeparableConv2D
from glassnet.nn.dense import Dense
from glassnet.nn.distance import Distance
from glassnet.nn.dot import CosineSimilarity, Dot
from glassnet.nn.dropout import (
    Dropout,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
    WordDropout,
)
from glassnet.nn.embedding import Embedding
from glassnet.nn.erasing import RandomErasing
from glassnet.nn.forecasting import ScaledWindow, SeasonalNaive, WindowDeviation
from glassnet.nn.gru import GRU
from glassnet.nn.layer import Layer, Parameter
from glassnet.nn.lstm import LSTM
from glassnet.nn.masking import Masking
from glassnet.nn.merge import Add, Average, Concatenate, Maximum, Minimum, Multiply, Subtract
from glassnet.nn.mixing import MixUp
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
from glassnet.nn.simple_rnn import SimpleRNN
from glassnet.nn.symbol import Input, Symbol
from glassnet.nn.time_distributed import TimeDistributed
from glassnet.nn.transformer import TransformerBlock
from glassnet.nn.transposed import Conv1DTranspose, Conv2DTranspose
from glassnet.nn.upsampling import UpSampling1D, UpSampling2D, UpSampling3D

__all__ = [
    "GRU", "LAYERS", "LSTM", "Activation", "Add", "Average", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "BatchNormalization", "Bidirectional", "Concatenate", "Conv1D",
    "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "CosineSimilarity", "Cropping1D",
    "Cropping2D", "Cropping3D", "Dense", "DepthwiseConv2D", "Distance", "Dot", "Dropout",
    "Embedding", "FillMissing", "Flatten", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization", "Input",
    "Layer", "LayerNormalization", "Masking", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D",
    "Maximum", "Minimum", "MissingIndicator", "MixUp", "MultiHeadAttention", "Multiply", "OneHot",
    "PReLU", "Parameter", "PositionalEmbedding", "PositionalEncoding", "RMSNormalization",
    "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip",
    "RandomRotation", "RandomTranslation", "RandomZoom", "Rescale", "Rescaling", "Reshape",
    "ScaledWindow", "SeasonalNaive", "SeparableConv2D", "SimpleRNN", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "Standardize", "Subtract", "Symbol", "TimeDistributed",
    "TransformerBlock", "UpSampling1D", "UpSampling2D", "UpSampling3D", "WindowDeviation",
    "WordDropout", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "init", "regularizers",
]  # fmt: skip
