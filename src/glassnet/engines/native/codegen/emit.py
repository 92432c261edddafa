"""From loop nests to LLVM: which threads run them, in which segments."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

from glassnet.engines.native.codegen.blocking import large_tables
from glassnet.engines.native.codegen.chunks import Chunks
from glassnet.engines.native.codegen.lanes import Lanes, lanes_of
from glassnet.engines.native.codegen.layout import LANES, pitch
from glassnet.engines.native.codegen.nests import NestWriter, Share
from glassnet.engines.native.codegen.partition import Partition, is_over_samples
from glassnet.engines.native.codegen.random import draw
from glassnet.engines.native.codegen.registers import Registers
from glassnet.engines.native.codegen.roll import roll
from glassnet.engines.native.codegen.scatter import scatter
from glassnet.engines.native.codegen.sums import sums
from glassnet.engines.native.codegen.transpose import transposing
from glassnet.engines.native.codegen.values import STORED, convert
from glassnet.engines.native.codegen.writer import Cell, Writer
from glassnet.engines.native.maths import I64
from glassnet.engines.native.threads.barrier import barrier
from glassnet.loops.buffer import Buffer
from glassnet.loops.nest import (
    Computed,
    Nest,
    RandomFill,
    Reduce,
    Repeat,
    RollRows,
    ScatterAdd,
    ScatterInside,
    innermost,
)

OverSamples = Computed | Repeat | ScatterInside  # of which the last two hold loops of their own


class Emitter:
    """Writes nests, in the order in which they stand."""

    def __init__(
        self, writer: Writer, nests: Sequence[Nest], registers: Registers, chunks: Chunks | None,
        *, alone: bool,
    ) -> None:  # fmt: skip
        self.w, self.b, self.layout = writer, writer.b, writer.layout
        self.partition = Partition(nests, writer.layout, alone)
        self._nests, self._chunks = NestWriter(writer, registers), chunks
        self._shared = self.partition.any()  # was the segment before?

    def begin_again(self) -> None:
        """What is written next is run again and again: anything may have come before it."""
        self._shared = self.partition.any()

    def nests(self) -> None:
        """All nests, segment by segment."""
        for segment in self.partition.segments():
            if is_over_samples(segment[0]):
                with self.section(shared=self.partition.samples):
                    self._block_by_block([n for n in segment if isinstance(n, OverSamples)])
            else:
                self._others(segment)

    def _others(self, nests: Sequence[Nest]) -> None:
        """Large arrays by all threads, the rest by the first."""
        shared = [n for n in nests if isinstance(n, Computed) and self.partition.shares(n)]
        with self.section(shared=bool(shared)):
            with self.first_thread_only():
                for nest in nests:
                    if not any(nest is one for one in shared):
                        with self._when_needed(nest):
                            self._by_one_thread(nest)
            for nest in shared:
                with self._when_needed(nest):
                    self._nests.over_array(nest, shared=True)

    @contextmanager
    def _when_needed(self, nest: Nest) -> Iterator[None]:
        """Of a batch that is cut, what no sample takes part in is for one chunk alone."""
        chunk, chunks = self.w.chunk, self._chunks
        if chunk is None or chunks is None or id(nest) not in chunks.before | chunks.after:
            yield
            return
        with self.b.if_then(chunk.is_first if id(nest) in chunks.before else chunk.is_last):
            yield

    def _by_one_thread(self, nest: Nest) -> None:
        if isinstance(nest, RandomFill):
            self._random(nest)
        elif isinstance(nest, ScatterAdd):
            self.w.begin(nest)
            scatter(self.w, nest)
        elif isinstance(nest, Repeat):
            self._in_turns(nest, self._by_one_thread)
        elif isinstance(nest, RollRows):
            self.w.begin(nest)
            roll(self.w, nest)
        elif isinstance(nest, ScatterInside):
            raise TypeError("nests that add to places run over samples")
        elif isinstance(nest, Reduce) and lanes_of(nest) is Lanes.JOINED_SAMPLES:
            self.w.begin(nest)
            self._nests.around(nest.loops, lambda: sums(self.w, nest, self.w.blocks()))
        elif lanes_of(nest) is Lanes.LAST_AXIS:
            self._nests.over_array(nest, shared=False)
        else:
            self._nests.scalars(nest)

    # Threads.
    @contextmanager
    def section(self, *, shared: bool) -> Iterator[None]:
        """What is written inside is for all threads to share, or else for the first alone."""
        if shared or self._shared:
            self.barrier()
        self._shared = shared
        with nullcontext() if shared else self.first_thread_only():
            yield

    @contextmanager
    def first_thread_only(self) -> Iterator[None]:
        """What is written inside is for the first thread alone."""
        w, thread = self.w, self.w.thread
        if thread is None:
            yield
            return
        with self.b.if_then(self.b.icmp_signed("==", thread, I64(0))):
            w.thread = None
            yield
            w.thread = thread

    def barrier(self) -> None:
        """Go on when all threads are here."""
        self.b.call(barrier(self.b.module), [self.w.state, self.w.threads])

    # Samples.
    def _block_by_block(self, nests: Sequence[OverSamples]) -> None:
        """Nests over samples, block by block; then the blocks' copies for sums over samples.

        A table that no cache holds is gone through once for all blocks instead.
        """
        share = self.w.share(self.w.blocks())
        for far, group in itertools.groupby(nests, _goes_far):
            part = list(group)
            for nest in part if far else []:
                if isinstance(nest, Computed):
                    self._nests.over_samples(nest, share)
            stored: dict[Buffer, None] = {}
            for inner in innermost(part):
                if isinstance(inner, Computed):
                    stored.update((s.buffer, None) for s in inner.stores)
                elif isinstance(inner, ScatterInside):
                    stored[inner.buffer] = None
            copied = [buffer for buffer in stored if buffer in self.layout.sample_major]
            if not far or copied:
                self._each_block(() if far else part, copied, share)

    def _each_block(
        self, nests: Sequence[OverSamples], copied: Sequence[Buffer], share: Share
    ) -> None:
        with self._nests.each_block(share):
            for nest in nests:
                self._of_block(nest)
            for buffer in copied:
                self.copy_sample_major(buffer)

    def _of_block(self, nest: OverSamples) -> None:
        """A nest for the block of samples at hand; a loop goes through all its steps."""
        if isinstance(nest, Computed):
            self._nests.over_samples(nest)
            return
        if isinstance(nest, ScatterInside):
            self._nests.scatter_inside(nest)
            return
        self._in_turns(nest, self._of_block)

    def _in_turns(self, nest: Repeat, write: Callable[[Computed | Repeat], None]) -> None:
        """All nests of a loop, for one step after another."""
        with self.w.loop(I64(nest.counter.size)) as (t, _, _):
            self.w.counters[nest.counter] = t
            for inner in nest.nests:
                write(inner)

    def copy_sample_major(self, buffer: Buffer) -> None:
        """Copy a block with samples as rows, sixteen by sixteen, for sums over samples."""
        layout, kind = self.layout, STORED[buffer.dtype]
        row_pitch = pitch(buffer.count)
        function = transposing(self.b.module, kind, layout.lanes, row_pitch, buffer.count)
        first = self.w.times(self.w.block, buffer.count * layout.lanes)
        row = self.w.times(self.w.block, layout.lanes * row_pitch)
        with self.w.loop(I64(buffer.count), step=LANES) as (f, _, _):
            for part in range(0, layout.lanes, LANES):
                source = self.b.add(first, self.w.plus(self.w.times(f, layout.lanes), part))
                target = self.b.add(row, self.w.plus(f, part * row_pitch))
                self.b.call(
                    function,
                    [self.w.pointer(layout.at[buffer], source, kind, 1),
                     self.w.pointer(layout.sample_major[buffer], target, kind, 1)],
                )  # fmt: skip

    def _random(self, nest: RandomFill) -> None:
        self.w.begin(nest)
        cell = Cell({}, 1, None, {})
        seed, step = (
            convert(self.b, self.w.term(t, cell), "int64") for t in (nest.seed, nest.step)
        )
        draw(self.w, nest, seed, step)


def _goes_far(nest: OverSamples) -> bool:
    """True for a nest that goes through a table which no cache holds."""
    return isinstance(nest, Computed) and bool(large_tables(nest))
