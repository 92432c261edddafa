"""x^y = e^(y ln |x|), the logarithm with more digits than x has, and IEEE's rules for limits."""

from __future__ import annotations

import math
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.maths.arithmetic import F64, Maths
from glassnet.engines.native.maths.coefficients import EXP2, EXPM1, LOG2, LOG_S_LONG
from glassnet.engines.native.maths.constants import LN2_SHORT
from glassnet.engines.native.maths.exponential import reduced
from glassnet.engines.native.maths.logarithm import lifted, parted


def power(m: Maths, x: Any, y: Any) -> Any:
    """x^y; float32 by way of float64."""
    if m.double and not m.lanes:  # where an optimiser counts its steps; nobody needs it fast
        log = _apart(m, _long_log, 2, m.fabs(x))
        return _apart(m, _whole_power, 1, x, y, *log)[0]
    if m.double:
        return _whole_power(m, x, y, *_long_log(m, m.fabs(x)))[0]
    wide = Maths(m.b, ir.VectorType(F64, m.lanes) if m.lanes else F64)
    size = _single_size(wide, m.b.fpext(m.fabs(x), wide.kind), m.b.fpext(y, wide.kind))
    return _signed(m, x, y, m.b.fptrunc(size, m.kind))


def _apart(m: Maths, formula: Any, results: int, *args: Any) -> list[Any]:
    """A formula of plain float64 numbers as a function: written once, called many times."""
    name = f"glassnet.{formula.__name__}"
    kind = ir.LiteralStructType([F64] * results)
    function = m.b.module.globals.get(name)
    if function is None:
        of_kind = ir.FunctionType(kind, [F64] * len(args))
        function = ir.Function(m.b.module, of_kind, name, is_pure=True)
        function.linkage = "internal"
        function.attributes.add("noinline")
        b = ir.IRBuilder(function.append_basic_block("entry"))
        both: Any = ir.Constant(kind, ir.Undefined)
        for i, value in enumerate(formula(Maths(b, F64), *function.args)):
            both = b.insert_value(both, value, i)
        b.ret(both)
    found = m.b.call(function, args)
    return [m.b.extract_value(found, i) for i in range(results)]


def _whole_power(m: Maths, x: Any, y: Any, high: Any, low: Any) -> tuple[Any, ...]:
    """x^y from ln |x| = high + low."""
    return (_signed(m, x, y, _size(m, y, high, low)),)


def _signed(m: Maths, x: Any, y: Any, size: Any) -> Any:
    """Of x^y, from |x|^y: 1 for 1^y and x^0; of negative x only whole powers, odd ones negative."""
    one, zero, inf = m.const(1.0), m.const(0.0), m.const(math.inf)
    rint = m.call("rint", y)
    half = m.mul(y, m.const(0.5))
    whole = m.equal(rint, y)
    odd = m.b.and_(whole, m.b.fcmp_unordered("!=", m.call("rint", half), half))
    size = m.select(m.equal(m.fabs(x), one), one, size)
    size = m.select(odd, m.copysign(size, x), size)
    below = m.b.and_(m.less(x, zero), m.greater(x, m.neg(inf)))
    size = m.select(m.b.and_(below, m.b.not_(whole)), m.const(math.nan), size)
    nan = m.b.or_(m.isnan(x), m.isnan(y))
    size = m.select(nan, m.const(math.nan), size)
    return m.select(m.b.or_(m.equal(y, zero), m.equal(x, one)), one, size)


def _single_size(m: Maths, x: Any, y: Any) -> Any:
    """|x|^y of float32 numbers in float64: 2^(y log2 |x|), log2 to 38 bits."""
    k, _, f = parted(m, x)
    log2 = m.usual(x, m.fma(f, m.polynomial(f, LOG2), k))
    log2 = m.select(m.equal(x, m.const(0.0)), m.const(-math.inf), log2)
    v = m.at_least(m.at_most(m.mul(y, log2), m.const(1000.0)), m.const(-1000.0))
    magic = m.const(m.magic + m.bias)
    t = m.add(v, magic)
    r = m.sub(v, m.sub(t, magic))
    return m.mul(m.polynomial(r, EXP2), m.power_of_two(m.bits(t)))


