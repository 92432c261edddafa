"""The whole training loop as one native function: gather, nests, results, next batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.chunks import Chunks, chunks_of, memory_of
from glassnet.engines.native.codegen.emit import Emitter
from glassnet.engines.native.codegen.lanes import batched_reads, beside
from glassnet.engines.native.codegen.layout import LANES, Layout
from glassnet.engines.native.codegen.registers import WIDEST, Registers
from glassnet.engines.native.codegen.reuse import shared_places
from glassnet.engines.native.codegen.strips import strip_accumulators
from glassnet.engines.native.codegen.values import KINDS, STORED, convert
from glassnet.engines.native.codegen.writer import Chunk, Writer
from glassnet.engines.native.kernel import Kernel, count_operations
from glassnet.engines.native.loading.finite import Finite
from glassnet.engines.native.loading.gather import gather
from glassnet.engines.native.loading.shuffle import shuffling
from glassnet.engines.native.loading.source import ArraySource
from glassnet.engines.native.loading.table_rows import TableRows
from glassnet.engines.native.maths import F64, I64
from glassnet.engines.native.threads.abi import ARGUMENTS
from glassnet.engines.native.threads.dispatch import steps_of
from glassnet.engines.native.thresholds import STEP_PRODUCTS
from glassnet.loops.buffer import BATCH_SIZE, Buffer
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower
from glassnet.loops.lowered import Lowered
from glassnet.loops.nest import Computed
from glassnet.program import Program


def build(
    program: Program, batch_size: int, formats: Sequence[str], registers: Registers = WIDEST,
    lowered: Lowered | None = None,
) -> Kernel:  # fmt: skip
    """The module of a program.

    formats    of the user's arrays, for each input that is rows
    registers  of the CPU: the bits are the same for all, the time is not
    lowered    the program's nests, where they are known
    """
    lowered = lower(program) if lowered is None else lowered
    kept = {*lowered.leaves.values(), *lowered.outputs}
    nests = arrange(lowered.nests, kept)
    computed = [nest for nest in nests if isinstance(nest, Computed)]
    sample_major = {buffer for nest in computed for buffer in batched_reads(nest)}
    state = {lowered.leaves[leaf] for leaf in program.state}
    chunks = None if program.changes_nothing else chunks_of(nests, kept, state, batch_size)
    needed = {*memory_of(nests), *kept, *lowered.tables}
    buffers = [BATCH_SIZE, *(b for b in lowered.buffers if b in needed)]
    accumulators = {**strip_accumulators(nests), **(chunks.accumulators if chunks else {})}
    buffers += accumulators.values()
    samples = batch_size if chunks is None else chunks.samples
    operations = count_operations(nests)
    is_long = not program.changes_nothing and operations * 2 * LANES >= STEP_PRODUCTS
    instead = shared_places(nests, memory_of(nests) - kept - sample_major)
    layout = Layout.of(
        buffers, sample_major, samples, beside(nests), is_long=is_long, instead=instead
    )
    tabled = program.n_rows if formats else None
    rows = [
        b for leaf, b in lowered.leaves.items() if leaf in program.inputs and (b.batched or tabled)
    ]
    kernel = Kernel(lowered, nests, layout, rows, operations, ir.Module("glassnet"))
    found = _Loop(kernel, formats, registers, chunks, alone=program.changes_nothing, tabled=tabled)
    found.w.accumulators = accumulators
    found.write()
    return kernel


class _Loop:
    """The function steps(arena, arguments, thread).

    alone  each thread takes steps of its own, in an arena of its own: where no step changes what
           another reads. Else all threads take part in every step.
    tabled  the number of a step's rows, where they are rows of tables and lanes are no samples
    """

    def __init__(
        self, kernel: Kernel, formats: Sequence[str], registers: Registers,
        chunks: Chunks | None, *, alone: bool, tabled: int | None,
    ) -> None:  # fmt: skip
        self.kernel, self.chunks, self.alone, self.tabled = kernel, chunks, alone, tabled
        function = steps_of(kernel.module)
        arena, self.given, thread = function.args
        self.b = b = ir.IRBuilder(function.append_basic_block("entry"))
        if alone:
            arena = b.gep(arena, [b.mul(thread, I64(kernel.layout.size))])
        self.w = Writer(b, arena, kernel.layout)
        self.thread = self.w.thread = thread
        self.w.threads = self.argument("threads")
        self.w.state = b.inttoptr(self.argument("state"), I64.as_pointer())
        self.sources = list(_sources(self.w, kernel.rows, formats, self.argument))
        self.emitter = Emitter(self.w, kernel.nests, registers, chunks, alone=alone)
        self.n_rows, self.size = self.argument("n_rows"), self.argument("batch")

    def argument(self, which: str | int) -> ir.Value:
        """An argument of the call, by name; by number those that describe inputs."""
        at = ARGUMENTS.index(which) if isinstance(which, str) else len(ARGUMENTS) + which
        return self.b.load(self.b.gep(self.given, [I64(at)]))

    def pointer(self, name: str, kind: ir.Type = I64) -> ir.Value:
        """An argument that is an address."""
        return self.b.inttoptr(self.argument(name), kind.as_pointer())

    def write(self) -> None:
        """All steps."""
        b, w = self.b, self.w
        start, stop = self.argument("start"), self.argument("stop")
        indices, workspace = self.pointer("row_indices"), self.pointer("workspace")
        results, outputs = self.pointer("results", F64), self.pointer("outputs")
        per_epoch = b.udiv(b.add(self.n_rows, b.sub(self.size, I64(1))), self.size)
        shuffled = b.icmp_unsigned("!=", self.argument("workspace"), I64(0))
        ordered = b.or_(shuffled, b.icmp_unsigned("!=", self.argument("row_indices"), I64(0)))
        plain = b.select(ordered, indices, b.bitcast(w.arena, I64.as_pointer()))
        order = b.select(shuffled, b.gep(workspace, [self.n_rows]), plain), ordered
        first_step, end = w.share(stop) if self.alone else (start, stop)
        if self.alone:
            w.thread = None
        finite = Finite(w) if self.alone and _gives_rows_only(self.kernel) else None
        self.finite = finite
        with w.loop(end, first_step) as (step, _, _):
            first = b.mul(b.urem(step, per_epoch), self.size)
            if not self.alone:
                self._shuffle(step, first, b.udiv(step, per_epoch), shuffled)
            self._step(step, first, order)
            self._put_out(results, b.sub(step, start), outputs, first)
        if finite is not None:
            with b.if_then(b.icmp_unsigned("!=", self.argument("results"), I64(0))):
                finite.put(results, self.thread)
        b.ret(b.sub(end, first_step))

    def _shuffle(
        self, step: ir.Value, first: ir.Value, epoch: ir.Value, shuffled: ir.Value
    ) -> None:
        """Draw an epoch's order where it begins, or where a fit goes on within it."""
        b = self.b
        begins = b.icmp_signed("==", step, self.argument("start"))
        resumed = b.and_(begins, b.icmp_signed("!=", epoch, self.argument("drawn")))
        fresh = b.or_(resumed, b.icmp_signed("==", first, I64(0)))
        function = shuffling(self.kernel.module)
        seed, indices = self.argument("seed"), self.pointer("row_indices")
        with b.if_then(b.and_(fresh, shuffled)):
            with self.emitter.first_thread_only():
                b.call(function, [self.pointer("workspace"), self.n_rows, seed, epoch, indices])
            if self.emitter.partition.samples:
                self.emitter.barrier()

    def _step(self, step: ir.Value, first: ir.Value, order: tuple[ir.Value, ir.Value]) -> None:
        w, emitter = self.w, self.emitter
        w.count = w.least(self.b.sub(self.n_rows, first), self.size)
        if self.chunks is None:
            with emitter.section(shared=emitter.partition.samples):
                with emitter.first_thread_only():
                    _set_numbers(w, self.kernel.lowered, step)
                self._gather(first, order)
            emitter.nests()
            return
        with emitter.section(shared=False), emitter.first_thread_only():
            _set_numbers(w, self.kernel.lowered, step)
        self._in_chunks(self.chunks, first, order)

    def _in_chunks(self, chunks: Chunks, first: ir.Value, order: tuple[ir.Value, ir.Value]) -> None:
        """A batch, some samples at a time."""
        b, w, whole, size = self.b, self.w, self.w.count, I64(chunks.samples)
        with w.loop(whole, step=chunks.samples) as (base, _, _):
            left = b.sub(whole, base)
            is_last = b.icmp_signed("<=", left, size)
            w.chunk = Chunk(base, b.icmp_signed("==", base, I64(0)), is_last)
            w.count = w.least(left, size)
            self.emitter.begin_again()
            with self.emitter.section(shared=self.emitter.partition.samples):
                self._gather(b.add(first, base), order)
            self.emitter.nests()
        w.chunk, w.count = None, whole

    def _gather(self, first: ir.Value, order: tuple[ir.Value, ir.Value]) -> None:
        w = self.w
        for buffer, source in zip(self.kernel.rows, self.sources, strict=True):
            if self.tabled:
                table = TableRows(w, buffer, self.tabled)
                table.gather(source, first)
                count = w.times(w.count, table.room)
            else:
                gather(w, buffer, source, first, order)
                count = w.times(w.blocks(), buffer.count * w.layout.lanes)
            if self.finite is not None:
                self.finite.look(buffer, count)

    def _put_out(self, results: ir.Value, at: ir.Value, outputs: ir.Value, first: ir.Value) -> None:
        """What a step gives: single numbers into the results, arrays into the caller's."""
        emitter, found = self.emitter, self.kernel.lowered.outputs
        with emitter.first_thread_only():
            _put_numbers(self.w, [o for o in found if o.is_scalar], results, at)
        if self.tabled:
            for i, buffer in enumerate(found):
                TableRows(self.w, buffer, self.tabled).put(
                    _target(self.w, buffer, outputs, i), first
                )
            return
        arrays = [o for o in found if o.batched]
        if arrays:
            with emitter.section(shared=emitter.partition.samples):
                _put_arrays(self.w, arrays, outputs, first)


