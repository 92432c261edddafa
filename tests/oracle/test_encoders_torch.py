"""The examples' twins and autoencoders are the same in PyTorch, the noise drawn by us handed in."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BOUND = 1e-10
ROWS, BATCH = 50, 8


@pytest.fixture
def encoders(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import encoders

    return encoders


@pytest.fixture
def in_torch(encoders):
    from benchmarks import encoders_torch

    return encoders_torch


def works(encoders):
    rng = np.random.default_rng(6)
    images = rng.integers(0, 256, (ROWS, 28, 28)).astype(np.uint8)
    return {w.name: w for w in encoders.works(images, np.arange(ROWS) % 5, ROWS, "float64")}


@pytest.mark.parametrize("name", ["twins", "noise", "variational"])
def test_the_first_steps_are_those_of_pytorch(encoders, in_torch, name):
    work = works(encoders)[name]
    expected, _ = in_torch.there(work, batch=BATCH)
    found, _ = in_torch.here(work, batch=BATCH)
    assert len(found) == 7  # the last of two rows
    assert in_torch.apart(found, expected) < BOUND


@pytest.mark.parametrize(("name", "parameter"), [
    ("twins", "encoder.conv2d_1.bias"), ("noise", "conv2d_transpose.bias"),
    ("variational", "log_variance.bias"),
])  # fmt: skip
def test_from_another_start_they_are_others(encoders, in_torch, name, parameter):
    work = works(encoders)[name]
    expected, _ = in_torch.there(work, batch=BATCH)
    work.net.parameters[parameter] += 0.01
    found, _ = in_torch.here(work, batch=BATCH)
    assert in_torch.apart(found, expected) > 1e4 * BOUND


@pytest.mark.parametrize("name", ["noise", "variational"])
def test_without_our_noise_they_are_others(encoders, in_torch, monkeypatch, name):
    work = works(encoders)[name]
    drawn = in_torch.drawn
    monkeypatch.setattr(in_torch, "drawn", lambda net, shape, t: drawn(net, shape, t + 1))
    expected, _ = in_torch.there(work, batch=BATCH)
    found, _ = in_torch.here(work, batch=BATCH)
    assert in_torch.apart(found, expected) > 1e4 * BOUND
