"""An array of the user in native code: where its rows begin, and where their numbers lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from glassnet.engines.native import ir
from glassnet.engines.native.codegen.writer import I8P, Writer
from glassnet.engines.native.ir import Value
from glassnet.engines.native.loading.array_format import STRIDED
from glassnet.engines.native.loading.conversion import element
from glassnet.engines.native.maths import I64


class ArraySource:
    """An array in some form.

    given  its address, and the bytes from one number to the next along each axis
    sizes  of a row
    """

    def __init__(self, w: Writer, form: str, given: Sequence[Value], sizes: Sequence[int]) -> None:
        self.w, self.b, self.sizes = w, w.b, sizes
        self.kind, self.is_strided = form.removesuffix(STRIDED), form.endswith(STRIDED)
        self.bytes = np.dtype(self.kind).itemsize
        self.start, (self.row_stride, *self.strides) = w.b.inttoptr(given[0], I8P), given[1:]

    def row(self, number: Value) -> Value:
        """Where a row begins."""
        return self.b.gep(self.start, [self.b.mul(number, self.row_stride)])

    @contextmanager
    def numbers(self) -> Iterator[tuple[Any, Value]]:
        """For each number of a row: its place among them, and how many bytes behind the start."""
        if not self.is_strided:
            with self.w.loop(I64(int(np.prod(self.sizes)))) as (f, _, _):
                yield f, self.w.times(f, self.bytes)
            return
        with ExitStack() as loops:
            place: Value = I64(0)
            offset: Value = I64(0)
            for size, stride in zip(self.sizes, self.strides, strict=True):
                i, _, _ = loops.enter_context(self.w.loop(I64(size)))
                place = self.b.add(self.w.times(place, size), i)
                offset = self.b.add(offset, self.b.mul(i, stride))
            yield place, offset

    def read(self, row: Value, offset: Value, lanes: int = 1) -> Value:
        """A number so many bytes behind a row's start, or several side by side."""
        one = element(self.kind)
        kind = one if lanes == 1 else ir.VectorType(one, lanes)
        found = self.b.load(self.b.bitcast(self.b.gep(row, [offset]), kind.as_pointer()))
        found.align = 1 if self.is_strided else self.bytes
        return found
