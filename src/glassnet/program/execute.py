"""Runs a program line by line, with every value kept: for walkthroughs and for finding faults."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.errors import DataError
from glassnet.program.program import Entry, Loop, ProcedureCall, Program
from glassnet.program.sources.layout import remark_on
from glassnet.program.sources.numpy import GRAMMAR, write_program
from glassnet.program.sources.statements import body


@dataclass(frozen=True)
class Line:
    """One line that was run.

    code    its text; names  what it set; values  the numbers after it, one for each name
    remark  what the program says above it
    """

    section: str
    layer: str
    code: str
    names: tuple[str, ...]
    values: tuple[Any, ...]
    remark: str = ""

    @property
    def is_finite(self) -> bool:
        """True where no value holds NaN or infinity."""
        return all(bool(np.all(np.isfinite(value))) for value in self.values)


def execute(program: Program, given: Mapping[str, Any]) -> Iterator[Line]:
    """Each line of the program with its result. Arrays in `given` are changed in place.

    given  a value for each argument of the program, by its name
    """
    scope: dict[str, Any] = {}
    exec(compile(write_program(program), "<program>", "exec"), scope)
    scope.update({program.printed(leaf): given[leaf.name] for leaf in program.arguments})
    for written in body(program, GRAMMAR).lines:
        entry, code = written.entry, written.code
        # sigmoid's e^-x may overflow: its result is the right one
        with np.errstate(over="ignore"), indices_named():
            exec(compile(code, "<line>", "exec"), scope)
        names = _set_by(entry)
        kept = tuple(np.array(scope[name]) for name in names)
        said = remark_on(program, entry)
        yield Line(entry.section, _layer(entry), code, names, kept, said)


@contextlib.contextmanager
def indices_named() -> Iterator[None]:
    """An index that a printed text refuses is a DataError."""
    try:
        yield
    except IndexError as error:
        raise DataError(str(error)) from None


def _set_by(entry: Entry) -> tuple[str, ...]:
    if isinstance(entry, Loop):
        return tuple(statement.name for statement in entry.results)
    if isinstance(entry, ProcedureCall):
        by = dict(zip(entry.procedure.arguments, entry.arguments, strict=True))
        targets = [s.target for s in entry.procedure.statements if s.target is not None]
        return tuple(by[target].name for target in targets)
    return (entry.name if entry.target is None else entry.target.name,)


def _layer(entry: Entry) -> str:
    if isinstance(entry, Loop):
        return entry.node.layer
    if isinstance(entry, ProcedureCall):
        return entry.arguments[0].layer
    return (entry.target if entry.target is not None else entry.value).layer
