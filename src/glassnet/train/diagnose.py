"""NaN or infinity in training: back to the last good step, and say what happened where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from glassnet.errors import DivergenceError
from glassnet.program.execute import Line, execute

if TYPE_CHECKING:
    from glassnet.train.run import Run

_LARGE = 1e6


def last_good_step(run: Run, kept: list[Any], first: int, bad: int) -> NoReturn:
    """Restore the arrays from before step `first`, go on to the last good step, and raise.

    Every draw is a function of the step, so the same steps give the same bits again.
    """
    for array, value in zip(run.arrays, kept, strict=True):
        array[...] = value
    good = first
    with np.errstate(all="ignore"):
        for step in range(first, bad):
            before = [a.copy() for a in run.arrays]
            run.engine.run(run.work(step, step + 1), lambda: False)
            if not all(np.isfinite(a).all() for a in run.arrays):
                for array, value in zip(run.arrays, before, strict=True):
                    array[...] = value
                break
            good = step + 1
        line = _first_bad_line(run, good)
    run.step = good
    run.stop("diverged")
    raise DivergenceError(
        _message(run, good, line), step=good + 1, value=line.names[0] if line else "",
        layer=line.layer if line else "",
    )  # fmt: skip


def _first_bad_line(run: Run, step: int) -> Line | None:
    """Run the next step line by line on copies; the first line that is not finite."""
    program, work = run.program, run.work(step, step + 1)
    first = step % run.steps_per_epoch * work.batch_size
    rows: Any = slice(first, first + work.batch_size)
    if work.shuffle:
        rows = work.order(step // run.steps_per_epoch)[rows]
    batch = work.batch(program.inputs, rows)
    given = {leaf.name: a for leaf, a in zip(program.inputs, batch, strict=True)}
    given |= {leaf.name: work.values[leaf].copy() for leaf in program.state}
    given |= {**work.settings, "t": step + 1}
    return next((line for line in execute(program, given) if not line.is_finite), None)


def _message(run: Run, good: int, line: Line | None) -> str:
    biggest = max((float(np.abs(a).max()) for a in run.arrays if a.size), default=0.0)
    if line is None:
        where = "the loss"
    else:
        layer = f" of layer '{line.layer}'" if line.layer else ""
        where = f"{line.names[0]}{layer} ({line.code.strip()})"
    return (
        f"Step {good + 1} met NaN or infinity, first in {where}. The weights are those after step "
        f"{good}, the last good one. {_cause(run, line, biggest)}"
    )


def _cause(run: Run, line: Line | None, biggest: float) -> str:
    rate = run.learning_rate
    smaller = f"Try a smaller learning rate (it is {rate:g}; {rate / 10:g}, say)"
    if biggest > _LARGE or line is None:
        return (
            f"The largest weight was {biggest:.2g}: the steps are too large. {smaller}, "
            "clip_norm=1 in the optimizer, or data scaled to mean 0 and deviation 1."
        )
    if "np.log(" in line.code or "np.sqrt(" in line.code:
        return (
            "A logarithm of 0 or of a negative number, or such a root, is the likely cause: give "
            "the last layer the activation that belongs to the loss (sigmoid, softmax, softplus)."
        )
    if " / " in line.code:
        return "A division by 0 is the likely cause: look at that formula, or at rows of zeros."
    return f"{smaller}, clip_norm=1 in the optimizer, or scaled data."
