"""Fit the polynomials of the native engine's functions; write its maths/coefficients.py.

    python -m tools.fit_polynomials   (needs mpmath; half a minute)

Each fit is a Remez exchange in 40 digits: the polynomial whose largest weighted error is least.
Then coefficients are rounded one by one, the lowest power first, and those above it are fitted
anew: what one rounding does wrong the others put right.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mpmath import mp, mpf

mp.dps = 40
Function = Callable[[mpf], mpf]
TARGET = Path(__file__).parents[1] / "src/glassnet/engines/native/maths"


@dataclass(frozen=True)
class Fit:
    """name: P with f(x) near its formula, over an interval; terms of P in float32 and float64.

    wanted  what P(x) should be; weight  what turns an error of P into a relative error of f
    """

    name: str
    says: str
    wanted: Function
    weight: Function
    ends: tuple[mpf, mpf]
    single: int | None
    double: int | None


def nodes(ends: tuple[mpf, mpf], count: int) -> list[mpf]:
    """Chebyshev's points, closer together near the ends."""
    low, high = ends
    turn = [mp.cos(mp.pi * (i + mpf(1) / 2) / count) for i in range(count)]
    return [(low + high) / 2 - (high - low) / 2 * t for t in turn]


def remez(grid: list[mpf], wanted: list[mpf], weight: list[mpf], n: int) -> tuple[list[mpf], mpf]:
    """(n coefficients, lowest power first; largest weighted error) over the points of a grid."""
    at = [round((i + 0.5) * len(grid) / (n + 1)) for i in range(n + 1)]
    best: tuple[list[mpf], mpf] = ([], mp.inf)
    for _ in range(30):
        rows = [
            [grid[i] ** p for p in range(n)] + [(-1) ** j / weight[i]] for j, i in enumerate(at)
        ]
        solved = mp.lu_solve(mp.matrix(rows), mp.matrix([wanted[i] for i in at]))
        found, level = list(solved)[:n], abs(solved[n])
        error = [
            w * (f - mp.polyval(found[::-1], x))
            for x, f, w in zip(grid, wanted, weight, strict=True)
        ]
        at = _peaks(error, n + 1)
        worst = max(map(abs, error))
        best = min(best, (found, worst), key=lambda pair: pair[1])
        if worst <= level * mpf("1.001"):
            break
    return best


def _peaks(error: list[mpf], count: int) -> list[int]:
    """Where the error is largest between its changes of sign."""
    best = [0]
    for i in range(1, len(error)):
        if error[i] * error[best[-1]] < 0:
            best.append(i)
        elif abs(error[i]) > abs(error[best[-1]]):
            best[-1] = i
    while len(best) > count:
        low = min(range(len(best)), key=lambda j: abs(error[best[j]]))
        if len(best) == count + 1:  # one of the ends goes: inside, two of one sign would meet
            low = min((0, len(best) - 1), key=lambda j: abs(error[best[j]]))
            best.pop(low)
        elif low in {0, len(best) - 1}:
            best.pop(low)
        else:
            beside = min((low - 1, low + 1), key=lambda j: abs(error[best[j]]))
            best = [i for j, i in enumerate(best) if j not in {low, beside}]
    while len(best) < count:  # roundings have eaten a wave: any points will do
        best = sorted({*best, next(i for i in range(len(error)) if i not in best)})
    return best


def rounded(value: mpf, single: bool) -> float:
    """The nearest float32 or float64."""
    return struct.unpack("f", struct.pack("f", float(value)))[0] if single else float(value)


def fitted(fit: Fit, count: int, single: bool) -> tuple[list[float], float]:
    """(coefficients, lowest power first; largest relative error) of one fit."""
    grid = nodes(fit.ends, 30 * count)
    wanted, weight = [fit.wanted(x) for x in grid], [abs(fit.weight(x)) for x in grid]
    done: list[float] = []
    careful = count if single else min(count, 4)  # the higher float64 ones may just be rounded
    for first in range(careful):
        rest, _ = remez(grid, wanted, weight, count - first)
        done.append(rounded(rest[0], single))
        wanted = [(f - mpf(done[-1])) / x for f, x in zip(wanted, grid, strict=True)]
        weight = [w * abs(x) for w, x in zip(weight, grid, strict=True)]
    if careful < count:
        done += [rounded(c, single) for c in rest[1:]]
    worst = max(
        abs(fit.weight(x) * (fit.wanted(x) - mp.polyval([mpf(c) for c in done[::-1]], x)))
        for x in grid
    )
    return done, float(worst)


HALF_LN2 = mp.log(2) / 2 * mpf("1.0001")
TURN = mp.pi / 4 * mpf("1.001")
LOG_ENDS = (mp.sqrt(mpf(1) / 2) - 1, mp.sqrt(2) - 1)
S_END = (3 - 2 * mp.sqrt(2)) ** 2 * mpf("1.0001")  # ((m - 1) / (m + 1))^2 for m = sqrt 2
TINY = mpf("1e-30")


