"""Layers that slide over images: what they refuse, in words, and what they leave out quietly."""

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError

CURE = "Take a smaller kernel_size or larger images, or padding='same'."
PADDING = "a number of places, or what is put before and behind each axis, ((1, 1), (1, 1));"


def of(layer, *shape):
    return lambda: gn.Network([layer], input_shape=shape)


def fitted(shape, *rows):
    net = gn.Network([gn.Conv2D(4, 3), gn.Flatten(), gn.Dense(2)], input_shape=shape)
    return lambda: net.fit(np.zeros(rows), np.zeros((rows[0], 2)), epochs=1, verbose=0)


# fmt: off
REFUSED = [
    (of(gn.Conv2D(4, 3), 28, 28), ShapeError,
     ("In layer 'conv2d', called on (B, 28, 28): images are (B, H, W, C), got (B, 28, 28). With "
     "one channel that is gn.Reshape((28, 28, 1)) before it, or Input((28, 28, 1)).")),
    (of(gn.Conv1D(4, 3), 9), ShapeError,
     ("In layer 'conv1d', called on (B, 9): sequences are (B, T, C), got (B, 9). With one channel "
     "that is gn.Reshape((9, 1)) before it, or Input((9, 1)).")),
    (of(gn.Conv2D(4, 3), 8, 8, 2, 2), ShapeError,
     "In layer 'conv2d', called on (B, 8, 8, 2, 2): images are (B, H, W, C), got (B, 8, 8, 2, 2)."),
    (of(gn.Conv2D(4, 5), 4, 3, 1), ShapeError,
     ("In layer 'conv2d', called on (B, 4, 3, 1): a window of (5, 5) does not fit into images of "
     f"(4, 3). {CURE}")),
    (of(gn.Conv2D(4, 5, padding=((0, 1), (0, 0))), 4, 3, 1), ShapeError,
     ("In layer 'conv2d', called on (B, 4, 3, 1): a window of (5, 5) does not fit into images of "
     f"(4, 3), padded to (5, 3). {CURE}")),
    (of(gn.Conv2D(4, 3, dilation_rate=4), 8, 8, 1), ShapeError,
     ("In layer 'conv2d', called on (B, 8, 8, 1): a window of (3, 3) that covers (9, 9) does not "
     f"fit into images of (8, 8). {CURE}")),
    (of(gn.Conv2D(4, 3), 1, 28, 28), ShapeError,
     ("In layer 'conv2d', called on (B, 1, 28, 28): a window of (3, 3) does not fit into images of "
     f"(1, 28). {CURE} Do the channels come first, as in PyTorch? Here they come last: "
     "x.transpose(0, 2, 3, 1) is (B, 28, 28, 1).")),
    (of(gn.Conv2D(4, 3, groups=3), 8, 8, 6), ShapeError,
     ("In layer 'conv2d', called on (B, 8, 8, 6): groups=3 must divide the 6 channels of (B, 8, 8, "
     "6) and the 4 filters. Groups that divide both: 1, 2.")),
    (of(gn.DepthwiseConv2D(9), 4, 4, 2), ShapeError,
     ("In layer 'depthwise_conv2d', called on (B, 4, 4, 2): a window of (9, 9) does not fit into "
     f"images of (4, 4). {CURE}")),
    (of(gn.Conv2DTranspose(3, 3, padding=4), 2, 2, 1), ShapeError,
     ("In layer 'conv2d_transpose', called on (B, 2, 2, 1): padding=4 leaves nothing of the (B, 2, "
     "2, 1): images of (-4, -4). Take less padding.")),
    (of(gn.Conv2DTranspose(3, 3, 2, output_padding=2), 2, 2, 1), ShapeError,
     ("In layer 'conv2d_transpose', called on (B, 2, 2, 1): output_padding=2 must be less than the "
     "strides, (2, 2), for each axis.")),
    (of(gn.MaxPooling2D(4), 3, 8, 1), ShapeError,
     ("In layer 'max_pooling2d', called on (B, 3, 8, 1): a window of (4, 4) does not fit into "
     "images of (3, 8). Take a smaller pool_size, or pool less often before.")),
    (of(gn.GlobalMaxPooling3D(), 8, 8, 1), ShapeError,
     ("In layer 'global_max_pooling3d', called on (B, 8, 8, 1): volumes are (B, D, H, W, C), got "
     "(B, 8, 8, 1). With one channel that is gn.Reshape((8, 8, 1, 1)) before it, or "
     "Input((8, 8, 1, 1)).")),
    (lambda: gn.Conv2D(0, 3), SettingError,
     "Conv2D: filters must be a whole number of at least 1, got 0."),
    (lambda: gn.Conv2D(4, (3, 3, 3)), SettingError,
     ("Conv2D: kernel_size must be a whole number of at least 1, or 2 of them: (3, 3), got (3, 3, "
     "3).")),
    (lambda: gn.Conv1D(4, 3, 0), SettingError,
     "Conv1D: strides must be a whole number of at least 1, got 0."),
    (lambda: gn.SeparableConv2D(4, -1), SettingError,
     ("SeparableConv2D: kernel_size must be a whole number of at least 1, or 2 of them: (3, 3), "
     "got -1.")),
    (lambda: gn.Conv2D(4, 3, "same"), SettingError,
     "Conv2D: strides must be a whole number of at least 1, or 2 of them: (3, 3), got 'same'."),
    (lambda: gn.Conv2D(4, 3, padding="causal"), SettingError,
     f"Conv2D: padding must be 'valid', 'same', {PADDING} got 'causal'."),
    (lambda: gn.Conv2D(4, 3, padding=-1), SettingError,
     f"Conv2D: padding must be 'valid', 'same', {PADDING} got -1."),
    (lambda: gn.Conv2DTranspose(3, 3, output_padding="x"), SettingError,
     f"Conv2DTranspose: output_padding must be {PADDING} got 'x'."),
    (fitted((8, 8, 1), 4, 8, 8), ShapeError,
     ("x has shape (4, 8, 8), but the network takes rows of shape (8, 8, 1): expected (n, 8, 8, "
     "1). With one channel that is x[..., None].")),
    (fitted((8, 8, 3), 4, 3, 8, 8), ShapeError,
     ("x has shape (4, 3, 8, 8), but the network takes rows of shape (8, 8, 3): expected (n, 8, 8, "
     "3). Channels come last: x.transpose(0, 2, 3, 1).")),
    (lambda: g.conv(g.input("x", ("B", 5, 5, 3)), g.parameter("w", (3, 3, 2, 4))), ShapeError,
     ("In conv(x (B, 5, 5, 3) float32, w (3, 3, 2, 4) float32): the kernel (3, 3, 2, 4) is for 2 "
     "channels, and the last axis of (B, 5, 5, 3) has 3")),
    (lambda: g.conv(g.input("x", ("B", 5, 5, 1)), g.parameter("w", (3, 3, 1, 4)), stride=(1, 2, 3)),
     ShapeError,
     ("In conv(x (B, 5, 5, 1) float32, w (3, 3, 1, 4) float32): (1, 2, 3) must be a whole number, "
     "or 2 of them, one for each axis")),
    (lambda: g.windows(g.input("x", ("B", 5)), axes=(0,), size=2), ShapeError,
     ("In windows(x (B, 5) float32): no window slides along the batch axis: each row stands for "
     "itself")),
]
# fmt: on


