"""Pictures of one row and of kernels: the numbers that they show are the network's own."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import SettingError, ShapeError, UnknownNameError

RNG = np.random.default_rng(4)


class Convolve(gn.Layer):
    """A convolution of 2 x 2 without padding, as the sum of four products."""

    outputs: int = 5

    def parameters(self, x):
        return {"weight": gn.Parameter((2, 2, x.shape[-1], self.outputs))}

    def formula(self, x, weight):
        H, W = (n - 1 for n in x.shape[1:3])
        places = [(i, j) for i in range(2) for j in range(2)]
        parts = [x[:, i : i + H, j : j + W] @ weight[i, j] for i, j in places]
        return sum(parts[1:], parts[0]).named("z")


def images(figure):
    return [axes.images[0].get_array() for axes in figure.axes]


def titles(figure):
    return [axes.get_title() for axes in figure.axes]


def weights_of(net, x):
    """p of each head, in plain NumPy."""
    p = {name.rpartition(".")[2]: array for name, array in net.parameters.items()}
    q, k = (np.split(x @ p[f"{n}_weight"] + p[f"{n}_bias"], 2, axis=1) for n in ("query", "key"))
    found = []
    for one, other in zip(q, k, strict=True):
        e = np.exp(one @ other.T / np.sqrt(3))
        found.append(e / e.sum(axis=1, keepdims=True))
    return found


def test_attention_shows_the_weights_of_each_head():
    net = gn.Network([gn.MultiHeadAttention(2, 3), gn.Flatten(), gn.Dense(1)], input_shape=(4, 5))
    x = RNG.normal(size=(4, 5))
    figure = gn.plots.attention(net, x, words=list("abcd"))
    assert titles(figure) == ["head 1", "head 2"]
    for found, expected in zip(images(figure), weights_of(net, x), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == list("abcd")


def test_attention_of_a_block_shows_what_is_hidden_as_nothing():
    codes = gn.Input((4,), dtype="int64")
    h = gn.TransformerBlock(2, causal=True, num_key_value_heads=1)(gn.Embedding(5, 4)(codes), codes)
    net = gn.Network(inputs=codes, outputs=h)
    for p in images(gn.plots.attention(net, np.array([2, 1, 3, 0]))):
        assert (np.triu(p, 1) == 0).all()
        assert (p[:, 3] == 0).all()
        np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def test_attention_between_two_inputs_is_of_their_places(tmp_path):
    a, b = gn.Input((3, 4), name="a"), gn.Input((5, 4), name="b")
    net = gn.Network(inputs=[a, b], outputs=gn.MultiHeadAttention(1, 2, name="cross")(a, b))
    row = {"a": np.ones((3, 4)), "b": RNG.normal(size=(1, 5, 4))}
    (p,) = images(gn.plots.attention(net, row, "cross", path=tmp_path / "new" / "cross.png"))
    assert p.shape == (3, 5)
    assert (tmp_path / "new" / "cross.png").stat().st_size > 1000


def test_filters_show_the_kernel():
    net = gn.Network([Convolve(), gn.Flatten(), gn.Dense(1)], input_shape=(4, 4, 1))
    kernel = net.parameters["convolve.weight"]
    figure = gn.plots.filters(net)
    assert titles(figure) == ["0", "1", "2", "3", "4"]
    for o, found in enumerate(images(figure)):
        np.testing.assert_allclose(found, kernel[:, :, 0, o])


def test_filters_of_colours_are_in_colour_and_others_are_means():
    net = gn.Network([Convolve(), Convolve(2)], input_shape=(4, 4, 3))
    kernel = net.parameters["convolve.weight"]
    first = images(gn.plots.filters(net, "convolve"))[1]
    largest = np.abs(kernel).max()
    np.testing.assert_allclose(first, 0.5 + 0.5 * kernel[..., 1] / largest, rtol=1e-6)
    second = images(gn.plots.filters(net, "convolve_1"))
    means = net.parameters["convolve_1.weight"].mean(axis=2)
    np.testing.assert_allclose(second[1], means[..., 1], rtol=1e-6)


def test_filters_draw_no_more_than_64():
    net = gn.Network([Convolve(70)], input_shape=(3, 3, 1))
    assert len(gn.plots.filters(net).axes) == 64


def test_feature_maps_are_the_output_of_the_layer():
    net = gn.Network([Convolve(), gn.Activation("relu"), gn.Flatten()], input_shape=(4, 4, 1))
    x = RNG.normal(size=(4, 4, 1))
    net_of_first = gn.Network([Convolve()], input_shape=(4, 4, 1))
    net_of_first.parameters["convolve.weight"] = net.parameters["convolve.weight"]
    expected = net_of_first.predict(x[None])[0]
    for c, found in enumerate(images(gn.plots.feature_maps(net, x, "convolve"))):
        np.testing.assert_allclose(found, expected[..., c], rtol=1e-5)
    for c, found in enumerate(images(gn.plots.feature_maps(net, x[None], "activation"))):
        np.testing.assert_allclose(found, np.maximum(expected[..., c], 0), rtol=1e-5)


def dense():
    return gn.Network([gn.Dense(2)], input_shape=(3,))


def two():
    return gn.Network(
        [gn.MultiHeadAttention(1, 2), gn.MultiHeadAttention(1, 2)], input_shape=(2, 3)
    )


@pytest.mark.parametrize(("act", "error", "message"), [
    (lambda: gn.plots.attention(dense(), [1, 2, 3]), SettingError,
     "name the layer of attention to draw; it has none"),
    (lambda: gn.plots.attention(two(), np.ones((2, 3))), SettingError,
     "it has several: 'multi_head_attention', 'multi_head_attention_1'"),
    (lambda: gn.plots.attention(two(), np.ones((2, 3)), "multi_head_atention"), UnknownNameError,
     "Did you mean 'multi_head_attention'"),
    (lambda: gn.plots.attention(two(), np.ones((4, 2, 3)), "multi_head_attention"), ShapeError,
     r"One row of 'x' has the shape \(2, 3\), got \(4, 2, 3\)\. Give a single row: x\[0\]"),
    (lambda: gn.plots.attention(two(), np.ones((2, 3)), "multi_head_attention", words=["a"]),
     SettingError, "1 words for 2 queries and 2 keys"),
    (lambda: gn.plots.filters(dense()), SettingError, r"kernel \(H, W, in, out\) to draw; it has"),
    (lambda: gn.plots.feature_maps(dense(), [1, 2, 3]), SettingError, r"that gives \(H, W, C\)"),
])  # fmt: skip
def test_what_cannot_be_drawn_is_said(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_one_row_of_each_input_is_asked_for():
    a, b = gn.Input((3, 4), name="a"), gn.Input((5, 4), name="b")
    net = gn.Network(inputs=[a, b], outputs=gn.MultiHeadAttention(1, 2)(a, b))
    with pytest.raises(ShapeError, match=r"has 2 inputs \(a, b\): give one row of each"):
        gn.plots.attention(net, np.ones((3, 4)))


def test_picture_of_a_shared_layer_is_of_its_first_use():
    x = gn.Input((2, 4))
    layer = gn.MultiHeadAttention(1, 2)
    net = gn.Network(inputs=x, outputs=layer(layer(x)))
    row = RNG.normal(size=(2, 4))
    once = gn.Network(inputs=x, outputs=layer(x))
    for name, array in net.parameters.items():
        once.parameters[name] = array
    (found,), (expected,) = (images(gn.plots.attention(n, row)) for n in (net, once))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_gallery_shows_each_row_s_first_images_from_black_to_white():
    floats, whole = RNG.uniform(-0.5, 1.5, (3, 4, 5)), RNG.integers(0, 256, (7, 4, 5, 1), np.uint8)
    colours = RNG.uniform(size=(2, 4, 5, 3))
    rows = {"floats": floats, "bytes": whole, "colours": colours}
    figure = gn.plots.gallery(rows, most=6, title="what came out")
    panels = np.array(figure.axes).reshape(3, 6)
    shown = [[axes.images[0].get_array() for axes in row if axes.images] for row in panels]
    assert [len(row) for row in shown] == [3, 6, 2]
    np.testing.assert_array_equal(np.array(shown[0]), np.clip(floats, 0, 1))
    np.testing.assert_allclose(np.array(shown[1]), whole[:6, ..., 0] / 255)
    np.testing.assert_array_equal(np.array(shown[2]), colours)
    assert all(axes.images[0].get_clim() == (0, 1) for axes in panels[0] if axes.images)
    assert [row[0].texts[0].get_text() for row in panels] == list(rows)
    assert figure.get_suptitle() == "what came out"


def test_a_gallery_is_saved(tmp_path):
    gn.plots.gallery({"one": np.zeros((1, 2, 2))}, path=tmp_path / "new" / "gallery.png")
    assert (tmp_path / "new" / "gallery.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(("rows", "error", "message"), [
    ({}, SettingError, "at least one row of images"),
    (np.zeros((2, 3, 3)), SettingError, "a dict of at least one row .* got ndarray"),
    ({"flat": np.zeros((2, 9))}, ShapeError, r"'flat' must be images .* got \(2, 9\)"),
    ({"none": np.zeros((0, 3, 3))}, ShapeError, r"'none' must be images .* got \(0, 3, 3\)"),
    ({"words": np.full((1, 2, 2), "a")}, ShapeError, "'words' holds numbers, got"),
])  # fmt: skip
def test_what_are_no_rows_of_images_is_said(rows, error, message):
    with pytest.raises(error, match=message):
        gn.plots.gallery(rows)


@pytest.mark.parametrize("most", [0, 2.5, True])
def test_a_gallery_has_at_least_one_image_a_row(most):
    with pytest.raises(SettingError, match="most must be a whole number of at least 1"):
        gn.plots.gallery({"one": np.zeros((1, 2, 2))}, most=most)
