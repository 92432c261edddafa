"""Large arrays in a walkthrough: a few lines that fit, and true of the numbers."""

import numpy as np
import pytest
from train.small import RNG

import glassnet as gn
from glassnet.train.excerpt import Axes, View

WORDS = RNG.integers(0, 30, size=(4, 20))
PICTURES = RNG.normal(size=(5, 12, 12, 1))


def shown(values, axes=Axes.ROWS, *, has_steps=False):
    return View("z", axes, has_steps=has_steps).lines(np.asarray(values))


def of_words(*layers):
    x = value = gn.Input((20,), dtype="int64")
    for layer in [gn.Embedding(30, 16), *layers, gn.Dense(1, "sigmoid")]:
        value = layer(value)
    return gn.Network(inputs=x, outputs=value, seed=1), WORDS


def of_pictures(*layers):
    ends = [gn.GlobalAveragePooling2D(), gn.Dense(1, "sigmoid")]
    return gn.Network([*layers, *ends], input_shape=(12, 12, 1), seed=1), PICTURES


NETWORKS = {
    "pictures": lambda: of_pictures(gn.Conv2D(4, 3, activation="relu"), gn.MaxPooling2D(2)),
    "normalised": lambda: of_pictures(gn.Conv2D(3, 3), gn.BatchNormalization()),
    "lstm": lambda: of_words(gn.LSTM(6)),
    "wide lstm": lambda: of_words(gn.LSTM(300)),
    "convolved words": lambda: of_words(gn.Conv1D(5, 3), gn.GlobalMaxPooling1D()),
    "attention": lambda: of_words(gn.MultiHeadAttention(2, 8), gn.GlobalAveragePooling1D()),
}


def walk(name):
    net, x = NETWORKS[name]()
    return net.walkthrough(x, np.arange(len(x)) % 2, optimizer="adam")


@pytest.mark.parametrize("name", NETWORKS)
def test_an_array_of_many_axes_takes_ten_lines_of_eighty_columns(name):
    taken = walk(name)
    arrays = dict(taken.given) | {
        k: v for step in taken.steps for k, v in zip(step.names, step.values, strict=True)
    }
    deep = [k for k, v in arrays.items() if np.ndim(v) > 2]
    assert deep
    numbers = [line for line in str(taken).splitlines() if line.startswith("    ")]
    code = {line for step in taken.steps for line in step.code.splitlines()}
    assert max(len(line) for line in numbers if line not in code) <= 80
    for k in deep:
        assert len(shown(arrays[k])) <= 10
        assert len(shown(arrays[k], has_steps=True)) <= 8


def lines_below(text, start):
    """The indented lines below the first line that starts so."""
    lines = text.splitlines()
    below = lines[[line.startswith(start) for line in lines].index(True) + 1 :]
    return below[: next(i for i, line in enumerate(below) if not line.startswith("    "))]


def test_feature_maps_show_the_first_row_s_first_channel():
    taken = walk("pictures")
    (z1,) = next(step.values for step in taken.steps if step.names == ("z1",))
    lines = lines_below(str(taken), "z1 = conv2d")
    assert lines[0] == (
        f"    smallest {z1.min():.3g}, mean {z1.mean():.3g}, largest {z1.max():.3g}"
    )  # fmt: skip
    assert lines[1] == "    z1[0, :, :, 0]:"
    rows = [line.strip(" []").split() for line in lines[2:]]
    assert rows[3] == ["..."]
    kept = z1[0, :, :, 0][[0, 1, 2, -3, -2, -1]][:, [0, 1, 2, -3, -2, -1]]
    found = [[float(n) for n in row if n != "..."] for row in rows if row != ["..."]]
    np.testing.assert_allclose(found, kept, atol=1e-6)


def test_kernels_show_height_and_width():
    assert lines_below(str(walk("pictures")), "W1 ")[1] == "    W1[:, :, 0, 0]:"