def _near_zero(f: Function, limit: mpf | float) -> Function:
    """f, and its limit at 0, where its formula is 0 / 0."""
    return lambda x: mpf(limit) if abs(x) < mpf("1e-9") else f(x)


def _wide(f: Function) -> Function:
    """f with more digits while it runs: differences of nearly equal numbers."""

    def g(x: mpf) -> mpf:
        with mp.workdps(90):
            return f(mpf(x))

    return g


FITS = [
    Fit("EXPM1", "e^r - 1 = r + r^2 P(r), |r| <= ln(2)/2",
        _wide(lambda r: (mp.expm1(r) - r) / r**2), lambda r: r**2 / mp.expm1(r),
        (-HALF_LN2, HALF_LN2), 5, 11),
    Fit("LOG", "ln(1 + f) = f - f^2/2 + f^3 P(f), 1 + f from sqrt(1/2) to sqrt(2)",
        _wide(lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3), lambda f: f**3 / mp.log1p(f),
        LOG_ENDS, 9, None),
    Fit("LOG_S", "ln((1 + s)/(1 - s)) = 2 s + s z P(z), z = s^2, 0 <= z <= 0.0295",
        _wide(lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2) / z), lambda z: z / 2,
        (TINY, S_END), None, 7),
    Fit("LOG_S_LONG", "ln((1 + s)/(1 - s)) = 2 s + s z (2/3 + z P(z)), z as above; for pow",
        _wide(lambda z: ((mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z - mpf(1) / 3) * 2 / z),
        lambda z: z**2 / 2, (TINY, S_END), None, 7),
    Fit("LOG2", "log2(1 + f) = f P(f), for pow of float32 in float64",
        _wide(lambda f: mp.log1p(f) / f / mp.log(2)), lambda f: f / mp.log1p(f),
        LOG_ENDS, None, 14),
    Fit("EXP2", "2^r = P(r), |r| <= 1/2, for pow of float32 in float64",
        lambda r: mpf(2) ** r, lambda r: mpf(2) ** -r, (mpf("-0.501"), mpf("0.501")), None, 8),
    Fit("SOFT", "ln(1 + t) = t + t^2 P(t), 0 <= t <= 1",
        _wide(lambda t: (mp.log1p(t) - t) / t**2), lambda t: t**2 / mp.log1p(t),
        (TINY, mpf(1)), 10, 22),
    Fit("SIN", "sin r = r + r^3 P(r^2), |r| <= pi/4",
        _wide(lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z), lambda z: z,
        (TINY, TURN**2), 3, 6),
    Fit("COS", "cos r = 1 - r^2/2 + r^4 P(r^2), |r| <= pi/4",
        _wide(lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2), lambda z: z**2,
        (TINY, TURN**2), 3, 6),
    Fit("ARCSIN", "arcsin s = s + s z P(z), z = s^2, 0 <= s <= 1/2",
        _wide(lambda z: (mp.asin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z), lambda z: z,
        (TINY, mpf("0.2501")), 5, 12),
    Fit("ARCTAN", "arctan s = s + s z P(z), z = s^2, 0 <= s <= 1",
        _wide(lambda z: (mp.atan(mp.sqrt(z)) / mp.sqrt(z) - 1) / z), lambda z: z,
        (TINY, mpf(1)), 9, 21),
    Fit("ERF_SMALL", "erf x = x + x P(x^2), |x| <= 1",
        _wide(lambda z: mp.erf(mp.sqrt(z)) / mp.sqrt(z) - 1), lambda z: mpf(1),
        (TINY, mpf("1.001")), 7, 13),
    Fit("ERF_LARGE", "erf a = 1 - e^(P(a)), 1 <= a <= 4 (float32) or 6 (float64)",
        lambda a: mp.log(mp.erfc(a)), lambda a: mp.erfc(a) / mp.erf(a),
        (mpf("0.995"), mpf("4.01")), 8, None),
    Fit("ERF_LARGE", "",
        lambda a: mp.log(mp.erfc(a)), lambda a: mp.erfc(a) / mp.erf(a),
        (mpf("0.995"), mpf("6.01")), None, 20),
    Fit("CDF", "normal_cdf(-a) = e^(-a^2/2) P((a - 4)/(a + 4)) / (a + 4), a <= 14.5, or 38.7",
        lambda t: _cdf(_tail(t)), lambda t: 1 / _cdf(_tail(t)), (mpf(-1), mpf(10.5) / 18.5), 11,
        None),
    Fit("CDF", "",
        lambda t: _cdf(_tail(t)), lambda t: 1 / _cdf(_tail(t)), (mpf(-1), mpf(34.7) / 42.7), None,
        24),
]  # fmt: skip


def _tail(t: mpf) -> mpf:
    """a of t = (a - 4)/(a + 4)."""
    return 4 * (1 + t) / (1 - t)


def _cdf(a: mpf) -> mpf:
    """e^(a^2/2) (a + 4) normal_cdf(-a)."""
    return mp.exp(a**2 / 2) * mp.erfc(a / mp.sqrt(2)) / 2 * (a + 4)


def main(names: list[str]) -> None:
    """Fit all, or only show some."""
    found: dict[str, dict[str, list[float]]] = {}
    notes: dict[str, str] = {}
    for fit in FITS:
        if names and fit.name not in names:
            continue
        for kind, count in (("single", fit.single), ("double", fit.double)):
            if count is None:
                continue
            values, worst = fitted(fit, count, kind == "single")
            found.setdefault(fit.name, {})[kind] = values
            bits = f"{kind}: relative error 2^{float(mp.log(worst, 2)):.1f}"
            notes[fit.name] = (notes.get(fit.name, fit.says) + f"; {bits}").replace("\n", " ")
            print(fit.name, count, bits, flush=True)
    if not names:
        (TARGET / "coefficients.py").write_text(text(found, notes), encoding="utf-8")
        (TARGET / "constants.py").write_text(constants(), encoding="utf-8")


def split(value: mpf, bits: list[int], whole: Function) -> list[float]:
    """A number as a sum of floats of so many bits each, the largest first.

    whole  floor keeps all of one sign; nint makes the later ones smaller
    """
    found: list[float] = []
    for n in bits:
        left = value - sum(mpf(f) for f in found)
        unit = mpf(2) ** (mp.floor(mp.log(abs(left), 2)) + 1 - n)
        found.append(float(whole(left / unit) * unit))
    return found


def constants() -> str:
    """ln 2, pi/2 and 2/pi in pieces."""
    with mp.workdps(420):
        lines = [HEAD_OF_CONSTANTS]
        for name, value, parts, whole in (
            ("LN2", mp.log(2), 2, mp.nint), ("HALF_PI", mp.pi / 2, 3, mp.floor)
        ):  # fmt: skip
            pair = [split(value, [n] * parts, whole) for n in (24, 53)]
            lines.append(f"{name} = Pair(\n    single={_tuple(pair[0][::-1])},\n"
                         f"    double={_tuple(pair[1][::-1])},\n)\n")  # fmt: skip
        exact = split(mp.log(2), [40, 53], mp.nint)
        lines.append("# ln 2 with 40 bits in the first part: whole multiples of it are exact.\n")
        lines.append(f"LN2_SHORT = {_tuple(exact[::-1], '')}\n")
        lines.append("# 2 / pi: 64 zeros, then 1216 bits after the point, as words of 64 bits.\n")
        whole = int(mp.floor(2 / mp.pi * mpf(2) ** 1216))
        words = [(whole >> (64 * i)) & (2**64 - 1) for i in range(19)] + [0]
        rows = "".join(f"\n    0x{w:016X}," for w in words[::-1])
        lines.append(f"TWO_OVER_PI = ({rows}\n)\n")
    return "".join(lines)


def text(found: dict[str, dict[str, list[float]]], notes: dict[str, str]) -> str:
    """The module with the numbers, highest power first."""
    parts = [HEAD]
    for name, kinds in found.items():
        says, *errors = notes[name].split("; ")
        parts += [f"\n# {says}.\n", *(f"# {e}\n" for e in errors)]
        if "single" in kinds and "double" in kinds:
            parts.append(f"{name} = Pair(\n    single={_tuple(kinds['single'])},\n"
                         f"    double={_tuple(kinds['double'])},\n)\n")  # fmt: skip
        else:
            parts.append(f"{name} = {_tuple(next(iter(kinds.values())), '')}\n")
    return "".join(parts)


def _tuple(values: list[float], margin: str = "    ") -> str:
    lines = "".join(f"\n{margin}    {v!r}," for v in values[::-1])
    return f"({lines}\n{margin})"


HEAD = '''"""Coefficients of the native engine's polynomials, the highest power first.

Made by tools/fit_polynomials.py: our own fits by Remez's exchange, weighted so that
the largest relative error of the function is least. Change the script, not this file.
"""

from __future__ import annotations

from typing import NamedTuple


class Pair(NamedTuple):
    """The same fit for float32 and for float64."""

    single: tuple[float, ...]
    double: tuple[float, ...]

'''

HEAD_OF_CONSTANTS = '''"""ln 2, pi/2 and 2/pi in pieces, made by tools/fit_polynomials.py."""

from __future__ import annotations

from glassnet.engines.native.maths.coefficients import Pair

# Sums of floats, the largest first.
'''

if __name__ == "__main__":
    main(sys.argv[1:])
