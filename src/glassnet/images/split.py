"""Which images are for training, for validation and for the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glassnet import data
from glassnet.images.settings import Settings


def split(parts: Sequence[str], y: Any, settings: Settings) -> dict[str, Any]:
    """Row numbers for "train", "validation" and "test".

    parts  what each image is for, as its folder says; "" is for training, and what no folder holds
           is taken from there: first the test, so that it depends on nothing but its share
    """
    kind = np.array([part or "train" for part in parts])
    rows = {name: np.flatnonzero(kind == name) for name in ("train", "validation", "test")}
    for name, share in (("test", settings.test_share), ("validation", settings.validation_share)):
        if not len(rows[name]):
            kept, out = data.split_rows(len(rows["train"]), share, settings.seed, y[rows["train"]])
            rows["train"], rows[name] = rows["train"][kept], rows["train"][out]
    return rows
