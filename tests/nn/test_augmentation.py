"""Augmentation: like other libraries' pictures, for each image by itself, in training alone."""

import math
import tracemalloc

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError, UnsupportedError

RNG = np.random.default_rng(8)
LAYERS = [
    gn.RandomFlip(), gn.RandomTranslation(0.2, 0.2), gn.RandomRotation(0.2, "constant"),
    gn.RandomZoom(0.2, 0.3, "nearest"), gn.RandomCrop(5, 4), gn.RandomBrightness(0.2),
    gn.RandomContrast(0.3), gn.RandomErasing(0.8), gn.MixUp(0.5),
]  # fmt: skip
each_layer = pytest.mark.parametrize("layer", LAYERS, ids=repr)


def moved(op, x, *moves, fill):
    """x (n, H, W, C), each image with its own numbers."""
    leaf = g.input("x", ("B", *x.shape[1:]), "float64")
    leaves = [g.input(f"m{i}", ("B", 1, 1), "float64") for i in range(len(moves))]
    values = {a: np.reshape(m, (-1, 1, 1)) for a, m in zip(leaves, moves, strict=True)}
    return g.evaluate([op(leaf, *leaves, fill=fill)], {leaf: x, **values}, len(x))[0]


def by_scipy(image, matrix, fill, offset=(0, 0)):
    """Each place p of the result is read at matrix @ (p - middle) + middle + offset."""
    ndimage = pytest.importorskip("scipy.ndimage", reason="SciPy is not installed")
    middle = (np.array(image.shape) - 1) / 2
    mode = {"reflect": "reflect", "nearest": "nearest"}.get(fill, "grid-constant")
    start = middle - matrix @ middle + offset
    value = 0 if isinstance(fill, str) else fill
    return ndimage.affine_transform(image, matrix, start, order=1, mode=mode, cval=value)


@pytest.mark.parametrize("fill", ["reflect", "nearest", 0, 2.5])
def test_moves_are_those_of_scipy(fill):
    x = RNG.normal(size=(6, 9, 7))
    angle, tall, wide = RNG.uniform(-3, 3, 6), RNG.uniform(0.4, 2, 6), RNG.uniform(0.4, 2, 6)
    down, right = RNG.uniform(-6, 6, 6), RNG.uniform(-6, 6, 6)
    turned = moved(g.rotate, x[..., None], angle, fill=fill)
    zoomed = moved(g.zoom, x[..., None], tall, wide, fill=fill)
    shifted = moved(g.translate, x[..., None], down, right, fill=fill)
    for n, image in enumerate(x):
        c, s = math.cos(angle[n]), math.sin(angle[n])
        for found, expected in (
            (turned, by_scipy(image, np.array([[c, s], [-s, c]]), fill)),
            (zoomed, by_scipy(image, np.diag([tall[n], wide[n]]), fill)),
            (shifted, by_scipy(image, np.eye(2), fill, (-down[n], -right[n]))),
        ):
            np.testing.assert_allclose(found[n, ..., 0], expected, rtol=1e-9, atol=1e-9)


def test_quarter_turn_is_counter_clockwise():
    x = RNG.normal(size=(1, 5, 5, 2))
    found = moved(g.rotate, x, [math.pi / 2], fill="reflect")
    np.testing.assert_allclose(found, np.rot90(x, axes=(1, 2)), atol=1e-12)


def test_rotation_is_that_of_pillow():
    pillow = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    x = RNG.uniform(size=(9, 12)).astype("float32")
    turned = pillow.fromarray(x).rotate(25, resample=pillow.Resampling.BILINEAR)
    found = moved(g.rotate, x[None, ..., None], [math.radians(25)], fill=0)[0, ..., 0]
    inner = slice(3, -3), slice(4, -4)  # Pillow leaves out what it would mix with the outside
    np.testing.assert_allclose(found[inner], np.asarray(turned)[inner], atol=1e-3)


def network(layer, dtype="float32", seed=3):
    layers = [gn.Rescaling(1 / 255), layer, gn.Conv2D(3, 3, activation="relu"), gn.Flatten(),
              gn.Dense(4, "softmax")]  # fmt: skip
    return gn.Network(layers, input_shape=(8, 9, 2), seed=seed, dtype=dtype)


def pictures(n=70):
    rng = np.random.default_rng(5)
    return rng.integers(0, 256, (n, 8, 9, 2), dtype=np.uint8), np.arange(n) % 4


class Count(gn.callbacks.Callback):
    """How many epochs a fit went through."""

    epochs = 0

    def on_epoch_end(self, run):
        self.epochs += 1


