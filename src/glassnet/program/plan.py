"""Decides what of a graph becomes a statement, and what is written where it is used.

A value gets a line of its own when a layer named it, when it is used more than once, or when it
is a product of matrices (unless it goes straight into a sum); everything else is written inside
its user, as long as the line stays short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import ATOM
from glassnet.graph.text import Part, write
from glassnet.program.naming import NO_NAME_YET, fresh
from glassnet.program.plan_loop import plan_loop
from glassnet.program.program import Loop, Statement
from glassnet.program.rules.questions import plain
from glassnet.spec import shape_text

_LONGEST = 80  # characters of one formula, and fewer where name and shape take much of the line
_LINE = 100
_WORTH = 60  # of the longest part that is taken out of one that is too long
_FREE = {"transpose", "stop_gradient", "some_steps"}  # views that cost nothing to write twice
_DERIVED = {"backward", "update"}  # sections in which names alone make no line


@dataclass
class Plan:
    """Which node has which name, and the statements in their order."""

    names: dict[Node, str]
    statements: list[Statement | Loop] = field(default_factory=list)


def plan(
    sections: Sequence[tuple[str, Sequence[Node]]],
    leaves: Mapping[Node, str],
    firm: Iterable[Node] = (),
) -> Plan:
    """Statements for the roots of each section, in order.

    sections  (title, roots); a value stands in the first section that needs it
    leaves    names of what is given
    firm      roots that must have a line of their own
    """
    found = Plan(dict(leaves))
    taken = set(leaves.values()) | {"x", "y", "t"}
    by = g.users(g.in_order([root for _, roots in sections for root in roots]))
    must, done = set(firm), set(leaves)
    for section, roots in sections:
        for node in g.in_order(roots):
            if node in done:
                continue
            done.add(node)
            if node.op.kind == "loop":
                results = list(dict.fromkeys(by[node]))
                done.update(results)
                rules = stands_alone, _taken_out
                loop = plan_loop(section, node, results, found.names, taken, rules)
                found.statements.append(loop)
                continue
            named = node.name and section not in _DERIVED
            if not node.is_leaf and (node in must or named or stands_alone(node, by)):
                for each in [*_taken_out(node, found.names, by), node]:
                    count_from = 2 if each.name else 1
                    name = fresh(each.name or each.op.letter, taken, count_from=count_from)
                    found.names[each] = name
                    found.statements.append(Statement(section, name, each))
    return found


def stands_alone(node: Node, by: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether a value has a line of its own, whatever its name. by: who takes each."""
    users = by[node]
    if node.op.name in _FREE and not (len(users) > 1 and _is_long(node)):
        return False
    if any(node in _given(user) for user in users if user.op.kind == "loop"):
        return not node.is_leaf
    if _is_filled(node) and all(user.op.kind == "loop" for user in users):
        return False
    uses = _uses(node, by)
    if node.dtype == "number":
        cheap = all(arg.is_leaf for arg in node.args)  # such as 1 / len(x)
        return bool(node.name) or (uses > 1 and not cheap)
    if uses > 1 or node.op.kind == "random":
        return True
    if node.name and any(user.op is g.concatenate for user in users):
        return True
    if node.name and node.shape and (_is_total(node) or _meets_rows(node, by)):
        return True
    products = users if node.op not in {g.add, g.sub, g.div} else (*users, *node.args)
    if node.name and any(near.op.kind == "contract" for near in products):
        return True
    return node.op.kind == "contract" and not (users and _takes_product(users[0], node))


def _uses(node: Node, by: Mapping[Node, Sequence[Node]]) -> int:
    """How many formulas read a value, through views that are written out in each of them too."""
    through = [user for user in by[node] if user.op.name in _FREE and not user.name]
    return len(by[node]) + sum(max(0, _uses(view, by) - 1) for view in through)


def _is_long(view: Node) -> bool:
    """Whether a view is more than `W.T`, so that nobody wants to read it twice."""
    inner = view.args[0]
    is_view_of_view = inner.op.kind == "view" and not inner.name and not inner.is_leaf
    return is_view_of_view or (view.op is g.transpose and view.ndim > 2)


def _takes_product(user: Node, product: Node) -> bool:
    """Whether a product of matrices is written inside its user: z = x @ W + b, s = q @ k.T / 8."""
    if user.op in {g.add, g.sub}:
        return True
    return user.op is g.div and user.args[0] is product and user.args[1].dtype == "number"


def _is_total(node: Node) -> bool:
    """A sum, a mean, or minus one."""
    inner = node.args[0] if node.op is g.neg else node
    return inner.op.name in {"mean", "sum"}


def _meets_rows(node: Node, by: Mapping[Node, Sequence[Node]]) -> bool:
    """Whether an array that is computed once is taken by every row, perhaps times a number."""
    return not node.is_batched and any(
        user.is_batched or (user.op is g.mul and plain(user.args[0]) and _meets_rows(user, by))
        for user in by[node]
    )


def _is_filled(node: Node) -> bool:
    """True for zeros and their like, with which a loop begins."""
    return node.op is g.full and node.args[0].is_leaf


def _given(loop: Node) -> tuple[Node, ...]:
    """The arguments of a loop that every step reads: sequences and what is the same in all."""
    return loop.args[len(loop.settings["body"].carried) :]


def _taken_out(
    node: Node, names: Mapping[Node, str], by: Mapping[Node, list[Node]], beside: int = 0
) -> list[Node]:
    """Parts of a formula that get lines before it, so that it is not too long.

    beside  letters that stand on the line besides
    """
    around = len(f"     =   # {node.name or node.op.letter}__{shape_text(node.shape)}") + beside
    found: list[Node] = []
    while True:
        parts = _parts(node, names, found)
        if len(parts[node][0]) <= min(_LONGEST, _LINE - around):
            return found
        length = {
            each: len(text) for each, (text, _) in parts.items()
            if each not in names and each not in found and each is not node and each.args
            and each.dtype != "number" and len(text) <= _WORTH and each.op.name not in _FREE
        }  # fmt: skip
        if not length:
            return found
        found.append(max(length, key=length.__getitem__))


def _parts(node: Node, names: Mapping[Node, str], out: Sequence[Node]) -> dict[Node, Part]:
    """How everything inside of one formula is written, down to what has a name."""
    parts: dict[Node, Part] = {}
    stack = [node]
    while stack:
        each = stack[-1]
        if each is not node and (each in names or each in out):
            parts[each] = (names.get(each, NO_NAME_YET), ATOM)
        waiting = [] if each in parts else [arg for arg in each.args if arg not in parts]
        if waiting:
            stack += waiting
            continue
        stack.pop()
        if each not in parts:
            parts[each] = write(each, [parts[arg] for arg in each.args], "len(x)")
    return parts
