"""The remainder of an angle after quarters of a turn.

Up to a limit: pi/2 as a sum of three floats (Cody and Waite), which fma subtracts without loss.
Beyond it: the bits of 2/pi that matter for the angle's exponent, times its 53 bits, as whole
numbers (Payne and Hanek, "Radian reduction for trigonometric functions", 1983). That is exact
for all floats; a function of the module does it one by one, for nobody needs it fast.
"""

from __future__ import annotations

import math
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.maths.arithmetic import F64, I64, Maths
from glassnet.engines.native.maths.constants import HALF_PI, TWO_OVER_PI

I128 = ir.IntType(128)
_LIMIT = {False: 1e5, True: 2.0**30}


def reduced(m: Maths, x: Any) -> tuple[Any, Any]:
    """(r, n): x = n pi/2 + r, |r| <= pi/4; the lowest two bits of n are right."""
    magic = m.const(m.magic)
    t = m.fma(x, m.const(2 / math.pi), magic)
    k, r = m.sub(t, magic), x
    for part in HALF_PI.double if m.double else HALF_PI.single:  # all above 0: -0 stays -0
        r = m.fma(k, m.const(-part), r)
    size = m.fabs(x)
    far = m.b.and_(m.greater(size, m.const(_LIMIT[m.double])), m.less(size, m.const(math.inf)))
    return _with_far(m, x, far, (r, m.bits(t)))


def _with_far(m: Maths, x: Any, far: Any, near: tuple[Any, Any]) -> tuple[Any, Any]:
    """A branch around the call that most angles do not need; lanes do not change each other."""
    b, before = m.b, m.b.block
    slow, after = b.append_basic_block("far"), b.append_basic_block("near", goes_on=True)
    b.cbranch(_any(m, far), slow, after)
    b.position_at_end(slow)
    found = b.call(_far(m), [x])
    chosen = [b.select(far, b.extract_value(found, i), near[i]) for i in (0, 1)]
    b.branch(after)
    b.position_at_end(after)
    merged = []
    for old, new in zip(near, chosen, strict=True):
        phi = b.phi(old.type)
        phi.add_incoming(old, before)
        phi.add_incoming(new, slow)
        merged.append(phi)
    return merged[0], merged[1]


def _any(m: Maths, condition: Any) -> Any:
    """True where the condition holds in some lane."""
    if not m.lanes:
        return condition
    name = f"llvm.vector.reduce.or.v{m.lanes}i1"
    function = m.b.module.globals.get(name)
    if function is None:
        function = ir.Function(m.b.module, ir.FunctionType(ir.IntType(1), [condition.type]), name)
    return m.b.call(function, [condition])


def _function(module: ir.Module, name: str, result: Any, argument: Any) -> tuple[Any, bool]:
    """(A function of the module, True where it is new and has no body yet)."""
    found = module.globals.get(name)
    if found is not None:
        return found, False
    found = ir.Function(module, ir.FunctionType(result, [argument]), name)
    found.linkage = "internal"
    for attribute in ("noinline", "cold", "nounwind"):
        found.attributes.add(attribute)
    return found, True


def _far(m: Maths) -> Any:
    """A function that reduces all lanes of this kind, one by one."""
    kinds = ir.LiteralStructType([m.kind, m.ints])
    name = f"glassnet.far.v{m.lanes or 1}{'f64' if m.double else 'f32'}"
    function, new = _function(m.b.module, name, kinds, m.kind)
    if not new:
        return function
    one = _far_one(m.b.module)
    b = ir.IRBuilder(function.append_basic_block("entry"))
    entry = b.block
    x = function.args[0]
    if not m.lanes:
        r, n = _one(m, b, one, x)
        b.ret(b.insert_value(b.insert_value(ir.Constant(kinds, ir.Undefined), r, 0), n, 1))
        return function
    loop, done = function.append_basic_block("lane"), function.append_basic_block("done")
    b.branch(loop)
    b.position_at_end(loop)
    i, all_r, all_n = b.phi(I64), b.phi(m.kind), b.phi(m.ints)
    r, n = _one(m, b, one, b.extract_element(x, i))
    new_r, new_n = b.insert_element(all_r, r, i), b.insert_element(all_n, n, i)
    following = b.add(i, I64(1))
    for phi, start, value in (
        (i, I64(0), following), (all_r, x, new_r), (all_n, m.whole(0), new_n)
    ):  # fmt: skip
        phi.add_incoming(start, entry)
        phi.add_incoming(value, loop)
    b.cbranch(b.icmp_unsigned("<", following, I64(m.lanes)), loop, done)
    b.position_at_end(done)
    both = b.insert_value(ir.Constant(kinds, ir.Undefined), new_r, 0)
    b.ret(b.insert_value(both, new_n, 1))
    return function


