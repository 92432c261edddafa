"""Callbacks: your own code at named moments of a fit, and those that come with Glassnet."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import figure as look
from glassnet.calls import Checked
from glassnet.errors import SettingError
from glassnet.spelling import long_name

if TYPE_CHECKING:
    from glassnet.train.run import Run


class Callback(Checked):
    """Override the moments that you need; each gets the running fit.

    run.net        the network         run.history    the table so far
    run.epoch      epochs finished     run.step       steps finished
    run.learning_rate   may be set     run.stop("why")  ends the fit after this moment

    on_step_* costs what it costs: where a callback has it, Python is entered at every step.
    """

    def on_fit_begin(self, run: Run) -> None:
        """Before the first step."""

    def on_epoch_begin(self, run: Run) -> None:
        """Before the first step of an epoch."""

    def on_step_begin(self, run: Run) -> None:
        """Before each step."""

    def on_step_end(self, run: Run) -> None:
        """After each step; its loss is run.history.steps[-1]."""

    def on_tick(self, run: Run) -> None:
        """A few times a second."""

    def on_epoch_end(self, run: Run) -> None:
        """After an epoch; its row is the last of run.history."""

    def on_fit_end(self, run: Run) -> None:
        """After the last step, however the fit ended."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint must keep of this callback: numbers, text and arrays by name."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""


class EarlyStopping(Callback):
    """Ends the fit when the best value of `monitor` is `patience` epochs old.

    monitor       a column of the history; "auto" is val_loss where there is validation, else loss
    patience      epochs without improvement
    min_delta     what counts as an improvement
    mode          "min", "max" or "auto" (losses and errors fall, scores rise)
    restore_best  give back the weights of the best epoch (the default)
    """

    def __init__(
        self, monitor: str = "auto", *, patience: int = 10, min_delta: float = 0.0,
        mode: str = "auto", restore_best: bool = True,
    ) -> None:  # fmt: skip
        if patience < 1 or min_delta < 0:
            raise SettingError("EarlyStopping: patience must be 1 or more, min_delta 0 or more.")
        if mode not in {"auto", "min", "max"}:
            raise SettingError(f"EarlyStopping: mode is 'auto', 'min' or 'max', got {mode!r}.")
        self.monitor, self.patience, self.min_delta = monitor, patience, min_delta
        self.mode, self.restore_best = mode, restore_best
        self.best, self.best_epoch = math.inf, 0
        self._weights: dict[str, Any] = {}

    def on_fit_begin(self, run: Run) -> None:
        """Start anew, unless a checkpoint was taken up."""
        if run.step == 0:
            self.best, self.best_epoch, self._weights = math.inf, 0, {}

    def on_epoch_end(self, run: Run) -> None:
        """Compare the epoch with the best so far."""
        name = monitored(self.monitor, run)
        sign = -1 if rises(name, self.mode, run) else 1
        value = sign * run.history[name][-1]
        if value < self.best - self.min_delta:
            self.best, self.best_epoch = value, run.epoch
            if self.restore_best:
                self._weights = {k: v.copy() for k, v in run.weights().items()}
        elif run.epoch - self.best_epoch >= self.patience:
            run.stop("early stopping")

    def on_fit_end(self, run: Run) -> None:
        """Give back the best weights, unless the fit was broken off."""
        broken_off = run.history.stop_reason in {"interrupted", "diverged"}
        if self._weights and self.restore_best and not broken_off:
            run.set_weights(self._weights)

    def state(self) -> dict[str, Any]:
        """The best value, its epoch and its weights."""
        kept = {f"weights/{k}": v for k, v in self._weights.items()}
        return {"best": self.best, "best_epoch": self.best_epoch, **kept}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.best, self.best_epoch = float(state["best"]), int(state["best_epoch"])
        prefix = "weights/"
        self._weights = {k[len(prefix) :]: v for k, v in state.items() if k.startswith(prefix)}


def monitored(monitor: str, run: Run) -> str:
    """The column that a callback looks at."""
    if monitor != "auto":
        return monitor if monitor in run.history else long_name(monitor)
    return "val_loss" if "val_loss" in run.history else "loss"


def rises(name: str, mode: str, run: Run) -> bool:
    """True where higher is better."""
    if mode != "auto":
        return mode == "max"
    return run.higher_is_better.get(name.removeprefix("val_"), False)


