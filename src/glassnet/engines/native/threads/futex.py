"""How a thread lets others run, and sleeps: what depends on the kind of machine, as LLVM's text.

    pause()             between two looks at a word that another thread will change
    park(word, value)   sleep while the word has this value; may also return too early
    unpark(word)        wake all that sleep there

On Linux the kernel's futex puts threads to sleep. It looks at the word under a lock of its own, so
whoever changes the word and then wakes cannot come between that look and the sleep. Elsewhere a
parked thread sleeps for a moment at a time.
"""

from __future__ import annotations

from string import Template

_FUTEX = {"x86_64": 202, "aarch64": 98, "riscv64": 98, "powerpc64le": 221}  # numbers of the call
_PAUSE = {
    "x86_64": "llvm.x86.sse2.pause()",
    "aarch64": "llvm.aarch64.isb(i32 15)",
    "arm64": "llvm.aarch64.isb(i32 15)",
}  # instructions that all levels of a CPU have

_BY_FUTEX = """
declare i64 @syscall(i64, ...)

define void @park(ptr %word, i32 %value) {
  call i64 (i64, ...) @syscall(i64 $number, ptr %word, i64 128, i32 %value, ptr null)
  ret void
}

define void @unpark(ptr %word) {
  call i64 (i64, ...) @syscall(i64 $number, ptr %word, i64 129, i32 2147483647)
  ret void
}
"""  # 128: wait, 129: wake, both among the threads of this process only

_BY_MOMENTS = """
declare i32 @$sleep(i32)

define void @park(ptr %word, i32 %value) {
  call i32 @$sleep(i32 $time)
  ret void
}

define void @unpark(ptr %word) {
  ret void
}
"""


def futex(triple: str) -> str:
    """The three functions for a kind of machine, such as "x86_64-unknown-linux-gnu"."""
    cpu, *system = triple.split("-")
    if "linux" in system and cpu in _FUTEX:
        sleeping = Template(_BY_FUTEX).substitute(number=_FUTEX[cpu])
    elif "windows" in system:
        sleeping = Template(_BY_MOMENTS).substitute(sleep="Sleep", time=1)  # milliseconds
    else:
        sleeping = Template(_BY_MOMENTS).substitute(sleep="usleep", time=50)  # microseconds
    return sleeping + _pause(_PAUSE.get(cpu))


def _pause(instruction: str | None) -> str:
    if instruction is None:
        return "define void @pause() {\n  ret void\n}\n"
    name, _, argument = instruction.rstrip(")").partition("(")
    kind = argument.partition(" ")[0]
    return (
        f"declare void @{name}({kind})\n"
        f"define void @pause() {{\n  call void @{instruction}\n  ret void\n}}\n"
    )
