"""What happened in a fit: a table of numbers for each epoch, and the loss of each step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glassnet.errors import UnknownNameError, need

_MOST_POINTS = 2000  # of one curve in a plot: more than a screen has columns


@dataclass
class History(Mapping[str, list[float]]):
    """history["loss"], history["val_accuracy"], ...: one number for each epoch.

    epochs       how many are in the table
    steps        the loss of each step, in order
    stop_reason  why training ended: "done", "early stopping", "time limit", "interrupted", ...
    seconds      wall-clock time of all epochs

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(1)], input_shape=(1,))
    >>> history = net.fit([[0.0], [1.0]], [1.0, 3.0], epochs=3, verbose=0)
    >>> len(history["loss"]), history.stop_reason
    (3, 'done')
    """

    table: dict[str, list[float]] = field(default_factory=dict)
    steps: list[float] = field(default_factory=list)
    stop_reason: str = ""
    seconds: float = 0.0

    def add(self, row: Mapping[str, float]) -> None:
        """One more epoch."""
        before = self.epochs
        for name, value in row.items():
            self.table.setdefault(name, [float("nan")] * before).append(float(value))

    @property
    def epochs(self) -> int:
        """How many epochs are in the table."""
        return len(self.table.get("loss", ()))

    def __getitem__(self, name: str) -> list[float]:
        if name not in self.table:
            raise UnknownNameError("column of the history", name, self.table)
        return self.table[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(no epoch finished)"
        last = ", ".join(f"{k}: {v[-1]:.4g}" for k, v in self.table.items())
        return f"History({self.epochs} epochs; last {last}; {self.stop_reason})"

    def to_dataframe(self, backend: str = "polars") -> Any:
        """The table as a DataFrame, with the epoch (from 1) in front: "polars" or "pandas"."""
        if backend not in {"polars", "pandas"}:
            raise UnknownNameError("backend", backend, ["polars", "pandas"])
        frames = need(backend, "sklearn" if backend == "pandas" else "test")
        return frames.DataFrame({"epoch": list(range(1, self.epochs + 1)), **self.table})

    def plot(self, path: Any = None) -> Any:
        """Curves of the loss, and of every metric, for training and validation.

        path  where to save the picture (its ending gives the kind); None shows nothing by itself

        Returns matplotlib's Figure.
        """
        figure_module = need("matplotlib.figure", "plots")
        names = [n for n in self.table if not n.startswith("val_") and n not in _NOT_DRAWN]
        figure = figure_module.Figure(figsize=(5.2 * len(names), 3.6), layout="constrained")
        for axes, name in zip(np.atleast_1d(figure.subplots(1, len(names))), names, strict=True):
            self._draw(axes, name)
        if path is not None:
            figure.savefig(path, dpi=150)
        return figure

    def _draw(self, axes: Any, name: str) -> None:
        epochs = np.arange(1, self.epochs + 1)
        every = max(1, self.epochs // _MOST_POINTS)
        axes.plot(epochs[::every], self.table[name][::every], color="#1f6feb", label="training")
        if f"val_{name}" in self.table:
            held = self.table[f"val_{name}"]
            axes.plot(epochs[::every], held[::every], color="#d1690e", label="validation")
            axes.legend(frameon=False)
        axes.set_xlabel("epoch")
        axes.set_title(name.replace("_", " "), loc="left")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)


_NOT_DRAWN = {"learning_rate", "seconds"}
