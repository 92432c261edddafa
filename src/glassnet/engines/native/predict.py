"""Predictions in native code: many rows in blocks, or one row again and again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.engines.native.buffer import ROWS
from glassnet.engines.native.crew import Crew, words_of
from glassnet.engines.native.form import STRIDED, in_form
from glassnet.engines.native.kernel import Kernel
from glassnet.engines.native.machine import Machine
from glassnet.engines.native.words import address

PREDICTED = 256  # rows that are worked on before the next are fetched: they stay in the caches


@dataclass
class Predictor:
    """A network's outputs for arrays of some forms; parameters are those of its making."""

    kernel: Kernel
    machine: Machine
    arena: Any
    crew: Crew
    counts: Sequence[int]
    batch_size: int
    forms: Sequence[str]
    shapes: Sequence[tuple[Any, ...]]
    _one: Any = field(default=None)

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        """The outputs for all rows of the inputs."""
        given = [in_form(a, form) for a, form in zip(inputs, self.forms, strict=True)]
        n_rows = len(given[0])
        outputs = self._outputs(n_rows)
        addresses = np.array([address(o) for o in outputs], np.int64)
        known = {
            "stop": -(-n_rows // self.batch_size), "n_rows": n_rows, "batch": self.batch_size,
            "drawn": -1, "outputs": address(addresses),
        }  # fmt: skip
        threads, _ = self.crew.pace.next(self.counts)
        began = time.perf_counter()
        self.crew(known, given, threads)
        self.crew.pace.note(threads, known["stop"], time.perf_counter() - began)
        return outputs

    def _outputs(self, n_rows: int) -> list[Any]:
        buffers = [b for b in self.kernel.lowered.outputs if b.kind == ROWS]
        return [
            np.empty((n_rows, *shape), b.dtype)
            for b, shape in zip(buffers, self.shapes, strict=True)
        ]

    def one(self, row: Any) -> Any:
        """The first output for a single row: no allocation but the result, no checks."""
        if self._one is None:
            self._one = self._for_one()
        source, target, arena, words, _ = self._one
        source[...] = row
        self.machine(arena, words)
        return target.copy()

    def _for_one(self) -> tuple[Any, ...]:
        source = np.zeros((1, *self.kernel.rows[0].sizes), self.forms[0].removesuffix(STRIDED))
        outputs = self._outputs(1)
        addresses = np.array([address(o) for o in outputs], np.int64)
        known = {"stop": 1, "n_rows": 1, "batch": self.batch_size, "drawn": -1, "threads": 1,
                 "outputs": address(addresses)}  # fmt: skip
        words = words_of(known, [source])
        kept = (outputs, addresses, words)
        return source, outputs[0], address(self.arena), address(words), kept
