"""The sections of the report, each from a case."""

from glassnet.report.sections.architecture import architecture
from glassnet.report.sections.classification import classification
from glassnet.report.sections.curves import curves
from glassnet.report.sections.head import head
from glassnet.report.sections.images import (
    first_filters,
    image_overview,
    wrong_images,
)
from glassnet.report.sections.influence import influence
from glassnet.report.sections.overview import overview
from glassnet.report.sections.program import program
from glassnet.report.sections.regression import regression
from glassnet.report.sections.series import forecasts, series_overview
from glassnet.report.sections.text import words
from glassnet.report.sections.worst import worst

__all__ = [
    "architecture", "classification", "curves", "first_filters", "forecasts", "head",
    "image_overview", "influence", "overview", "program", "regression",
    "series_overview", "words", "worst", "wrong_images",
]  # fmt: skip
