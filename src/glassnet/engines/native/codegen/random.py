"""Philox4x64-10 in native code: the same words as NumPy's, so the same masks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.control import counted
from glassnet.engines.native.codegen.values import STORED
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import F32, F64, I64
from glassnet.loops.nest import RandomFill

# Salmon et al., SC'11, table 2: the multipliers and the steps of the key.
_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_WEYL = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
ROUNDS = 10
_WORDS = 4  # of one block


def draw(w: Writer, fill: RandomFill, seed: Value, step: Value) -> None:
    """Fill a buffer over samples with numbers in [0, 1), word k for place k of the batch."""
    buffer, kind = fill.buffer, STORED[fill.buffer.dtype]
    target = w.pointer(w.layout.at[buffer], I64(0), kind, 1)
    counts = [I64(buffer.count), w.b.mul(w.count, I64(buffer.count))]
    stride = _WORDS if buffer.count % _WORDS == 0 else 1
    function = _drawing(w.b.module, kind, w.layout.lanes, stride)
    w.b.call(function, [target, *counts, seed, I64(fill.stream), step])


def _drawing(module: ir.Module, kind: ir.Type, lanes: int, stride: int) -> ir.Function:
    """A function (target, count, total, seed, stream, step); count is the numbers of a sample.

    stride  so many words of a block belong to one sample for certain
    """
    name = f"draw_{kind}_{lanes}_{stride}"
    if name in module.globals:
        found: ir.Function = module.globals[name]
        return found
    void = ir.FunctionType(ir.VoidType(), [kind.as_pointer(), *[I64] * 5])
    function = ir.Function(module, void, name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    _fill(b, lanes, stride, *function.args)
    b.ret_void()
    return function


def _fill(b: ir.IRBuilder, lanes: int, stride: int, target: Value, count: Value, total: Value,
          seed: Value, stream: Value, step: Value) -> None:  # fmt: skip
    """Word by word: number f of sample n, in its lane of its block."""
    kind = target.type.pointee
    spare = b.alloca(kind)  # for what the last block gives too much
    blocks = b.udiv(b.add(total, I64(_WORDS - 1)), I64(_WORDS))
    with counted(b, blocks, carried=[I64(0), I64(0)]) as (block, place, box):
        n, f = place
        words = philox(b, [b.add(block, I64(1)), step, I64(0), I64(0)], [seed, stream])
        for first in range(0, _WORDS, stride):
            row = b.add(b.mul(b.udiv(n, I64(lanes)), count), f)
            at = b.gep(target, [b.add(b.mul(row, I64(lanes)), b.urem(n, I64(lanes)))])
            if stride == 1:
                index = b.add(b.mul(block, I64(_WORDS)), I64(first))
                at = b.select(b.icmp_signed("<", index, total), at, spare)
            for i, word in enumerate(words[first : first + stride]):
                b.store(_uniform(b, word, kind), b.gep(at, [I64(i * lanes)]))
            f = b.add(f, I64(stride))
            is_last = b.icmp_signed("==", f, count)
            n, f = b.select(is_last, b.add(n, I64(1)), n), b.select(is_last, I64(0), f)
        box[:] = n, f


def _uniform(b: ir.IRBuilder, word: Value, kind: ir.Type) -> Value:
    """The highest 24 or 53 bits as a number in [0, 1)."""
    bits = 24 if kind == F32 else 53
    high = b.sitofp(b.lshr(word, I64(64 - bits)), F64)
    exact = b.fmul(high, ir.Constant(F64, 2.0**-bits))
    return b.fptrunc(exact, F32) if kind == F32 else exact


def philox(b: ir.IRBuilder, counter: Sequence[Value], key: Sequence[Value]) -> list[Value]:
    """Four words of 64 bits from a counter and a key."""
    state = [*counter, *key]
    for _ in range(ROUNDS):
        state = mixed(b, state)
    return state[:4]


def mixed(b: ir.IRBuilder, state: Sequence[Value]) -> list[Value]:
    """One round: the next four words, and the next key."""
    *c, k0, k1 = state
    high0, low0 = _product(b, c[0], _MULTIPLIERS[0])
    high1, low1 = _product(b, c[2], _MULTIPLIERS[1])
    words = [b.xor(b.xor(high1, c[1]), k0), low1, b.xor(b.xor(high0, c[3]), k1), low0]
    return words + [b.add(k, I64(w)) for k, w in zip((k0, k1), _WEYL, strict=True)]


def _product(b: ir.IRBuilder, x: Value, factor: int) -> tuple[Any, Value]:
    """The high and the low half of a product of 128 bits."""
    wide = ir.IntType(128)
    whole = b.mul(b.zext(x, wide), ir.Constant(wide, factor))
    return b.trunc(b.lshr(whole, ir.Constant(wide, 64)), I64), b.trunc(whole, I64)
