"""The benchmark of texts: its rows, what its networks see, and their twins in PyTorch."""

from pathlib import Path

import numpy as np
import pytest

import glassnet as gn

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture
def text(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import text

    return text


@pytest.fixture
def networks(text):
    return [text.lstm(units=8), text.transformer(width=8, heads=2)]


def letters(text, rows, seed=1):
    drawn = np.random.default_rng(seed).integers(0, len(text.ALPHABET), text.PLACES + rows)
    return text.windows(drawn, 1)


def test_a_text_is_lower_cased_and_loses_what_the_alphabet_has_not(text):
    codes = text.coded("Call me\nIshmael—1851.")
    assert "".join(text.ALPHABET[code] for code in codes) == "call me ishmael-."


def test_a_target_is_the_next_letter_of_each_place(text):
    codes = np.arange(200)
    x, y = text.windows(codes, 16)
    assert x.shape == y.shape == (9, 64)
    assert np.array_equal(x[2], np.arange(32, 96))
    assert np.array_equal(y, x + 1)
    assert np.shares_memory(x, codes)


def test_no_place_sees_the_letters_behind_it(text, networks):
    x, _ = letters(text, 4)
    other = x.copy()
    other[:, 40:] = (other[:, 40:] + 1) % len(text.ALPHABET)
    for net in networks:
        a, b = net.predict(x), net.predict(other)
        assert np.array_equal(a[:, :40], b[:, :40])
        assert not np.array_equal(a[:, 40], b[:, 40])


def test_a_network_that_knows_the_alphabet_writes_it_whatever_the_prompt(text):
    codes = np.tile(np.arange(len(text.ALPHABET)), 30)
    net = text.lstm(units=32)
    net.fit(*text.windows(codes, 4), loss=text.LOSS, optimizer=gn.optim.Adam(0.02), epochs=12,
            verbose=0)  # fmt: skip
    assert text.written(net, "abc", 80, temperature=0.2) == (text.ALPHABET * 4)[4:84]


def test_the_twins_in_pytorch_have_the_same_losses(text, networks):
    pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import text_torch

    x, y = letters(text, 50)
    for net in networks:
        expected, _ = text_torch.there(net, x, y, batch=8)
        found, _ = text_torch.here(net, x, y, batch=8)
        assert len(found) == 7  # the last of two rows
        assert text_torch.apart(found, expected) < text_torch.TOLERANCE


def test_another_network_s_losses_are_further_apart(text):
    pytest.importorskip("torch", reason="torch is not installed")
    from benchmarks import text_torch

    x, y = letters(text, 50)
    net = text.transformer(width=8, heads=2)
    expected, _ = text_torch.there(net, x, y, batch=8)
    net.parameters["transformer_block_1.up_bias"] = np.full(32, 0.1, np.float32)
    found, _ = text_torch.here(net, x, y, batch=8)
    assert text_torch.apart(found, expected) > 10 * text_torch.TOLERANCE
