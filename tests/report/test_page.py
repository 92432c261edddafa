"""The page is whole in itself, well-formed and small, whatever the table holds."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest
from cases.reports import CASE_MAKERS, EVIL, PENGUINS, fitted, penguins

from glassnet import report, tables
from glassnet.report.table_case import TableCase
from glassnet.tables import find_fit, read

pytestmark = pytest.mark.slow

NAMES = [maker.__name__ for maker in CASE_MAKERS]
VOID = {"meta", "link"}
MOST_BYTES = 1_000_000


class Page(HTMLParser):
    """Tags, attributes and text; that every tag is closed is checked on the way."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open[-1:] != ["style"]:
            self.texts.append(text)


@pytest.mark.parametrize("name", NAMES)
def test_page_is_well_formed_small_and_asks_for_nothing(name, reports):
    text = reports(name)[2]
    page = Page(text)
    assert len(text.encode()) < MOST_BYTES
    assert "script" not in page.tags
    assert "img" not in page.tags
    for key, value in page.attributes:
        assert key != "src"
        assert not key.startswith("on")
        assert key != "href" or value.startswith("#") or value == "data:,"
    assert not re.search(r"url\(|@import", text)


@pytest.mark.parametrize("name", NAMES)
def test_no_number_of_the_drawings_is_nan_or_infinite(name, reports):
    places = {"d", "x", "y", "cx", "cy", "r", "width", "height", "transform", "fill-opacity"}
    drawn = [value for key, value in Page(reports(name)[2]).attributes if key in places]
    assert drawn
    assert not [value for value in drawn if re.search(r"nan|inf", value)]


def test_links_lead_to_sections(reports):
    page = Page(reports("penguins")[2])
    keys = {value for key, value in page.attributes if key == "id"}
    links = {value[1:] for key, value in page.attributes if key == "href" and value[0] == "#"}
    assert len(links) == 7
    assert links <= keys


def test_a_recommendation_shows_what_it_has_learnt(reports):
    fit, _, text = reports("rated")
    page = Page(text)
    assert EVIL not in text
    assert "neighbors" in {value for key, value in page.attributes if key == "id"}
    assert "columns" not in {value for key, value in page.attributes if key == "id"}
    for said in ("Nearest neighbours of the 20 most frequent", "Where they lie",
                 "and how far user and item are from it"):  # fmt: skip
        assert said in page.texts
    item = fit.model.table.identifiers[1]
    most = item.values[int(np.argmax(item.counts))]
    near = fit.model.neighbors("item", most, 1)
    section = text[text.index("Nearest neighbours") :]
    first = section[section.index("<tbody>") :].split("</tr>")[0]
    assert f"{near['similarity'][0]:.2f}" in first


def test_markup_in_the_data_is_shown_as_text(reports):
    text = reports("evil")[2]
    page = Page(text)
    assert EVIL not in text
    assert EVIL in page.texts
    assert "<b>yes</b>" in page.texts
    assert "<i>target</i>" in page.texts
    assert "img" not in page.tags
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text)


def test_main_figure_stands_beside_the_constant_answer(reports):
    fit, _, text = reports("penguins")
    ours, constant = fit.scores()["accuracy"]
    page = " ".join(Page(text).texts)
    assert f"{100 * ours:.1f}\N{NO-BREAK SPACE}%" in page
    assert f"{100 * constant:.1f}\N{NO-BREAK SPACE}%" in page


def test_what_is_capped_is_said(reports):
    many = reports("many_classes")[2]
    assert "The 20 most frequent of 1,000 classes are drawn" in many
    assert "The 30 most frequent of 1,000 classes" in many
    assert "988 more classes" in many
    assert reports("wide")[2].count("The 30 most important of 100 columns") == 2
    assert "1,500 of 10,000 rows are drawn" in reports("long")[2]
    assert "Measured on 1,000 test rows drawn from 10,000" in reports("long")[2]


def test_program_is_the_one_that_runs(reports):
    fit, _, text = reports("penguins")
    page = "".join(Page(text).texts)
    assert fit.model.net.prediction_program().source("numpy").rstrip("\n") in page


def test_worst_rows_are_those_of_the_highest_loss(reports):
    fit, frame, text = reports("amounts")
    x, y = fit.parts["test"]
    off = abs(fit.model.answers(x) - y)
    row = fit.rows["test"][off.argmax()]
    section = text[text.index('id="worst"') :]
    first = section[section.index("<tbody>") :].split("</tr>")[0]
    assert f">{row + 1}</td>" in first
    assert f">{frame['flipper_length_mm'][int(row)]}<" in first


def test_left_out_columns_are_named_with_the_reason(tmp_path):
    frame, target, _ = penguins()
    fit, frame = fitted(frame.with_row_index("number"), target, 1)
    path = tmp_path / "report.html"
    report.write(path, fit, frame)
    text = path.read_text(encoding="utf-8")
    assert "Columns left out" in text
    assert fit.model.table.left_out["number"] in text


def test_fit_that_never_ran_has_a_report():
    frame = tables.read(PENGUINS)
    assert "No epoch was finished." in report.html(find_fit(frame, "species"), frame)


def without_clocks(page):
    """A report without what two runs of the same cannot share: when, and how long."""
    return re.sub(r"in [0-9.]+ s;?|\d{4}-\d\d-\d\d \d\d:\d\d \w+", "", page)


def test_report_of_a_table_in_batches_is_that_of_one_in_memory(reports):
    fit, frame, _ = reports("penguins")
    stream = read(PENGUINS, stream=True)
    assert without_clocks(report.html(fit, stream)) == without_clocks(report.html(fit, frame))


def test_report_of_many_rows_in_batches_describes_a_sample_and_says_so(reports, monkeypatch):
    fit, frame, text = reports("penguins")
    monkeypatch.setattr("glassnet.report.table_case._DESCRIBED", 50)
    stream = read(PENGUINS, stream=True)
    page = report.html(fit, stream)
    assert "Figures of 50 rows drawn at random" in page
    assert "Figures of all rows of the table" in text
    case = TableCase(fit, stream)
    assert case.described.height == 50
    worst = fit.rows["test"][case.worst]
    assert case.of_test(case.worst).rows() == frame[worst].rows()
    assert page[page.index('id="worst"') :] == text[text.index('id="worst"') :]
    other = replace(fit, model=replace(fit.model, settings=replace(fit.model.settings, seed=1)))
    assert TableCase(other, stream).described.rows() != case.described.rows()


def test_report_that_is_written_anew_is_never_half_there(reports, tmp_path, monkeypatch):
    fit, frame, _ = reports("penguins")
    path = tmp_path / "report.html"
    path.write_text("before", encoding="utf-8")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="The file that was there is as it was"):
        report.write(path, fit, frame)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_where_accuracy_tells_nothing_log_loss_does():
    """One row in twenty is rare, and only its probability can be told."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    rare = rng.random(2000) < 0.05 * (1 + np.tanh(x))
    frame = pl.DataFrame(
        {"x": x, "noise": rng.normal(size=2000), "y": np.where(rare, "bad", "good")}
    )
    fit, frame = fitted(frame, "y", 40)
    page = report.html(fit, frame)
    case = TableCase(fit, frame)
    assert not case.beats_constant("accuracy")
    assert case.beats_constant("log_loss")
    assert "By accuracy the network is no better than a constant answer. Its prob" in page
    assert case.weighed.name == "log_loss"
    assert case.by_importance == ["x", "noise"]
    assert case.importance.mean[0] > 0
