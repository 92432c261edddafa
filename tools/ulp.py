"""How far the native engine's functions are from the truth, and how fast they are: docs/ulp.md.

    python -m tools.ulp            all of float32, 10^7 samples of float64; writes the page
    python -m tools.ulp exp tanh   these functions only, and writes nothing
    python -m tools.ulp --quick    every 64th float32, 10^6 samples; writes nothing

The truth of float32 is the float64 version of the same function, run beside it in one compiled
loop; that one is held against numpy.longdouble (80 bits on x86), and erf and normal_cdf against
erfl and erfcl of the C library, called from compiled code. It takes about ten minutes on one core.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kernels import LANES, Array, c_library, call, compiled, evaluate, kernel, loop
from glassnet.engines.native import ir
from glassnet.engines.native.maths import F32, F64, FUNCTIONS, I32, I64, Maths

PAGE = Path(__file__).parents[1] / "docs/ulp.md"
CHUNK = 1 << 26


# float32: all of them, beside float64.
def comparison(name: str, step: int) -> int:
    """run(n, first, errors, where): float32 numbers with the bits first, first + step, ..."""
    module = ir.Module()
    single, double, words = (ir.VectorType(t, LANES) for t in (F32, F64, I32))
    start = [ir.Constant(double, [-1.0] * LANES), ir.Constant(words, [0] * LANES)]
    b, (_, first, to_errors, to_where), i, (best, where), finish = loop(module, 4, start)
    m, wide = Maths(b, single), Maths(b, double)
    base = b.trunc(b.add(first, b.mul(i, I64(step))), I32)
    spread = b.insert_element(ir.Constant(words, ir.Undefined), base, I32(0))
    spread = b.shuffle_vector(spread, spread, ir.Constant(words, [0] * LANES))
    bits = b.add(spread, ir.Constant(words, [k * step for k in range(LANES)]))
    x = m.real(bits)
    error = ulps(wide, FUNCTIONS[name](m, x), FUNCTIONS[name](wide, b.fpext(x, double)), single)
    more = wide.greater(error, best)
    values = [b.select(more, error, best), b.select(more, bits, where)]
    end = finish(values)
    for value, address in zip(values, (to_errors, to_where), strict=True):
        end.store(value, end.inttoptr(address, value.type.as_pointer())).align = 8
    return compiled(str(module))


def ulps(wide: Maths, found: Any, truth: Any, single: Any) -> Any:
    """|found - truth| in float32's last places; inf if only one is NaN or infinite."""
    b = wide.b
    same = b.fcmp_ordered("==", b.fptrunc(truth, single), found)
    size = wide.fabs(truth)
    exponent = b.and_(wide.bits(size), wide.whole(0x7FF << 52))
    least = wide.whole((1023 - 126) << 52)
    exponent = b.select(b.icmp_signed("<", exponent, least), least, exponent)
    unit = wide.real(b.sub(exponent, wide.whole(23 << 52)))
    error = wide.div(wide.fabs(wide.sub(b.fpext(found, wide.kind), truth)), unit)
    infinite = wide.const(float("inf"))
    error = b.select(wide.isnan(error), infinite, error)  # inf - inf, or NaN
    ordinary = wide.less(size, wide.const(2.0**128))
    error = b.select(b.and_(same, b.not_(ordinary)), wide.const(0.0), error)
    both = b.and_(wide.isnan(truth), wide.isnan(b.fpext(found, wide.kind)))
    return b.select(both, wide.const(0.0), error)


