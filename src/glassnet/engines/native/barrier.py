"""Where threads wait for one another: first spinning, then giving way."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from glassnet.engines.native.maths import I32, I64

_SPINS = 20_000  # turns before the thread lets others run: some ten microseconds
ARRIVED, TURN = 0, 8  # words of the state, a cache line apart


def barrier(module: ir.Module) -> ir.Function:
    """A function (state, threads): returns when all threads have called it."""
    if "barrier" in module.globals:
        found: ir.Function = module.globals["barrier"]
        return found
    kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64])
    function = ir.Function(module, kind, "barrier")
    function.linkage = "internal"
    function.attributes.add("noinline")
    state, threads = function.args
    names = ("alone", "several", "last", "wait", "spin", "yield", "out")
    b = ir.IRBuilder(function.append_basic_block("entry"))
    blocks = [function.append_basic_block(name) for name in names]
    alone, several, last, wait, spin, give_way, out = blocks
    b.cbranch(b.icmp_signed("<=", threads, I64(1)), alone, several)
    b.position_at_end(alone)
    b.ret_void()
    b.position_at_end(several)
    arrived, turn = (b.gep(state, [I64(i)]) for i in (ARRIVED, TURN))
    before = b.load_atomic(turn, "acquire", 8)
    others = b.atomic_rmw("add", arrived, I64(1), "acq_rel")
    is_last = b.icmp_signed("==", others, b.sub(threads, I64(1)))
    b.cbranch(is_last, last, wait)
    b.position_at_end(last)
    b.store_atomic(I64(0), arrived, "release", 8)
    b.store_atomic(b.add(before, I64(1)), turn, "release", 8)
    b.branch(out)
    b.position_at_end(wait)
    count = b.phi(I64)
    count.add_incoming(I64(0), several)
    now = b.load_atomic(turn, "acquire", 8)
    b.cbranch(b.icmp_signed("!=", now, before), out, spin)
    b.position_at_end(spin)
    following = b.add(count, I64(1))
    count.add_incoming(following, spin)
    b.cbranch(b.icmp_signed("<", following, I64(_SPINS)), wait, give_way)
    b.position_at_end(give_way)
    b.call(_sched_yield(module), [])
    count.add_incoming(following, give_way)
    b.branch(wait)
    b.position_at_end(out)
    b.ret_void()
    return function


def _sched_yield(module: ir.Module) -> Any:
    return ir.Function(module, ir.FunctionType(I32, []), "sched_yield")
