"""The loss of a sequence of labels of which nobody knows at which steps they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.losses.loss import Loss, ln
from glassnet.spec import Spec, shape_text

_Step = tuple[list[Node], list[Node]]  # what it carries on, and what is kept of it
_NEVER = -1e30  # ln of what cannot be; finite, so that its slope is 0 and not undefined
_SEQUENCE = 3  # axes of an output


@dataclass(frozen=True)
class CTC(Loss):
    """Connectionist temporal classification: -ln of the chance that p (B, T, K) spells y (B, L).

    At each step the softmax p gives one of K - 1 labels or the blank, class 0. A path of T classes
    spells the labels that are left when each run of one class is taken once and then blanks are
    taken out: 0 1 1 0 2, 1 0 2 2 2 and 1 2 2 2 0 all spell 1 2, while 1 1 needs a blank in
    between. The chances of all paths that spell y are added up step by step, in logarithms (Graves
    et al., 2006, section 4.1; here alpha is split into its blanks and its labels).

    y has the labels of each row, 1 to K - 1, and -1 behind them; a row may have none. `length` is
    the most labels of a row, None as many as there are steps: less takes less time. Each row
    counts once, however many labels it has (PyTorch's "mean" divides by their number).

    Where a mask says which steps (B, T) of the output count, as behind `gn.Masking`, the others are
    passed over: that is where the frames of a row end (PyTorch's input_lengths).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(3, "softmax")], input_shape=(4, 2), seed=1)
    >>> x = [[[1, 0], [1, 0], [0, 1], [0, 1]], [[0, 1], [0, 1], [0, 1], [0, 1]]]
    >>> y = [[1, 2], [2, -1]]
    >>> settings = {"optimizer": gn.optim.Adam(0.1), "epochs": 100, "verbose": 0}
    >>> history = net.fit(x, y, loss=gn.losses.CTC(length=2), **settings)
    >>> net.predict(x).argmax(-1).tolist()
    [[1, 1, 2, 2], [2, 2, 2, 2]]
    """

    title: ClassVar[str] = "connectionist temporal classification, on the logits"
    textbook: ClassVar[str] = "-{mean}(ln of the chance of all paths in {p} that spell {y})"
    target: ClassVar[str] = "labels"
    takes_mask: ClassVar[bool] = True
    length: int | None = None

    def __post_init__(self) -> None:
        if self.length is not None and not self.length > 0:
            raise SettingError(f"CTC: length must be 1 or more, got {self.length!r}.")

    def target_spec(self, p: Spec) -> Spec:
        """The labels of each row, (B, L)."""
        if p.rank != _SEQUENCE or p.shape[-1] == 1:
            raise ShapeError(
                "CTC: the output is a softmax for each step, (B, T, classes), got "
                f"{shape_text(p.shape)}: let the layer before give its sequences, and end in "
                "gn.Dense(classes, 'softmax'), of which class 0 is the blank."
            )
        return Spec((p.shape[0], self.length or p.shape[1]), "int64")

    def formula(self, y: Node, p: Node, mask: Node | None = None) -> Node:
        """(B,). mask (B, T): which steps count."""
        is_softmax = p.op is g.softmax
        ln_p = g.log_softmax(p.args[0], **p.settings) if is_softmax else ln(p)
        ln_p = ln_p.named("ln_p")  # (B, T, K)
        hot = g.one_hot(y, depth=int(p.shape[-1]), dtype=p.dtype).named("hot")  # (B, L, K)
        ln_label = (ln_p @ g.swapaxes(hot, 1, 2)).named("ln_label")  # (B, T, L)
        ln_blank = ln_p[:, :, :1].named("ln_blank")  # (B, T, 1)
        last = _alphas(ln_blank, ln_label, _barred(y, p.dtype), mask)
        n_labels = _count(g.greater_equal(y, 0)).named("n_labels")
        return -g.pick(last.named("spelt"), n_labels)


def steps_needed(y: Node) -> Node:
    """(B,): the fewest steps that spell the labels (B, L): one each, and a blank between twins."""
    given = g.greater_equal(y, 0)
    twins = g.logical_and(given[:, 1:], g.equal(y[:, 1:], y[:, :-1]))
    return _count(given) + _count(twins)


def _count(which: Node) -> Node:
    """(B, L) -> (B,): how many are true, as whole numbers."""
    return g.cast(g.sum(g.cast(which, dtype="float32"), axis=1), dtype="int64")


def _alphas(ln_blank: Node, ln_label: Node, barred: Node, mask: Node | None) -> Node:
    """(B, L + 1): ln of the chance that the steps have spelt the first 0, 1, ... L labels.

    barred  (B, L): 0 where a label may follow the one before it without a blank, else "never"
    """
    rows, dtype, n = ln_label.shape[0], ln_label.dtype, int(ln_label.shape[-1])

    def step(
        blank: Node, label: Node, ln_blank: Node, ln_label: Node, counts: Node | None = None
    ) -> _Step:
        """blank (B, L + 1) ends in a blank behind so many labels; label (B, L) in the i-th."""
        before = _one_on(label).named("before")
        at_blank = ln_blank + g.logaddexp(blank, before)
        apart = blank[:, :n].named("apart")  # with a blank between the two labels
        direct = (before[:, :n] + barred).named("direct")
        moved = g.logaddexp(apart, direct).named("moved")
        at_label = ln_label + g.logaddexp(label, moved)
        if counts is not None:  # a hidden step leaves what has been spelt as it is
            at_blank, at_label = g.where(counts, at_blank, blank), g.where(counts, at_label, label)
        return [at_blank.named("blank"), at_label.named("label")], []

    never = g.full(_NEVER, shape=(rows, n), dtype=dtype)
    nothing_yet = g.pad(g.full(0.0, shape=(rows, 1), dtype=dtype),
                        widths=((0, 0), (0, n)), value=_NEVER)  # fmt: skip
    counts = [] if mask is None else [g.expand_dims(mask, -1).named("counts")]  # (B, T, 1)
    names = ["blank", "label", "ln_blank", "ln_label", *(["counts"] if counts else [])]
    sequences = [ln_blank, ln_label, *counts]
    (blank, label), _ = g.scan(step, [nothing_yet, never], sequences, names=names)
    return g.logaddexp(blank, _one_on(label).named("ending"))


def _barred(y: Node, dtype: str) -> Node:
    """(B, L): 0 where a label differs from the one before it, else ln of "never"."""
    before = g.pad(y, widths=((0, 0), (1, 0)))[:, : int(y.shape[1])]
    return (g.cast(g.equal(y, before), dtype=dtype) * _NEVER).named("barred")


def _one_on(label: Node) -> Node:
    """(B, L + 1) of (B, L): at each place what is at the label before, at the first "never"."""
    return g.pad(label, widths=((0, 0), (1, 0)), value=_NEVER)
