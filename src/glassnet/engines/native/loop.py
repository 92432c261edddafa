"""The whole training loop as one native function: gather, nests, results, next batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.emit import Emitter
from glassnet.engines.native.codegen.lanes import batched_reads
from glassnet.engines.native.codegen.layout import Layout
from glassnet.engines.native.codegen.registers import WIDEST, Registers
from glassnet.engines.native.codegen.values import KINDS, STORED, convert
from glassnet.engines.native.codegen.writer import Writer
from glassnet.engines.native.kernel import Kernel, count_operations
from glassnet.engines.native.loading.gather import gather
from glassnet.engines.native.loading.shuffle import shuffling
from glassnet.engines.native.loading.source import Source
from glassnet.engines.native.maths import F64, I64
from glassnet.engines.native.threads.abi import WORDS
from glassnet.engines.native.threads.dispatch import steps_of
from glassnet.loops.buffer import BATCH_SIZE, Buffer
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower
from glassnet.loops.lowered import Lowered
from glassnet.loops.nest import Computed, Nest
from glassnet.program import Program


def build(
    program: Program, batch_size: int, forms: Sequence[str], registers: Registers = WIDEST,
    lowered: Lowered | None = None,
) -> Kernel:  # fmt: skip
    """The module of a program.

    forms      of the user's arrays, for each input that is rows
    registers  of the CPU: the bits are the same for all, the time is not
    lowered    the program's nests, where they are known
    """
    lowered = lower(program) if lowered is None else lowered
    kept = {*lowered.leaves.values(), *lowered.outputs}
    nests = arrange(lowered.nests, kept)
    computed = [nest for nest in nests if isinstance(nest, Computed)]
    sample_major = {buffer for nest in computed for buffer in batched_reads(nest)}
    layout = Layout.of([BATCH_SIZE, *lowered.buffers], sample_major, batch_size)
    rows = [b for leaf, b in lowered.leaves.items() if b.batched and leaf in program.inputs]
    module = ir.Module("glassnet")
    _write(module, program, lowered, nests, layout, rows, forms, registers)
    return Kernel(lowered, nests, layout, rows, count_operations(nests), module)


def _write(module: ir.Module, program: Program, lowered: Lowered, nests: list[Nest],
           layout: Layout, rows: list[Buffer], forms: Sequence[str],
           registers: Registers) -> None:  # fmt: skip
    words = I64.as_pointer()
    function = steps_of(module)
    arena, given, thread = function.args
    b = ir.IRBuilder(function.append_basic_block("entry"))

    def word(name: str | int) -> Any:
        at = WORDS.index(name) if isinstance(name, str) else len(WORDS) + name
        return b.load(b.gep(given, [I64(at)]))

    start, stop, n_rows, size = word("start"), word("stop"), word("n_rows"), word("batch")
    workspace, chosen = (b.inttoptr(word(name), words) for name in ("workspace", "chosen"))
    results = b.inttoptr(word("results"), F64.as_pointer())
    outputs = b.inttoptr(word("outputs"), words)
    per_epoch = b.udiv(b.add(n_rows, b.sub(size, I64(1))), size)
    writer = Writer(b, arena, layout)
    writer.thread, writer.threads = thread, word("threads")
    writer.state = b.inttoptr(word("state"), words)
    sources = list(_sources(writer, rows, forms, word))
    emitter = Emitter(writer, nests, registers)
    first_thread = b.icmp_signed("==", writer.thread, I64(0))
    shuffled = b.icmp_unsigned("!=", word("workspace"), I64(0))
    ordered = b.or_(shuffled, b.icmp_unsigned("!=", word("chosen"), I64(0)))
    places = b.select(ordered, chosen, b.bitcast(arena, words))
    order = b.select(shuffled, b.gep(workspace, [n_rows]), places), ordered
    with writer.loop(stop, start) as (step, _, _):
        first = b.mul(b.urem(step, per_epoch), size)
        epoch = b.udiv(step, per_epoch)
        resumed = b.and_(
            b.icmp_signed("==", step, start), b.icmp_signed("!=", epoch, word("drawn"))
        )
        fresh = b.or_(resumed, b.icmp_signed("==", first, I64(0)))
        with b.if_then(b.and_(fresh, shuffled)):
            with b.if_then(first_thread):
                b.call(shuffling(module), [workspace, n_rows, word("seed"), epoch, chosen])
            if emitter.partition.samples:
                emitter.barrier()
        left = b.sub(n_rows, first)
        writer.count = b.select(b.icmp_signed("<", left, size), left, size)
        with emitter.section(shared=emitter.partition.samples):
            with emitter.first_thread_only():
                _set_numbers(writer, lowered, step)
            for buffer, source in zip(rows, sources, strict=True):
                gather(writer, buffer, source, first, order)
        emitter.nests()
        numbers = [o for o in lowered.outputs if o.is_scalar]
        with b.if_then(first_thread):
            _put_out(writer, numbers, results, b.sub(step, start))
        arrays = [o for o in lowered.outputs if o.batched]
        if arrays:
            with emitter.section(shared=emitter.partition.samples):
                _put_arrays(writer, arrays, outputs, first)
    b.ret(b.sub(stop, start))


def _sources(writer: Writer, rows: list[Buffer], forms: Sequence[str],
             word: Callable[[int], Any]) -> Iterator[Source]:  # fmt: skip
    """The user's arrays: an address and a stride for each axis stand in the words of the call."""
    first = 0
    for buffer, form in zip(rows, forms, strict=True):
        after = first + 2 + len(buffer.sizes)
        yield Source(writer, form, [word(i) for i in range(first, after)], buffer.sizes)
        first = after


