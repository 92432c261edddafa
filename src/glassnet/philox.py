"""Random numbers as functions: the same (seed, domain, stream, step) gives the same bits, always.

Only raw Philox4x64-10 words are taken from NumPy (Salmon et al., SC'11); what is made of them is
written here and pinned by tests, since NumPy's own distributions may change between versions.
The key is (seed, stream), the counter starts at (0, step, 0, domain).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from glassnet.errors import SettingError

Float = npt.NDArray[np.float64]

MASKS, WEIGHTS, SHUFFLE, SPLIT, IMPORTANCE = range(5)  # domains: what a draw is for


def check_seed(seed: Any) -> int:
    """A seed is a whole number from 0 to 2**64 - 1."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise SettingError(f"A seed is a whole number from 0 to 2**64 - 1, got {seed!r}.")
    return int(seed)


def words(count: int, seed: int, domain: int, stream: int = 0, step: int = 0) -> Any:
    """Raw 64-bit words."""
    generator = np.random.Philox(
        key=np.array([seed, stream], np.uint64), counter=np.array([0, step, 0, domain], np.uint64)
    )
    return generator.random_raw(count)


def uniform(count: int, seed: int, domain: int, stream: int = 0, step: int = 0) -> Float:
    """Numbers in [0, 1), multiples of 2**-53."""
    drawn: Float = (words(count, seed, domain, stream, step) >> np.uint64(11)) * 2.0**-53
    return drawn


def normal(count: int, seed: int, domain: int, stream: int = 0, step: int = 0) -> Float:
    """Numbers of the standard normal distribution, by the inverse of its distribution function."""
    cells = words(count, seed, domain, stream, step) >> np.uint64(12)
    return normal_quantile((cells + 0.5) * 2.0**-52)  # from the middles, so neither 0 nor 1 is met


def permutation(count: int, seed: int, domain: int, stream: int = 0, step: int = 0) -> Any:
    """The numbers 0 .. count - 1 in a drawn order."""
    return np.argsort(words(count, seed, domain, stream, step), kind="stable")


# Wichura, 'Algorithm AS 241: The percentage points of the normal distribution', 1988 (PPND16):
# numerator and denominator in the middle, in the near tails and in the far tails.
_MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_NEAR = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959,
     1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def normal_quantile(p: Float) -> Float:
    """The number below which a standard normal falls with probability p, 0 < p < 1.

    Only +, -, *, / and square roots are used, which every CPU rounds in the same way.
    """
    q = p - 0.5
    middle = q * _ratio(_MIDDLE, 0.180625 - q * q)
    r = np.sqrt(-_log(np.minimum(p, 1 - p)))
    tail = np.where(r <= 5, _ratio(_NEAR, r - 1.6), _ratio(_FAR, r - 5))
    return np.where(np.abs(q) <= 0.425, middle, np.copysign(tail, q))


def _ratio(table: Any, x: Float) -> Float:
    top, bottom = (_polynomial(row, x) for row in table)
    return top / bottom


def _polynomial(coefficients: Any, x: Float) -> Float:
    total = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        total = total * x + c
    return total


def _log(x: Float) -> Float:
    """The natural logarithm from ln m = 2 atanh((m - 1) / (m + 1)), to about 1e-16 of its size."""
    m, exponent = np.frexp(x)
    low = m < math.sqrt(0.5)
    m, exponent = np.where(low, 2 * m, m), exponent - low
    s = (m - 1) / (m + 1)
    series = _polynomial([1 / k for k in range(25, 0, -2)], s * s)
    log: Float = 2 * s * series + exponent * math.log(2)
    return log