def test_attention_shows_the_matrix_of_the_first_head():
    text = str(walk("attention"))
    assert lines_below(text, "p2 = softmax(s2)")[1] == "    p2[0, 0]:"
    assert lines_below(text, "z2 = ")[1] == "    z2[0]:"


def test_a_loop_shows_its_first_step_and_its_last_one():
    taken = walk("lstm")
    at = next(step for step in taken.steps if "f2" in step.names)
    f2 = dict(zip(at.names, at.values, strict=True))["f2"]
    _, first, between, last = lines_below(str(taken), "f2    # (4, 20, 6)")
    assert between == "    ... 18 steps between"
    for line, step in ((first, 0), (last, 19)):
        label, numbers = line.split(": ")
        assert label == f"    f2[0, {step}]"
        np.testing.assert_allclose(np.fromstring(numbers[1:-1], sep=" "), f2[0, step], atol=1e-6)


def test_the_shape_of_a_loop_s_only_array_stands_beside_its_name():
    text = str(walk("lstm"))
    assert "\ndxW2    # (4, 20, 24)\n    smallest " in text
    assert "dc2_t = dc2_t * f2[:, t]    #" not in text


def test_steps_of_few():
    one, two, three = (
        shown(np.arange(300.0).reshape(300 // n // 5, n, 5), has_steps=True) for n in (1, 2, 3)
    )
    assert one[1:] == ["z[0, 0]: [0. 1. 2. 3. 4.]"]
    assert two[1:] == ["z[0, 0]: [0. 1. 2. 3. 4.]", "z[0, 1]: [5. 6. 7. 8. 9.]"]
    assert three[2] == "... 1 step between"


@pytest.mark.parametrize(("shape", "axes", "label"), [
    ((9, 8, 8, 3), Axes.ROWS, "z[0, :, :, 0]:"),
    ((9, 6, 8, 8, 3), Axes.ROWS, "z[0, 0, :, :, 0]:"),
    ((9, 8, 8), Axes.ROWS, "z[0]:"),
    ((9, 30, 1), Axes.ROWS, "z[:, :, 0]:"),
    ((1, 20, 20, 3), Axes.ROWS, "z[0, :, :, 0]:"),
    ((9, 2, 8, 8), Axes.MATRICES, "z[0, 0]:"),
    ((9, 1, 8, 8), Axes.MATRICES, "z[0, 0]:"),
    ((1, 1, 20, 20), Axes.MATRICES, "z[0, 0]:"),
    ((5, 5, 8, 8), Axes.WEIGHTS, "z[:, :, 0, 0]:"),
    ((1, 1, 20, 20), Axes.WEIGHTS, "z[0, 0]:"),
])  # fmt: skip
def test_picture_of_an_array(shape, axes, label):
    lines = shown(RNG.normal(size=shape), axes)
    assert lines[1] == label
    assert len(lines) <= 10
    assert max(map(len, lines)) <= 76


def test_small_arrays_are_whole():
    cube = np.arange(18.0).reshape(2, 3, 3)
    assert shown(cube) == [line.rstrip() for line in str(cube).splitlines()]
    assert shown(np.arange(6).reshape(2, 3)) == ["[[0 1 2]", " [3 4 5]]"]
    assert shown(np.zeros((0, 3))) == ["[]"]


def test_an_array_of_one_number_is_that_number():
    assert shown(np.full((50, 50), -0.0)) == ["all 0"]
    assert shown(np.ones((4, 20, 3), bool)) == ["all 1"]


def test_numbers_that_are_not_finite_are_counted():
    values = np.arange(300.0).reshape(30, 10)
    values[0, :2] = np.nan, np.inf
    assert shown(values)[0] == "smallest 2, mean 150, largest 299, 2 not finite"
    assert shown(np.full((30, 10), np.nan))[0] == "300 not finite"


def test_long_numbers_are_cut_further():
    lines = shown(RNG.normal(size=(4, 30, 30)) * 1e7)
    assert max(map(len, lines)) <= 76
    assert len(lines) <= 10
