"""Loops in LLVM code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from glassnet.engines.native import ir
from glassnet.engines.native.ir import Value
from glassnet.engines.native.maths import I64

Turn = tuple[Value, list[Value], list[Value]]  # the counter, carried values, and their next ones


@contextmanager
def counted(
    b: ir.IRBuilder,
    stop: Value,
    start: Value | None = None,
    step: int = 1,
    carried: Sequence[Value] = (),
) -> Iterator[Turn]:
    """for i in range(start, stop, step): yields (i, carried values, box for the next ones).

    Afterwards the carried values are those of the end. The question whether to go on stands at
    the end of a turn; where it is not known that there is a first one, also in front of it.
    """
    start = I64(0) if start is None else start
    turns = _turns(start, stop, step)
    inside, box = list(carried), list(carried)
    if turns == 1:
        yield start, inside, box
        inside[:] = box
        return
    before, body = b.block, b.append_basic_block("body")
    after = b.append_basic_block("after", goes_on=True)
    if turns is None:
        b.cbranch(b.icmp_signed("<", start, stop), body, after)
    else:
        b.branch(body)
    body.before = before
    b.position_at_end(body)
    phis = [b.phi(v.type) for v in (start, *carried)]
    inside[:] = box[:] = phis[1:]
    yield phis[0], inside, box
    following = b.add(phis[0], I64(step))
    for phi, first, value in zip(phis, (start, *carried), (following, *box), strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(value, b.block)
    end = b.block
    b.cbranch(b.icmp_signed("<", following, stop), body, after)
    b.position_at_end(after)
    if turns is None:
        box = [_either(b, (v, before), (w, end)) for v, w in zip(carried, box, strict=True)]
    inside[:] = box


def _turns(start: Value, stop: Value, step: int) -> int | None:
    """How often, where that is known and not 0."""
    if not (isinstance(start, ir.Constant) and isinstance(stop, ir.Constant)):
        return None
    found = -(-(stop.constant - start.constant) // step)
    return found if found > 0 else None


def _either(b: ir.IRBuilder, *values: tuple[Any, ir.Block]) -> Value:
    phi = b.phi(values[0][0].type)
    for value, block in values:
        phi.add_incoming(value, block)
    return phi