@pytest.mark.parametrize(("act", "kind", "message"), REFUSED, ids=[m[:70] for *_, m in REFUSED])
def test_what_cannot_slide_is_refused_in_words(act, kind, message):
    with pytest.raises(kind) as caught:
        act()
    assert str(caught.value) == message


def test_layer_shared_by_images_of_other_channels_is_refused():
    layer, a, b = gn.Conv2D(4, 3), gn.Input((8, 8, 1)), gn.Input((8, 8, 3))
    with pytest.raises(ShapeError, match="its weight would need two shapes"):
        gn.Network(inputs=[a, b], outputs=[layer(a), layer(b)])


def test_one_kernel_slides_over_images_of_two_sizes():
    layer, a, b = gn.Conv2D(4, 3), gn.Input((8, 8, 1)), gn.Input((9, 5, 1))
    net = gn.Network(inputs=[a, b], outputs=[layer(a), layer(b)])
    one, other = net.predict([np.ones((2, 8, 8, 1)), np.ones((2, 9, 5, 1))])
    assert (one.shape, other.shape) == ((2, 6, 6, 4), (2, 7, 3, 4))


@pytest.mark.parametrize("layer", [gn.Conv2D(1, 2, 2), gn.MaxPooling2D(), gn.AveragePooling2D()])
def test_places_that_the_last_window_does_not_reach_are_left_out(layer):
    """As Keras and PyTorch do."""
    net = gn.Network([layer], input_shape=(5, 5, 1), dtype="float64")
    x = np.random.default_rng(0).normal(size=(3, 5, 5, 1))
    far = x.copy()
    far[:, 4], far[:, :, 4] = 100, -100
    np.testing.assert_array_equal(net.predict(x), net.predict(far))
    assert net.predict(x).shape == (3, 2, 2, 1)


