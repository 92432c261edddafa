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
    from glassnet import (
        callbacks,
        checks,
        errors,
        graph,
        images,
        losses,
        metrics,
        optim,
        plots,
        series,
        text,
    )
    from glassnet.network import Network, load
    from glassnet.nn import (
        GRU,
        LSTM,
        Activation,
        Add,
        Average,
        AveragePooling1D,
        AveragePooling2D,
        AveragePooling3D,
        BatchNormalization,
        Bidirectional,
        Concatenate,
        Conv1D,
        Conv1DTranspose,
        Conv2D,
        Conv2DTranspose,
        Conv3D,
        CosineSimilarity,
        Cropping1D,
        Cropping2D,
        Cropping3D,
        Dense,
        DepthwiseConv2D,
        Distance,
        Dot,
        Dropout,
        Embedding,
        FillMissing,
        Flatten,
        GaussianDropout,
        GaussianNoise,
        GlobalAveragePooling1D,
        GlobalAveragePooling2D,
        GlobalAveragePooling3D,
        GlobalMaxPooling1D,
        GlobalMaxPooling2D,
        GlobalMaxPooling3D,
        GroupNormalization,
        Input,
        Layer,
        LayerNormalization,
        Masking,
        Maximum,
        MaxPooling1D,
        MaxPooling2D,
        MaxPooling3D,
        Minimum,
        MissingIndicator,
        MixUp,
        MultiHeadAttention,
        Multiply,
        OneHot,
        Parameter,
        PositionalEmbedding,
        PositionalEncoding,
        PReLU,
        RandomBrightness,
        RandomContrast,
        RandomCrop,
        RandomErasing,
        RandomFlip,
        RandomRotation,
        RandomTranslation,
        RandomZoom,
        Rescale,
        Rescaling,
        Reshape,
        RMSNormalization,
        ScaledWindow,
        SeasonalNaive,
        SeparableConv2D,
        SimpleRNN,
        SpatialDropout1D,
        SpatialDropout2D,
        SpatialDropout3D,
        Standardize,
        Subtract,
        TimeDistributed,
        TransformerBlock,
        UpSampling1D,
        UpSampling2D,
        UpSampling3D,
        WindowDeviation,
        WordDropout,
        ZeroPadding1D,
        ZeroPadding2D,
        ZeroPadding3D,
        init,
        regularizers,
    )
    from glassnet.train import History

__version__ = "0.1.0"

__all__ = [
    "GRU", "LSTM", "Activation", "Add", "Average", "AveragePooling1D", "AveragePooling2D",
    "AveragePooling3D", "BatchNormalization", "Bidirectional", "Concatenate", "Conv1D",
    "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "CosineSimilarity", "Cropping1D",
    "Cropping2D", "Cropping3D", "Dense", "DepthwiseConv2D", "Distance", "Dot", "Dropout",
    "Embedding", "FillMissing", "Flatten", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "History", "Input", "Layer", "LayerNormalization", "Masking", "MaxPooling1D", "MaxPooling2D",
    "MaxPooling3D", "Maximum", "Minimum", "MissingIndicator", "MixUp", "MultiHeadAttention",
    "Multiply", "Network", "OneHot", "PReLU", "Parameter", "PositionalEmbedding",
    "PositionalEncoding", "RMSNormalization", "RandomBrightness", "RandomContrast", "RandomCrop",
    "RandomErasing", "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "Rescale",
    "Rescaling", "Reshape", "ScaledWindow", "SeasonalNaive", "SeparableConv2D", "SimpleRNN",
    "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Standardize", "Subtract",
    "TimeDistributed", "TransformerBlock", "UpSampling1D", "UpSampling2D", "UpSampling3D",
    "WindowDeviation", "WordDropout", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D",
    "__version__", "callbacks", "checks", "errors", "graph", "images", "init", "load", "losses",
    "metrics", "optim", "plots", "regularizers", "series", "text",
]  # fmt: skip

# Everything is imported when it is first used: `import glassnet` costs next to nothing, and a
# command line can answer Ctrl-C in words before NumPy has been loaded.
_HOMES = {
    "glassnet": (
        "callbacks", "checks", "errors", "graph", "images", "losses", "metrics", "nn", "optim",
        "plots", "series", "text",
    ),
    "glassnet.network": ("Network", "load"),
    "glassnet.nn": (
        "GRU", "LSTM", "Activation", "Add", "Average", "AveragePooling1D", "AveragePooling2D",
        "AveragePooling3D", "BatchNormalization", "Bidirectional", "Concatenate", "Conv1D",
        "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "CosineSimilarity", "Cropping1D",
        "Cropping2D", "Cropping3D", "Dense", "DepthwiseConv2D", "Distance", "Dot", "Dropout",
        "Embedding", "FillMissing", "Flatten", "GaussianDropout", "GaussianNoise",
        "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D",
        "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
        "Input", "Layer", "LayerNormalization", "Masking", "MaxPooling1D", "MaxPooling2D",
        "MaxPooling3D", "Maximum", "Minimum", "MissingIndicator", "MixUp", "MultiHeadAttention",
        "Multiply", "OneHot", "PReLU", "Parameter", "PositionalEmbedding", "PositionalEncoding",
        "RMSNormalization", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing",
        "RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "Rescale", "Rescaling",
        "Reshape", "ScaledWindow", "SeasonalNaive", "SeparableConv2D", "SimpleRNN",
        "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "Standardize", "Subtract",
        "TimeDistributed", "TransformerBlock", "UpSampling1D", "UpSampling2D", "UpSampling3D",
        "WindowDeviation", "WordDropout", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "init",
        "regularizers",
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
