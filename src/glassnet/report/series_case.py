"""What the report of a forecast is about: a finished fit and its figures on the test windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glassnet.report.case import Case
from glassnet.report.markup import Markup, join, shortened
from glassnet.report.numerals import count

if TYPE_CHECKING:
    from glassnet.series import SeriesFit


@dataclass(frozen=True)
class SeriesCase(Case):
    """A fit of series."""

    fit: SeriesFit
    unit = "window"

    @property
    def title(self) -> str:
        """The target's name."""
        return self.fit.model.description.target.name

    @property
    def task(self) -> str:
        """A forecast."""
        return "forecast"

    @property
    def sentence(self) -> Markup:
        """How far it looks back and ahead."""
        d, test = self.fit.model.description, len(self.fit.rows["test"])
        return join(
            f"A network foretells the next {count(d.horizon, 'step')} of "
            f"{shortened(d.target.name, 60)} from the {count(d.window, 'step')} before, "
            f"{d.clock.describe()}. Figures on this page are of {count(test, 'window')} on the "
            "last part of the time, which training did not see."
        )

    def baseline(self, metric: str) -> str:
        """The seasonal naive forecast."""
        return "the seasonal naive forecast"
