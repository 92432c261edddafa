"""The door to a program's steps: for one thread, or for several that come together.

    run(arena, arguments)
        one thread: steps(arena, arguments, 0)
        the first of several, the leader: leave arena and arguments in the state; advance(GO);
            steps; barrier; return
        the others: wait(GO); steps with what the leader has left; barrier; and again

So a thread that has entered stays, and sleeps between stretches of steps; no Python is run for it.
Where the state's CLOSED is set, the leader does nothing but advance GO, and the others return.
"""

from __future__ import annotations

from string import Template

from glassnet.engines.native import ir
from glassnet.engines.native.maths import I64
from glassnet.engines.native.threads.abi import ARENA, ARGUMENTS, CLOSED, GIVEN, GO
from glassnet.engines.native.threads.barrier import waiting
from glassnet.engines.native.threads.futex import futex

STEPS = "steps"
_TEXT = """
declare i64 @steps(ptr, ptr, i64)

define i64 @run(ptr %arena, ptr %arguments) {
  %threads.at = getelementptr i64, ptr %arguments, i64 $threads
  %threads = load i64, ptr %threads.at
  %several = icmp sgt i64 %threads, 1
  br i1 %several, label %together, label %alone
alone:
  %found = call i64 @steps(ptr %arena, ptr %arguments, i64 0)
  ret i64 %found
together:
  %thread.at = getelementptr i64, ptr %arguments, i64 $thread
  %thread = load i64, ptr %thread.at
  %state.at = getelementptr i64, ptr %arguments, i64 $state
  %state = load ptr, ptr %state.at
  %go = getelementptr i64, ptr %state, i64 $GO
  %closed.at = getelementptr i64, ptr %state, i64 $CLOSED
  %arena.at = getelementptr i64, ptr %state, i64 $ARENA
  %given.at = getelementptr i64, ptr %state, i64 $GIVEN
  %first = icmp eq i64 %thread, 0
  br i1 %first, label %lead, label %follow

lead:
  store ptr %arena, ptr %arena.at
  store ptr %arguments, ptr %given.at
  %closing = load i64, ptr %closed.at
  call void @advance(ptr %go)
  %open = icmp eq i64 %closing, 0
  br i1 %open, label %begin, label %end
begin:
  %done = call i64 @steps(ptr %arena, ptr %arguments, i64 0)
  call void @barrier(ptr %state, i64 %threads)
  ret i64 %done

follow:
  %turn = phi i32 [ 0, %together ], [ %next, %join ]
  call void @wait(ptr %go, i32 %turn, ptr %state)
  %closed = load i64, ptr %closed.at
  %goes.on = icmp eq i64 %closed, 0
  br i1 %goes.on, label %join, label %end
join:
  %left.arena = load ptr, ptr %arena.at
  %left.arguments = load ptr, ptr %given.at
  call i64 @steps(ptr %left.arena, ptr %left.arguments, i64 %thread)
  call void @barrier(ptr %state, i64 %threads)
  %next = add i32 %turn, 2
  br label %follow

end:
  ret i64 0
}
"""


def steps_of(module: ir.Module) -> ir.Function:
    """An empty function (arena, arguments, thread) for the steps: `run` is compiled with it."""
    kind = ir.FunctionType(I64, [ir.IntType(8).as_pointer(), I64.as_pointer(), I64])
    return ir.Function(module, kind, STEPS)


def dispatch(triple: str) -> str:
    """All that a module of steps needs beside them, as LLVM's text."""
    arguments = {name: ARGUMENTS.index(name) for name in ("thread", "threads", "state")}
    run = Template(_TEXT).substitute(arguments, GO=GO, CLOSED=CLOSED, ARENA=ARENA, GIVEN=GIVEN)
    return run + waiting() + futex(triple)