def _size(m: Maths, y: Any, high: Any, low: Any) -> Any:
    """|x|^y of float64 numbers: the logarithm as a sum of two floats."""
    v = m.mul(y, high)
    rest = m.fma(y, low, m.fma(y, high, m.neg(v)))
    rest = m.select(m.less(m.fabs(v), m.const(1000.0)), rest, m.const(0.0))
    held = m.at_least(m.at_most(v, m.const(710.0)), m.const(-746.0))
    r, bits = reduced(m, held, 2 * m.bias)
    r = m.add(r, rest)
    half = m.b.lshr(bits, m.whole(1))
    p = m.mul(m.polynomial(r, EXPM1, 1.0, 1.0), m.power_of_two(half))
    return m.mul(p, m.power_of_two(m.b.sub(bits, half)))


def _long_log(m: Maths, x: Any) -> tuple[Any, Any]:
    """Ln x as high + low, to about 2^-65 of it.

    With s = f / (2 + f) and z = s^2: ln(1 + f) = 2 s (1 + z (1/3 + z P(z) / 2)). All but the
    last term is in pairs of floats; of each product the second float is what fma gives back.
    """
    normal, lift = lifted(m, x)
    k, _, f = parted(m, normal, lift)
    s, s_low = _quotient(m, f)
    z, z_low = _product(m, s, s, m.mul(m.add(s, s), s_low))
    third = m.const(1 / 3)
    third_low = m.const(2.0**-54 / 3)  # what 1 / 3 loses
    more = m.mul(m.mul(z, m.polynomial(z, LOG_S_LONG)), m.const(0.5))
    w, w_low = _sum(m, third, more)
    w_low = m.add(w_low, third_low)
    u, u_low = _product(m, z, w, m.fma(z, w_low, m.mul(z_low, w)))
    p, p_low = _product(m, s, u, m.fma(s, u_low, m.mul(s_low, u)))
    h, h_low = _sum(m, s, p)
    h_low = m.add(h_low, m.add(s_low, p_low))
    ln2, ln2_low = (m.const(c) for c in LN2_SHORT)
    high, low = _sum(m, m.mul(k, ln2), m.add(h, h))
    low = m.add(low, m.fma(k, ln2_low, m.add(h_low, h_low)))
    top = m.add(high, low)
    low = m.add(m.sub(high, top), low)
    inf, zero = m.const(math.inf), m.const(0.0)
    edge = m.b.or_(m.equal(x, zero), m.equal(x, inf))
    top = m.select(m.equal(x, zero), m.neg(inf), m.usual(x, top))
    return top, m.select(edge, zero, low)


def _quotient(m: Maths, f: Any) -> tuple[Any, Any]:
    """f / (2 + f) as a sum of two floats."""
    two = m.const(2.0)
    d = m.add(f, two)
    d_low = m.sub(f, m.sub(d, two))
    inverse = m.div(m.const(1.0), d)
    s = m.mul(f, inverse)
    left = m.fma(m.neg(s), d_low, m.fma(m.neg(s), d, f))
    return s, m.mul(left, inverse)


def _product(m: Maths, a: Any, b: Any, low: Any) -> tuple[Any, Any]:
    """A b + low as a sum of two floats."""
    high = m.mul(a, b)
    return high, m.add(m.fma(a, b, m.neg(high)), low)


def _sum(m: Maths, a: Any, b: Any) -> tuple[Any, Any]:
    """A + b as a sum of two floats, where a is 0 or |a| >= |b|."""
    high = m.add(a, b)
    return high, m.add(m.sub(a, high), b)
