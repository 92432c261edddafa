"""Where threads wait for one another: first spinning, then asleep. No wake-up is lost.

A word on which threads wait is 32 bits: a count of turns in steps of 2, and a lowest bit that says
"somebody sleeps here".

    wait(word, before, state)   before is the word at the turn that is to end, its lowest bit 0
        until the word is neither before nor before + 1:
            the first times: pause
            then: compare and exchange before for before + 1; park(word, before + 1)
    advance(word)               by one thread at a time
        exchange the word for the next turn, its lowest bit 0
        where what was there had the lowest bit: unpark(word)

A sleeper sets the bit before it sleeps. Either the exchange comes before that: the word is another
one, so the bit is not set and park does not sleep. Or it comes after that: it finds the bit, and
wakes. Who is woken too early looks again. The bit goes with its turn.

    barrier(state, threads)
        before = TURN; add 1 to ARRIVED
        the last to arrive: ARRIVED = 0; advance(TURN)
        the others: wait(TURN, before)

"The first times" are SPINS. Where the last four waits or more, SLEPT, have ended in sleep all the
same, they are few, and SPINS at every sixteenth wait only: it may be that two threads have to share
a core, and who looks keeps the other from coming.

TURN cannot move on between the look at it and the arrival, for it waits for this arrival. ARRIVED
is 0 again before anyone is let go.
"""

from __future__ import annotations

from string import Template

from glassnet.engines.native import ir
from glassnet.engines.native.maths import I64
from glassnet.engines.native.threads.abi import ARRIVED, SLEPT, SPINS, TURN

_TEXT = """
define void @barrier(ptr %state, i64 %threads) {
  %several = icmp sgt i64 %threads, 1
  br i1 %several, label %arrive, label %out
arrive:
  %turn = getelementptr i64, ptr %state, i64 $TURN
  %arrived = getelementptr i64, ptr %state, i64 $ARRIVED
  %now = load atomic i32, ptr %turn acquire, align 4
  %before = and i32 %now, -2
  %others = atomicrmw add ptr %arrived, i64 1 acq_rel
  %all = add i64 %others, 1
  %last = icmp eq i64 %all, %threads
  br i1 %last, label %go, label %stay
go:
  store atomic i64 0, ptr %arrived monotonic, align 8
  call void @advance(ptr %turn)
  ret void
stay:
  call void @wait(ptr %turn, i32 %before, ptr %state)
  br label %out
out:
  ret void
}

define void @advance(ptr %word) {
  %now = load atomic i32, ptr %word monotonic, align 4
  %turn = and i32 %now, -2
  %next = add i32 %turn, 2
  %found = atomicrmw xchg ptr %word, i32 %next acq_rel
  %asleep = trunc i32 %found to i1
  br i1 %asleep, label %wake, label %out
wake:
  call void @unpark(ptr %word)
  br label %out
out:
  ret void
}

define void @wait(ptr %word, i32 %before, ptr %state) {
entry:
  %spins.at = getelementptr i64, ptr %state, i64 $SPINS
  %slept.at = getelementptr i64, ptr %state, i64 $SLEPT
  %marked = or i32 %before, 1
  %spins = load i64, ptr %spins.at
  %slept = load atomic i64, ptr %slept.at monotonic, align 8
  %rarely = icmp slt i64 %slept, 4
  %count = and i64 %slept, 15
  %in.turn = icmp eq i64 %count, 0
  %long = or i1 %rarely, %in.turn
  %few = lshr i64 %spins, 5
  %first = select i1 %long, i64 %spins, i64 %few
  br label %look
look:
  %left = phi i64 [ %first, %entry ], [ %fewer, %spin ]
  %now = load atomic i32, ptr %word acquire, align 4
  %turn = and i32 %now, -2
  %same = icmp eq i32 %turn, %before
  br i1 %same, label %on, label %met
on:
  %fewer = sub i64 %left, 1
  %awake = icmp sgt i64 %left, 0
  br i1 %awake, label %spin, label %tired
spin:
  call void @pause()
  br label %look
met:
  %late = icmp sgt i64 %slept, 0
  br i1 %late, label %forget, label %out
forget:
  store atomic i64 0, ptr %slept.at monotonic, align 8
  ret void
tired:
  %more = add i64 %slept, 1
  store atomic i64 %more, ptr %slept.at monotonic, align 8
  br label %sleep
sleep:
  cmpxchg ptr %word, i32 %before, i32 %marked acq_rel monotonic
  call void @park(ptr %word, i32 %marked)
  %then = load atomic i32, ptr %word acquire, align 4
  %then.turn = and i32 %then, -2
  %still = icmp eq i32 %then.turn, %before
  br i1 %still, label %sleep, label %out
out:
  ret void
}
"""


def barrier(module: ir.Module) -> ir.Function:
    """The function (state, threads), for a module that will be compiled together with it."""
    kind = ir.FunctionType(ir.VoidType(), [I64.as_pointer(), I64])
    found: ir.Function = module.globals.get("barrier") or ir.Function(module, kind, "barrier")
    return found


def waiting() -> str:
    """The three functions, as LLVM's text."""
    return Template(_TEXT).substitute(ARRIVED=ARRIVED, TURN=TURN, SPINS=SPINS, SLEPT=SLEPT)
