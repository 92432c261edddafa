"""The update section: clipping, the learning rate, the optimiser's rule, constraints, averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

from glassnet import graph as g
from glassnet.errors import GlassnetError
from glassnet.graph import Node
from glassnet.graph.op import constant_value
from glassnet.graph.walk import with_args
from glassnet.nn.layer import Parameter
from glassnet.nn.registry import snake
from glassnet.optim import Optimizer
from glassnet.optim.optimizer import printed
from glassnet.optim.schedules import Schedule
from glassnet.program.index_sites import guarded
from glassnet.program.leaves import RATE
from glassnet.program.naming import fresh, own_name
from glassnet.program.program import Procedure, ProcedureCall, Statement
from glassnet.program.simplify import merge, simplify

_RATE_NAME = "learning_rate"
_CLIP_EPSILON = 1e-6  # PyTorch's, so that a gradient of zeros is not divided by zero


@dataclass
class Update:
    """What follows the gradients.

    values    everything that must be known before the first array is changed
    lines     those of them that have a line of their own
    body      the changes, in order
    slots     the optimiser's arrays: "dense.weight/m" -> leaf
    starts    the number that each slot starts at
    averages  of a parameter, the slot that is its average, and starts at it
    remarks   a remark above the line of a value
    """

    values: list[Node] = field(default_factory=list)
    lines: list[Node] = field(default_factory=list)
    body: list[Statement | ProcedureCall] = field(default_factory=list)
    slots: dict[str, Node] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    averages: dict[str, str] = field(default_factory=dict)
    remarks: dict[Node, str] = field(default_factory=dict)


def update_section(
    optimizer: Optimizer,
    trainable: Mapping[str, Node],
    gradients: Mapping[Node, Node],
    kept: Mapping[str, Parameter],
    taken: set[str],
) -> Update:
    """The statements that change the weights.

    taken  names of arguments, which no slot's may be; those of the slots join them
    """
    update = Update()
    rate = _rate(optimizer, update)
    clipped = _clipped(optimizer, gradients, update)
    procedure = rule(optimizer, next(iter(trainable.values())).dtype)
    for name, w in trainable.items():
        dw = clipped[w]
        slots = _slots(optimizer, name, w, update, taken)
        given = {"w": w, "dw": dw, _RATE_NAME: rate, "t": g.STEP, **slots}
        call = ProcedureCall("update", procedure, tuple(given[a.name] for a in procedure.arguments))
        update.body += call.statements() if len(procedure.statements) == 1 else [call]
        constraint = kept[name].constraint
        if constraint is not None:
            (held,) = simplify(guarded([constraint.formula(w)]))
            update.body.append(Statement("update", w.name, held, w))
            said = getattr(constraint, "title", "") or snake(type(constraint).__name__)
            update.remarks[held] = f"constraint of {w.name}: {said}"
        if optimizer.ema is not None:
            average = update.slots[update.averages[name]]
            moved = average + round(1 - optimizer.ema, 15) * (w - average)
            update.body.append(Statement("update", average.name, moved, average))
    return update


def _rate(optimizer: Optimizer, update: Update) -> Node:
    schedule = optimizer.learning_rate
    if not isinstance(schedule, Schedule):
        return RATE
    (rate,) = simplify([schedule.formula(RATE, g.STEP - 1)])
    if not rate.is_leaf:
        rate = rate.named("rate")
        update.values.append(rate)
        update.lines.append(rate)
    return rate


def _clipped(
    optimizer: Optimizer, gradients: Mapping[Node, Node], update: Update
) -> dict[Node, Node]:
    found = dict(gradients)  # each of its parameter's shape
    if optimizer.clip_value is not None:
        limit = optimizer.clip_value
        found = {w: g.clip(dw, -limit, limit) for w, dw in found.items()}
    if optimizer.clip_norm is not None:
        squares = [g.sum(dw**2) for dw in found.values()]
        total = squares[0]
        for square in squares[1:]:
            total = total + square
        norm = g.sqrt(total).named("norm")  # ()
        scale = g.minimum(1, optimizer.clip_norm / (norm + _CLIP_EPSILON)).named("scale")
        update.remarks[norm] = (
            f"clip_norm: all gradients together no longer than {optimizer.clip_norm:g}; "
            "1e-6, so that nothing is divided by 0"
        )
        update.values += [norm, scale]
        update.lines += [norm, scale]
        found = {w: scale * dw for w, dw in found.items()}
    return found


def _slots(
    optimizer: Optimizer, name: str, w: Node, update: Update, taken: set[str]
) -> dict[str, Node]:
    """Leaves for what the optimiser keeps beside one parameter."""
    found = {}
    for slot, start in optimizer.active_slots.items():
        found[slot] = _slot(slot, w, taken)
        update.slots[f"{name}/{slot}"] = found[slot]
        update.starts[f"{name}/{slot}"] = start
    if optimizer.ema is not None:
        own = fresh("ema", set(optimizer.active_slots))
        update.slots[f"{name}/{own}"] = _slot(own, w, taken)
        update.averages[name] = f"{name}/{own}"
    return found


def _slot(slot: str, w: Node, taken: set[str]) -> Node:
    return g.parameter(fresh(f"{slot}_{w.name}", taken), w.shape, w.dtype)


def rule(optimizer: Optimizer, dtype: str) -> Procedure:
    """The optimiser's formula over an array of any shape, as statements that change it in place.

    Those of Glassnet's own optimisers are kept, by their settings.
    """
    if not type(optimizer).__module__.startswith("glassnet."):
        return _rule(optimizer, dtype)
    key = repr(optimizer), dtype
    if key not in _kept:
        _kept[key] = _rule(optimizer, dtype)
        while len(_kept) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return _kept[key]


_kept: dict[tuple[str, str], Procedure] = {}
_MOST_KEPT = 64


def _rule(optimizer: Optimizer, dtype: str) -> Procedure:
    leaves = {"w": g.parameter("w", ("N",), dtype), "dw": g.input("dw", ("N",), dtype)}
    slots = {s: g.parameter(s, ("N",), dtype) for s in optimizer.active_slots}
    rate, t = g.input(_RATE_NAME, (), "number"), g.input("t", (), "number")
    arrays = leaves | slots
    new = optimizer.update(leaves["w"], leaves["dw"], rate, t, **slots)
    statements: list[Statement] = []
    done: dict[Node, Node] = {}
    for name, value in new.items():
        _in_sequence(name, value, done)
        (plain,) = simplify(g.substitute([value], done))
        plain = _own_lines(plain, statements)
        statements.append(Statement("update", name, plain, arrays[name]))
        done[value] = arrays[name]
    used = set(g.in_order([s.value for s in statements]))
    used |= {s.target for s in statements if s.target is not None}
    arguments = [*leaves.values(), *slots.values(), rate, t]
    kept = tuple(a for a in arguments if a in used or a is leaves["dw"])
    name = own_name(type(optimizer).__name__.lower(), set())
    taken = {name, *(a.name for a in arguments), *(s.name for s in statements)}
    return Procedure(
        name, kept, tuple(statements), optimizer.title, _settings(optimizer, statements, taken)
    )


def _settings(
    optimizer: Optimizer, statements: Sequence[Statement], taken: set[str]
) -> tuple[tuple[str, float], ...]:
    """The optimiser's numbers by which constants of its rule are called."""
    order = g.in_order([s.value for s in statements])
    words = " ".join(node.name for node in order if constant_value(node) is not None).split()
    numbers = {printed(field.name): getattr(optimizer, field.name) for field in fields(optimizer)}
    return tuple(
        (name, value) for name, value in numbers.items()
        if name in words and name not in taken and name == fresh(name, set())
    )  # fmt: skip


def _own_lines(value: Node, statements: list[Statement]) -> Node:
    """Values that the rule named (such as "step") get lines of their own, once."""
    known = {s.name: s.value for s in statements if s.target is None}
    new: dict[Node, Node] = {}
    for node in g.in_order([value]):
        made = with_args(node, tuple(new[arg] for arg in node.args))
        if node.name and not node.is_leaf:
            if node.name not in known:
                known[node.name] = made
                statements.append(Statement("update", node.name, made))
            if len(set(merge([known[node.name], made]))) > 1:
                raise GlassnetError(f"The optimiser's rule has two values called {node.name!r}.")
            made = known[node.name]
        new[node] = made
    return new[value]


def _in_sequence(name: str, value: Node, done: Mapping[Node, Node]) -> None:
    """A rule must not read the old value of what it has set already."""
    markers = {new: g.input(f"new {i}", new.shape, new.dtype) for i, new in enumerate(done)}
    (cut,) = g.substitute([value], markers)
    stale = set(g.in_order([cut])) & set(done.values())
    if stale:
        raise GlassnetError(
            f"The optimiser's rule for {name!r} reads the old {next(iter(stale)).name!r} after "
            "setting it. List what is set in an order in which old values come first."
        )
