"""One training step on the user's own numbers, line by line: name, formula, values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.nn.model import Model
from glassnet.program import Program, training_program
from glassnet.program.execute import Line, execute
from glassnet.program.sources.layout import heading
from glassnet.program.sources.numpy import write_procedure
from glassnet.program.sources.statements import procedures
from glassnet.spec import shape_text, sizes
from glassnet.train.evaluate import as_rows
from glassnet.train.excerpt import WIDTH, View, views
from glassnet.train.fit import fitted_optimizer, start_slots
from glassnet.train.indices import check_rows
from glassnet.train.objectives import fitted_objectives


@dataclass(frozen=True)
class Walkthrough:
    """A step that was taken: what it started from, and each line with its numbers.

    given   inputs and weights before the step, by name
    steps   the lines in order: section, code, names, values
    """

    program: Program
    given: dict[str, Any]
    steps: list[Line]

    def __str__(self) -> str:
        known = views(self.program)
        view = {name: known.get(name, View(name)) for name in self._names()}
        blocks = ["# given", *(_block(view[k], "", value) for k, value in self.given.items())]
        section = ""
        for line in self.steps:
            if line.section != section:
                section = line.section
                title = heading(section, self.program.titles.get(section), "#")
                blocks.append("\n" + "\n".join(title))
                if section == "update":  # what is called below, written out once
                    blocks += [write_procedure(rule) for rule in procedures(self.program)]
            if line.remark:
                blocks.append(f"# {line.remark}")
            if len(line.names) == 1 and "\n" not in line.code:
                blocks.append(_block(view[line.names[0]], line.code, line.values[0]))
            else:
                pairs = zip(line.names, line.values, strict=True)
                blocks += [line.code, *(_block(view[n], "", v) for n, v in pairs)]
        return "\n".join(blocks)

    def _names(self) -> list[str]:
        return [*self.given, *(name for line in self.steps for name in line.names)]

    __repr__ = __str__


def _block(view: View, code: str, value: Any) -> str:
    head = code or view.name
    if not np.ndim(value):
        number = f"{float(value) + 0.0:.6g}"
        return f"{head}\n    {view.name} = {number}" if code else f"{view.name} = {value}"
    shape = f"    # {shape_text(np.shape(value))}"
    if len(head) + len(shape) > WIDTH + 4:
        shape = f"\n{shape}"
    return "\n".join([head + shape, *(f"    {line}" for line in view.lines(value))])


def walkthrough(net: Model, x: Any, y: Any, loss: Any, optimizer: Any) -> Walkthrough:
    """What net.walkthrough gives."""
    found = fitted_objectives(net, loss, (), y)
    rows = as_rows(net, found, x, y, None)
    chosen = fitted_optimizer(net, optimizer, "sgd")
    program = training_program(net.topology, net.dtype, found.each, chosen).listing_predictions()
    check_rows(program, rows)
    values = [*rows.inputs, *rows.targets]
    given: dict[str, Any] = {
        leaf.name: np.asarray(value, dtype=leaf.dtype)
        for leaf, value in zip(program.inputs, values, strict=True)
    }
    given |= {leaf.name: net.parameters[k].copy() for k, leaf in program.parameters.items()}
    slots = start_slots(net, program)
    given |= {leaf.name: slots[k] for k, leaf in program.slots.items()}
    given |= {
        leaf.name: np.zeros((rows.count, *sizes(leaf.shape[1:])), leaf.dtype)
        for leaf in program.carried.values()
    }
    known = {"learning_rate": chosen.start_rate, "seed": net.seed, "t": 1}
    settings: dict[str, Any] = {leaf.name: known[leaf.name] for leaf in program.settings}
    given |= settings
    before = {k: np.array(v) if np.ndim(v) else v for k, v in given.items()}
    return Walkthrough(program, before, list(execute(program, given)))
