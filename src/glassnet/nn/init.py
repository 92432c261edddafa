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


@dataclass(frozen=True)
class Rule:
    """An initialiser as data, so that networks with it can be copied and pickled.

    formula(shape, draw, *settings) gives the numbers.
    """

    name: str
    formula: Callable[..., Any]
    settings: tuple[Any, ...] = ()

    @property
    def __name__(self) -> str:
        """What a model file calls it, as it would a function."""
        return self.name

    def __call__(self, shape: Sizes, draw: Draw) -> Any:
        """Numbers of this shape, in float64."""
        return self.formula(shape, draw, *self.settings)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.settings))})"


def constant(value: float) -> Init:
    """Every number is `value`."""
    return Rule("constant", _constant, (float(value),))


def _constant(shape: Sizes, _draw: Draw, value: float) -> Any:
    return np.full(shape, value)


def uniform(low: float = -0.05, high: float = 0.05) -> Init:
    """Evenly between low and high."""
    return Rule("uniform", _uniform, (low, high))


def _uniform(shape: Sizes, draw: Draw, low: float, high: float) -> Any:
    return low + (high - low) * draw.uniform(shape)


def normal(mean: float = 0.0, std: float = 0.05) -> Init:
    """Normally distributed."""
    return Rule("normal", _normal, (mean, std))


def _normal(shape: Sizes, draw: Draw, mean: float, std: float) -> Any:
    return mean + std * draw.normal(shape)


def truncated_normal(mean: float = 0.0, std: float = 0.05) -> Init:
    """Normally distributed, cut at two standard deviations."""
    return Rule("truncated_normal", _truncated_normal, (mean, std))


def _truncated_normal(shape: Sizes, draw: Draw, mean: float, std: float) -> Any:
    low, high = 0.02275013194817921, 0.9772498680518208  # the distribution function at -2 and 2
    return mean + std * philox.normal_quantile(low + (high - low) * draw.uniform(shape))


def fans(shape: Sizes) -> tuple[int, int]:
    """How many numbers flow into one place of the result, and out of one place of the input."""
    if len(shape) == 1:
        return shape[0], shape[0]
    if not shape:
        return 1, 1
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def _scaled(name: str, fan: str, scale: float) -> Init:
    return Rule(name, _scaled_numbers, (fan, scale, name.rsplit("_", 1)[1]))


def _scaled_numbers(shape: Sizes, draw: Draw, fan: str, scale: float, kind: str) -> Any:
    fan_in, fan_out = fans(shape)
    size = {"in": fan_in, "average": (fan_in + fan_out) / 2}[fan]
    variance = scale / max(1.0, size)
    if kind == "uniform":
        limit = math.sqrt(3 * variance)
        return _uniform(shape, draw, -limit, limit)
    return _normal(shape, draw, 0.0, math.sqrt(variance))


def orthogonal(gain: float = 1.0) -> Init:
    """Rows or columns at right angles to one another (Saxe et al., 2014)."""
    return Rule("orthogonal", _orthogonal, (gain,))


def _orthogonal(shape: Sizes, draw: Draw, gain: float) -> Any:
    if len(shape) < 2:
        raise ShapeError(f"orthogonal needs a matrix, got shape {shape}.")
    rows, columns = math.prod(shape[:-1]), shape[-1]
    tall = draw.normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diag(r))
    return gain * (q if rows >= columns else q.T).reshape(shape)


INITS: dict[str, Init] = {
    "zeros": constant(0.0),
    "ones": constant(1.0),
    "uniform": uniform(),
    "normal": normal(),
    "truncated_normal": truncated_normal(),
    "glorot_uniform": _scaled("glorot_uniform", "average", 1.0),
    "glorot_normal": _scaled("glorot_normal", "average", 1.0),
    "he_uniform": _scaled("he_uniform", "in", 2.0),
    "he_normal": _scaled("he_normal", "in", 2.0),
    "lecun_uniform": _scaled("lecun_uniform", "in", 1.0),
    "lecun_normal": _scaled("lecun_normal", "in", 1.0),
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