def weights(net):
    return [array.copy() for array in net.parameters.arrays()]


def same_bits(some, others):
    return all(a.tobytes() == b.tobytes() for a, b in zip(some, others, strict=True))


@each_layer
def test_bytes_train_to_the_bits_of_floats(layer):
    x, y = pictures()
    found = []
    for data in (x, x.astype("float32")):
        net = network(layer)
        net.fit(data, y, epochs=2, batch_size=16, verbose=0)
        found.append(weights(net))
    assert same_bits(*found)


@each_layer
def test_resumed_training_goes_on_to_the_bit(layer, tmp_path):
    x, y = pictures()
    whole, half = network(layer), network(layer)
    settings = {"batch_size": 16, "verbose": 0}
    whole.fit(x, y, epochs=4, **settings)
    save = gn.callbacks.Checkpoint(tmp_path / "run")
    half.fit(x, y, epochs=2, callbacks=[save], **settings)
    rest, count = network(layer), Count()
    save = gn.callbacks.Checkpoint(tmp_path / "run")
    rest.fit(x, y, epochs=4, callbacks=[save, count], **settings)
    assert count.epochs == 2
    assert same_bits(weights(whole), weights(rest))


@each_layer
def test_saved_network_has_the_layer_again(layer, tmp_path):
    net = network(layer)
    net.save(tmp_path / "net.safetensors")
    loaded = gn.load(tmp_path / "net.safetensors")
    assert repr(list(loaded.layers.values())[1]) == repr(list(net.layers.values())[1])
    x, y = pictures()
    np.testing.assert_array_equal(loaded.predict(x), net.predict(x))
    for one in (net, loaded):
        one.fit(x, y, epochs=1, batch_size=16, verbose=0)
    assert same_bits(weights(net), weights(loaded))


@pytest.mark.parametrize("layer", [one for one in LAYERS if not isinstance(one, gn.MixUp)],
                         ids=repr)  # fmt: skip
def test_each_image_is_changed_by_itself(layer):
    """Twenty copies of one image come out in more than one way, and anew at the next step."""
    x = np.repeat(RNG.uniform(0.2, 0.8, (1, 8, 9, 2)), 20, axis=0)
    leaf = g.input("x", ("B", 8, 9, 2), "float64")
    (formula,) = g.at_phase([layer.formula(leaf)], training=True)
    first, second = (g.evaluate([formula], {leaf: x, g.SEED: 1, g.STEP: t}, 20)[0] for t in (1, 2))
    assert len({one.tobytes() for one in first}) > 1
    assert not np.array_equal(first, second)


