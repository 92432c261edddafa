"""Sixteen by sixteen numbers transposed, by shuffles of registers."""

from __future__ import annotations

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.layout import LANES
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64


def transposing(
    module: ir.Module, kind: ir.Type, source_pitch: int, target_pitch: int, count: int = LANES
) -> ir.Function:
    """A function (source, target): target[j, i] = source[i, j] for sixteen rows and columns.

    count  how many rows the source has; what is written in place of the others is not said
    """
    count = min(count, LANES)
    name = f"transpose_{kind!s}_{source_pitch}_{target_pitch}_{count}"
    if name in module.globals:
        found: ir.Function = module.globals[name]
        return found
    pointer = kind.as_pointer()
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer, pointer]), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    b = ir.IRBuilder(function.append_basic_block())
    vector = ir.VectorType(kind, LANES)
    source, target = function.args
    rows: list[Value] = [
        _aligned(b.load(_at(b, source, i * source_pitch, vector)), kind) for i in range(count)
    ]
    rows += [ir.Constant(vector, ir.Undefined)] * (LANES - count)
    for row, value in enumerate(transposed(b, rows)):
        _aligned(b.store(value, _at(b, target, row * target_pitch, vector)), kind)
    b.ret_void()
    return function


def _at(b: ir.IRBuilder, base: Value, offset: int, vector: ir.VectorType) -> Value:
    return b.bitcast(b.gep(base, [I64(offset)]), vector.as_pointer())


def _aligned(access: ir.Access, kind: ir.Type) -> ir.Access:
    """A load or a store that is aligned as one number is."""
    access.align = 4 if kind == ir.FloatType() else 8
    return access


def transposed(b: ir.IRBuilder, rows: list[Value]) -> list[Value]:
    """Rows become columns: at each of four levels, pairs of rows exchange halves."""
    index = ir.VectorType(ir.IntType(32), LANES)
    width = LANES // 2
    while width:
        low = [j if not j & width else LANES + (j ^ width) for j in range(LANES)]
        high = [(j ^ width) if not j & width else LANES + j for j in range(LANES)]
        found = list(rows)
        for i in range(LANES):
            if not i & width:
                pair = rows[i], rows[i | width]
                found[i] = b.shuffle_vector(*pair, ir.Constant(index, low))
                found[i | width] = b.shuffle_vector(*pair, ir.Constant(index, high))
        rows, width = found, width // 2
    return rows
