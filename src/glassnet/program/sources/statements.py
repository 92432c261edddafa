"""What is the same in every language: the statements in their order, and what they may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ATOM
from glassnet.graph.text import Part
from glassnet.program.program import (
    Entry,
    Loop,
    LoopStep,
    Procedure,
    ProcedureCall,
    Program,
    Statement,
)
from glassnet.program.sources.grammar import Grammar
from glassnet.spec import BATCH, shape_text

LONGEST_STEP = 100 - len("        ") - len("  # ")  # letters of a line in a loop with its shape


class Formulas:
    """Formulas in terms of the names that stand in the text so far.

    batch  what the number of rows is called
    """

    def __init__(self, grammar: Grammar, names: Mapping[Node, str], batch: str) -> None:
        self.grammar = grammar
        self._parts: dict[Node, Part] = {node: (name, ATOM) for node, name in names.items()}
        self.batch = batch

    def of(self, node: Node) -> Part:
        """The formula of a node, or its name where it has one."""
        for each in [] if node in self._parts else g.in_order([node]):
            if each not in self._parts:
                self._parts[each] = self._formula(each)
        return self._parts[node]

    def right_side(self, node: Node) -> str:
        """The formula of a node, even where it has a name."""
        for arg in node.args:
            self.of(arg)
        return self._formula(node)[0]

    def know(self, node: Node, text: str, strength: int = ATOM) -> None:
        """From here on the node is called so."""
        self._parts[node] = text, strength

    def _formula(self, node: Node) -> Part:
        return self.grammar.formula(node, [self._parts[a] for a in node.args], self.batch)


def of_program(program: Program, grammar: Grammar) -> Formulas:
    """Formulas in which only the program's arguments have names."""
    rows = next((n for n in program.inputs if n.shape and n.shape[0] == BATCH), None)
    batch = "1" if rows is None else grammar.rows_of(rows.name)
    return Formulas(grammar, {leaf: program.printed(leaf) for leaf in program.arguments}, batch)


def of_procedure(procedure: Procedure, grammar: Grammar) -> Formulas:
    """Formulas in which only the procedure's arguments have names."""
    return Formulas(grammar, {leaf: leaf.name for leaf in procedure.arguments}, "1")


def line(formulas: Formulas, entry: Statement | ProcedureCall) -> str:
    """One statement; what it names is known from then on."""
    grammar = formulas.grammar
    if isinstance(entry, ProcedureCall):
        arguments = [formulas.of(argument)[0] for argument in entry.arguments]
        return grammar.call(entry.procedure.name, arguments)
    if entry.target is not None:
        name = formulas.of(entry.target)[0]
        return grammar.change(name, entry.target, entry.value, formulas.of)
    written = grammar.assignment(entry.name, formulas.right_side(entry.value))
    formulas.know(entry.value, entry.name)
    return written


class Written(NamedTuple):
    """An entry of a program as a text: one line, or those of a loop.

    rows  each line, and the shape that stands behind it, or ""
    """

    entry: Entry
    rows: list[tuple[str, str]]

    @property
    def code(self) -> str:
        """The lines alone."""
        return "\n".join(code for code, _ in self.rows)


def written(formulas: Formulas, entry: Entry) -> Written:
    """An entry with its lines; what it names is known from then on."""
    if isinstance(entry, Loop):
        return Written(entry, loop_lines(formulas, entry))
    is_value = isinstance(entry, Statement) and entry.target is None
    shape = shape_text(entry.value.shape) if isinstance(entry, Statement) and is_value else ""
    return Written(entry, [(line(formulas, entry), shape)])


@dataclass(frozen=True)
class Body:
    """The text of a program: each entry with its lines, and what the last line returns."""

    lines: list[Written]
    results: list[str]


def body(program: Program, grammar: Grammar) -> Body:
    """The program's lines in this language."""
    formulas = of_program(program, grammar)
    lines = [written(formulas, entry) for entry in program.body]
    return Body(lines, [formulas.of(node)[0] for node in program.results])


def loop_lines(formulas: Formulas, loop: Loop) -> list[tuple[str, str]]:
    """A loop: room for what is kept, what the first step finds, the steps, what stays."""
    grammar, body = formulas.grammar, loop.body
    starts, sequences, constants = body.parts(loop.node.args)
    found = grammar.rooms([(s.name, s.value) for s in loop.arrays()], formulas.batch)
    found += _starts(formulas, loop, starts)
    for leaf, sequence in zip(body.inputs, sequences, strict=True):
        formulas.know(leaf, grammar.at_step(formulas.of(sequence)[0], leaf))
    for leaf, constant in zip(body.constants, constants, strict=True):
        formulas.know(leaf, *formulas.of(constant))
    for leaf, name in zip(body.carried, loop.carried, strict=True):
        formulas.know(leaf, name)
    found.append((grammar.steps(loop.n_steps, backwards=loop.node.settings["backwards"]), ""))
    found += [(grammar.inside(code), shape) for code, shape in _step_lines(formulas, loop)]
    formulas.know(loop.node, "")  # of which only the results are read
    for statement in loop.arrays():
        formulas.know(statement.value, statement.name)
    for statement in loop.lasts():
        own = loop.carried[statement.value.settings["which"]]
        if statement.name != own:
            code = grammar.assignment(statement.name, own)
            found.append((code, shape_text(statement.value.shape)))
        formulas.know(statement.value, statement.name)
    return found


def _starts(formulas: Formulas, loop: Loop, starts: Sequence[Node]) -> list[tuple[str, str]]:
    """What the first step finds; equal beginnings on one line."""
    names: dict[str, list[str]] = {}
    shapes: dict[str, str] = {}
    for name, start in zip(loop.carried, starts, strict=True):
        formula = formulas.of(start)[0]
        names.setdefault(formula, []).append(name)
        shapes[formula] = shape_text(start.shape)
    grammar = formulas.grammar
    return [(grammar.assignment(grammar.equals(own), f), shapes[f]) for f, own in names.items()]


def _step_lines(formulas: Formulas, loop: Loop) -> list[tuple[str, str]]:
    """The lines of a step, each with its shape."""
    grammar, body = formulas.grammar, loop.body
    leaves = dict(zip(loop.carried, body.carried, strict=True))
    found = [
        (grammar.assignment(grammar.at_step(array, leaves[name]), name), "")
        for array, name in loop.before
    ]
    for step in loop.steps:
        found += _one_step(formulas, step)
        if step.name:
            formulas.know(step.value, step.name)
    if loop.moves:
        left = ", ".join(name for name, _ in loop.moves)
        right = ", ".join(formulas.of(node)[0] for _, node in loop.moves)
        found.append((grammar.assignment(left, right), ""))
    return found


def _one_step(formulas: Formulas, step: LoopStep) -> list[tuple[str, str]]:
    """A line of a step; a second one, where what is kept of it makes it too long."""
    grammar, shape = formulas.grammar, shape_text(step.value.shape)
    formula = formulas.right_side(step.value)
    alone = grammar.assignment(step.name, formula)
    if not step.kept:
        return [(alone, shape)]
    kept = grammar.at_step(step.kept, step.value)
    names = [kept, step.name] if step.name else [kept]
    both = grammar.assignment(grammar.equals(names), formula)
    if not step.name or len(both) + len(shape) <= LONGEST_STEP:
        return [(both, shape)]
    return [(alone, shape), (grammar.assignment(kept, step.name), "")]


def procedures(program: Program) -> list[Procedure]:
    """The optimiser's rules that the program calls, each once."""
    return list(dict.fromkeys(e.procedure for e in program.body if isinstance(e, ProcedureCall)))
