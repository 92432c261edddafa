"""A network together with the description of its series: what a model file holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import files
from glassnet.errors import DataError, FileFormatError
from glassnet.losses import Loss, MeanAbsoluteError
from glassnet.network import Network
from glassnet.series.agreement import description_and_settings
from glassnet.series.description import Description
from glassnet.series.future import Future, futures_of
from glassnet.series.rows import described_rows, grid_of, read_table
from glassnet.series.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from glassnet.program import Program


@dataclass(frozen=True)
class SeriesModel:
    """A network, its series, and how it was trained."""

    net: Network
    description: Description
    settings: Settings

    def predict(self, frame: Any) -> tuple[pl.DataFrame, dict[str, str]]:
        """The next `horizon` values of each group, and by column what was strange.

        frame  what `tables.read` takes: at least `window` recent rows of each group with the
               target; where columns are known ahead, then `horizon` rows with these, whose target
               is empty

        Columns: the time (where there is none, the number of the row), the group, `prediction`.
        """
        rows = described_rows(read_table(frame), self.description, target_needed=True)
        grid = grid_of(self.description.clock, rows, self.description.time)
        future, strange = futures_of(self.description, grid, rows)
        return self._answered(future), {**rows.strange, **strange}

    def _answered(self, future: Future) -> pl.DataFrame:
        import polars as pl

        d = self.description
        p = self.answers(future.inputs)
        _check_finite(p, future.names)
        columns = [d.clock.times(future.ticks.ravel(), d.time or "row")]
        if d.group:
            columns.append(pl.Series(d.group, np.repeat(np.array(future.names, object), d.horizon)))
        return pl.DataFrame([*columns, pl.Series("prediction", p.ravel())])

    def answers(self, arrays: Mapping[str, Any]) -> Any:
        """The next values (n, horizon) for the network's inputs."""
        return self.net.predict(dict(arrays))

    @property
    def loss(self) -> Loss:
        """What training lowers."""
        return MeanAbsoluteError()

    @property
    def metrics(self) -> list[str]:
        """What is shown beside the loss after each epoch."""
        return []

    def training_program(self) -> Program:
        """The program of one training step."""
        return self.net.training_program(
            loss=self.loss, optimizer=self.settings.optimizer,
            sample_weight=len(self.description.scales) > 1,
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write everything into one file."""
        extra = {"series": self.description.to_json(), "settings": self.settings.to_json()}
        files.save(self.net, path, extra)

    @staticmethod
    def load(path: str | Path) -> SeriesModel:
        """Read what `save` wrote."""
        saved = files.read_model(path)
        net, extra = Network.of_saved(saved), saved.extra
        if not {"series", "settings"} <= set(extra):
            raise FileFormatError(
                f"{path} holds a network without a series. Load it with gn.load(path)."
            )
        return SeriesModel(net, *description_and_settings(net, extra))


def _check_finite(p: Any, names: list[str]) -> None:
    bad = np.flatnonzero(~np.isfinite(p).all(axis=1))
    if len(bad):
        of = f" of group {names[bad[0]]!r}" if names[bad[0]] else ""
        raise DataError(
            f"The network's answer for the rows{of} is no number, so no prediction is given. Look "
            "at the numbers of those rows: one is far too large."
        )
