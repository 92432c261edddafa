"""The sections of the report that are about forecasts."""

import xml.etree.ElementTree as ET

import pytest
from series.conftest import shops

from glassnet import series
from glassnet.report import sections
from glassnet.report.series_case import SeriesCase


def parsed(markup):
    return ET.fromstring(f"<div>{markup}</div>")  # noqa: S314 - our own markup


def test_the_forecast_is_drawn_beside_truth_and_seasonal_naive(fit):
    found = parsed(sections.forecasts(fit))
    headings = [h.text for h in found.iter("h3")]
    assert headings == [
        "from 2024-02-06 00:00".removesuffix(" 00:00"), "from 2024-02-07", "from 2024-02-08",
        "from 2024-02-09", "In figures", "Error by step ahead", "Error by time",
    ]  # fmt: skip
    drawn = [p.get("class") for p in found.iter("path")]
    assert drawn.count("line truth") == 4
    assert drawn.count("line blue") == drawn.count("line orange") == 6
    cells = [cell.text for cell in found.iter("td")]
    assert "mean absolute scaled error" in cells


def test_head_and_overview_say_what_was_found(fit):
    text = "".join(parsed(sections.head(SeriesCase(fit))).itertext())
    assert "A network foretells the next 24 steps of y from the" in text
    assert "for the seasonal naive forecast" in text
    said = "".join(parsed(sections.series_overview(fit)).itertext())
    assert "No window's target reaches into a later part" in said


def test_series_are_listed_where_there_are_several():
    settings = series.Settings(hidden=(4,), epochs=1)
    fit = series.find_fit(shops(480, ("a", "<b>", "c")), "y", 24, 12, group="shop",
                          settings=settings)  # fmt: skip
    fit.go()
    found = parsed(sections.forecasts(fit))
    assert "Series by series" in [h.text for h in found.iter("h3")]
    assert {"a", "<b>", "c"} <= {s.text for s in found.iter("span")}


@pytest.mark.parametrize("horizon", [1, 2])
def test_a_short_horizon_is_drawn_too(horizon, load):
    settings = series.Settings(hidden=(4,), epochs=1, test_share=0.05)
    fit = series.find_fit(load, "y", 24, horizon, settings=settings)
    fit.go()
    assert len(list(parsed(sections.forecasts(fit)).iter("svg"))) == 6
