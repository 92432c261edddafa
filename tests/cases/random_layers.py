"""Layers that normalise, add noise, slide, recur, enlarge, pad and merge, for random graphs."""

import math

import glassnet as gn


def put_more(d, x):
    """One of these layers on a value, or on the numbers of its rows in another shape."""
    d.pick.choice([normalize, noise, *[spatial] * 6, merge])(d, x)


def normalize(d, x):
    """By the batch, the row, or groups of its channels."""
    channels = x.shape[-1]
    groups = [n for n in range(1, channels + 1) if channels % n == 0 and channels // n > 2]
    kinds = [
        lambda: gn.BatchNormalization(d.pick.choice([0.1, 0.5]), trainable=d.chance(0.8)),
        lambda: gn.BatchNormalization(epsilon=0.1),
        lambda: gn.LayerNormalization(0.1),
        lambda: gn.RMSNormalization(d.pick.choice([None, 0.01])),
    ]
    if groups:
        kinds.append(lambda: gn.GroupNormalization(d.pick.choice(groups), 0.1))
    d.put(d.pick.choice(kinds)(), x)


def noise(d, x):
    """Normal numbers, added or as factors; or another scale."""
    kinds = [gn.GaussianNoise(0.3), gn.GaussianDropout(0.2), gn.Rescaling(0.5, 0.1)]
    d.put(d.pick.choice(kinds), x)


def spatial(d, x):
    """On sequences, images or volumes."""
    axes = d.pick.choice([1, 2, 3])
    if len(x.shape) != axes + 2:
        x = d.put(gn.Reshape((*split(d, math.prod(x.shape[1:]), axes), -1)), x)
    kinds = d.pick.choice([SPATIAL[axes], SLIDING[axes], BY_STEPS if axes == 1 else SLIDING[axes]])
    if min(x.shape[1 : 1 + min(axes, 2)]) > 1 and d.chance(0.4):
        kinds = CROPPED[axes]
    layer = d.pick.choice(kinds)(d)
    x = d.put(layer, x)
    if math.prod(x.shape[1:]) > MOST:
        d.put(gn.Dense(1), d.put(gn.Flatten(), x))


MOST = 60  # numbers of a row that may grow further
SPATIAL = {
    1: [lambda d: gn.SpatialDropout1D(0.3), lambda d: gn.WordDropout(0.3),
        lambda d: gn.UpSampling1D(d.pick.choice([2, 3])),
        lambda d: gn.ZeroPadding1D(d.pick.choice([1, (0, 2)]))],
    2: [lambda d: gn.SpatialDropout2D(0.3), lambda d: gn.UpSampling2D(d.pick.choice([2, (1, 3)])),
        lambda d: gn.UpSampling2D(2, "bilinear"), lambda d: gn.UpSampling2D((3, 1), "bilinear"),
        lambda d: gn.ZeroPadding2D(d.pick.choice([1, (1, 0), ((1, 0), (0, 2))]))],
    3: [lambda d: gn.SpatialDropout3D(0.3), lambda d: gn.UpSampling3D((1, 2, 1)),
        lambda d: gn.ZeroPadding3D(d.pick.choice([(1, 0, 0), ((0, 1), (1, 0), (0, 0))]))],
}  # fmt: skip
SLIDING = {
    1: [lambda d: gn.Conv1D(2, 2, padding=d.pick.choice(["same", "causal"]), activation="tanh"),
        lambda d: gn.Conv1DTranspose(1, 2, d.pick.choice([1, 2])),
        lambda d: gn.MaxPooling1D(2, padding="same"),
        lambda d: gn.AveragePooling1D(2, 1, "same"),
        lambda d: gn.GlobalMaxPooling1D(), lambda d: gn.GlobalAveragePooling1D()],
    2: [lambda d: gn.Conv2D(2, (1, 2), d.pick.choice([1, 2]), "same", activation="tanh"),
        lambda d: gn.DepthwiseConv2D(2, padding="same"),
        lambda d: gn.SeparableConv2D(2, 2, padding="same"),
        lambda d: gn.Conv2DTranspose(1, 2, d.pick.choice([1, 2])),
        lambda d: gn.MaxPooling2D(2, padding="same"),
        lambda d: gn.AveragePooling2D((1, 2), padding="same"),
        lambda d: gn.GlobalMaxPooling2D(), lambda d: gn.GlobalAveragePooling2D()],
    3: [lambda d: gn.Conv3D(2, (2, 1, 2), padding="same"),
        lambda d: gn.MaxPooling3D(2, padding="same"),
        lambda d: gn.AveragePooling3D(2, padding="same"),
        lambda d: gn.GlobalMaxPooling3D(), lambda d: gn.GlobalAveragePooling3D()],
}  # fmt: skip
RECURRENT = [
    lambda d: gn.SimpleRNN(2, return_sequences=d.chance(0.5)),
    lambda d: gn.LSTM(2, d.chance(0.5), d.chance(0.3), dropout=0.2, recurrent_dropout=0.1),
    lambda d: gn.GRU(2, d.chance(0.5), d.chance(0.3)),
    lambda d: gn.Bidirectional(gn.GRU(1, return_sequences=d.chance(0.5))),
]
BY_STEPS = [lambda d: gn.TimeDistributed(gn.Dense(2, "tanh")), lambda d: gn.Masking()]
CROPPED = {
    1: [lambda d: gn.Cropping1D((1, 0))],
    2: [lambda d: gn.Cropping2D(((0, 1), (1, 0)))],
    3: [lambda d: gn.Cropping3D(((0, 1), (1, 0), (0, 0)))],
}


def split(d, count, axes):
    """Sizes of so many axes, whose product divides the count."""
    sizes = []
    for _ in range(axes):
        fitting = [k for k in range(1, 6) if count % k == 0]
        sizes.append(d.pick.choice(fitting[1:] if fitting[1:] and d.chance(0.8) else fitting))
        count //= sizes[-1]
    return sizes


def merge(d, x):
    """Two values of one shape, number by number or as a whole."""
    others = [v for v in d.values if v.shape == x.shape]
    other = d.pick.choice(others) if d.chance(0.3) else d.put(gn.Dense(x.shape[-1], "tanh"), x)
    kinds = [gn.Subtract(), gn.Average(), gn.Maximum(), gn.Minimum(),
             gn.CosineSimilarity(epsilon=0.1), gn.Dot(-1)]  # fmt: skip
    d.put(d.pick.choice(kinds), x, other)
