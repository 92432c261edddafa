"""Arithmetic on one number or on lanes of numbers, as LLVM instructions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.maths.coefficients import Pair

F32, F64, I64, I32 = ir.FloatType(), ir.DoubleType(), ir.IntType(64), ir.IntType(32)


class Maths:
    """Writes formulas on scalars or vectors of one kind of float into a builder.

    fraction  bits of the fraction; bias  what is added to the exponent in the bits of a float
    magic     1.5 * 2^fraction: in a sum with it a number is rounded to a whole one, which then
              stands in the lowest bits
    """

    def __init__(self, builder: ir.IRBuilder, kind: Any) -> None:
        self.b, self.kind = builder, kind
        self.lanes = kind.count if isinstance(kind, ir.VectorType) else None
        self.element = kind.element if self.lanes else kind
        self.double = self.element == F64
        whole = I64 if self.double else I32
        self.ints = ir.VectorType(whole, self.lanes) if self.lanes else whole
        self.fraction, self.bias = (52, 1023) if self.double else (23, 127)
        self.magic = 1.5 * 2.0**self.fraction

    # Constants.
    def const(self, value: float) -> Any:
        """The same number in every lane."""
        return self.kind(value)

    def whole(self, value: int) -> Any:
        """The same whole number, of a float's width, in every lane."""
        return self.ints(value)

    def pick(self, single: float, double: float) -> Any:
        """A constant that differs between float32 and float64."""
        return self.const(double if self.double else single)

    # Arithmetic.
    def add(self, a: Any, b: Any) -> Any:
        """a + b."""
        return self.b.fadd(a, b)

    def sub(self, a: Any, b: Any) -> Any:
        """a - b."""
        return self.b.fsub(a, b)

    def mul(self, a: Any, b: Any) -> Any:
        """a * b."""
        return self.b.fmul(a, b)

    def div(self, a: Any, b: Any) -> Any:
        """a / b."""
        return self.b.fdiv(a, b)

    def neg(self, a: Any) -> Any:
        """-a."""
        return self.b.fneg(a)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c, rounded once."""
        return self.call("fma", a, b, c)

    def sqrt(self, a: Any) -> Any:
        """The square root."""
        return self.call("sqrt", a)

    def fabs(self, a: Any) -> Any:
        """|a|."""
        return self.call("fabs", a)

    def copysign(self, a: Any, sign: Any) -> Any:
        """|a| with the sign of another number."""
        return self.call("copysign", a, sign)

    def call(self, name: str, *args: Any) -> Any:
        """An LLVM intrinsic on this kind, such as fma or sqrt."""
        letter = "f64" if self.double else "f32"
        full = f"llvm.{name}.{f'v{self.lanes}' if self.lanes else ''}{letter}"
        function = self.b.module.globals.get(full)
        if function is None:
            kind = ir.FunctionType(self.kind, [self.kind] * len(args))
            function = ir.Function(self.b.module, kind, full)
        return self.b.call(function, args)

    def polynomial(self, x: Any, coefficients: Sequence[float] | Pair, *lowest: float) -> Any:
        """Horner's rule: highest power's coefficient first; more of them may follow.

        Two chains side by side, of even and odd powers, were hardly faster and lost a bit.
        """
        if isinstance(coefficients, Pair):
            coefficients = coefficients.double if self.double else coefficients.single
        first, *rest = (*coefficients, *lowest)
        total = self.const(first)
        for c in rest:
            total = self.fma(total, x, self.const(c))
        return total

    # Comparisons.
    def select(self, condition: Any, a: Any, b: Any) -> Any:
        """a where the condition holds, else b."""
        return self.b.select(condition, a, b)

    def less(self, a: Any, b: Any) -> Any:
        """a < b; false with NaN."""
        return self.b.fcmp_ordered("<", a, b)

    def greater(self, a: Any, b: Any) -> Any:
        """a > b; false with NaN."""
        return self.b.fcmp_ordered(">", a, b)

    def equal(self, a: Any, b: Any) -> Any:
        """a == b; false with NaN."""
        return self.b.fcmp_ordered("==", a, b)

    def isnan(self, a: Any) -> Any:
        """True for NaN."""
        return self.b.fcmp_unordered("uno", a, a)

    def minimum(self, a: Any, b: Any) -> Any:
        """The smaller; NaN where either is."""
        return self.select(self.isnan(a), a, self.select(self.less(a, b), a, b))

    def maximum(self, a: Any, b: Any) -> Any:
        """The larger; NaN where either is."""
        return self.select(self.isnan(a), a, self.select(self.greater(a, b), a, b))

    def at_most(self, x: Any, high: Any) -> Any:
        """min(x, high) in one instruction; NaN stays, high is a constant."""
        return self.select(self.less(high, x), high, x)

    def at_least(self, x: Any, low: Any) -> Any:
        """max(x, low) in one instruction; NaN stays, low is a constant."""
        return self.select(self.greater(low, x), low, x)

    # Bits.
    def bits(self, x: Any) -> Any:
        """The bits of a float as a whole number."""
        return self.b.bitcast(x, self.ints)

    def real(self, bits: Any) -> Any:
        """The float with these bits."""
        return self.b.bitcast(bits, self.kind)

    def power_of_two(self, bits: Any) -> Any:
        """2^(n - bias), n in the lowest bits; what stands above them does not matter."""
        return self.real(self.b.shl(bits, self.whole(self.fraction)))

    def flipped(self, x: Any, bits: Any) -> Any:
        """-x where the lowest bit is set, else x."""
        sign = self.b.shl(bits, self.whole(63 if self.double else 31))
        return self.real(self.b.xor(self.bits(x), sign))

    def odd(self, bits: Any) -> Any:
        """True where the lowest bit is set."""
        return self.b.icmp_unsigned("!=", self.b.and_(bits, self.whole(1)), self.whole(0))

    def usual(self, x: Any, result: Any) -> Any:
        """The result, but infinity and NaN where x is such."""
        return self.select(self.less(x, self.const(math.inf)), result, x)