def worst_single(name: str, step: int) -> tuple[float, float]:
    """(largest error, where) over all float32, or over every step-th."""
    address = comparison(name, step)
    errors, where = np.empty(LANES), np.empty(LANES, np.uint32)
    best, place, begun = -1.0, np.uint32(0), time.perf_counter()
    for first in range(0, 1 << 32, CHUNK * step):
        call(address, min(CHUNK, (1 << 32) // step), first, errors, where)
        k = int(errors.argmax())
        if errors[k] > best:
            best, place = float(errors[k]), where[k]
        done = min(1.0, (first + CHUNK * step) / 2**32)
        seconds = time.perf_counter() - begun
        print(f"\r{name:10} {done:4.0%} {seconds:5.1f} s {best:7.3f} ULP", end="", file=sys.stderr)
    print(file=sys.stderr)
    return best, float(place.view(np.float32))


# float64: samples, beside 80 bits.
def truths() -> dict[str, Callable[..., Array]]:
    """The functions on numpy.longdouble."""
    erfl, erfcl = c_library("erfl"), c_library("erfcl")
    root = np.sqrt(np.longdouble(0.5))
    names = set(FUNCTIONS) - {"sigmoid", "softplus", "erf", "normal_cdf"}
    return {
        **{name: getattr(np, name) for name in names},
        "sigmoid": lambda x: np.where(
            x < 0, np.exp(x) / (1 + np.exp(np.minimum(x, 0))), 1 / (1 + np.exp(-np.abs(x)))
        ),
        "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
        "erf": erfl,
        "normal_cdf": lambda x: erfcl(-x * root) / 2,
        "pow": np.power,
    }


# Where a function does something: (least, largest) of the dense samples.
RANGES = {
    "exp": (-746, 711), "expm1": (-40, 711), "log": (0, 4), "log1p": (-1, 3), "tanh": (-20, 20),
    "sigmoid": (-746, 40), "softplus": (-746, 40), "erf": (-6, 6), "normal_cdf": (-38, 9),
    "sin": (-50, 50), "cos": (-50, 50), "tan": (-50, 50), "arcsin": (-1, 1), "arccos": (-1, 1),
    "arctan": (-5, 5), "sinh": (-711, 711), "cosh": (-711, 711), "arcsinh": (-5, 5),
    "arccosh": (1, 5), "arctanh": (-1, 1),
}  # fmt: skip


def samples(name: str, count: int, rng: np.random.Generator) -> Array:
    """A half over the range, a quarter near 0 and 1, a quarter of any bits."""
    low, high = RANGES[name]
    quarter = count // 4
    any_bits = rng.integers(0, 2**64, quarter, np.uint64).view(np.float64)
    small = rng.choice([-1.0, 1.0], quarter) * np.exp2(rng.uniform(-30, 6, quarter))
    return np.concatenate([rng.uniform(low, high, 2 * quarter), small, any_bits])


def pairs(dtype: Any, count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """x and y for x^y: results over all exponents."""
    most = 127 if dtype == np.float32 else 1023
    x = np.exp2(rng.uniform(-1, 1, count) * rng.choice([1e-3, 0.5, 4, most], count)).astype(dtype)
    goal = rng.uniform(-most - 20, most + 3, count)
    with np.errstate(divide="ignore"):
        y = (goal / np.log2(x.astype(np.float64))).astype(dtype)
    return x, np.where(np.isfinite(y), y, dtype(1))


def errors_beside(found: Array, truth: Array) -> Array:
    """ULPs of the found kind of float, in 80 bits; inf if only one is NaN or infinite."""
    info = np.finfo(found.dtype)
    size = np.maximum(np.abs(truth), np.longdouble(info.tiny))
    _, exponent = np.frexp(np.where(np.isfinite(size), size, 1))
    error = np.abs(found.astype(np.longdouble) - truth)
    error = np.ldexp(error, info.nmant + 1 - exponent)
    same = (truth.astype(found.dtype) == found) & ~np.isfinite(found)
    same |= np.isnan(found) & np.isnan(truth)
    error[same] = 0
    error[np.isnan(error)] = np.inf
    return error


def worst_double(name: str, count: int, truth: Callable[..., Array]) -> tuple[float, str]:
    """(largest error, where) over samples."""
    rng = np.random.default_rng(20240607)
    address, best, place = kernel(name, F64), -1.0, ""
    block = 1 << 20
    with np.errstate(all="ignore"):
        for _ in range(-(-count // block)):
            xs = pairs(np.float64, block, rng) if name == "pow" else (samples(name, block, rng),)
            error = errors_beside(
                evaluate(address, *xs), truth(*(x.astype(np.longdouble) for x in xs))
            )
            k = int(error.argmax())
            if error[k] > best:
                best, place = float(error[k]), ", ".join(f"{x[k]:.6g}" for x in xs)
    return best, place


def worst_single_pow(count: int) -> tuple[float, str]:
    """pow of float32 has 2^64 arguments: samples of it, beside NumPy's in float64."""
    rng = np.random.default_rng(20240607)
    address, best, place = kernel("pow", F32), -1.0, ""
    with np.errstate(all="ignore"):
        for _ in range(-(-count // CHUNK * 64)):
            x, y = pairs(np.float32, 1 << 20, rng)
            truth = np.power(x.astype(np.float64), y.astype(np.float64))
            error = errors_beside(evaluate(address, x, y), truth.astype(np.longdouble))
            k = int(error.argmax())
            if error[k] > best:
                best, place = float(error[k]), f"{x[k]:.6g}, {y[k]:.6g}"
    return best, place


# Speed.
def cycles_per_second() -> float:
    """By a chain of 64-bit additions and shifts, one cycle each."""
    text = """
        define void @run(i64 %n, i64 %out) {
        entry:
          %to = inttoptr i64 %out to ptr
          br label %body
        body:
          %i = phi i64 [ 0, %entry ], [ %next, %body ]
          %x = phi i64 [ %n, %entry ], [ %x8, %body ]
          BODY
          %next = add i64 %i, 1
          %more = icmp slt i64 %next, %n
          br i1 %more, label %body, label %done
        done:
          store i64 %x8, ptr %to
          ret void
        }"""
    steps = "\n".join(
        f"%y{k} = xor i64 %x{k or ''}, %i\n%x{k + 1} = mul i64 %y{k}, 3935559000370003845"
        for k in range(8)
    )
    address, out, n = compiled(text.replace("BODY", steps)), np.empty(1, np.int64), 100_000
    best = min(_seconds(lambda: call(address, n, out)) for _ in range(50))
    return n * 8 * 4 / best  # xor 1, multiplication 3


def _seconds(run: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    run()
    return time.perf_counter() - begun


def speed(name: str, dtype: Any) -> tuple[float, float | None]:
    """Cycles an element on 4096 numbers in the first cache: (ours, NumPy's).

    A call of 16 numbers is taken off: what the call costs is not what the function costs.
    """
    rng = np.random.default_rng(0)
    low, high = RANGES.get(name, (0.01, 10))
    low, high = max(low, -10), min(high, 10)
    xs = [rng.uniform(low, high, 4096).astype(dtype) for _ in range(2 if name == "pow" else 1)]
    out = np.empty_like(xs[0])
    address = kernel(name, F32 if dtype == np.float32 else F64)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * (len(xs) + 2))(address)
    places = [a.ctypes.data for a in [*xs, out]]
    theirs = {"pow": np.power}.get(name, getattr(np, name, None))

    def cycles(run: Callable[[int], Any]) -> float:
        best = {
            n: min(_seconds(lambda n=n: [run(n) for _ in range(20)]) for _ in range(40))
            for n in (4096, 16)
        }
        return (best[4096] - best[16]) / 20 / (4096 - 16) * hertz

    hertz = cycles_per_second()
    ours = cycles(lambda n: function(n, *places))
    if theirs is None:
        return ours, None
    with np.errstate(all="ignore"):
        return ours, cycles(lambda n: theirs(*(x[:n] for x in xs), out=out[:n]))


@dataclass
class Row:
    """What is measured of one function."""

    name: str
    single: tuple[float, Any]
    double: tuple[float, str]
    cycles: list[tuple[float, float | None]]

    def cells(self) -> list[str]:
        """As columns of the page."""
        place = self.single[1]
        where = place if isinstance(place, str) else f"{place:.7g}"
        speeds = [f"{c:.2f}" if c is not None else "" for pair in self.cycles for c in pair]
        scope = "3e7 samples" if self.name == "pow" else "all"
        return [
            f"`{self.name}`", f"{self.single[0]:.2f}", where, scope, f"{self.double[0]:.2f}",
            self.double[1], *speeds,
        ]  # fmt: skip


def table(rows: list[Row]) -> str:
    """Markdown."""
    head = ["function", "float32: ULP", "at", "over", "float64: ULP", "at", "float32: cycles",
            "NumPy", "float64: cycles", "NumPy"]  # fmt: skip
    lines = [head, ["---"] * len(head), *(r.cells() for r in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main(args: list[str]) -> None:
    """Measure, print, and write the page where all is measured."""
    quick = "--quick" in args
    names = [a for a in args if not a.startswith("-")] or [*FUNCTIONS, "pow"]
    step, count = (64, 10**6) if quick else (1, 10**7)
    true = truths()
    rows = []
    for name in names:
        single: Any = worst_single_pow(count * 3) if name == "pow" else worst_single(name, step)
        double = worst_double(name, count, true[name])
        speeds = [speed(name, t) for t in (np.float32, np.float64)]
        rows.append(Row(name, single, double, speeds))
        print(" | ".join(rows[-1].cells()), flush=True)
    if len(args) == 0:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(HEAD + table(rows) + "\n" + TAIL, encoding="utf-8")


HEAD = """# How exact the native engine's functions are

Made by `python -m tools.ulp`; change the script, not this page.

One ULP is the distance from one float to the next, near the true result; no function can be
better than 0.5 in general. "All" means every one of the 2^32 float32 numbers, NaN and infinities
too; there the truth is the float64 version of the function. Float64 was run on 10^7 samples
(half over the range where the function changes, a quarter over small numbers, a quarter over all
bit patterns) beside 80-bit arithmetic: `numpy.longdouble`, and `erfl` and `erfcl` of the C library.
Cycles an element are for 4096 numbers in the first cache, on one core of the machine that ran it
(AVX-512, shared with others: the ratio to NumPy says more than the number).

"""

TAIL = """
- The bits are the same on every CPU, and for one number or 16 or 32 at once: only operations
  that IEEE 754 rounds correctly are used. (Of NaN only that it is NaN: its sign and payload are
  the CPU's.) Without FMA in hardware it is called for each number,
  and slow.
- `sin`, `cos` and `tan` hold for all floats: up to 10^5 (float32) or 2^30 (float64) the angle is
  reduced by pi/2 in three parts, beyond that with 192 bits of 2/pi, number by number and slowly.
- `normal_cdf` is relatively exact in its left tail down to the denormals.
- `pow` of float32 is computed in float64. Of constant whole exponents up to 4 the engine makes
  products instead: at most 1.5 ULP.
"""

if __name__ == "__main__":
    main(sys.argv[1:])
