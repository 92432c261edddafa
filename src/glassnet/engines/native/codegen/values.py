"""Terms as LLVM values: arithmetic, comparisons, functions, conversions."""

from __future__ import annotations

from typing import Any

import numpy as np

from glassnet.engines.native import ir, maths
from glassnet.engines.native.maths import F32, F64, I64, Maths
from glassnet.errors import UnsupportedError

KINDS = {"float32": F32, "float64": F64, "int64": I64, "bool": ir.IntType(1)}
STORED = {**KINDS, "bool": ir.IntType(8)}
_COMPARED = {"less": "<", "greater": ">", "less_equal": "<=", "greater_equal": ">=",
             "equal": "==", "not_equal": "!="}  # fmt: skip
FUNCTIONS = frozenset(maths.FUNCTIONS)


def is_vector(value: Any) -> bool:
    """True for a value with lanes."""
    return isinstance(value.type, ir.VectorType)


def is_known(value: Any) -> bool:
    """True for a number that stands in the code."""
    return isinstance(value, ir.Constant) and isinstance(value.constant, int | float)


def spread(b: ir.IRBuilder, value: Any, lanes: int) -> Any:
    """One number in every lane."""
    if is_vector(value) or lanes == 1:
        return value
    kind = ir.VectorType(value.type, lanes)
    if is_known(value):
        return kind(value.constant)
    undefined = ir.Constant(kind, ir.Undefined)
    first = b.insert_element(undefined, value, ir.IntType(32)(0))
    zeros = ir.VectorType(ir.IntType(32), lanes)(0)
    return b.shuffle_vector(first, undefined, zeros)


def convert(b: ir.IRBuilder, value: Any, dtype: str) -> Any:
    """The value as another kind of number."""
    own = value.type.element if is_vector(value) else value.type
    wanted = KINDS[dtype]
    if own == wanted:
        return value
    kind = ir.VectorType(wanted, value.type.count) if is_vector(value) else wanted
    if wanted == F32 and own == F64 and is_known(value):
        return kind(float(np.float32(value.constant)))
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


def apply(b: ir.IRBuilder, op: str, args: list[Any], dtype: str, inside: str, exponent: Any) -> Any:
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
    numbers = [convert(b, a, inside) for a in args]
    if op in _COMPARED:
        return _compared(b, _COMPARED[op], numbers, inside)
    if inside in {"int64", "bool"}:
        return _whole(b, op, numbers)
    return _real(Maths(b, numbers[0].type), op, numbers, exponent)


def _compared(b: ir.IRBuilder, sign: str, numbers: list[Any], inside: str) -> Any:
    if inside in {"int64", "bool"}:
        return b.icmp_signed(sign, *numbers)
    if sign == "!=":
        return b.fcmp_unordered(sign, *numbers)
    return b.fcmp_ordered(sign, *numbers)


def _whole(b: ir.IRBuilder, op: str, numbers: list[Any]) -> Any:
    table = {"add": b.add, "sub": b.sub, "mul": b.mul}
    if op == "neg":
        return b.neg(numbers[0])
    if op not in table:
        raise UnsupportedError(f"The native engine cannot lower {op!r} of whole numbers yet.")
    return table[op](*numbers)


def _real(m: Maths, op: str, numbers: list[Any], exponent: Any) -> Any:
    b, x = m.b, numbers[0]
    if op in FUNCTIONS:
        return maths.FUNCTIONS[op](m, x)
    if op == "pow":
        return _power(m, x, numbers[1], exponent)
    table: dict[str, Any] = {
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


def _sign(m: Maths, x: Any) -> Any:
    zero, one = m.const(0.0), m.const(1.0)
    found = m.select(m.less(x, zero), m.b.fneg(one), zero)
    found = m.select(m.b.fcmp_ordered(">", x, zero), one, found)
    return m.select(m.b.fcmp_unordered("uno", x, x), x, found)


def _power(m: Maths, x: Any, n: Any, exponent: Any) -> Any:
    """Small whole powers by products, which loses at most 2 ULP; others by their logarithm."""
    if exponent is not None and float(exponent).is_integer() and 0 < abs(exponent) <= 4:
        total: Any = None
        square, left = x, abs(int(exponent))
        while left:
            if left & 1:
                total = square if total is None else m.b.fmul(total, square)
            left >>= 1
            square = m.b.fmul(square, square) if left else square
        return total if exponent > 0 else m.b.fdiv(m.const(1.0), total)
    if exponent == 0.5:
        return m.call("sqrt", x)
    return maths.power(m, x, n)
