"""ln 2, pi/2 and 2/pi in pieces, made by tools/fit_polynomials.py."""

from __future__ import annotations

from glassnet.engines.native.maths.coefficients import Pair

# Sums of floats, the largest first.
LN2 = Pair(
    single=(
        0.6931471824645996,
        -1.9046542121259336e-09,
    ),
    double=(
        0.6931471805599453,
        2.3190468138462996e-17,
    ),
)
HALF_PI = Pair(
    single=(
        1.570796251296997,
        7.549789415861596e-08,
        5.390302529957765e-15,
    ),
    double=(
        1.5707963267948966,
        6.123233995736765e-17,
        1.0828566739219139e-32,
    ),
)
# ln 2 with 40 bits in the first part: whole multiples of it are exact.
LN2_SHORT = (
    0.6931471805601177,
    -1.7239444525614835e-13,
)
# 2 / pi: 64 zeros, then 1216 bits after the point, as words of 64 bits.
TWO_OVER_PI = (
    0x0000000000000000,
    0xA2F9836E4E441529,
    0xFC2757D1F534DDC0,
    0xDB6295993C439041,
    0xFE5163ABDEBBC561,
    0xB7246E3A424DD2E0,
    0x06492EEA09D1921C,
    0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484,
    0xE99C7026B45F7E41,
    0x3991D639835339F4,
    0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F,
    0xEF2F118B5A0A6D1F,
    0x6D367ECF27CB09B7,
    0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B,
    0x3D0739F78A5292EA,
    0x6BFB5FB11F8D5D08,
    0x56033046FC7B6BAB,
)
