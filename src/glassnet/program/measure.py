"""What a network is trained for and measured by, as formulas over its forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.losses.ctc import CTC, steps_needed
from glassnet.losses.loss import (
    Loss,
    mixed,
    over_rows,
    per_row,
    reduced,
    values_of,
    weighted_mean,
)
from glassnet.losses.steps import Steps
from glassnet.metrics import RowMetric
from glassnet.nn.topology import Topology
from glassnet.program.index_sites import IndexSite, follows_rows, hidden_steps
from glassnet.program.program import Output, Role
from glassnet.program.trace import Forward
from glassnet.spec import Spec


@dataclass(frozen=True)
class Objective:
    """What one output is trained for and measured by.

    weighted        rows come with weights
    class_weighted  how many class weights there are, or 0
    metrics         those that are means over rows
    left_out        names of metrics that need all rows at once, so that no program has them
    """

    loss: Loss
    metrics: tuple[RowMetric, ...] = ()
    weighted: bool = False
    class_weighted: int = 0
    left_out: tuple[str, ...] = ()


@dataclass
class Measured:
    """The losses and metrics over a forward pass, and the leaves that they brought.

    loss    the sum of the parts, each times its weight, and what layers add; without penalties of
            weights
    parts   the loss of each output
    metrics those of each output, and behind them what layers add
    row_weights  (B,) of each output; None where its rows are not weighted
    masks   which steps (B, T) of each output its loss is of; None where of all
    counts  how much the steps shown of a batch count, for the figures that are means over them
    sites   what of the losses must be looked at in the data before anything is computed
    """

    loss: Node
    parts: list[Node] = field(default_factory=list)
    metrics: list[Output] = field(default_factory=list)
    targets: list[Node] = field(default_factory=list)
    weights: list[Node] = field(default_factory=list)
    row_weights: list[Node | None] = field(default_factory=list)
    masks: list[Node | None] = field(default_factory=list)
    counts: list[Output] = field(default_factory=list)
    sites: list[IndexSite] = field(default_factory=list)

    @property
    def row_weight(self) -> Node | None:
        """The weight of each row as a whole, (B,): the sum of what it has in the outputs.

        In an output without weights that is 1; None where no output has weights.
        """
        if all(w is None for w in self.row_weights):
            return None
        if len(self.row_weights) == 1:
            return self.row_weights[0]
        return _sum([g.constant(1) if w is None else w for w in self.row_weights])

    @property
    def leaves(self) -> list[Node]:
        """Targets, then weights of rows and classes, in the order of the program's inputs."""
        return [*self.targets, *self.weights]

    @property
    def of_rows(self) -> list[Output]:
        """Metrics, and then how much the batch counts in figures of steps."""
        return [*self.metrics, *self.counts]

    def of_rows_as(self, values: Sequence[Node]) -> list[Output]:
        """`of_rows` with the values that took the place of theirs."""
        return [replace(m, node=value) for m, value in zip(self.of_rows, values, strict=True)]


def target_spec(loss: Loss, p: Spec) -> Spec:
    """What y must look like for this loss and output."""
    if isinstance(loss, CTC):
        return loss.target_spec(p)
    if loss.target == "class":
        if p.rank < 2:
            raise ShapeError(f"{loss.name} needs an output with an axis of classes, got {p}.")
        return Spec(p.shape[:-1], "int64")
    return p


def measure(objectives: Sequence[Objective], forward: Forward, names: Sequence[str]) -> Measured:
    """Losses and metrics of every output, numbered where there are several."""
    if len(objectives) != len(forward.outputs):
        raise SettingError(
            f"{len(objectives)} losses were given for {len(forward.outputs)} outputs."
        )
    found = Measured(g.constant(0))
    given = zip(objectives, forward.outputs, forward.masks, strict=True)
    for i, (objective, p, mask) in enumerate(given):
        _add(found, objective, p, mask, "" if len(objectives) == 1 else str(i + 1), names[i])
    shares = [
        _scaled(objective.loss.weight, x)
        for objective, x in zip(objectives, found.parts, strict=True)
    ]
    if forward.penalties:
        shares.append(_add_penalty(found, objectives, forward))
    return replace(found, loss=_sum(shares))


def _add_penalty(found: Measured, objectives: Sequence[Objective], forward: Forward) -> Node:
    """What layers add to the loss, over the rows as the loss is."""
    total = len(objectives) == 1 and objectives[0].loss.total
    rows = [per_row(f"The penalty of layer {name!r}", value) for name, value in forward.penalties]
    value = _sum([over_rows(r, found.row_weight, total=total) for r in rows]).named("penalty")
    found.metrics.append(Output("penalty", value, Role.PENALTY))
    return value


