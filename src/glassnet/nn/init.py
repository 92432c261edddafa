"""How weights start. Every draw is a function of the seed and of the parameter's place.

Fans are those of the dense weight (I, O) and of the convolution kernel (H, W, I, O): the field
is the product of all but the last two sizes; fan_in = field * I, fan_out = field * O.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet import philox
from glassnet.errors import SettingError, ShapeError, UnknownNameError

Sizes = tuple[int, ...]


@dataclass(frozen=True)
class Draw:
    """Where the random numbers of one parameter come from."""

    seed: int
    stream: int

    def uniform(self, shape: Sizes) -> Any:
        """Numbers in [0, 1)."""
        return self._shaped(philox.uniform, shape)

    def normal(self, shape: Sizes) -> Any:
        """Numbers of the standard normal distribution."""
        return self._shaped(philox.normal, shape)

    def _shaped(self, draw: Callable[..., Any], shape: Sizes) -> Any:
        return draw(math.prod(shape), self.seed, philox.WEIGHTS, self.stream).reshape(shape)


Init = Callable[[Sizes, Draw], Any]  # (shape, draw) -> float64 array


def constant(value: float) -> Init:
    """Every number is `value`."""
    return lambda shape, draw: np.full(shape, float(value))


def uniform(low: float = -0.05, high: float = 0.05) -> Init:
    """Evenly between low and high."""
    return lambda shape, draw: low + (high - low) * draw.uniform(shape)


def normal(mean: float = 0.0, std: float = 0.05) -> Init:
    """Normally distributed."""
    return lambda shape, draw: mean + std * draw.normal(shape)


def truncated_normal(mean: float = 0.0, std: float = 0.05) -> Init:
    """Normally distributed, cut at two standard deviations."""
    low, high = 0.02275013194817921, 0.9772498680518208  # the distribution function at -2 and 2

    def init(shape: Sizes, draw: Draw) -> Any:
        return mean + std * philox.normal_quantile(low + (high - low) * draw.uniform(shape))

    return init


def fans(shape: Sizes) -> tuple[int, int]:
    """How many numbers flow into one place of the result, and out of one place of the input."""
    if len(shape) == 1:
        return shape[0], shape[0]
    if not shape:
        return 1, 1
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def _scaled(fan: str, scale: float, kind: str) -> Init:
    def init(shape: Sizes, draw: Draw) -> Any:
        fan_in, fan_out = fans(shape)
        size = {"in": fan_in, "average": (fan_in + fan_out) / 2}[fan]
        variance = scale / max(1.0, size)
        if kind == "uniform":
            limit = math.sqrt(3 * variance)
            return uniform(-limit, limit)(shape, draw)
        return normal(0.0, math.sqrt(variance))(shape, draw)

    return init


def orthogonal(gain: float = 1.0) -> Init:
    """Rows or columns at right angles to one another (Saxe et al., 2014)."""

    def init(shape: Sizes, draw: Draw) -> Any:
        if len(shape) < 2:
            raise ShapeError(f"orthogonal needs a matrix, got shape {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = draw.normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        q = q * np.sign(np.diag(r))
        return gain * (q if rows >= columns else q.T).reshape(shape)

    return init


INITS: dict[str, Init] = {
    "zeros": constant(0.0),
    "ones": constant(1.0),
    "uniform": uniform(),
    "normal": normal(),
    "truncated_normal": truncated_normal(),
    "glorot_uniform": _scaled("average", 1.0, "uniform"),
    "glorot_normal": _scaled("average", 1.0, "normal"),
    "he_uniform": _scaled("in", 2.0, "uniform"),
    "he_normal": _scaled("in", 2.0, "normal"),
    "lecun_uniform": _scaled("in", 1.0, "uniform"),
    "lecun_normal": _scaled("in", 1.0, "normal"),
    "orthogonal": orthogonal(),
    "rand": uniform(0.0, 1.0),
}


def find(init: Any) -> Init:
    """An initialiser from a name, a number (a constant) or a function (shape, draw) -> array."""
    if isinstance(init, str):
        if init not in INITS:
            raise UnknownNameError("initialiser", init, INITS)
        return INITS[init]
    if isinstance(init, int | float) and not isinstance(init, bool):
        return constant(init)
    if callable(init):
        found: Init = init
        return found
    raise SettingError(f"An initialiser is a name, a number or a function, got {init!r}.")