def _gives_rows_only(kernel: Kernel) -> bool:
    """True where no single number needs a place among the results."""
    return bool(kernel.rows) and not any(o.is_scalar for o in kernel.lowered.outputs)


def _sources(writer: Writer, rows: list[Buffer], formats: Sequence[str],
             argument: Callable[[int], ir.Value]) -> Iterator[ArraySource]:  # fmt: skip
    """The user's arrays: an address and a stride for each axis are arguments of the call."""
    first = 0
    for buffer, kind in zip(rows, formats, strict=True):
        sizes = buffer.sizes if buffer.batched else buffer.sizes[1:]  # of a row
        after = first + 2 + len(sizes)
        yield ArraySource(writer, kind, [argument(i) for i in range(first, after)], sizes)
        first = after


def _set_numbers(writer: Writer, lowered: Lowered, step: ir.Value) -> None:
    """The count of steps, from 1, and the rows of this batch."""
    b, layout = writer.b, writer.layout
    b.store(writer.count, writer.pointer(layout.at[BATCH_SIZE], I64(0), I64, 1))
    for leaf, buffer in lowered.leaves.items():
        if leaf.name == "t" and leaf.dtype == "number":
            t = b.sitofp(b.add(step, I64(1)), F64)
            b.store(t, writer.pointer(layout.at[buffer], I64(0), F64, 1))


def _put_numbers(
    writer: Writer, outputs: Sequence[Buffer], results: ir.Value, at: ir.Value
) -> None:
    """The outputs of a step, all single numbers, as a row of the results."""
    b = writer.b
    for i, buffer in enumerate(outputs):
        pointer = writer.pointer(writer.layout.at[buffer], I64(0), KINDS[buffer.dtype], 1)
        value = convert(b, b.load(pointer), "float64")
        index = b.add(b.mul(at, I64(len(outputs))), I64(i))
        b.store(value, b.gep(results, [index]))


def _put_arrays(
    writer: Writer, arrays: Sequence[Buffer], outputs: ir.Value, first: ir.Value
) -> None:
    """The outputs over samples, into the caller's arrays."""
    for i, buffer in enumerate(arrays):
        _put_rows(writer, buffer, _target(writer, buffer, outputs, i), first)


def _target(writer: Writer, buffer: Buffer, outputs: ir.Value, i: int) -> ir.Value:
    """The caller's array for an output."""
    b = writer.b
    return b.inttoptr(b.load(b.gep(outputs, [I64(i)])), STORED[buffer.dtype].as_pointer())


def _put_rows(writer: Writer, buffer: Buffer, target: ir.Value, first: ir.Value) -> None:
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
