"""Terms as LLVM values: arithmetic, comparisons, functions, conversions."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from glassnet.engines.native import ir, maths
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import F32, F64, I64, Maths
from glassnet.errors import UnsupportedError

KINDS = {"float32": F32, "float64": F64, "int64": I64, "bool": ir.IntType(1)}
STORED = {**KINDS, "bool": ir.IntType(8)}
_COMPARED = {"less": "<", "greater": ">", "less_equal": "<=", "greater_equal": ">=",
             "equal": "==", "not_equal": "!="}  # fmt: skip
FUNCTIONS = frozenset(maths.FUNCTIONS)


def is_vector(value: Value) -> bool:
    """True for a value with lanes."""
    return isinstance(value.type, ir.VectorType)


def known_number(value: Value) -> float | None:
    """The number that stands in the code; None for what is known only when it runs."""
    constant = value.constant if isinstance(value, ir.Constant) else None
    return constant if isinstance(constant, int | float) else None


def spread(b: ir.IRBuilder, value: Value, lanes: int) -> Value:
    """One number in every lane."""
    if is_vector(value) or lanes == 1:
        return value
    kind = ir.VectorType(value.type, lanes)
    known = known_number(value)
    if known is not None:
        return kind(known)
    undefined = ir.Constant(kind, ir.Undefined)
    first = b.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.VectorType(ir.IntType(32), lanes)(0)
    return b.shuffle_vector(first, undefined, zeros)


def convert(b: ir.IRBuilder, value: Value, dtype: str) -> Value:
    """The value as another kind of number."""
    own = value.type.element if is_vector(value) else value.type
    wanted = KINDS[dtype]
    if own == wanted:
        return value
    kind = ir.VectorType(wanted, value.type.count) if is_vector(value) else wanted
    known = known_number(value)
    if wanted == F32 and own == F64 and known is not None:
        return kind(float(np.float32(known)))
    if wanted in {F32, F64}:
        if own == F32:
            return b.fpext(value, kind)
        if own == F64:
            return b.fptrunc(value, kind)
        return b.uitofp(value, kind) if own == KINDS["bool"] else b.sitofp(value, kind)
    if wanted == I64:
        return b.zext(value, kind) if own == KINDS["bool"] else b.fptosi(value, kind)
    zero = value.type(0)
    return b.icmp_signed("!=", value, zero) if own == I64 else b.fcmp_unordered("!=", value, zero)


def held(b: ir.IRBuilder, index: Value, n: int) -> Value:
    """A whole number, or the nearest of 0 .. n - 1."""
    index = b.select(b.icmp_signed("<", index, I64(0)), I64(0), index)
    return b.select(b.icmp_signed(">", index, I64(n - 1)), I64(n - 1), index)


def apply(
    b: ir.IRBuilder,
    op: str,
    args: list[Value],
    dtype: str,
    computed_in: str,
    exponent: float | None,
) -> Value:
    """One operation on values; a vector among them makes all of them vectors."""
    lanes = max((a.type.count for a in args if is_vector(a)), default=1)
    args = [spread(b, a, lanes) for a in args]
    if op == "cast":
        return convert(b, args[0], dtype)
    if op == "where":
        condition, *rest = args
        chosen = [convert(b, r, dtype) for r in rest]
        return b.select(convert(b, condition, "bool"), *chosen)
    if op in {"logical_and", "logical_or", "logical_not"}:
        truths = [convert(b, a, "bool") for a in args]
        return (
            {"logical_and": b.and_, "logical_or": b.or_}[op](*truths)
            if len(truths) > 1
            else b.not_(truths[0])
        )
    numbers = [convert(b, a, computed_in) for a in args]
    if op in _COMPARED:
        return _compared(b, _COMPARED[op], numbers, computed_in)
    if computed_in in {"int64", "bool"}:
        return _whole(b, op, numbers)
    return _real(Maths(b, numbers[0].type), op, numbers, exponent)


def _compared(b: ir.IRBuilder, sign: str, numbers: list[Value], inside: str) -> Value:
    if inside in {"int64", "bool"}:  # truth is the lowest bit, and not a sign
        return (b.icmp_signed if inside == "int64" else b.icmp_unsigned)(sign, *numbers)
    if sign == "!=":
        return b.fcmp_unordered(sign, *numbers)
    return b.fcmp_ordered(sign, *numbers)


def _whole(b: ir.IRBuilder, op: str, numbers: list[Value]) -> Value:
    if op in {"neg", "abs", "relu"}:
        x = numbers[0]
        zero = x.type(0)
        other = zero if op == "relu" else b.neg(x)
        return other if op == "neg" else b.select(b.icmp_signed("<", x, zero), other, x)
    table: dict[str, Callable[..., Value]] = {
        "add": b.add, "sub": b.sub, "mul": b.mul,
        "minimum": lambda x, y: b.select(b.icmp_signed("<", x, y), x, y),
        "maximum": lambda x, y: b.select(b.icmp_signed(">", x, y), x, y),
    }  # fmt: skip
    if op not in table:
        raise UnsupportedError(f"The native engine cannot lower {op!r} of whole numbers yet.")
    return table[op](*numbers)


def _real(m: Maths, op: str, numbers: list[Value], exponent: float | None) -> Value:
    b, x = m.b, numbers[0]
    if op in FUNCTIONS:
        found: Value = maths.FUNCTIONS[op](m, x)
        return found
    if op == "pow":
        return _power(m, x, numbers[1], exponent)
    table: dict[str, Callable[..., Value]] = {
        "add": b.fadd, "sub": b.fsub, "mul": b.fmul, "div": b.fdiv, "neg": b.fneg,
        "sqrt": lambda v: m.call("sqrt", v), "abs": lambda v: m.call("fabs", v),
        "floor": lambda v: m.call("floor", v), "minimum": m.minimum, "maximum": m.maximum,
        "relu": lambda v: m.maximum(v, m.const(0.0)),
        "isnan": lambda v: b.fcmp_unordered("uno", v, v),
        "sign": lambda v: _sign(m, v),
    }  # fmt: skip
    if op not in table:
        raise UnsupportedError(
            f"The native engine cannot lower the op {op!r} yet; engine='numpy' runs it."
        )
    return table[op](*numbers)


def _sign(m: Maths, x: Value) -> Value:
    zero, one = m.const(0.0), m.const(1.0)
    found: Value = m.select(m.less(x, zero), m.b.fneg(one), zero)
    found = m.select(m.b.fcmp_ordered(">", x, zero), one, found)
    found = m.select(m.b.fcmp_unordered("uno", x, x), x, found)
    return found  # noqa: RET504 - the type checker wants to know what select gives


def _power(m: Maths, x: Value, n: Value, exponent: float | None) -> Value:
    """Small whole powers by products, which loses at most 2 ULP; others by their logarithm."""
    if exponent is not None and float(exponent).is_integer() and 0 < abs(exponent) <= 4:
        total = _whole_power(m, x, abs(int(exponent)))
        return total if exponent > 0 else m.b.fdiv(m.const(1.0), total)
    found: Value = m.call("sqrt", x) if exponent == 0.5 else maths.power(m, x, n)
    return found


def _whole_power(m: Maths, x: Value, left: int) -> Value:
    total: Value | None = None
    square = x
    while left:
        if left & 1:
            total = square if total is None else m.b.fmul(total, square)
        left >>= 1
        square = m.b.fmul(square, square) if left else square
    assert total is not None  # noqa: S101 - for the type checker
    return total
