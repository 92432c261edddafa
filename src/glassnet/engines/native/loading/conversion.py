"""Numbers of the user's arrays as the program takes them: the bits of NumPy's astype."""

from __future__ import annotations

import numpy as np

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.values import KINDS, STORED, convert, is_vector
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import F32, I32, I64
from glassnet.spec import FLOATS


def element(kind: str) -> ir.Type:
    """How a number of this kind lies in an array."""
    return KINDS[kind] if kind in FLOATS else ir.IntType(8 * np.dtype(kind).itemsize)


def astype(b: ir.IRBuilder, value: Value, kind: str, dtype: str) -> Value:
    """A number of an array, or a vector of them, as a buffer of another kind holds it."""
    if kind in FLOATS:
        found = convert(b, value, dtype)
    elif kind == "float16":
        found = convert(b, _widened(b, value), dtype)
    elif kind == "bool":
        found = convert(b, _is_set(b, value), dtype)
    else:
        found = _of_whole(b, value, dtype, signed=kind.startswith("i"))
    return b.zext(found, _like(value, STORED["bool"])) if dtype == "bool" else found


def _like(value: Value, kind: ir.Type) -> ir.Type:
    """The kind, in as many lanes as the value has."""
    return ir.VectorType(kind, value.type.count) if is_vector(value) else kind


def _is_set(b: ir.IRBuilder, value: Value) -> Value:
    return b.icmp_unsigned("!=", value, value.type(0))


def _of_whole(b: ir.IRBuilder, value: Value, dtype: str, *, signed: bool) -> Value:
    if dtype == "bool":
        return _is_set(b, value)
    kind = _like(value, KINDS[dtype])
    if dtype in FLOATS:
        return b.sitofp(value, kind) if signed else b.uitofp(value, kind)
    if _like(value, I64) == value.type:
        return value
    return b.sext(value, kind) if signed else b.zext(value, kind)


def _widened(b: ir.IRBuilder, half: Value) -> Value:
    """float16 to float32, by whole numbers alone.

    fpext would be a call of a function that no C library has, wherever the CPU lacks F16C.
    """
    word, real = _like(half, I32), _like(half, F32)
    bits = b.zext(half, word)
    size = b.and_(bits, word(0x7FFF))
    sign = b.shl(b.and_(bits, word(0x8000)), word(16))
    moved = b.shl(size, word(13))  # its exponent counts from 15, that of float32 from 127
    plain = b.add(moved, word((127 - 15) << 23))
    endless = b.add(moved, word((255 - 31) << 23))  # infinity and NaN
    tiny = b.bitcast(b.fmul(b.sitofp(size, real), real(2.0**-24)), word)  # no leading 1
    found = b.select(b.icmp_unsigned("<", size, word(0x0400)), tiny, plain)
    found = b.select(b.icmp_unsigned(">=", size, word(0x7C00)), endless, found)
    return b.bitcast(b.or_(found, sign), real)