def _add(
    found: Measured, objective: Objective, p: Node, mask: Node | None, number: str, name: str
) -> None:
    """What one output brings: p (B, ..., O), of whose steps the mask (B, T) shows some."""
    spec = target_spec(objective.loss, p.spec)
    classes = int(p.shape[-1]) if objective.loss.target == "class" else None  # as y is checked for
    y = g.input(f"y{number}", spec.shape, spec.dtype, classes)
    found.targets.append(y)
    w = _row_weights(objective, y, p, found.weights, number)  # (B,)
    found.row_weights.append(w)
    found.masks.append(mask)
    by_steps = mask is not None and not objective.loss.takes_mask
    steps = Steps(mask, w, p.dtype) if mask is not None and by_steps else None
    shares = _shares(p, mask, name)
    if shares is not None:
        loss = mixed(objective.loss, y, p, w, shares)
    elif steps is not None:
        loss = steps.loss(objective.loss, y, p)
    else:
        loss = reduced(objective.loss, y, p, w, mask)
        found.sites += _sites(objective.loss, y, mask)
    found.parts.append(loss.named(f"loss{number}") if number else loss)
    before = f"{name}_" if number else ""
    count = "" if steps is None else f"{before}n_shown"
    for metric in objective.metrics:
        of = "" if metric.mean_name == metric.name else f"{before}{metric.name}"
        value = _mean(metric, y, p, w, steps).named(f"{metric.mean_name}{number}")
        output = Output(f"{before}{metric.mean_name}", value, Role.METRIC, of, count)
        found.metrics.append(output)
    if steps is not None and (objective.metrics or not objective.loss.total):
        found.counts.append(Output(count, steps.total, Role.COUNT))


def _mean(metric: RowMetric, y: Node, p: Node, w: Node | None, steps: Steps | None) -> Node:
    """A metric of a batch, ()."""
    what, values = f"The metric {metric.name!r}", metric.rows(y, p)
    if steps is not None:
        return steps.mean(what, values_of(what, values))
    rows = per_row(what, values)  # (B,), or () of a metric of one's own
    return g.mean(rows) if w is None or not rows.ndim else weighted_mean(w, rows)


def _sites(loss: Loss, y: Node, mask: Node | None) -> list[IndexSite]:
    """What must be looked at in the data: each row shows the steps that its labels take."""
    if not isinstance(loss, CTC) or mask is None:
        return []
    n_steps = int(mask.shape[1])
    index = steps_needed(y) + hidden_steps(mask)  # (B,), from 0 to all steps
    return [IndexSite(index, n_steps + 1, "spell", "")] if follows_rows(index) else []


def _shares(p: Node, mask: Node | None, name: str) -> Node | None:
    """The shares (B,) in which rows were mixed on the way to an output; None where none were."""
    shares = g.shares_of([p])
    if not shares:
        return None
    if len(shares) > 1:
        raise SettingError(
            f"The output {name!r} lies behind {len(shares)} layers that mix rows, each with shares "
            "of its own, so that no weights of the targets follow. Keep one gn.MixUp."
        )
    if mask is not None:
        raise SettingError(
            f"The output {name!r} has steps that a mask hides, other ones in each row, so its rows "
            "cannot be mixed. Leave out gn.MixUp."
        )
    return shares[0]


def with_penalty(loss: Node, forward: Forward) -> Node:
    """The loss, and what regularisers add to it."""
    found = [
        forward.kept[name].regularizer.formula(forward.parameters[name])
        for name in forward.trainable
        if forward.kept[name].regularizer is not None
    ]
    name = "weight_penalty" if forward.penalties else "penalty"
    return loss + _sum(found).named(name) if found else loss


def measured_loss(
    objectives: Sequence[Objective], forward: Forward, topology: Topology
) -> tuple[Node, list[Node]]:
    """The loss with its penalty over a forward pass, and the leaves of the targets."""
    measured = measure(objectives, forward, topology.output_names())
    return with_penalty(measured.loss, forward), measured.leaves


def _scaled(weight: float, loss: Node) -> Node:
    return loss if weight == 1 else weight * loss


def _sum(values: Sequence[Node]) -> Node:
    total = values[0]
    for value in values[1:]:
        total = total + value
    return total


def _row_weights(
    objective: Objective, y: Node, p: Node, leaves: list[Node], number: str
) -> Node | None:
    """The weight of each row, (B,): its own, times that of its class."""
    w = None
    if objective.weighted:
        w = g.input(f"w{number}", ("B",), p.dtype)
        leaves.append(w)
    if objective.class_weighted:
        of_class = g.input(f"class_weight{number}", (objective.class_weighted,), p.dtype)
        leaves.append(of_class)
        found = _class_weights(of_class, y)
        w = found if w is None else w * found
        w = w.named(f"row_weight{number}")
    return w


def _class_weights(of_class: Node, y: Node) -> Node:
    """The weight of each row's class: of_class (K,), y (B,), (B, 1) or (B, K), result (B,)."""
    if y.dtype == "int64":
        return g.take(of_class, y)
    if y.shape[-1] == 1:
        return g.take(of_class, g.cast(y[:, 0] > 0.5, dtype="int64"))
    return g.sum(of_class * y, axis=-1)


def loss_names(objectives: Sequence[Objective]) -> str:
    """What the losses are called, each once."""
    found = (objective.loss.title or objective.loss.name for objective in objectives)
    return "; ".join(dict.fromkeys(found))


def titles(
    objectives: Sequence[Objective], outputs: Sequence[Output], names: Mapping[Node, str]
) -> dict[str, str]:
    """What of the metrics no single step can give."""
    asked = [metric for objective in objectives for metric in objective.metrics]
    found = [output for output in outputs if output.role is Role.METRIC]
    remarks = [
        f"{output.of} = " + (metric.finished or "finish({})").format(
            f"mean of {names[output.node]} over all {'steps shown' if output.count else 'rows'}")
        for metric, output in zip(asked, found, strict=True) if output.of
    ]  # fmt: skip
    remarks += [
        f"{name} needs all rows at once" for objective in objectives for name in objective.left_out
    ]
    return {"metrics": "; ".join(dict.fromkeys(remarks))} if remarks else {}
