"""Tables as people have them: an error that says the cure, or a choice that is said aloud."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from series.conftest import QUICK, future, hours, shops

from glassnet import series
from glassnet.errors import DataError, FileFormatError, SettingError, UnknownNameError

LOAD = hours(24 * 20)


def find(frame=LOAD, target="y", window=24, horizon=12, **more):
    return series.find_fit(frame, target, window, horizon, **{"settings": QUICK, **more})


def notes(fit):
    return [text for label, text, _ in fit.facts() if label == "note"]


def with_rows(frame, **columns):
    return frame.with_columns(**columns)


TEXT = LOAD["date"].dt.strftime("%Y-%m-%d %H:%M")


def mixed(first, at=5):
    return pl.Series("date", [first if i == at else v for i, v in enumerate(TEXT)])


@pytest.mark.parametrize(
    ("frame", "asked", "kind", "message"),
    [
        (LOAD, {"window": 0}, SettingError, "window must be a whole number of steps of at least 1"),
        (LOAD, {"horizon": 0}, SettingError, "horizon must be a whole number .* got 0"),
        (LOAD, {"horizon": -3}, SettingError, "got -3. A window lies before the forecast"),
        (LOAD, {"window": 500}, DataError, "The series has 480 steps, but a window of 500 with 12"),
        (LOAD, {"window": 400}, DataError, "No window of 400 steps .* part for train"),
        (LOAD, {"horizon": 100}, DataError, "part for validation and that for test"),
        (LOAD[:1], {}, DataError, "The table has one row"),
        (LOAD, {"target": "holiday"}, DataError, "holds dates|is text|no numbers"),
        (LOAD, {"target": "date"}, DataError, "The target 'date' holds dates"),
        (LOAD, {"target": "Y"}, UnknownNameError, "Did you mean 'y'"),
        (LOAD, {"known_ahead": ["holyday"]}, UnknownNameError, "Did you mean 'holiday'"),
        (LOAD, {"known_ahead": ["y"]}, SettingError, "cannot be target and known_ahead at once"),
        (with_rows(LOAD, kind=pl.lit("word")), {"known_ahead": "kind"}, DataError,
         "'kind' is to be known ahead, but it holds text, such as 'word'"),
        (with_rows(LOAD, y=pl.lit(5.0)), {}, DataError, "always the same in the part to train on"),
        (with_rows(LOAD, y=pl.lit(None, pl.Float64)), {}, DataError, "missing in every row"),
        (pl.concat([LOAD, LOAD[7:9]]), {}, DataError, "2 rows have the same 'date' .* 8 and 481"),
        (with_rows(LOAD, date=mixed("05.01.2024 03:00")), {}, DataError,
         "1 of 480 cells are no time such as 2024-12-31; the first is '05.01.2024 03:00' in row 6"),
        (with_rows(LOAD, date=mixed(None)), {}, DataError, "missing in 1 rows, .* row 6"),
        (with_rows(LOAD, date=mixed("2024-01-01 05:00+01:00")), {}, DataError,
         "some cells have an offset from UTC, such as '.01:00', and others have none"),
        (with_rows(LOAD, date=mixed("2024-01-01 05:17")), {}, DataError,
         "1 of 480 rows lie between the steps; the first is row 6"),
        (pl.concat([LOAD, hours(24, start=dt.datetime.fromisoformat("2030-01-01"))]), {}, DataError,
         "only 504 have a row"),
        (LOAD, {"time": "holiday"}, DataError, "holds neither dates nor numbers, such as"),
        (shops(480), {}, DataError, "say which column tells them apart: group='shop' does"),
        (with_rows(shops(480), shop=pl.Series([None] + ["a"] * 1439)), {"group": "shop"}, DataError,
         "The group 'shop' is missing in 1 rows"),
        (shops(30), {"group": "shop"}, DataError, "The longest series has 30 steps"),
        (LOAD, {"settings": series.Settings(season=48)}, SettingError,
         "does not fit into a window"),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_on_is_refused(frame, asked, kind, message):
    with pytest.raises(kind, match=message):
        find(frame, **asked)


def test_unsorted_rows_are_sorted_and_it_is_said():
    fit = find(LOAD.sample(fraction=1, shuffle=True, seed=1))
    assert fit.windows.y.tolist() == find().windows.y.tolist()
    assert "rows were sorted by time" in notes(fit)[0]


def test_gaps_and_missing_values_are_filled_and_it_is_said():
    y = LOAD["y"].to_list()
    y[100] = None
    frame = LOAD.with_columns(y=pl.Series(y))
    fit = find(pl.concat([frame[:200], frame[203:]]))
    assert "3 steps have no row: they were added as missing ones" in notes(fit)
    assert any("4 values of 'y' are missing: each is taken as the one before" in n
               for n in notes(fit))  # fmt: skip
    assert fit.windows.y[100] == fit.windows.y[99]
    assert not fit.windows.known[[100, 200, 201, 202]].any()


def test_missing_values_are_not_judged():
    y = LOAD["y"].to_list()
    y[440] = None
    fit = find(LOAD.with_columns(y=pl.Series(y)), known_ahead="holiday")
    counts = fit.errors("naive").counts
    assert counts.sum() < len(fit.rows["test"]) * 12
    assert counts.sum() >= len(fit.rows["test"]) * 12 - 12


def test_groups_with_too_few_rows_are_left_out_and_it_is_said():
    frame = pl.concat([shops(480), hours(20).with_columns(shop=pl.lit("new"))])
    fit = find(frame, group="shop")
    assert "1 groups have fewer than 36 steps and take no part: 'new'" in notes(fit)
    assert list(fit.model.description.scales) == ["a", "b", "c"]


def test_a_constant_group_among_others_does_no_harm():
    flat = hours(480).with_columns(shop=pl.lit("flat"), y=pl.lit(7.0))
    fit = find(pl.concat([shops(480), flat]), group="shop")
    fit.go()
    p, _ = fit.model.predict(pl.concat([shops(480), flat]))
    assert np.isfinite(p["prediction"].to_numpy()).all()
    assert fit.weights.max() <= 100


def test_offsets_that_change_are_read_as_utc_and_it_is_said():
    zoned = [f"{t}{'+01:00' if i < 240 else '+02:00'}" for i, t in enumerate(TEXT)]
    zoned = [t for i, t in enumerate(zoned) if i != 240]  # the clock goes forward
    frame = pl.concat([LOAD[:240], LOAD[241:]]).with_columns(date=pl.Series(zoned))
    fit = find(frame)
    assert any("'+01:00', '+02:00': they are read as UTC" in n for n in notes(fit))
    assert fit.grid.n_missing == 0
    assert fit.model.description.clock.text(int(fit.grid.ticks[0])) == "2023-12-31 23:00"


def test_days_and_months_that_could_be_exchanged_are_said():
    days = pl.date_range(dt.date(2020, 1, 1), dt.date(2020, 1, 12), "1d", eager=True)
    frame = pl.DataFrame({"d": days.dt.strftime("%m/%d/%Y"), "y": np.arange(12.0) ** 2})
    fit = find(frame, window=2, horizon=1)
    assert any("the month is read before the day" in n for n in notes(fit))


def test_rows_that_come_after_the_last_target_take_no_part_and_it_is_said():
    fit = find(future(LOAD, 400, 12), known_ahead="holiday")
    assert any("12 rows before the first or behind the last" in n for n in notes(fit))


def test_columns_that_do_not_go_in_are_named():
    frame = LOAD.with_columns(
        row=pl.int_range(pl.len()), one=pl.lit(1), note=pl.lit("text"), unit=pl.lit("x")
    )
    fit = find(frame, settings=series.Settings(columns={"unit": "ignore"}, epochs=1))
    assert fit.model.description.left_out == {
        "row": "the numbers of the rows", "one": "always the same in the part to train on",
        "note": "text, such as 'text'", "unit": "as asked for",
    }  # fmt: skip


@pytest.fixture(scope="module")
def model():
    fit = find(known_ahead=["holiday"])
    fit.go()
    return fit.model


FUTURE = future(LOAD, 24, 12)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FUTURE.drop("holiday"), "The data lack 'holiday', which the forecast was trained with"),
        (FUTURE.drop("y"), "The data lack 'y'. A forecast needs the target of the past, its time"),
        (FUTURE[:24], "'holiday' must be known ahead, but 12 of the 12 steps after the last"),
        (FUTURE[:30], "6 of the 12 steps after the last target lack it. Give 12 further rows"),
        (FUTURE.with_columns(holiday=pl.Series([*FUTURE["holiday"][:-1], None])),
         "'holiday' must be known ahead, but 1 of the 12"),
        (FUTURE[3:], "looks back on 24 steps, but there are 21 up to the last target"),
        (FUTURE.with_columns(y=pl.lit(None, pl.Float64)), "missing in every row"),
        (FUTURE.with_columns(y=pl.lit("high")), "The target 'y' is text"),
        (pl.concat([FUTURE, FUTURE[:1]]), "1 rows have the same 'date'"),
        (FUTURE.with_columns(pl.col("date") + dt.timedelta(minutes=5)), "lie between the steps"),
        (FUTURE.with_columns(y=pl.when(pl.int_range(36) == 23).then("y")),
         "Of the last 24 values of 'y' 23 are missing, more than half"),
    ],
)  # fmt: skip
def test_what_cannot_be_foretold_is_refused(model, frame, message):
    with pytest.raises(DataError, match=message):
        model.predict(frame)


def test_few_missing_values_at_predict_are_filled_and_it_is_said(model):
    rows = FUTURE.with_columns(y=pl.when(pl.int_range(36) != 5).then("y"))
    p, strange = model.predict(rows)
    assert p.height == 12
    assert "1 values of those looked back on are missing" in strange["y"]


def test_unsorted_rows_at_predict_change_nothing(model):
    assert model.predict(FUTURE.reverse())[0].equals(model.predict(FUTURE)[0])


def test_evaluate_needs_rows_and_targets(model):
    with pytest.raises(DataError, match="No window fits into the 30 steps"):
        series.evaluate(model, LOAD[:30])
    with pytest.raises(DataError, match="missing in every row"):
        series.evaluate(model, LOAD.with_columns(y=pl.lit(None, pl.Float64)))


def test_a_file_that_does_not_fit_is_refused(model, tmp_path):
    from dataclasses import replace

    import glassnet as gn

    path = tmp_path / "m.safetensors"
    for wrong in ({"window": 25}, {"season": 0}, {"horizon": 10**9}, {"scales": {}}):
        replace(model, description=replace(model.description, **wrong)).save(path)
        with pytest.raises(FileFormatError, match="series"):
            series.SeriesModel.load(path)
    gn.Network([gn.Dense(1)], input_shape=(2,)).save(path)
    with pytest.raises(FileFormatError, match="a network without a series"):
        series.SeriesModel.load(path)


@pytest.mark.parametrize(
    "asked",
    [{"epochs": 0}, {"season": 0}, {"test_share": 1.0}, {"hidden": (0,)}, {"dropout": 1.0}],
)
def test_settings_are_checked(asked):
    with pytest.raises(SettingError):
        series.Settings(**asked)
