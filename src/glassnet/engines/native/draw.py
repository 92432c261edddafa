"""Philox4x64-10 in native code: the same words as NumPy's, so the same masks."""

from __future__ import annotations

from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.maths import F32, F64, I64
from glassnet.engines.native.terms import Drawn
from glassnet.engines.native.values import STORED
from glassnet.engines.native.writer import Writer

# Salmon et al., SC'11, table 2: the multipliers and the steps of the key.
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_WORDS = 4  # of one block


def draw(w: Writer, drawn: Drawn, seed: Any, step: Any) -> None:
    """Fill a buffer over samples with numbers in [0, 1), word k for place k of the batch."""
    b, buffer, lanes = w.b, drawn.buffer, w.layout.lanes
    count = b.mul(w.count, I64(buffer.count))
    blocks = b.udiv(b.add(count, I64(_WORDS - 1)), I64(_WORDS))
    kind = STORED[buffer.dtype]
    with w.loop(blocks) as (block, _, _):
        words = philox(b, [b.add(block, I64(1)), step, I64(0), I64(0)], [seed, I64(drawn.stream)])
        for i, word in enumerate(words):
            index = b.add(b.mul(block, I64(_WORDS)), I64(i))
            with b.if_then(b.icmp_signed("<", index, count)):
                n, f = b.udiv(index, I64(buffer.count)), b.urem(index, I64(buffer.count))
                row = b.add(b.mul(b.udiv(n, I64(lanes)), I64(buffer.count)), f)
                at = b.add(b.mul(row, I64(lanes)), b.urem(n, I64(lanes)))
                b.store(_uniform(b, word, kind), w.pointer(w.layout.at[buffer], at, kind, 1))


def _uniform(b: ir.IRBuilder, word: Any, kind: Any) -> Any:
    """The highest 24 or 53 bits as a number in [0, 1)."""
    bits = 24 if kind == F32 else 53
    high = b.uitofp(b.lshr(word, I64(64 - bits)), F64)
    exact = b.fmul(high, ir.Constant(F64, 2.0**-bits))
    return b.fptrunc(exact, F32) if kind == F32 else exact


def philox(b: ir.IRBuilder, counter: list[Any], key: list[Any]) -> list[Any]:
    """Four words of 64 bits from a counter and a key."""
    c, k = list(counter), list(key)
    for r in range(_ROUNDS):
        if r:
            k = [b.add(x, I64(w)) for x, w in zip(k, _WEYL, strict=True)]
        high0, low0 = _product(b, c[0], _MULTIPLIERS[0])
        high1, low1 = _product(b, c[2], _MULTIPLIERS[1])
        c = [b.xor(b.xor(high1, c[1]), k[0]), low1, b.xor(b.xor(high0, c[3]), k[1]), low0]
    return c


def _product(b: ir.IRBuilder, x: Any, factor: int) -> tuple[Any, Any]:
    """The high and the low half of a product of 128 bits."""
    wide = ir.IntType(128)
    whole = b.mul(b.zext(x, wide), ir.Constant(wide, factor))
    return b.trunc(b.lshr(whole, ir.Constant(wide, 64)), I64), b.trunc(whole, I64)
