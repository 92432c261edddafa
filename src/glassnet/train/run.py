"""The running fit: steps in stretches, and what happens between them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from glassnet.data import Rows
from glassnet.engines import Trainer, Work
from glassnet.errors import SettingError
from glassnet.graph import Node
from glassnet.nn.model import Model
from glassnet.program import Program
from glassnet.train.callbacks import Callback
from glassnet.train.diagnose import last_good_step
from glassnet.train.evaluate import Evaluator
from glassnet.train.history import History
from glassnet.train.interrupt import Interrupt
from glassnet.train.states import states_for

_LEAST = 1e-300  # instead of a count of 0, where all steps of an epoch are hidden
_TICK = 0.2  # seconds between two looks at the clock, the callbacks and Ctrl-C


@dataclass(repr=False)
class Run:
    """A fit while it runs; callbacks see it.

    net, history, learning_rate, epoch, step   as their names say; epoch and step are finished ones
    slots                                      the optimiser's arrays by name
    """

    net: Model
    engine: Trainer
    rows: Rows
    inputs: Mapping[Node, Any]
    batch_size: int
    epochs: int
    shuffle: bool
    learning_rate: float
    slots: dict[str, Any]
    callbacks: Sequence[Callback]
    validator: Evaluator | None
    trainer: Evaluator | None
    validation: Rows | None
    higher_is_better: dict[str, bool]
    finish: dict[str, Callable[[float], float]]
    adds_up: bool = False  # the loss is a sum over rows, not a mean, and so is its penalty
    history: History = field(default_factory=History)
    step: int = 0
    start_rate: float = field(init=False)
    _results: list[Any] = field(default_factory=list)

    def __repr__(self) -> str:
        last = f", loss {self.history.steps[-1]:.4g}" if self.history.steps else ""
        reason = self.history.stop_reason
        return (
            f"<run of {self.rows.count:,} rows: epoch {self.epoch} of {self.epochs}, "
            f"step {self.step:,}{last}{f', {reason}' if reason else ''}>"
        )

    def __post_init__(self) -> None:
        """Keep the learning rate that was asked for; callbacks may set another."""
        self.start_rate = self.learning_rate

    @property
    def steps_per_epoch(self) -> int:
        """How many steps make an epoch."""
        return -(-self.rows.count // self.batch_size)

    @property
    def epoch(self) -> int:
        """How many epochs are finished."""
        return self.step // self.steps_per_epoch

    @property
    def stopping(self) -> bool:
        """True once something asked for the end."""
        return bool(self.history.stop_reason)

    def stop(self, reason: str) -> None:
        """End the fit after this moment."""
        self.history.stop_reason = self.history.stop_reason or reason

    def weights(self) -> dict[str, Any]:
        """The weights as they would be given back now: averages where the optimiser keeps them."""
        averages = self.engine.program.averages
        return {
            name: self.slots[averages[name]] if name in averages else own
            for name, own in self.net.parameters.items()
        }

    def set_weights(self, weights: dict[str, Any]) -> None:
        """Put weights into the network (and into the averages)."""
        for name, value in weights.items():
            self.net.parameters[name] = value
            if name in self.engine.program.averages:
                self.slots[self.engine.program.averages[name]][...] = value

    def go(self) -> History:
        """Train until the last epoch, or until something asks for the end."""
        self.history.stop_reason = ""
        with Interrupt() as interrupt:
            self._tell("on_fit_begin")
            started = time.perf_counter() - self.history.seconds  # of a checkpoint that goes on
            try:
                while self.epoch < self.epochs and not self.stopping:
                    self._stretch(interrupt)
                    self.history.seconds = time.perf_counter() - started
            finally:
                self._average()
                self._tell("on_fit_end")
        self.stop("done")
        self.history.hash = self.hash()
        return self.history

    def hash(self) -> str:
        """SHA-256 over the names and numbers of all weights."""
        found = hashlib.sha256()
        for name, array in self.net.parameters.items():
            found.update(name.encode() + array.tobytes())
        return found.hexdigest()

    def _stretch(self, interrupt: Interrupt) -> None:
        """Some steps in the engine, then what they ask for."""
        first = self.step
        if first % self.steps_per_epoch == 0:
            self._tell("on_epoch_begin")
        if self._looks("on_step_begin"):
            self._tell("on_step_begin")
        kept = [a.copy() for a in self.arrays]
        work = self.work(first, self._next_stop())
        now, end = time.monotonic, time.monotonic() + _TICK
        results = self.engine.run(work, lambda: interrupt.came or now() > end)
        bad = np.flatnonzero(~np.isfinite(results[:, 0]))
        if len(bad) or not all(np.isfinite(a).all() for a in self.arrays):
            step = first + (int(bad[0]) if len(bad) else len(results))
            last_good_step(self, kept, first, step)
        self._count(results)
        if interrupt.came:
            interrupt.say(self.step)
            self.stop("interrupted")
        self._tell("on_tick")

    @property
    def program(self) -> Program:
        """The program of a step."""
        return self.engine.program

    @property
    def arrays(self) -> list[Any]:
        """Parameters, slots and states in the program's order."""
        kept = [*dict(self.net.parameters).values(), *self.slots.values()]
        return [*kept, *self.states.values()]

    @property
    def states(self) -> dict[str, Any]:
        """What the last batch has left for the next, by name."""
        return states_for(self.net, self.batch_size) if self.program.carried else {}

    def work(self, start: int, stop: int) -> Work:
        """Some steps for the engine."""
        state = dict(zip(self.program.state, self.arrays, strict=True))
        return Work(
            values={**self.inputs, **state},
            shuffle=self.shuffle,
            n_rows=self.rows.count,
            batch_size=self.batch_size,
            start=start,
            stop=stop,
            learning_rate=_as_rate(self.learning_rate),
            seed=self.net.seed,
            row_indices=self.rows.row_indices,
        )

    def _next_stop(self) -> int:
        """Where Python must be entered again, at the latest."""
        if self._looks("on_step_begin") or self._looks("on_step_end"):
            return self.step + 1
        last = self.epochs * self.steps_per_epoch
        if self.validator or self.trainer or self._looks("on_epoch_begin", "on_epoch_end"):
            return min(last, (self.epoch + 1) * self.steps_per_epoch)
        return last

    def _looks(self, *moments: str) -> bool:
        return any(
            getattr(type(callback), moment) is not getattr(Callback, moment)
            for callback in self.callbacks for moment in moments
        )  # fmt: skip

    def _tell(self, moment: str) -> None:
        for callback in self.callbacks:
            getattr(callback, moment)(self)

    def _count(self, results: Any) -> None:
        """Note the steps (n, outputs), and each epoch that they finish."""
        before = self.epoch
        self._results.append(results)
        self.history.steps += results[:, 0].tolist()
        self.step += len(results)
        if self._looks("on_step_end"):
            self._tell("on_step_end")
        if self.epoch > before:
            every = np.concatenate(self._results)
            done = len(every) - self.step % self.steps_per_epoch
            self._results = [every[done:]] if done < len(every) else []
            self._finish_epochs(every[:done].reshape(-1, self.steps_per_epoch, every.shape[1]))

    def _finish_epochs(self, results: Any) -> None:
        """Rows of the history from results (epochs, steps, outputs); one epoch if any looks on."""
        sizes = np.full(self.steps_per_epoch, self.batch_size, float)
        sizes[-1] = self.rows.count - self.batch_size * (self.steps_per_epoch - 1)
        columns = {}
        counts, sums = self.program.place_of_counts, {"loss", "penalty"} if self.adds_up else set()
        for i, (name, at) in enumerate(zip(self.program.figures, counts, strict=True)):
            batches = sizes if at is None else np.ascontiguousarray(results[:, :, at])
            whole = np.maximum(batches.sum(axis=-1, keepdims=True), _LEAST)
            shares = 1.0 if name in sums else batches / whole
            values = np.ascontiguousarray(results[:, :, i]) * shares
            columns[name] = list(map(self.finish.get(name, float), values.sum(axis=1).tolist()))
        size = {"size": self.batch_size} if self.program.carried else {}
        if self.trainer is not None:
            found = self.trainer.whole_metrics(self.rows, self.weights(), **size)
            columns |= {name: [value] for name, value in found.items()}
        if self.validator is not None and self.validation is not None:
            found = self.validator.evaluate(self.validation, self.weights(), **size)
            columns |= {f"val_{name}": [value] for name, value in found.items()}
        columns["learning_rate"] = [self.learning_rate] * len(results)
        self.history.extend(columns)
        self._tell("on_epoch_end")

    def _average(self) -> None:
        """Where weights were averaged, the averages become the network's."""
        for name, value in self.weights().items():
            self.net.parameters[name] = value

    def partial_results(self) -> list[Any]:
        """Results of the steps of the unfinished epoch, for a checkpoint."""
        return self._results

    def take_up(self, step: int, results: list[Any]) -> None:
        """Go on after this step."""
        self.step, self._results = step, results


def _as_rate(value: Any) -> float:
    """A learning rate that a callback may have set."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
        raise SettingError(f"run.learning_rate must be a number of at least 0, got {value!r}.")
    return float(value)
