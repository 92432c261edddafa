"""What is the same in every language: the statements in their order, and what they may name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ATOM
from glassnet.graph.text import Part
from glassnet.program.program import Procedure, ProcedureCall, Program, Statement
from glassnet.program.sources.grammar import Grammar
from glassnet.spec import BATCH


class Formulas:
    """Formulas in terms of the names that stand in the text so far."""

    def __init__(self, grammar: Grammar, names: Mapping[Node, str], batch: str) -> None:
        self.grammar = grammar
        self._parts: dict[Node, Part] = {node: (name, ATOM) for node, name in names.items()}
        self._batch = batch

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
        return self.grammar.formula(node, [self._parts[a] for a in node.args], self._batch)


def of_program(program: Program, grammar: Grammar) -> Formulas:
    """Formulas in which only the program's arguments have names."""
    rows = next((n for n in program.inputs if n.shape and n.shape[0] == BATCH), None)
    batch = "1" if rows is None else grammar.rows_of(rows.name)
    return Formulas(grammar, {leaf: leaf.name for leaf in program.arguments}, batch)


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


@dataclass(frozen=True)
class Body:
    """The text of a program: each entry with its line, and what the last line returns."""

    lines: list[tuple[Statement | ProcedureCall, str]]
    results: list[str]


def body(program: Program, grammar: Grammar) -> Body:
    """The program's lines in this language."""
    formulas = of_program(program, grammar)
    lines = [(entry, line(formulas, entry)) for entry in program.body]
    return Body(lines, [formulas.of(node)[0] for node in program.results])


def procedures(program: Program) -> list[Procedure]:
    """The optimiser's rules that the program calls, each once."""
    return list(dict.fromkeys(e.procedure for e in program.body if isinstance(e, ProcedureCall)))
