"""The order of an epoch's rows: Philox words, sorted; the same order as philox.permutation."""

from __future__ import annotations

from collections.abc import Sequence

from glassnet import philox
from glassnet.engines.native import ir
from glassnet.engines.native.codegen.control import counted
from glassnet.engines.native.codegen.random import ROUNDS, mixed
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64
from glassnet.engines.native.threads.abi import WORKSPACE

_DIGITS = 256  # of one pass of the sort
_BITS = 8
_WORDS = 4  # of one Philox block


def shuffling(module: ir.Module) -> ir.Function:
    """A function (workspace, n, seed, epoch, row_indices): the rows' order lies behind n keys then.

    A radix sort from the lowest digit up, which keeps equal keys in order; after its eight passes
    the result is back where it began. The rows are 0 .. n - 1, or those that are row_indices.
    """
    kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64, I64, I64, I64.as_pointer()])
    function = ir.Function(module, kind, "shuffle")
    function.linkage = "internal"
    function.attributes.add("noinline")
    workspace, n, seed, epoch, row_indices = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))
    counts, first = b.alloca(I64, _DIGITS), b.alloca(I64)
    arrays = [b.gep(workspace, [b.mul(n, I64(i))]) for i in range(WORKSPACE)]
    _fill(b, arrays, n, (seed, epoch))
    with counted(b, I64(64), step=_BITS, carried=arrays) as (shift, inside, box):
        source, target = inside[:2], inside[2:]
        _sort_digit(b, source, target, (counts, first), n, shift)
        box[:] = [*target, *source]
    are_chosen = b.icmp_unsigned("!=", row_indices, row_indices.type(None))
    with b.if_then(are_chosen), counted(b, n) as (i, _, _):
        at = b.gep(arrays[1], [i])
        b.store(b.load(b.gep(row_indices, [b.load(at)])), at)
    b.ret_void()
    return function


def _fill(b: ir.IRBuilder, arrays: Sequence[Value], n: Value, of: tuple[Value, Value]) -> None:
    """Keys are words, rows are 0, 1, 2, ..."""
    keys, rows = arrays[0], arrays[1]
    seed, epoch = of
    blocks = b.udiv(b.add(n, I64(_WORDS - 1)), I64(_WORDS))
    with counted(b, blocks) as (block, _, _):
        counter = [b.add(block, I64(1)), epoch, I64(0), I64(philox.SHUFFLE)]
        with counted(b, I64(ROUNDS), carried=[*counter, seed, I64(0)]) as (_, words, box):
            box[:] = mixed(b, words)
        for i, word in enumerate(words[:_WORDS]):
            at = b.add(b.mul(block, I64(_WORDS)), I64(i))
            with b.if_then(b.icmp_signed("<", at, n)):
                b.store(word, b.gep(keys, [at]))
                b.store(at, b.gep(rows, [at]))


def _sort_digit(b: ir.IRBuilder, source: Sequence[Value], target: Sequence[Value],
                space: tuple[Value, Value], n: Value, shift: Value) -> None:  # fmt: skip
    """Count each digit, turn counts into first places, move every key to its place."""
    counts, first = space

    def slot(i: Value) -> tuple[Value, Value]:
        key = b.load(b.gep(source[0], [i]))
        digit = b.and_(b.lshr(key, shift), I64(_DIGITS - 1))
        return key, b.gep(counts, [digit])

    with counted(b, I64(_DIGITS)) as (d, _, _):
        b.store(I64(0), b.gep(counts, [d]))
    with counted(b, n) as (i, _, _):
        _, at = slot(i)
        b.store(b.add(b.load(at), I64(1)), at)
    b.store(I64(0), first)
    with counted(b, I64(_DIGITS)) as (d, _, _):
        at = b.gep(counts, [d])
        count, before = b.load(at), b.load(first)
        b.store(before, at)
        b.store(b.add(before, count), first)
    with counted(b, n) as (i, _, _):
        key, at = slot(i)
        place = b.load(at)
        b.store(b.add(place, I64(1)), at)
        b.store(key, b.gep(target[0], [place]))
        b.store(b.load(b.gep(source[1], [i])), b.gep(target[1], [place]))
