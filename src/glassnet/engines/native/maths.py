"""Element-wise functions as LLVM code of our own: only +, -, *, /, fma, roots and bits.

Every CPU rounds these alike, so the results are the same bits everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from glassnet.engines.native.splat import splat

F32, F64, I64, I32 = ir.FloatType(), ir.DoubleType(), ir.IntType(64), ir.IntType(32)


class Maths:
    """Writes formulas on scalars or vectors of one kind of float into a builder."""

    def __init__(self, builder: ir.IRBuilder, kind: Any) -> None:
        self.b, self.kind = builder, kind
        self.element = kind.element if isinstance(kind, ir.VectorType) else kind
        self.double = self.element == F64

    def const(self, value: float) -> Any:
        """The same number in every lane."""
        return splat(self.kind, value)

    def _int(self, value: int) -> Any:
        return splat(self._ints, value)

    @property
    def _ints(self) -> Any:
        element = I64 if self.double else I32
        if isinstance(self.kind, ir.VectorType):
            return ir.VectorType(element, self.kind.count)
        return element

    def call(self, name: str, *args: Any) -> Any:
        """An LLVM intrinsic on this kind, such as fma or sqrt."""
        module = self.b.module
        letter = "f64" if self.double else "f32"
        count = f"v{self.kind.count}" if isinstance(self.kind, ir.VectorType) else ""
        full = f"llvm.{name}.{count}{letter}"
        function = module.globals.get(full)
        if function is None:
            kind = ir.FunctionType(self.kind, [self.kind] * len(args))
            function = ir.Function(module, kind, full)
        return self.b.call(function, args)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c, rounded once."""
        return self.call("fma", a, b, c)

    def polynomial(self, x: Any, coefficients: Sequence[float]) -> Any:
        """The highest power's coefficient first."""
        total = self.const(coefficients[0])
        for c in coefficients[1:]:
            total = self.fma(total, x, self.const(c))
        return total

    def select(self, condition: Any, a: Any, b: Any) -> Any:
        """a where the condition holds, else b."""
        return self.b.select(condition, a, b)

    def less(self, a: Any, b: Any) -> Any:
        """a < b; false with NaN."""
        return self.b.fcmp_ordered("<", a, b)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller; NaN where either is."""
        smaller = self.select(self.less(a, b), a, b)
        return self.select(self.b.fcmp_unordered("uno", a, a), a, smaller)

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger; NaN where either is."""
        larger = self.select(self.b.fcmp_ordered(">", a, b), a, b)
        return self.select(self.b.fcmp_unordered("uno", a, a), a, larger)

    def _scaled(self, x: Any, exponent: Any) -> Any:
        """x * 2^exponent, the exponent being a float of whole value, in two steps."""
        half = self.call("floor", self.b.fmul(exponent, self.const(0.5)))
        for part in (half, self.b.fsub(exponent, half)):
            bias, shift = (1023, 52) if self.double else (127, 23)
            bits = self.b.add(self.b.fptosi(part, self._ints), self._int(bias))
            x = self.b.fmul(x, self.b.bitcast(self.b.shl(bits, self._int(shift)), self.kind))
        return x

    def exp(self, x: Any) -> Any:
        """e^x: x = k ln 2 + r, e^r by a polynomial, times 2^k."""
        low, high = (-746.0, 710.0) if self.double else (-104.0, 89.0)
        held = self.minimum(self.maximum(x, self.const(low)), self.const(high))
        k = self.call("rint", self.b.fmul(held, self.const(1 / math.log(2))))
        r = self.fma(k, self.const(-_LN2_HIGH[self.double]), held)
        r = self.fma(k, self.const(-_LN2_LOW[self.double]), r)
        terms = 14 if self.double else 8
        series = [1 / math.factorial(n) for n in range(terms, -1, -1)]
        result = self._scaled(self.polynomial(r, series), k)
        return self.select(self.b.fcmp_unordered("uno", x, x), x, result)

    def expm1(self, x: Any) -> Any:
        """e^x - 1 without loss near 0: k ln 2 + r, (e^r - 1) 2^k + (2^k - 1)."""
        low, high = (-746.0, 710.0) if self.double else (-104.0, 89.0)
        held = self.minimum(self.maximum(x, self.const(low)), self.const(high))
        k = self.call("rint", self.b.fmul(held, self.const(1 / math.log(2))))
        r = self.fma(k, self.const(-_LN2_HIGH[self.double]), held)
        r = self.fma(k, self.const(-_LN2_LOW[self.double]), r)
        terms = 15 if self.double else 9
        series = [1 / math.factorial(n) for n in range(terms, 0, -1)]
        small = self.b.fmul(r, self.polynomial(r, series))
        one = self.const(1.0)
        power = self._scaled(one, k)
        result = self.fma(small, power, self.b.fsub(power, one))
        big = self.b.fcmp_ordered(">", k, self.const(1022.0 if self.double else 126.0))
        result = self.select(big, self.b.fsub(self.exp(x), one), result)
        return self.select(self.b.fcmp_unordered("uno", x, x), x, result)

    def log(self, x: Any) -> Any:
        """ln x: x = m 2^k with m near 1, ln m = 2 atanh((m - 1) / (m + 1))."""
        tiny, lift = (2.2250738585072014e-308, 54) if self.double else (1.1754943508222875e-38, 25)
        is_tiny = self.less(x, self.const(tiny))
        y = self.select(is_tiny, self.b.fmul(x, self.const(2.0**lift)), x)
        shift, bias = (52, 1023) if self.double else (23, 127)
        bits = self.b.bitcast(y, self._ints)
        root = 0x3FE6A09E667F3BCD if self.double else 0x3F3504F3  # the bits of sqrt(1/2)
        moved = self.b.sub(bits, self._int(root))
        k = self.b.ashr(moved, self._int(shift))
        m = self.b.bitcast(self.b.sub(bits, self.b.shl(k, self._int(shift))), self.kind)
        kf = self.b.sitofp(k, self.kind)
        kf = self.select(is_tiny, self.b.fsub(kf, self.const(float(lift))), kf)
        f = self.b.fsub(m, self.const(1.0))
        s = self.b.fdiv(f, self.b.fadd(m, self.const(1.0)))
        z = self.b.fmul(s, s)
        terms = range(23 if self.double else 13, 1, -2)
        tail = self.b.fmul(z, self.polynomial(z, [2 / n for n in terms]))
        # ln m = 2 s + s tail, and 2 s = f - s f: f is exact
        result = self.b.fsub(f, self.b.fmul(s, self.b.fsub(f, tail)))
        result = self.fma(kf, self.const(_LN2_LOW[self.double]), result)
        result = self.fma(kf, self.const(_LN2_HIGH[self.double]), result)
        del bias
        inf, nan = self.const(math.inf), self.const(math.nan)
        result = self.select(self.b.fcmp_ordered("==", x, inf), inf, result)
        result = self.select(self.less(x, self.const(0.0)), nan, result)
        zero = self.b.fcmp_ordered("==", x, self.const(0.0))
        result = self.select(zero, self.const(-math.inf), result)
        return self.select(self.b.fcmp_unordered("uno", x, x), x, result)

    def log1p(self, x: Any) -> Any:
        """ln(1 + x): the rounding of 1 + x is put right to first order."""
        u = self.b.fadd(x, self.const(1.0))
        lost = self.b.fsub(x, self.b.fsub(u, self.const(1.0)))
        plain = self.log(u)
        put_right = self.b.fadd(plain, self.b.fdiv(lost, u))
        usual = self.less(self.call("fabs", u), self.const(math.inf))
        result = self.select(usual, put_right, plain)
        result = self.select(self.b.fcmp_ordered("==", u, self.const(0.0)), plain, result)
        tiny = self.less(self.call("fabs", x), self.const(1e-17 if self.double else 3e-8))
        return self.select(tiny, x, result)

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + e^-x)."""
        one = self.const(1.0)
        return self.b.fdiv(one, self.b.fadd(one, self.exp(self.b.fneg(x))))

    def softplus(self, x: Any) -> Any:
        """max(x, 0) + ln(1 + e^-|x|)."""
        grown = self.exp(self.b.fneg(self.call("fabs", x)))
        return self.b.fadd(self.maximum(x, self.const(0.0)), self.log1p(grown))

    def tanh(self, x: Any) -> Any:
        """-t / (t + 2) with t = e^(-2|x|) - 1, and the sign of x."""
        size = self.call("fabs", x)
        t = self.expm1(self.b.fmul(size, self.const(-2.0)))
        result = self.b.fdiv(self.b.fneg(t), self.b.fadd(t, self.const(2.0)))
        return self.call("copysign", result, x)


_LN2_HIGH = {False: 0.693359375, True: 0.6931471803691238}
_LN2_LOW = {False: -2.12194440054690583e-4, True: 1.9082149292705877e-10}