def _set_numbers(writer: Writer, lowered: Lowered, step: Any) -> None:
    """The count of steps, from 1, and the rows of this batch."""
    b, layout = writer.b, writer.layout
    b.store(writer.count, writer.pointer(layout.at[BATCH_SIZE], I64(0), I64, 1))
    for leaf, buffer in lowered.leaves.items():
        if leaf.name == "t" and leaf.dtype == "number":
            t = b.sitofp(b.add(step, I64(1)), F64)
            b.store(t, writer.pointer(layout.at[buffer], I64(0), F64, 1))


def _put_out(writer: Writer, outputs: Sequence[Buffer], results: Any, at: Any) -> None:
    """The outputs of a step, all single numbers, as a row of the results."""
    b = writer.b
    for i, buffer in enumerate(outputs):
        pointer = writer.pointer(writer.layout.at[buffer], I64(0), KINDS[buffer.dtype], 1)
        value = convert(b, b.load(pointer), "float64")
        index = b.add(b.mul(at, I64(len(outputs))), I64(i))
        b.store(value, b.gep(results, [index]))


def _put_arrays(writer: Writer, arrays: Sequence[Buffer], outputs: Any, first: Any) -> None:
    """The outputs over samples, into the caller's arrays."""
    b = writer.b
    for i, buffer in enumerate(arrays):
        target = b.inttoptr(b.load(b.gep(outputs, [I64(i)])), STORED[buffer.dtype].as_pointer())
        _put_rows(writer, buffer, target, first)


def _put_rows(writer: Writer, buffer: Buffer, target: Any, first: Any) -> None:
    """An output over samples, row by row, into the caller's array."""
    b, lanes = writer.b, writer.layout.lanes
    kind = STORED[buffer.dtype]
    start, stop = writer.share(writer.count, lanes)
    with writer.loop(stop, start) as (n, _, _):
        block, lane = b.udiv(n, I64(lanes)), b.urem(n, I64(lanes))
        row = b.mul(b.add(first, n), I64(buffer.count))
        with writer.loop(I64(buffer.count)) as (f, _, _):
            index = b.add(b.mul(b.add(b.mul(block, I64(buffer.count)), f), I64(lanes)), lane)
            value = b.load(writer.pointer(writer.layout.at[buffer], index, kind, 1))
            b.store(value, b.gep(target, [b.add(row, f)]))