def _one(m: Maths, b: ir.IRBuilder, one: Any, x: Any) -> tuple[Any, Any]:
    """(r, n) of one number of this kind."""
    found = b.call(one, [x if m.double else b.fpext(x, F64)])
    r, n = b.extract_value(found, 0), b.extract_value(found, 1)
    return (r, n) if m.double else (b.fptrunc(r, m.element), b.trunc(n, ir.IntType(32)))


def _far_one(module: ir.Module) -> Any:
    """Payne and Hanek for one float64 from 1e5 up; of the lesser no bit of 2/pi would be there.

    |x| = M 2^E with M of 53 bits. Bits of 2/pi above 2^(1 - E) add multiples of 4 to |x| 2/pi.
    The 192 bits below, W, give |x| 2/pi = M W / 2^190 modulo 4, to within 2^-137.
    """
    kinds = ir.LiteralStructType([F64, I64])
    function, new = _function(module, "glassnet.far", kinds, F64)
    if not new:
        return function
    b = ir.IRBuilder(function.append_basic_block("entry"))
    x = function.args[0]
    m = Maths(b, F64)
    bits = b.bitcast(m.fabs(x), I64)
    M = b.or_(b.and_(bits, I64((1 << 52) - 1)), I64(1 << 52))
    place = b.sub(b.lshr(bits, I64(52)), I64(1075 - 62))  # E + 62: W's first bit in the table
    # Lanes beside a far one may hold small numbers. Their results are not used.
    place = b.select(b.icmp_signed("<", place, I64(0)), I64(0), place)
    low, mid, high = (b.zext(w, I128) for w in _window(b, place))
    wide = b.zext(M, I128)
    down = I128(64)
    carried = b.add(b.mul(wide, mid), b.lshr(b.mul(wide, low), down))
    product = b.add(b.shl(b.mul(wide, high), down), carried)  # 126 bits after the point
    n = b.lshr(b.add(product, I128(1 << 125)), I128(126))
    rest = b.sub(product, b.shl(n, I128(126)))  # from -1/2 to 1/2
    below = b.icmp_signed("<", rest, I128(0))
    r = _as_angle(m, b.select(below, b.sub(I128(0), rest), rest))
    r = b.select(below, b.fneg(r), r)
    n64 = b.trunc(n, I64)
    under = b.fcmp_ordered("<", x, m.const(0.0))
    both = b.insert_value(ir.Constant(kinds, ir.Undefined), b.select(under, b.fneg(r), r), 0)
    b.ret(b.insert_value(both, b.select(under, b.sub(I64(0), n64), n64), 1))
    return function


def _window(b: ir.IRBuilder, place: Any) -> list[Any]:
    """192 bits of 2/pi from a place on, as words, the lowest first."""
    kind = ir.ArrayType(I64, len(TWO_OVER_PI))
    table = b.module.globals.get("glassnet.two_over_pi")
    if table is None:
        table = ir.GlobalVariable(b.module, kind, "glassnet.two_over_pi")
        table.initializer = ir.Constant(kind, list(TWO_OVER_PI))
        table.global_constant, table.linkage = True, "internal"
    word, offset = b.lshr(place, I64(6)), b.and_(place, I64(63))
    words = [b.load(b.gep(table, [I64(0), b.add(word, I64(i))])) for i in range(4)]
    back = b.sub(I64(63), offset)
    return [  # the second shift is in two steps: by 64 in one would be undefined
        b.or_(b.shl(words[i], offset), b.lshr(b.lshr(words[i + 1], I64(1)), back))
        for i in (2, 1, 0)
    ]


def _as_angle(m: Maths, rest: Any) -> Any:
    """A fraction of 126 bits, at least 0, times pi/2: its first 53 bits, then 53 more."""
    b = m.b
    ctlz = b.ctlz(rest, ir.IntType(1)(0))
    normal = b.shl(rest, ctlz)
    first = b.trunc(b.lshr(normal, I128(75)), I64)
    second = b.and_(b.trunc(b.lshr(normal, I128(22)), I64), I64((1 << 53) - 1))
    scale = b.bitcast(b.shl(b.sub(I64(1023 - 51), b.trunc(ctlz, I64)), I64(52)), F64)
    head = b.fmul(b.sitofp(first, F64), scale)
    tail = b.fmul(b.fmul(b.sitofp(second, F64), m.const(2.0**-53)), scale)
    big, small, _ = HALF_PI.double
    left = m.fma(head, m.const(small), b.fmul(tail, m.const(big)))
    return m.fma(head, m.const(big), left)
