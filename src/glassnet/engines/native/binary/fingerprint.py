"""A name for machine code, found without making it: a hash of all that decides it."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.engines.native.codegen.layout import lanes_and_blocks
from glassnet.graph import Node, in_order
from glassnet.program import Program
from glassnet.program.program import Loop, Procedure, ProcedureCall, Statement
from glassnet.spec import Spec

_PLAIN = str | int | float | bool | slice | Spec | np.generic | None
_SAME_CORE = ("vendor_id", "cpu family", "model", "model name", "stepping", "flags",
              "CPU implementer", "CPU part", "CPU variant", "Features")  # fmt: skip


def of_program(program: Program) -> str | None:
    """The program's name; None where a setting has no text that stays the same."""
    try:
        lines = list(_lines(program))
    except TypeError:
        return None
    return _digest([_surroundings(), *lines])[:32]


def of_variant(batch_size: int, forms: Sequence[str], cpu: str | None) -> str:
    """The name of one form of a program: for so many rows, these forms of arrays, this CPU."""
    layouts = [lanes_and_blocks(batch_size, is_long=is_long) for is_long in (False, True)]
    return _digest([str(layouts), *forms, cpu or host()])[:16]


def _digest(texts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


@functools.cache
def _surroundings() -> str:
    """Versions, and the text of the engine itself."""
    import llvmlite

    engine = Path(__file__).parents[1]
    package = engine.parents[1]
    own = hashlib.sha256()
    sources = [*sorted(_sources(engine)), *sorted(_sources(package / "loops"))]
    for path in [*sources, str(package / "__init__.py")]:  # which has the version
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - twice as fast
            own.update(file.read())
    kind = f"{sys.platform} {platform.machine()} {sys.byteorder}"
    return f"{llvmlite.__version__} {kind} {own.hexdigest()}"


def _sources(folder: Path | str) -> Iterator[str]:
    """The paths of all modules in a folder."""
    for file in os.scandir(folder):
        if file.name.endswith(".py"):
            yield file.path
        elif file.is_dir():
            yield from _sources(file.path)


@functools.cache
def host() -> str:
    """This CPU: its kind and all that it can do."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            text = file.read(8192)
    except OSError:
        from glassnet.engines.native.binary.compile import host_cpu

        return " ".join(host_cpu())
    first = text.partition("\n\n")[0].splitlines()
    return "\n".join(line for line in first if line.partition("\t")[0].strip() in _SAME_CORE)


def has_fma() -> bool:
    """True where the CPU multiplies and adds in one instruction; else each is a slow call."""
    return (
        platform.machine() not in {"x86_64", "AMD64"} or re.search(r"\bfma\b", host()) is not None
    )


def _lines(program: Program) -> Iterable[str]:
    """A listing in which nodes are numbers, and equal programs give equal lines."""
    numbers: dict[Node, int] = {}
    seen: set[Node] = set()

    def listed(roots: Sequence[Node]) -> Iterable[str]:
        for node in in_order(roots, seen):
            if node.op.kind == "loop":
                yield from _body(node, listed)
            numbers[node] = len(numbers)
            yield f"{numbers[node]} = {_node(node, numbers)}"
        yield " ".join(str(numbers[node]) for node in roots)

    yield program.function
    for group in (program.inputs, program.parameters.values(), program.slots.values(),
                  program.carried.values(), program.settings):  # fmt: skip
        yield from listed(list(group))
    for entry in program.body:
        if isinstance(entry, ProcedureCall):
            yield from listed(entry.arguments)
            yield from _procedure(entry.procedure, listed)
        elif isinstance(entry, Loop):
            yield from listed([statement.value for statement in entry.results])
        else:
            yield from _statement(entry, listed)
    yield from listed(program.results)


def _body(loop: Node, listed: Any) -> Iterable[str]:
    body = loop.settings["body"]
    for group in (body.carried, body.inputs, body.constants, body.following, body.outputs):
        yield from listed(group)


def _procedure(procedure: Procedure, listed: Any) -> Iterable[str]:
    yield f"call {procedure.name}"
    yield from listed(procedure.arguments)
    for statement in procedure.statements:
        yield from _statement(statement, listed)


def _statement(statement: Statement, listed: Any) -> Iterable[str]:
    target = [] if statement.target is None else [statement.target]
    yield statement.name
    yield from listed([statement.value, *target])


def _node(node: Node, numbers: dict[Node, int]) -> str:
    args = " ".join(str(numbers[arg]) for arg in node.args)
    settings = " ".join(f"{k}={_text(v)}" for k, v in sorted(node.settings.items()) if k != "body")
    name = node.name if node.is_leaf else ""
    return f"{node.op.name}({args}) {settings} {node.spec} {name}"


def _text(value: Any) -> str:
    """A setting as a text; TypeError for a kind whose text might change from run to run."""
    if isinstance(value, np.ndarray):
        numbers = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"array {value.dtype.str} {value.shape} {numbers}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_text, value))})"
    if not isinstance(value, _PLAIN):
        raise TypeError(type(value).__name__)
    return f"{type(value).__name__} {value!r}"