class TimeLimit(Callback):
    """Ends the fit after so many seconds."""

    def __init__(self, seconds: float) -> None:
        if not seconds > 0:
            raise SettingError(f"TimeLimit: seconds must be above 0, got {seconds!r}.")
        self.seconds = seconds
        self._start = 0.0

    def on_fit_begin(self, run: Run) -> None:
        """Look at the clock."""
        self._start = time.monotonic()

    def on_tick(self, run: Run) -> None:
        """Look at it again."""
        if time.monotonic() - self._start >= self.seconds:
            run.stop("time limit")


class ReduceOnPlateau(Callback):
    """Sets the learning rate as gn.optim.schedules.OnPlateau says; fit adds it by itself."""

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule

    def on_epoch_end(self, run: Run) -> None:
        """The rate follows from the column so far."""
        name = self.schedule.monitor
        if name == "val_loss" and name not in run.history:
            name = "loss"
        run.learning_rate = self.schedule.rate(run.history[name])


class ResetStates(Callback):
    """Sets the states of stateful layers to zeros before every epoch, which begins anew.

    For rows that are one long sequence in parts, the first of which follow upon no others. Without
    it the first batch of an epoch goes on from the last one of the epoch before, as in Keras.
    """

    def on_epoch_begin(self, run: Run) -> None:
        """Begin anew."""
        run.net.states.reset()


_SMOOTHED, _GROWN = 10, 4.0  # steps of a running mean; growth at which the search ends


class LearningRateFinder(Callback):
    """Raises the learning rate step by step and notes the loss, then puts the weights back.

    Fit with it once, for a few epochs: `finder.suggestion` is the rate at which the loss fell
    fastest. (Smith, 'Cyclical learning rates for training neural networks', 2017.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(1)], input_shape=(1,))
    >>> finder = gn.callbacks.LearningRateFinder(steps=20)
    >>> history = net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=20, callbacks=[finder], verbose=0)
    >>> len(finder.rates) > 10, finder.suggestion > 0
    (True, True)
    """

    def __init__(self, low: float = 1e-6, high: float = 10.0, steps: int = 100) -> None:
        if not 0 < low < high or steps < 2:
            raise SettingError("LearningRateFinder: 0 < low < high, and at least 2 steps.")
        self.low, self.high, self.steps = low, high, steps
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._least = math.inf
        self._weights: dict[str, Any] = {}
        self._states: dict[str, Any] = {}

    def on_fit_begin(self, run: Run) -> None:
        """Keep the weights."""
        self.rates, self.losses, self._least = [], [], math.inf
        self._weights = {k: v.copy() for k, v in run.weights().items()}
        self._states = {k: v.copy() for k, v in run.states.items()}

    def on_step_begin(self, run: Run) -> None:
        """The rate rises by one factor at each step."""
        share = len(self.rates) / (self.steps - 1)
        run.learning_rate = self.low * (self.high / self.low) ** share

    def on_step_end(self, run: Run) -> None:
        """Note the loss; stop when its running mean has grown to several times its least."""
        self.rates.append(run.learning_rate)
        self.losses.append(run.history.steps[-1])
        recent = float(np.mean(self.losses[-_SMOOTHED:]))
        self._least = min(self._least, recent) if len(self.losses) >= _SMOOTHED else math.inf
        grown = recent > _GROWN * self._least
        if len(self.rates) >= self.steps or grown:
            run.stop("learning rates tried")

    def on_fit_end(self, run: Run) -> None:
        """Put the weights back, and what stateful layers began with."""
        run.set_weights(self._weights)
        for name, state in run.states.items():
            state[...] = self._states[name]

    @property
    def suggestion(self) -> float:
        """The rate at which the smoothed loss fell fastest."""
        if len(self.losses) < 3:
            raise SettingError("LearningRateFinder: fit with it first, for at least 3 steps.")
        width = max(1, len(self.losses) // 10)
        padded = np.pad(self.losses, (width // 2, width - 1 - width // 2), mode="edge")
        smooth = np.convolve(padded, np.ones(width) / width, mode="valid")
        slope = np.gradient(smooth, np.log(self.rates))
        return float(self.rates[int(np.argmin(slope))])

    def plot(self, path: Any = None) -> Any:
        """Loss against learning rate, with the suggestion marked; returns matplotlib's Figure."""
        picture = look.figure(5.2, 3.6)
        axes = picture.subplots()
        axes.semilogx(self.rates, self.losses, color=look.BLUE, linewidth=1.8)
        axes.axvline(self.suggestion, color=look.ORANGE, linestyle=(0, (4, 1.5)))
        axes.set_xlabel("learning rate")
        look.frame(axes, "loss", f"it falls fastest at {self.suggestion:.2g}")
        return look.finish(picture, path)