def test_no_copy_of_bytes_is_made():
    x, y = RNG.integers(0, 256, (4000, 28, 28, 1), dtype=np.uint8), np.arange(4000) % 10
    layers = [gn.Rescaling(1 / 255), gn.RandomRotation(0.1), gn.Flatten(), gn.Dense(10, "softmax")]
    net = gn.Network(layers, input_shape=(28, 28, 1), seed=0)
    net.fit(x[:100], y[:100], epochs=1, batch_size=50, verbose=0)
    tracemalloc.start()
    net.fit(x, y, epochs=1, batch_size=50, verbose=0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < x.nbytes


def loss_of_mixed(net, x, y, weights_of_rows=None):
    """The first loss of a fit with MixUp(1) in plain NumPy: p, and what the share says."""
    n = len(x)
    share = (
        g.evaluate(
            [g.random_uniform(g.SEED, g.STEP, stream=1, shape=(n,), dtype="float64")],
            {g.SEED: net.seed, g.STEP: 1},
        )[0]
        / 2
    )
    mixed = (1 - share)[:, None] * x + share[:, None] * np.roll(x, 1, axis=0)
    p = net.predict(mixed)
    w = np.ones(n) if weights_of_rows is None else weights_of_rows
    own, other = (1 - share) * w, share * np.roll(w, 1)
    return p, own, other


def test_mixed_rows_weigh_both_targets():
    x, y = RNG.normal(size=(12, 5)), np.arange(12) % 3
    w = RNG.uniform(0.5, 2, 12)
    for given in (None, w):
        net = gn.Network([gn.MixUp(1), gn.Dense(3, "softmax")], input_shape=(5,), seed=2,
                         dtype="float64")  # fmt: skip
        p, own, other = loss_of_mixed(net, x, y, given)
        expected = -own * np.log(p[np.arange(12), y]) - other * np.log(
            p[np.arange(12), np.roll(y, 1)])  # fmt: skip
        for engine in ("numpy", "native"):
            copy = gn.Network([gn.MixUp(1), gn.Dense(3, "softmax")], input_shape=(5,), seed=2,
                              dtype="float64")  # fmt: skip
            history = copy.fit(x, y, epochs=1, batch_size=None, sample_weight=given, verbose=0,
                               engine=engine)  # fmt: skip
            np.testing.assert_allclose(
                history.steps[0], expected.sum() / (own + other).sum(), rtol=1e-12
            )


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", "sum_squared_error"])
def test_mixing_goes_with_losses_of_amounts(loss):
    x, y = RNG.normal(size=(12, 5)), RNG.integers(0, 2, (12, 1)).astype(float)
    net = gn.Network([gn.MixUp(1), gn.Dense(1, "sigmoid")], input_shape=(5,), seed=2,
                     dtype="float64")  # fmt: skip
    p, own, other = loss_of_mixed(net, x, y)
    formula = {
        "binary_crossentropy": lambda y: -(y * np.log(p) + (1 - y) * np.log(1 - p)),
    }.get(loss, lambda y: (p - y) ** 2)
    rows = own * formula(y)[:, 0] + other * formula(np.roll(y, 1, axis=0))[:, 0]
    expected = rows.sum() if loss == "sum_squared_error" else rows.mean()
    history = net.fit(x, y, loss=loss, epochs=1, batch_size=None, verbose=0)
    np.testing.assert_allclose(history.steps[0], expected, rtol=1e-12)


def test_share_of_the_neighbour_is_near_the_smaller_of_a_beta_draw():
    u = np.random.default_rng(1).random(100_000)
    for alpha, most in ((1, 0.005), (0.4, 0.04), (0.2, 0.04)):
        drawn = np.random.default_rng(2).beta(alpha, alpha, 100_000)
        beta = np.sort(np.minimum(drawn, 1 - drawn))
        assert np.abs(np.sort(u ** (1 / alpha) / 2) - beta).mean() < most


def test_two_mixtures_on_the_way_to_one_output_are_refused():
    net = gn.Network([gn.MixUp(), gn.Dense(3), gn.MixUp(), gn.Dense(1)], input_shape=(4,))
    with pytest.raises(SettingError, match=r"behind 2 layers that mix rows.*Keep one gn\.MixUp"):
        net.training_program()


def test_loss_of_the_whole_batch_cannot_be_mixed():
    net = gn.Network([gn.MixUp(), gn.Dense(1)], input_shape=(4,))
    with pytest.raises(SettingError, match=r"cannot weigh the targets .*one number a row"):
        net.training_program(loss=lambda y, p: g.max(y - p))


def test_crop_of_a_prediction_is_the_middle():
    x = RNG.normal(size=(3, 7, 8, 1)).astype("float32")
    net = gn.Network([gn.RandomCrop(3, 4)], input_shape=(7, 8, 1))
    np.testing.assert_array_equal(net.predict(x), x[:, 2:5, 2:6])


@each_layer
def test_prediction_is_certain(layer):
    x, _ = pictures(5)
    net = network(layer)
    assert "seed" not in net.prediction_program().source()
    np.testing.assert_array_equal(net.predict(x), net.predict(x))


def test_images_with_several_channels_keep_them_apart():
    x = RNG.normal(size=(4, 6, 5, 3))
    angle = RNG.uniform(-1, 1, 4)
    whole = moved(g.rotate, x, angle, fill="reflect")
    for c in range(3):
        alone = moved(g.rotate, x[..., c : c + 1], angle, fill="reflect")
        np.testing.assert_array_equal(whole[..., c : c + 1], alone)


WRONG = {
    "mode": (lambda: gn.RandomFlip("sideways"), "mode must be one of 'horizontal', 'vertical'"),
    "factor below 0": (lambda: gn.RandomRotation(-0.1), "a number from 0 to 1, or two"),
    "factor above 1": (lambda: gn.RandomTranslation(0.1, 1.5), "width_factor must be a number"),
    "factor of words": (lambda: gn.RandomBrightness("more"), "factor must be a number .*'more'"),
    "factor of three": (lambda: gn.RandomContrast((0, 1, 2)), r"factor must be .*\(0, 1, 2\)"),
    "low above high": (lambda: gn.RandomRotation((0.2, 0.1)), r"\(low, high\) from -1 to 1"),
    "factor NaN": (lambda: gn.RandomRotation(math.nan), "got nan"),
    "zoom to nothing": (lambda: gn.RandomZoom((-1, 0)), "height_factor must be .* from -0.99"),
    "zoom of a width": (lambda: gn.RandomZoom(0.1, 20), "width_factor must be"),
    "fill mode": (lambda: gn.RandomZoom(0.1, fill_mode="wrap"), "'reflect', 'nearest' or 'const"),
    "fill value": (lambda: gn.RandomRotation(0.1, "constant", "black"), "fill_value must be a fin"),
    "crop of nothing": (lambda: gn.RandomCrop(0, 4), "height must be a whole number of at least 1"),
    "crop of a part": (lambda: gn.RandomCrop(4, 2.5), "width must be a whole number"),
    "probability": (lambda: gn.RandomErasing(2), "factor must be a probability from 0 to 1"),
    "scale": (lambda: gn.RandomErasing(1, (0.5, 0.1)), r"two shares \(low, high\) above 0"),
    "values": (lambda: gn.RandomBrightness(0.1, (1, 0)), r"value_range must be \(smallest, large"),
    "alpha": (lambda: gn.MixUp(0), "alpha must be a number above 0, got 0"),
}  # fmt: skip


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=WRONG)
def test_wrong_setting_is_named(make, said):
    with pytest.raises(SettingError, match=said):
        make()


