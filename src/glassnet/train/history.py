"""What happened in a fit: a table of numbers for each epoch, and the loss of each step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import SettingError, UnknownNameError, need
from glassnet.spelling import long_name

_MOST_POINTS = 2000  # of one curve in a plot: more than a screen has columns
_COLUMNS = 3  # of panels
_SHOWN = 4  # figures that a short text names
_ROOM = 1.06  # of the height of a loss: its curve ends below the upper edge
_FEW = 20  # epochs, each of which gets a dot


@dataclass
class History(Mapping[str, list[float]]):
    """history["loss"], history["val_accuracy"], ...: one number for each epoch.

    epochs       how many are in the table
    steps        the loss of each step, in order
    hash         SHA-256 over all weights at the end: one seed, one data set and one version of
                 Glassnet give the same, whatever the threads and the CPU
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
    hash: str = ""
    seconds: float = 0.0

    def extend(self, columns: Mapping[str, list[float]]) -> None:
        """One more epoch, or some more."""
        before = self.epochs
        for name, values in columns.items():
            self.table.setdefault(name, [float("nan")] * before).extend(values)

    @property
    def epochs(self) -> int:
        """How many epochs are in the table."""
        return len(self.table.get("loss", ()))

    def __getitem__(self, name: str) -> list[float]:
        """A column by its name or a short one: "mae", "val_acc"."""
        column = long_name(name) if name not in self.table else name
        if column not in self.table:
            raise UnknownNameError("column of the history", name, self.table)
        return self.table[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        if not self.epochs:
            return "History(no epoch finished)"
        names = [name for name in self.table if name != "learning_rate"]
        last = [f"{name} {self.table[name][-1]:.4g}" for name in names[:_SHOWN]]
        if len(names) > _SHOWN:
            last.append(f"{len(names) - _SHOWN} more")
        epochs = f"{self.epochs:,} epoch{'s' if self.epochs > 1 else ''}"
        ending = f"; {self.stop_reason}" if self.stop_reason else ""
        return f"History({epochs}; at the end {', '.join(last)}{ending})"

    def to_dataframe(self, backend: str = "polars") -> Any:
        """The table as a DataFrame, with the epoch (from 1) in front: "polars" or "pandas"."""
        if backend not in {"polars", "pandas"}:
            raise UnknownNameError("backend", backend, ["polars", "pandas"])
        frames = need(backend, "sklearn" if backend == "pandas" else "test")
        return frames.DataFrame({"epoch": list(range(1, self.epochs + 1)), **self.table})

    def plot(self, path: str | Path | None = None) -> Any:
        """Curves of the loss, and of every metric, for training and validation.

        path  where to save the picture (its ending gives the kind)

        Returns matplotlib's Figure. A notebook shows it; in a script, history.plot().show() opens a
        window and waits until it is closed.
        """
        names = [n for n in self.table if not n.startswith("val_") and self._is_drawn(n)]
        if not names:
            raise SettingError("No epoch is finished, so there are no curves to draw.")
        rows, columns = -(-len(names) // _COLUMNS), min(len(names), _COLUMNS)
        picture = look.figure(1.0 + 4.2 * columns, 3.4 * rows)
        panels = picture.subplots(rows, columns, squeeze=False).ravel()
        for axes, name in zip(panels, names, strict=False):
            self._draw(axes, name)
        for axes in panels[len(names) :]:
            axes.remove()
        return look.finish(picture, path)

    def _is_drawn(self, name: str) -> bool:
        """The learning rate is drawn where it changes."""
        return name != "learning_rate" or len(set(self.table[name])) > 1

    def _draw(self, axes: Any, name: str) -> None:
        every = max(1, self.epochs // _MOST_POINTS)
        epochs = np.arange(1, self.epochs + 1)[::every]
        ends = []
        for column, label, color, dashes in _CURVES:
            values = self.table.get(column.format(name))
            if values is not None:
                axes.plot(epochs, values[::every], color=color, linestyle=dashes, linewidth=1.8,
                          marker="o" if self.epochs < _FEW else "", markersize=4,
                          label=label)  # fmt: skip
                ends.append((label, f"{values[-1]:.4g}"))
        axes.set_xlabel("epoch")
        axes.margins(x=0.02)
        if min(axes.lines[0].get_ydata()) >= 0 and "loss" in name:
            top = max(filter(np.isfinite, _drawn(axes)), default=0)
            axes.set_ylim(0, _ROOM * top or 1)
        if len(ends) > 1:
            axes.legend(frameon=False, fontsize=look.SMALL, labelcolor=look.INK)
        axes.yaxis.set_major_formatter("{x:g}")  # without a power of ten above the axis
        axes.locator_params(axis="x", integer=True, nbins=7)
        if self.epochs == 1:
            axes.set_xticks([1])
        words = [" ".join(end) if len(ends) > 1 else end[1] for end in ends]
        look.frame(axes, name.replace("_", " "), "at the end: " + ", ".join(words))


def _drawn(axes: Any) -> Iterator[float]:
    """The numbers of all curves."""
    return itertools.chain.from_iterable(line.get_ydata() for line in axes.lines)


_CURVES = (("{}", "training", look.BLUE, "-"), ("val_{}", "validation", look.ORANGE, (0, (4, 1.5))))
