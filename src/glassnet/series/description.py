"""What a forecast knows of its table: columns, clock, season, groups. Plain data in the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from glassnet.errors import FileFormatError
from glassnet.series.clock import Clock

_FAR = 1e4  # deviations of a mean from 0, beyond which float32 loses digits of the differences
_HUGE = 1e18  # whose squares float32 still holds


@dataclass(frozen=True)
class Column:
    """A column of numbers, or of yes and no, with mean and deviation over the training part."""

    name: str
    is_flag: bool = False
    mean: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class Description:
    """The table of a forecast, and what was found out about it.

    window, horizon  how many steps the network looks back on, and how many it foretells
    season      steps after which the series looks alike; 1 where it does not
    time, form  the column of times, "" where rows are counted, and how they are written
    group       the column that tells series apart, or ""
    columns     that are looked back on beside the target
    ahead       those of them that are known of the steps to come
    calendar    parts of the time that go in: hour, weekday, month
    scales      of each group the mean absolute error of the seasonal naive forecast in training
    left_out    columns that do not go in, and why; remarks  what else was found, by column
    """

    target: Column
    window: int
    horizon: int
    season: int
    clock: Clock
    time: str = ""
    form: str = ""
    group: str = ""
    columns: tuple[Column, ...] = ()
    ahead: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()
    scales: Mapping[str, float] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[str, str] = field(default_factory=dict)

    @property
    def known_ahead(self) -> tuple[Column, ...]:
        """The columns that are known of the steps to come."""
        return tuple(c for c in self.columns if c.name in self.ahead)

    @property
    def ahead_width(self) -> int:
        """Numbers that are known of each step to come: columns, a sine and a cosine a part."""
        return len(self.ahead) + 2 * len(self.calendar)

    @property
    def dtype(self) -> str:
        """The kind of float that holds every column's digits."""
        sizes = [(c.mean, c.scale) for c in (self.target, *self.columns)]
        fits = all(abs(m) < _FAR * s and 1 / _HUGE < s < _HUGE for m, s in sizes)
        return "float32" if fits else "float64"

    def to_json(self) -> dict[str, Any]:
        """Plain data, from which `from_json` makes the same description."""
        return asdict(self)

    @staticmethod
    def from_json(text: Any) -> Description:
        """A description from what `to_json` gave."""
        try:
            return Description(**{
                **text,
                "target": Column(**text["target"]),
                "clock": Clock(**text["clock"]),
                "columns": tuple(Column(**c) for c in text["columns"]),
                "ahead": tuple(text["ahead"]),
                "calendar": tuple(text["calendar"]),
            })  # fmt: skip
        except (KeyError, TypeError) as error:
            raise FileFormatError(f"The file does not describe a series: {error!r}.") from error