def test_crop_larger_than_the_images_is_an_error_with_both_sizes():
    with pytest.raises(ShapeError, match=r"32 x 28 pixels is larger than the images, \(B, 28, 28"):
        gn.Network([gn.RandomCrop(32, 28)], input_shape=(28, 28, 1))


@pytest.mark.parametrize(
    "layer", [one for one in LAYERS if not isinstance(one, gn.MixUp)], ids=repr
)
def test_rows_that_are_no_images_are_refused(layer):
    with pytest.raises(ShapeError, match=r"Is the axis of channels missing\? gn\.Reshape"):
        gn.Network([layer], input_shape=(28, 28))
    with pytest.raises(ShapeError, match="it takes images"):
        gn.Network([layer], input_shape=(28,))
    codes = gn.Input((28, 28, 1), dtype="int64")
    with pytest.raises(ShapeError, match="changes images of floats"):
        layer(codes)


def test_learnt_angle_is_refused_with_the_way_out():
    x, angle = g.input("x", ("B", 4, 4, 1)), g.parameter("angle", (1, 1, 1))
    drawn = g.input("u", ("B", 1, 1))
    loss = g.sum(g.rotate(x, drawn * angle, fill=0))
    with pytest.raises(SettingError, match=r"rotate: no gradient flows .* bilinear\(x, rows"):
        g.gradients(loss, [angle])


def test_picture_shows_variants_of_an_image():
    image = RNG.uniform(size=(8, 9, 3))
    net = gn.Network([gn.RandomFlip("horizontal"), gn.Flatten(), gn.Dense(1)],
                     input_shape=(8, 9, 3), seed=1)  # fmt: skip
    figure = gn.plots.augmented(net, image, count=12)
    shown = [axes.images[0].get_array() for axes in figure.axes]
    low, high = image.min(), image.max()
    scaled = (image - low) / (high - low)
    np.testing.assert_allclose(shown[0], scaled, atol=1e-6)
    kinds = [np.allclose(one, scaled, atol=1e-6) for one in shown[1:]]
    assert len(kinds) == 12
    assert 0 < sum(kinds) < 12
    flipped = [one for one, is_same in zip(shown[1:], kinds, strict=True) if not is_same]
    np.testing.assert_allclose(flipped[0], scaled[:, ::-1], atol=1e-6)


def test_picture_of_a_network_without_augmentation_is_refused():
    net = gn.Network([gn.Flatten(), gn.Dense(1)], input_shape=(8, 9, 3))
    with pytest.raises(SettingError, match=r"no layer that augments.*gn\.RandomRotation"):
        gn.plots.augmented(net, np.zeros((8, 9, 3)))
    net = gn.Network([gn.RandomFlip(), gn.Flatten()], input_shape=(8, 9, 3))
    with pytest.raises(ShapeError, match=r"an image of this network is \(8, 9, 3\)"):
        gn.plots.augmented(net, np.zeros((9, 8, 3)))
    with pytest.raises(SettingError, match="count must be from 1 to 63"):
        gn.plots.augmented(net, np.zeros((8, 9, 3)), count=0)


def test_images_too_large_for_whole_floats_are_refused_by_native_code():
    net = gn.Network([gn.RandomRotation(0.1), gn.AveragePooling2D(64), gn.Flatten(), gn.Dense(1)],
                     input_shape=(8192, 4096, 1))  # fmt: skip
    from glassnet.engines.native.listing import listing

    with pytest.raises(UnsupportedError, match="8192 x 4096 pixels"):
        listing(net.training_program())
