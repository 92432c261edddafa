"""Writes a program as NumPy: the text that people read, and the text that the engine runs."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ADD, ATOM, MUL
from glassnet.graph.text import Part, bracketed, write
from glassnet.program.program import Call, Procedure, Program, Statement
from glassnet.spec import BATCH, shape_text

_WIDTH = 100
_MARGIN = 60  # shapes stand in one column behind the lines that are no longer than this


def write_program(program: Program) -> str:
    """Imports, helpers, the optimiser's rule, and the function of the step."""
    procedures = list(dict.fromkeys(c.procedure for c in program.body if isinstance(c, Call)))
    parts = [*helpers(program), *map(write_procedure, procedures), write_function(program)]
    body = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    imports = (["import math", ""] if re.search(r"\bmath\.", body) else []) + ["import numpy as np"]
    return "\n".join(imports) + "\n\n\n" + body


def helpers(program: Program) -> list[str]:
    """The functions that the program's formulas call, each once, before it is needed."""
    found: dict[str, None] = {}
    for node in g.in_order(program.roots()):
        for block in re.split(r"\n{3,}", node.op.helper):
            if block.strip():
                found.setdefault(block.strip("\n"))
    return list(found)


def batch_name(program: Program) -> str:
    """How the program calls the number of rows."""
    for leaf in program.inputs:
        if leaf.shape and leaf.shape[0] == BATCH:
            return f"len({leaf.name})"
    return "1"


class Text:
    """Formulas in terms of the names that stand in the program."""

    def __init__(self, names: Mapping[Node, str], batch: str) -> None:
        self._parts: dict[Node, Part] = {node: (name, ATOM) for node, name in names.items()}
        self._batch = batch

    def of(self, node: Node) -> Part:
        """The formula of a node, or its name where it has one."""
        if node not in self._parts:
            for each in g.in_order([node]):
                if each not in self._parts:
                    arguments = [self._parts[arg] for arg in each.args]
                    self._parts[each] = write(each, arguments, self._batch)
        return self._parts[node]

    def formula(self, node: Node) -> str:
        """The right side of a statement, even where the node has a name."""
        return write(node, [self.of(arg) for arg in node.args], self._batch)[0]

    def know(self, node: Node, name: str) -> None:
        """From here on the node is called by this name."""
        self._parts[node] = (name, ATOM)

    def change(self, target: Node, value: Node) -> str:
        """The statement that sets an array in place."""
        name = self.of(target)[0]
        first = value.args[0] if value.args else None
        if first is target and value.op in {g.add, g.sub, g.mul}:
            needed = {g.add: ADD, g.sub: ADD, g.mul: MUL}[value.op]
            sign = {g.add: "+", g.sub: "-", g.mul: "*"}[value.op]
            return f"{name} {sign}= {bracketed(self.of(value.args[1]), min(needed, ADD))}"
        return f"{name}[...] = {self.of(value)[0]}"


def line(text: Text, statement: Statement) -> str:
    """One statement; what it names is known from then on."""
    if statement.target is not None:
        return text.change(statement.target, statement.value)
    written = f"{statement.name} = {_unwrapped(text.formula(statement.value))}"
    text.know(statement.value, statement.name)
    return written


def _unwrapped(formula: str) -> str:
    """A formula without parentheses around the whole of it."""
    depth = 0
    for i, letter in enumerate(formula):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return formula[1:-1] if i and i == len(formula) - 1 and letter == ")" else formula
    return formula


def leaf_text(program: Program) -> Text:
    """A text in which only the arguments have names."""
    return Text({leaf: leaf.name for leaf in program.arguments}, batch_name(program))


def lines(program: Program) -> list[tuple[Statement | Call, str]]:
    """Each entry of the body with its text."""
    text = leaf_text(program)
    return [
        (entry, call(text, entry) if isinstance(entry, Call) else line(text, entry))
        for entry in program.body
    ]


def call(text: Text, entry: Call) -> str:
    """name(W1, dW1, ...)."""
    return f"{entry.procedure.name}({', '.join(text.of(a)[0] for a in entry.arguments)})"


def write_function(program: Program) -> str:
    """The function itself, section by section."""
    text = leaf_text(program)
    written: list[tuple[str, str]] = []
    section = ""
    for entry in program.body:
        if entry.section != section:
            section = entry.section
            written += [(remark, "") for remark in _heading(section, program.titles)]
        if isinstance(entry, Call):
            written.append((call(text, entry), ""))
        else:
            shape = "" if entry.target is not None else shape_text(entry.value.shape)
            written.append((line(text, entry), shape))
    results = ", ".join(text.of(node)[0] for node in program.results)
    return "\n".join([signature(program), *_aligned(written), _returned(results)]) + "\n"


def _returned(results: str) -> str:
    line = f"    return {results}"
    if len(line) <= _WIDTH:
        return line
    inside = textwrap.fill(results, _WIDTH, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return f"    return (\n{inside}\n    )"


def _heading(section: str, titles: Mapping[str, str]) -> list[str]:
    title = titles.get(section, "")
    text = f"# {section}: {title}" if title else f"# {section}"
    return textwrap.wrap(text, _WIDTH - 4, subsequent_indent="#   ")


def signature(program: Program) -> str:
    """def step(x, y, W1, ...): over as many lines as it takes."""
    arguments = ", ".join(leaf.name for leaf in program.arguments)
    short = f"def {program.function}({arguments}):"
    if len(short) <= _WIDTH:
        return short
    inside = textwrap.fill(arguments, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"def {program.function}(\n{inside}\n):"


def _aligned(written: Iterable[tuple[str, str]]) -> list[str]:
    """Indent, and lay the shapes in one column."""
    rows = list(written)
    column = max([20, *(len(code) for code, shape in rows if shape and len(code) <= _MARGIN)]) + 6
    found = []
    for code, shape in rows:
        left = f"    {code}"
        found.append(f"{left.ljust(column)}  # {shape}".rstrip() if shape else left)
    return found


def write_procedure(procedure: Procedure) -> str:
    """The optimiser's rule as a function that changes its arrays in place."""
    text = Text({leaf: leaf.name for leaf in procedure.arguments}, "1")
    head = f"def {procedure.name}({', '.join(a.name for a in procedure.arguments)}):"
    title = procedure.title[0].upper() + procedure.title[1:]
    doc = f'    """{title}: one parameter, changed in place."""'
    body = [f"    {line(text, statement)}" for statement in procedure.statements]
    return "\n".join([head, doc, *body]) + "\n"
