"""A network together with the table whose raw rows it takes: what a model file holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import files
from glassnet.errors import DataError, FileFormatError
from glassnet.network import Network
from glassnet.tables import recommendation
from glassnet.tables.agreement import table_and_settings
from glassnet.tables.columns import Table
from glassnet.tables.network import table_loss
from glassnet.tables.reading import Stream, read
from glassnet.tables.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from glassnet.losses import Loss
    from glassnet.program import Program


@dataclass(frozen=True)
class TableModel:
    """A network, its table, and how it was trained."""

    net: Network
    table: Table
    settings: Settings

    def predict(self, frame: Any) -> tuple[pl.DataFrame, dict[str, str]]:
        """The answers for raw rows, and by column what could not be read.

        frame  what `tables.read` gave, or any DataFrame

        A column `prediction`, and for classes a column `probability_<class>` for each.
        """
        import polars as pl

        rows = read(frame)
        if not isinstance(rows, Stream):
            return self._predict(rows, range(rows.height))
        parts, first = [], 0
        for batch in rows.batches():
            parts.append(self._predict(batch, range(first, first + batch.height)))
            first += batch.height
        found, strange = zip(*parts, strict=True)
        return pl.concat(found), first_said(strange)

    def _predict(
        self, frame: pl.DataFrame, numbers: Sequence[int]
    ) -> tuple[pl.DataFrame, dict[str, str]]:
        import polars as pl

        arrays, strange = self.table.inputs(frame, rows=numbers)
        p = self.finite_answers(arrays, numbers)
        target = self.table.target
        if not target.is_classes:
            return pl.DataFrame({"prediction": p}), strange
        named = {f"probability_{name}": p[:, i] for i, name in enumerate(target.classes)}
        likeliest = np.array(target.classes, object)[p.argmax(axis=1)]
        return pl.DataFrame({"prediction": likeliest.tolist(), **named}), strange

    def answers(self, arrays: Mapping[str, Any]) -> Any:
        """Probabilities (n, classes) or amounts (n,) for the network's inputs."""
        p = self.net.predict(dict(arrays))
        if not self.table.target.is_classes:
            return p[:, 0]
        return np.concatenate([1 - p, p], axis=1) if p.shape[1] == 1 else p

    def finite_answers(self, arrays: Mapping[str, Any], rows: Sequence[int]) -> Any:
        """As `answers`; DataError where one is NaN or infinity, which names no class.

        rows  the numbers of the rows in their table
        """
        p = self.answers(arrays)
        bad = np.flatnonzero(~np.isfinite(p.reshape(len(p), -1)).all(axis=1))
        if len(bad):
            raise DataError(
                f"The network's answer for row {rows[bad[0]] + 1:,} is no number, so no "
                "prediction is given. Look at the numbers of that row: one is far too large."
            )
        return p

    def neighbors(self, role: str, name: Any, n: int = 10, least: int = 10) -> pl.DataFrame:
        """Of a recommendation, the n users or items that are most alike to one.

        role   "user" or "item"
        name   as it stands in its column, or the title of an item
        least  training rows that a neighbour has: the numbers of rare ones are near by chance

        The columns are the identifier, `title` where there are titles, and `similarity`: the cosine
        of the angle between the numbers that were learnt for the two.
        """
        return recommendation.neighbors(self, role, name, n, least)

    def recommend(self, user: Any, n: int = 10, seen: Any = None) -> pl.DataFrame:
        """Of a recommendation, the n items with the highest answers for a user.

        seen  a table in which the user's rows name the items to be left out: `tables.read` gave it,
              or any DataFrame. `TableFit.recommend` knows the rows it was trained on
        """
        codes = None if seen is None else recommendation.seen_by(self, user, seen)
        return recommendation.recommend(self, user, n, codes)

    @property
    def loss(self) -> Loss:
        """What training lowers."""
        return table_loss(self.table)

    @property
    def metrics(self) -> list[str]:
        """What is shown beside the loss after each epoch."""
        return ["accuracy"] if self.table.target.is_classes else []

    def training_program(self) -> Program:
        """The program of one training step."""
        settings, target = self.settings, self.table.target
        return self.net.training_program(
            loss=self.loss, optimizer=settings.optimizer, sample_weight=bool(settings.weights),
            class_weight=len(target.classes) if settings.class_weight else 0,
        )  # fmt: skip

    def save(self, path: str | Path) -> None:
        """Write everything into one file."""
        extra = {"table": self.table.to_json(), "settings": self.settings.to_json()}
        files.save(self.net, path, extra)

    @staticmethod
    def load(path: str | Path) -> TableModel:
        """Read what `save` wrote."""
        saved = files.read_model(path)
        net, extra = Network.of_saved(saved), saved.extra
        if not {"table", "settings"} <= set(extra):
            raise FileFormatError(
                f"{path} holds a network without a table. Load it with gn.load(path)."
            )
        return TableModel(net, *table_and_settings(net, extra))


def first_said(parts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What is strange about a table by what is so about its parts: of each column the first."""
    found: dict[str, str] = {}
    for part in parts:
        for name, what in part.items():
            found.setdefault(name, what)
    return found
