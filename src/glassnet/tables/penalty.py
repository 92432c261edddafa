"""How strong the penalty of a recommendation is, where nobody has said it: by trial.

Ratings that are mostly mood want 10 or 30, exact ones 1 or less; only rows held out can tell. For
each strength a network is trained for some epochs, on the training rows of as many users as have
200,000, and the validation rows of these users tell the best. The test rows take no part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glassnet.tables.columns import Progress, Table, silent
from glassnet.tables.factorization import factorization
from glassnet.tables.network import table_loss
from glassnet.tables.settings import Settings
from glassnet.train.callbacks import EarlyStopping

STRENGTHS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_EPOCHS, _PATIENCE = 30, 5
_ROWS = 200_000

Part = tuple[Mapping[str, Any], Any]


def choose_penalty(
    table: Table, settings: Settings, parts: Mapping[str, Part], progress: Progress = silent
) -> float:
    """The strength whose network has the least validation loss; of equal ones the strongest."""
    (x, y), held = _of_some_users(parts)
    found = []
    for done, penalty in enumerate(reversed(STRENGTHS), 1):
        net = factorization(table, replace(settings, penalty=penalty), len(y))
        history = net.fit(
            x, y, loss=table_loss(table), optimizer=settings.optimizer, epochs=_EPOCHS,
            batch_size=settings.batch_size, validation_data=held, verbose=0,
            callbacks=[EarlyStopping(patience=_PATIENCE)],
        )  # fmt: skip
        if history.stop_reason == "interrupted":  # by Ctrl-C, which ends the trials too
            raise KeyboardInterrupt
        found.append((min(history["val_loss"]), -penalty))
        progress("penalties tried", done, len(STRENGTHS))
    return -min(found)[1]


def _of_some_users(parts: Mapping[str, Part]) -> tuple[Part, Part]:
    """The rows of the first users that have so many together, to train and for validation."""
    x, _ = parts["train"]
    counts = np.bincount(np.asarray(x["user"]))
    last = int(np.searchsorted(np.cumsum(counts), _ROWS))
    train, held = (_up_to(parts[part], last) for part in ("train", "validation"))
    return train, held if len(held[1]) else parts["validation"]


def _up_to(part: Part, last: int) -> Part:
    x, y = part
    some = np.flatnonzero(np.asarray(x["user"]) <= last)
    return {name: np.asarray(array)[some] for name, array in x.items()}, y[some]