def test_causal_padding_sees_nothing_that_comes_later():
    net = gn.Network([gn.Conv1D(2, 3, padding="causal", dilation_rate=2)], input_shape=(9, 1))
    x = np.random.default_rng(0).normal(size=(1, 9, 1)).astype("f4")
    later = x.copy()
    later[:, 5:] = 7
    np.testing.assert_array_equal(net.predict(x)[:, :5], net.predict(later)[:, :5])
    assert (net.predict(x)[:, 5:] != net.predict(later)[:, 5:]).any()


def test_summary_counts_the_multiply_adds_of_each_layer():
    layers = [
        gn.Conv2D(6, 5, padding=2, name="a"), gn.MaxPooling2D(name="b"),
        gn.Conv2D(4, 3, groups=2, name="c"), gn.Conv2DTranspose(2, 2, 2, name="d"),
        gn.Flatten(name="e"), gn.Dense(10, name="f"),
    ]  # fmt: skip
    net = gn.Network(layers, input_shape=(28, 28, 1))
    text = net.summary()
    rows = {line.split()[0]: line for line in text.splitlines() if line}
    found = {
        "a": 28 * 28 * 25 * 6, "c": 12 * 12 * 9 * 3 * 4,
        "d": 12 * 12 * 4 * 4 * 2, "f": 24 * 24 * 2 * 10,
    }  # fmt: skip
    for name, count in found.items():
        assert f"  {count:,}  " in rows[name]
    assert "  mult-adds" in rows["layer"]
    assert f"\nA row takes {sum(found.values()):,} multiplications with an addition" in text


def test_summary_counts_both_products_of_a_separable_convolution():
    net = gn.Network([gn.SeparableConv2D(4, 3)], input_shape=(14, 14, 6))
    assert f"A row takes {12 * 12 * (9 * 6 + 6 * 4):,} multiplications" in net.summary()


def test_bytes_are_trained_on_as_they_lie():
    """No copy in another type: native code reads uint8, the NumPy engine casts batch by batch."""
    x = np.random.default_rng(0).integers(0, 256, (60, 12, 12, 1)).astype("u1")
    weights = []
    for rows in (x, x.astype("f4")):
        for engine in ("numpy", "native"):
            layers = [gn.Conv2D(3, 3, activation="relu"), gn.Flatten(), gn.Dense(2, "softmax")]
            net = gn.Network(layers, input_shape=(12, 12, 1), seed=1)
            net.fit(rows, np.arange(60) % 2, epochs=1, batch_size=20, engine=engine, verbose=0)
            weights.append(net.parameters["conv2d.weight"])
    np.testing.assert_array_equal(weights[0], weights[2])
    np.testing.assert_array_equal(weights[1], weights[3])
    np.testing.assert_allclose(weights[0], weights[1], rtol=1e-4, atol=1e-5)
