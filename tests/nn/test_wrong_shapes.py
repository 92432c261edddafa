"""Layers on arrays that they do not take: the error names the layer, the shapes, and the cure."""

import re

import pytest

import glassnet as gn
from glassnet.errors import SettingError, ShapeError


def on(layer, *shapes):
    return lambda: layer(*[gn.Input(shape) for shape in shapes])


# fmt: off
SHAPES = [
    (on(gn.BatchNormalization(), ()), ("In layer 'batch_normalization', called on (B,): a row must "
     "have at least one axis, got (B,). Say how many columns there are: input_shape=(10,).")),
    (on(gn.GroupNormalization(4), (5, 6)), ("In layer 'group_normalization', called on (B, 5, 6): "
     "6 channels do not make 4 groups of one size. Take a number of groups that divides 6: "
     "1, 2, 3, 6.")),
    (on(gn.SpatialDropout2D(), (5, 6)), ("In layer 'spatial_dropout2d', called on (B, 5, 6): it "
     "takes images, an array (B, H, W, C), got (B, 5, 6). Take gn.SpatialDropout1D.")),
    (on(gn.SpatialDropout1D(), (6,)), ("In layer 'spatial_dropout1d', called on (B, 6): it takes "
     "sequences, an array (B, T, C), got (B, 6). Is the axis of channels missing? "
     "gn.Reshape((6, 1)) before it adds one.")),
    (on(gn.UpSampling2D(), (28, 28)), ("In layer 'up_sampling2d', called on (B, 28, 28): it takes "
     "images, an array (B, H, W, C), got (B, 28, 28). Is the axis of channels missing? "
     "gn.Reshape((28, 28, 1)) before it adds one.")),
    (on(gn.ZeroPadding3D(), (28, 28)), ("In layer 'zero_padding3d', called on (B, 28, 28): it "
     "takes volumes, an array (B, D, H, W, C), got (B, 28, 28). Put gn.Reshape before it.")),
    (on(gn.Cropping1D((2, 3)), (5, 2)), ("In layer 'cropping1d', called on (B, 5, 2): 2 and 3 are "
     "cropped from an axis of 5 in (B, 5, 2): nothing is left. Crop less than 5 in all.")),
    (on(gn.Add(), (3,), (4,)), ("In layer 'add', add(x0 (B, 3) float32, x1 (B, 4) float32): Shapes "
     "(B, 3) and (B, 4) do not broadcast: sizes (3, 4) meet in one axis. Sizes must be equal, or "
     "one of them 1.")),
    (on(gn.Maximum(), (3,), (1, 3)), ("In layer 'maximum', called on (B, 3) and (B, 1, 3): the "
     "inputs must have equally many axes. Give the shorter one axes of size 1: "
     "gn.Reshape((1, 3)) before it.")),
    (on(gn.Average(), (3,)), ("In layer 'average', called on (B, 3): Average takes at least two "
     "inputs, as in gn.Average()(a, b)")),
    (on(gn.Subtract(), (3,), (3,), (3,)), ("In layer 'subtract', called on (B, 3) and (B, 3) and "
     "(B, 3): a difference is one of two inputs, got 3. Add up those that are taken away: "
     "gn.Subtract()(a, gn.Add()(b, c)).")),
    (on(gn.Dot(1), (3,), (4,)), ("In layer 'dot', called on (B, 3) and (B, 4): axis 1 of (B, 3) "
     "has 3 numbers and axis 1 of (B, 4) has 4. Give axes of one size: axes=(i, j).")),
    (on(gn.Dot(2), (3,), (3,)), ("In layer 'dot', called on (B, 3) and (B, 3): there is no axis 2 "
     "in (B, 3), beside the batch. Take one from 1 to 1.")),
    (on(gn.Dot(1), (3,)), ("In layer 'dot', called on (B, 3): it takes two inputs, as in "
     "gn.Dot(...)(a, b), got 1.")),
    (on(gn.CosineSimilarity(), (3,), (4,)), ("In layer 'cosine_similarity', called on (B, 3) and "
     "(B, 4): the inputs must have one shape, got (B, 3) and (B, 4). Bring them to one size by "
     "gn.Dense, or gn.Reshape.")),
]
SETTINGS = [
    (lambda: gn.GaussianNoise(-1), "GaussianNoise: stddev must be a number of at least 0, got -1."),
    (lambda: gn.GaussianDropout(1), "GaussianDropout: rate must be from 0 up to 1, got 1."),
    (lambda: gn.SpatialDropout3D(1.5), "SpatialDropout3D: rate must be from 0 up to 1, got 1.5."),
    (lambda: gn.GroupNormalization(0),
     "GroupNormalization: groups must be a whole number of at least 1, got 0."),
    (lambda: gn.LayerNormalization(0), ("LayerNormalization: epsilon must be a number above 0, "
     "got 0.")),
    (lambda: gn.RMSNormalization(-1), ("RMSNormalization: epsilon must be a number above 0, "
     "got -1.")),
    (lambda: gn.UpSampling1D(0), "UpSampling1D: size must be a whole number of at least 1, got 0."),
    (lambda: gn.UpSampling2D((2, 2, 2)), ("UpSampling2D: size must be a whole number of at least "
     "1, or 2 of them, got (2, 2, 2).")),
    (lambda: gn.UpSampling2D(2, "cubic"), ("UpSampling2D: interpolation must be 'nearest' or "
     "'bilinear', got 'cubic'.")),
    (lambda: gn.ZeroPadding1D((1, 2, 3)), ("ZeroPadding1D: padding must be a whole number of at "
     "least 0, or (before, after), got (1, 2, 3).")),
    (lambda: gn.ZeroPadding2D(-1), ("ZeroPadding2D: padding must be a whole number of at least 0, "
     "one for each axis (1, 1), or pairs ((0, 1), (0, 1)), got -1.")),
    (lambda: gn.Cropping3D((1, 1)), ("Cropping3D: cropping must be a whole number of at least 0, "
     "one for each axis (1, 1, 1), or pairs ((0, 1), (0, 1), (0, 1)), got (1, 1).")),
    (lambda: gn.Dot(0), ("Dot: axes must be a whole number other than 0 (the batch), or two of "
     "them, got 0.")),
    (lambda: gn.CosineSimilarity(axis=0), ("CosineSimilarity: axis must be a whole number other "
     "than 0 (the batch), got 0.")),
    (lambda: gn.CosineSimilarity(epsilon=0), ("CosineSimilarity: epsilon must be a number above 0, "
     "got 0.")),
]
# fmt: on


@pytest.mark.parametrize(("act", "message"), SHAPES)
def test_wrong_shape_is_refused_in_words(act, message):
    with pytest.raises(ShapeError, match=f"^{re.escape(message)}$"):
        act()


@pytest.mark.parametrize(("act", "message"), SETTINGS)
def test_wrong_setting_is_refused_in_words(act, message):
    with pytest.raises(SettingError, match=f"^{re.escape(message)}$"):
        act()


CODED = [gn.Dropout(), gn.SpatialDropout1D(), gn.WordDropout(), gn.GaussianNoise(0.1),
         gn.GaussianDropout(), gn.LayerNormalization(), gn.GroupNormalization(1),
         gn.RMSNormalization()]  # fmt: skip


@pytest.mark.parametrize("layer", CODED, ids=repr)
def test_codes_are_no_numbers_to_move(layer):
    with pytest.raises(ShapeError, match=r"float.*got \(B, 4, 3\) int64. Put gn.Embedding before"):
        layer(gn.Input((4, 3), dtype="int64"))
