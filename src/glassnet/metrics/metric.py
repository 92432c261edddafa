"""What every metric has: a name, a title, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from glassnet.calls import CheckedFields
from glassnet.losses import snake


@dataclass(frozen=True)
class Metric(CheckedFields):
    """The base of all metrics."""

    title: ClassVar[str] = ""
    higher_is_better: ClassVar[bool] = True

    @property
    def name(self) -> str:
        """The name by which the metric can be asked for, and which its figures bear."""
        return snake(type(self).__name__)
