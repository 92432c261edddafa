"""What the lines of a loop are, and how its values are called from line to line.

A carried value keeps one name through the steps: `h_t` is what the step before has left, and from
the line on that gives it anew what this step leaves. A line may take the name as soon as nobody
reads what it held. Every other value of a step is called after its formula's name: `z_t`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from glassnet import graph as g
from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.loop import Body
from glassnet.program.naming import NO_NAME_YET, fresh
from glassnet.program.program import Loop, LoopStep, Statement

Lines = Callable[[Node, Mapping[Node, str], Mapping[Node, list[Node]], int], Sequence[Node]]
_FURTHER_IN = len("    _t_2")  # letters of a line in a loop besides those of other lines
Alone = Callable[[Node, Mapping[Node, Sequence[Node]]], bool]


def plan_loop(section: str, loop: Node, results: Sequence[Node], names: dict[Node, str],
              taken: set[str], rules: tuple[Alone, Lines]) -> Loop:  # fmt: skip
    """The lines of a loop; names of its results join the others.

    names  of everything outside
    taken  names that are in use; those of the loop join them
    rules  which values have lines of their own, and what is taken out of a line that is too long
    """
    return _Planner(section, loop, results, names, taken, rules).run()


@dataclass
class _Planner:
    section: str
    loop: Node
    results: Sequence[Node]
    names: dict[Node, str]
    taken: set[str]
    rules: tuple[Alone, Lines]
    _inside: dict[Node, str] = field(default_factory=dict)

    @property
    def body(self) -> Body:
        body: Body = self.loop.settings["body"]
        return body

    def run(self) -> Loop:
        """Names of carried values, then the lines, then what stays."""
        body = self.body
        carried = tuple(self._of_step(c.name or "s") for c in body.carried)
        self._inside.update(zip(body.carried, carried, strict=True))
        for leaf, arg in zip(
            body.leaves[len(carried) :], self.loop.args[len(carried) :], strict=True
        ):
            text = self.names.get(arg, NO_NAME_YET)
            self._inside[leaf] = f"{text}[:, t]" if leaf in body.inputs else text
        arrays = self._arrays(carried)
        values = self._values()
        last = self._last_reads(values)
        called = self._called(values, carried, last)
        steps = tuple(
            LoopStep(called[v] if v in last or v not in arrays else "", v, arrays.get(v, ""))
            for v in values
        )
        before = tuple(
            (arrays[c], name) for c, name in zip(body.carried, carried, strict=True) if c in arrays
        )
        moves = tuple(
            (name, after)
            for name, after in zip(carried, body.following, strict=True)
            if called.get(after, self._inside.get(after)) != name
        )
        order = [*(array for array, _ in before), *(step.kept for step in steps)]
        results = sorted(
            self._results(arrays, carried),
            key=lambda s: order.index(s.name) if s.name in order else -1,
        )
        return Loop(self.section, self.loop, carried, before, steps, moves, tuple(results))

    def _of_step(self, name: str) -> str:
        """What a value of one step is called."""
        return fresh(f"{name}_t", self.taken)

    def _arrays(self, carried: Sequence[str]) -> dict[Node, str]:
        """The names of the arrays of all steps, by what a step leaves there."""
        n, found = len(carried), {}
        for result in self.results:
            which = result.settings["which"]
            if which >= n:
                node = self.body.outputs[which - n]
                behind = "_before" if node in self.body.carried else ""
                base = (node.name or node.op.letter) + behind
                found[node] = fresh(base if behind else result.name or base, self.taken)
        return found

    def _results(self, arrays: Mapping[Node, str], carried: Sequence[str]) -> tuple[Statement, ...]:
        """A statement for each result; a last value that has no name is called as in the loop."""
        n, found = len(carried), []
        for result in self.results:
            which = result.settings["which"]
            if which >= n:
                name = arrays[self.body.outputs[which - n]]
            else:
                name = fresh(result.name, self.taken) if result.name else carried[which]
            self.names[result] = name
            found.append(Statement(self.section, name, result))
        return tuple(found)

    def _values(self) -> list[Node]:
        """What has a line, in order: outputs, what is carried on, and what reads better so."""
        alone, taken_out = self.rules
        body = self.body
        roots = [*reversed(body.following), *body.outputs]
        order = g.in_order(roots)
        if any(node.op.kind == "loop" for node in order):
            raise UnsupportedError(
                f"In layer '{self.loop.layer}': a program has no loop in the body of a loop. "
                "Write the inner one over all steps at once, or scan over one axis alone."
            )
        by, must = g.users(order), set(roots)
        known, found = dict(self._inside), []
        for node in self._last_come_last(order, by):
            if node.is_leaf or node in known:
                continue
            named = node.name and self.section == "forward" and node.op.kind != "view"
            if node in must or named or alone(node, by):
                for each in [*taken_out(node, known, by, _FURTHER_IN), node]:
                    known[each] = f"{each.name or each.op.letter}_t"
                    found.append(each)
        return found

    def _last_come_last(self, order: list[Node], by: Mapping[Node, list[Node]]) -> list[Node]:
        """What is only carried on comes behind all else: its name is needed for as long."""
        late = [after for after in dict.fromkeys(self.body.following) if not by[after]]
        return [node for node in order if node not in late] + late

    def _called(
        self, values: Sequence[Node], carried: Sequence[str], last: Mapping[Node, int]
    ) -> dict[Node, str]:
        """A name for each line; that of a carried value where it is free and fits."""
        body = self.body
        holds = dict(zip(carried, body.carried, strict=True))  # what each name stands for
        closed: set[str] = set()  # names that have their next value
        called: dict[Node, str] = {}
        for i, value in enumerate(values):
            own = [
                name
                for name, c, after in zip(carried, body.carried, body.following, strict=True)
                if name not in closed
                and last.get(holds[name], -1) <= i
                and (after is value or (value.name and value.name == c.name))
            ]
            is_read = value in last or value in body.following
            base = value.name or value.op.letter
            name = own[0] if own else self._of_step(base) if is_read else f"{base}_t"
            if own:
                holds[name] = value
                if body.following[carried.index(name)] is value:
                    closed.add(name)
            called[value] = name
        return called

    def _last_reads(self, values: Sequence[Node]) -> dict[Node, int]:
        """The last line that reads a line or a carried value; behind all lines, what goes on."""
        lines = set(values) | set(self.body.leaves)
        found: dict[Node, int] = {}
        for i, value in enumerate(values):
            waiting, seen = list(value.args), set()
            while waiting:
                node = waiting.pop()
                if node in lines:
                    found[node] = i
                elif node not in seen:
                    seen.add(node)
                    waiting += node.args
        found |= dict.fromkeys(self.body.following, len(values))
        return found
