"""Predictions in native code: for plain rows, few or many, and for inputs that were looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from glassnet.engines.native.blocks import Blocks, blocks_of_samples
from glassnet.engines.native.machine import CodeSource
from glassnet.engines.native.plain_rows import PlainRows, outputs_for
from glassnet.engines.native.thresholds import MOST_ROWS
from glassnet.errors import UnsupportedError
from glassnet.graph import with_bodies
from glassnet.nn.parameters import Reading
from glassnet.program import Program


def _check_rows_alone(program: Program) -> None:
    """Raise where an answer depends on the rows beside it: blocks are not the caller's batch."""
    for node in with_bodies(program.roots()):
        if node.op.kind == "loop":  # its body is looked at
            continue
        joins = not node.is_batched and any(arg.is_batched for arg in node.args)
        if joins or node.op.name == "batch_size":
            raise UnsupportedError("native: a prediction that depends on the other rows.")
    if not all(node.is_batched for node in program.results):
        raise UnsupportedError("native: an output that is the same for all rows.")


@dataclass
class NativePredictor:
    """A prediction program in native code; UnsupportedError where it cannot be lowered.

    It keeps the parameters of the last call in its memory, and copies others only.
    """

    program: Program
    threads: int | None = None
    cpu: str | None = None
    code: CodeSource | None = None
    _blocks: tuple[Blocks, Blocks] = field(init=False)
    _plain: PlainRows | None = field(init=False)

    def __post_init__(self) -> None:
        """What cannot be lowered raises UnsupportedError."""
        if self.code is None:
            _check_rows_alone(self.program)
            self.code = CodeSource(self.program)
            self.code.check()
        few, many = blocks_of_samples(self.code, self.threads, self.cpu)
        self._blocks = few, many
        is_alone = len(self.program.inputs) == 1
        self._plain = PlainRows(few, many, self.threads, self.cpu) if is_alone else None

    def predict(
        self, inputs: Sequence[Any], parameters: Reading, batch_size: int = MOST_ROWS
    ) -> list[Any]:
        """The outputs for all rows of the inputs, in blocks of its own size."""
        n = len(inputs[0])
        blocks = next((b for b in self._blocks if n <= b.size), self._blocks[-1])
        outputs = outputs_for(self.program, n)
        blocks.run(inputs, parameters, outputs, plain=False)
        return outputs

    @property
    def plain(self) -> PlainRows | None:
        """What predicts plain rows more quickly; None for several inputs."""
        return self._plain

    def apart(self) -> NativePredictor:
        """The same with memory of its own."""
        return NativePredictor(self.program, self.threads, self.cpu, self.code)
