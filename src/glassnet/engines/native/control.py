"""Loops in LLVM code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import ir

from glassnet.engines.native.maths import I64


@contextmanager
def counted(
    b: ir.IRBuilder, stop: Any, start: Any = None, step: int = 1, carried: Sequence[Any] = ()
) -> Iterator[Any]:
    """for i in range(start, stop, step): yields (i, carried values, box for the next ones)."""
    before = b.block
    head, body, after = (b.append_basic_block(n) for n in ("head", "body", "after"))
    b.branch(head)
    b.position_at_end(head)
    i = b.phi(I64)
    i.add_incoming(I64(0) if start is None else start, before)
    inside = [b.phi(v.type) for v in carried]
    for phi, value in zip(inside, carried, strict=True):
        phi.add_incoming(value, before)
    b.cbranch(b.icmp_signed("<", i, stop), body, after)
    b.position_at_end(body)
    box: list[Any] = list(inside)
    yield i, inside, box
    following = b.add(i, I64(step))
    i.add_incoming(following, b.block)
    for phi, value in zip(inside, box, strict=True):
        phi.add_incoming(value, b.block)
    b.branch(head)
    b.position_at_end(after)
