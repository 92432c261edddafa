"""Writes a program as NumPy: the text that people read, and the text that the engine runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ADD, ATOM, constant_value
from glassnet.graph.text import Part, bracketed, write, write_constant
from glassnet.program import writers
from glassnet.program.program import Procedure, Program
from glassnet.program.sources import layout, statements
from glassnet.program.sources import numpy_script as script
from glassnet.spec import BATCH, Spec, shape_text

_IN_PLACE = {g.add: "+", g.sub: "-", g.mul: "*"}


class NumpyGrammar:
    """Python; the table of formulas stands with the ops themselves, in `Op.numpy`."""

    def formula(self, node: Node, parts: Sequence[Part], batch: str) -> Part:
        """By the op's forward text; a part of a step is read at once: x[:, t, 8:16]."""
        text, strength = write(node, parts, batch)
        return text.replace("[:, t][:, ", "[:, t, "), strength

    def rows_of(self, name: str) -> str:
        """len(x)."""
        return f"len({name})"

    def assignment(self, name: str, formula: str) -> str:
        """name = formula, without parentheses around the whole of it."""
        return f"{name} = {_unwrapped(formula)}"

    def change(self, name: str, target: Node, value: Node, written: Callable[[Node], Part]) -> str:
        """name += change where the value is the array with a change, else name[...] = value."""
        if value.args and value.args[0] is target and value.op in _IN_PLACE:
            return f"{name} {_IN_PLACE[value.op]}= {bracketed(written(value.args[1]), ADD)}"
        return f"{name}[...] = {written(value)[0]}"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        """name(W1, dW1, ...)."""
        return f"{name}({', '.join(arguments)})"

    def rooms(self, arrays: Sequence[tuple[str, Node]], batch: str) -> list[tuple[str, str]]:
        """a, b = np.empty((2, len(x), 50, 64), np.float32), for all arrays of one shape."""
        alike: dict[Spec, list[str]] = {}
        for name, node in arrays:
            alike.setdefault(node.spec, []).append(name)
        return [line for spec, names in alike.items() for line in _rooms(names, spec, batch)]

    def steps(self, n_steps: int, *, backwards: bool) -> str:
        """for t in range(50): or, from the last to the first, for t in reversed(range(50)):."""
        steps = f"range({n_steps})"
        return f"for t in {f'reversed({steps})' if backwards else steps}:"

    def at_step(self, array: str, value: Node) -> str:
        """x[:, t], or x[t] where the batch is no axis."""
        return f"{array}[:, t]" if value.is_batched else f"{array}[t]"

    def inside(self, line: str) -> str:
        """A line of a step stands further in."""
        return f"{layout.INDENT}{line}"

    def equals(self, names: Sequence[str]) -> str:
        """a = b."""
        return " = ".join(names)


def _rooms(names: Sequence[str], spec: Spec, batch: str) -> list[tuple[str, str]]:
    """Room for arrays of one shape, as many on a line as there is place for."""
    sizes = [batch if size == BATCH else str(size) for size in spec.shape]
    shape = shape_text(spec.shape)

    def line(some: Sequence[str]) -> str:
        several = [str(len(some))] if len(some) > 1 else []
        return f"{', '.join(some)} = np.empty(({', '.join([*several, *sizes])}), np.{spec.dtype})"

    rows: list[list[str]] = [[]]
    for name in names:
        around = len(layout.INDENT) + len(f"  # {shape}")
        if rows[-1] and len(line([*rows[-1], name])) > layout.WIDTH - around:
            rows.append([])
        rows[-1].append(name)
    return [(line(some), shape) for some in rows]


GRAMMAR = NumpyGrammar()


def _unwrapped(formula: str) -> str:
    depth = 0
    for i, letter in enumerate(formula):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return formula[1:-1] if i and i == len(formula) - 1 and letter == ")" else formula
    return formula


def write_program(program: Program, *, whole: bool = False) -> str:
    """Imports, helpers, the optimiser's rule, and the function of the step.

    whole  with initial values and the loop around the step, as a script that runs as it is
    """
    rules = [write_procedure(each) for each in statements.procedures(program)]
    step = [*rules, write_function(program)]
    if not whole:
        return _module([*helpers(program), *step])
    own = dict.fromkeys([*helpers(program), *script.draws(program)])
    return f"{script.heading(program)}\n\n{_module([*own, *step, script.train(program)])}"


def _module(parts: Sequence[str]) -> str:
    """The parts of a module with two empty lines between them, below what they import."""
    body = "\n\n".join(part.strip("\n") + "\n" for part in parts)
    own = [name for name in ("math", "sys") if re.search(rf"\b{name}\.", body)]
    imports = "".join(f"import {name}\n" for name in own) + ("\n" if own else "")
    return f"{imports}import numpy as np\n\n\n{body}"


def helpers(program: Program) -> list[str]:
    """The functions that the program's formulas call, each once, before it is needed."""
    found: dict[str, None] = {}
    nodes = g.with_bodies(program.roots())
    for op in dict.fromkeys(node.op for node in nodes):
        for block in re.split(r"\n{3,}", op.helper_for(nodes)):
            if block.strip():
                found.setdefault(block.strip("\n"))
    return list(found)


def write_function(program: Program) -> str:
    """The function itself, section by section."""
    arguments = [program.printed(leaf) for leaf in program.arguments]
    body = statements.body(program, GRAMMAR)
    last = f"    return {', '.join(body.results)}"
    if len(last) > layout.WIDTH:
        last = layout.bracketed("    return (", body.results, ")")
    return "\n".join([
        layout.bracketed(f"def {program.function}(", arguments, "):"),
        *layout.sections(program, body.lines, "#"),
        last,
    ]) + "\n"  # fmt: skip


def write_procedure(procedure: Procedure) -> str:
    """The optimiser's rule as a function that changes its arrays in place."""
    formulas = statements.of_procedure(procedure, GRAMMAR)
    for constant in procedure.constants():
        text = _named_constant(procedure, constant)
        if text:
            formulas.know(constant, *text)
    arguments = [leaf.name for leaf in procedure.arguments]
    arguments += [f"{name}={_number(value)}" for name, value in procedure.settings]
    title = procedure.title[0].upper() + procedure.title[1:]
    return "\n".join([
        layout.bracketed(f"def {procedure.name}(", arguments, "):"),
        f'    """{title}: one parameter, changed in place."""',
        *(f"    {statements.line(formulas, statement)}" for statement in procedure.statements),
    ]) + "\n"  # fmt: skip


def _number(value: float) -> str:
    return write_constant(g.constant(value))[0]


def _named_constant(procedure: Procedure, constant: Node) -> Part | None:
    """beta_1, 1 - beta_1 or round(1 - beta_1, 15): what gives the very number, to the last bit."""
    known, value = dict(procedure.settings), constant_value(constant)
    words = constant.name.split()
    if words[-1] not in known:
        return None
    if len(words) == 1:
        return constant.name, ATOM
    kind: Any = np.float32 if _meets_float32_alone(procedure, constant) else np.float64
    if kind(1 - known[words[-1]]) == kind(value):
        return constant.name, ADD
    return f"round({constant.name}, 15)", ATOM


def _meets_float32_alone(procedure: Procedure, constant: Node) -> bool:
    """Whether NumPy turns the constant into a float32 wherever it is used."""
    order = g.in_order([s.value for s in procedure.statements])
    return all(node.dtype == "float32" for node in g.users(order)[constant])


writers.register("numpy", write_program)
