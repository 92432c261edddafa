"""The stages from a program to machine code as texts, for people who want to see what is compiled.

nests   what is computed together, as the statements ask for it
kernel  the same work, ordered and fused: what memory is touched for
llvm    the module that LLVM gets
"""

from __future__ import annotations

from collections.abc import Sequence

from glassnet.errors import UnknownNameError
from glassnet.loops.fuse import arrange
from glassnet.loops.lower import lower
from glassnet.loops.nest import Nest
from glassnet.program import Program

STAGES = ("nests", "kernel", "llvm")
_BATCH = 32  # samples that LLVM code is written for where none is asked for


def listing(program: Program, stage: str = "kernel", batch_size: int = _BATCH) -> str:
    """A stage as text; `n` is a sample, `total` what a reduction finds.

    batch_size  of the LLVM code; the other stages are the same for all

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(2, "relu")], input_shape=(3,))
    >>> print(listing(net.prediction_program()))
    for each block of samples n, i < 2:
        total = sum over r < 3 of (x[n, r] * W[2*r + i])
        z = (total + b[i])
        a[n, i] = relu(z[n, i])
    """
    if stage not in STAGES:
        raise UnknownNameError("stage", stage, STAGES)
    if stage == "llvm":
        from glassnet.engines.native.loop import build

        forms = [leaf.dtype for leaf in program.inputs]
        return str(build(program, batch_size, forms).module)
    lowered = lower(program)
    if stage == "nests":
        return _lines(lowered.nests)
    return _lines(arrange(lowered.nests, {*lowered.leaves.values(), *lowered.outputs}))


def _lines(nests: Sequence[Nest]) -> str:
    return "\n".join(str(nest) for nest in nests)
