"""Forecasts from end to end: found out, split in time, trained, saved, asked."""

import datetime as dt
import itertools
import tracemalloc

import numpy as np
import polars as pl
import pytest
from series.conftest import QUICK, future, hours, shops

from glassnet import callbacks, series
from glassnet.series.windows import Windows


def facts(fit):
    return {label: text for label, text, _ in fit.facts()}


def test_it_is_better_than_the_seasonal_naive_forecast(fit):
    scores = fit.scores()
    assert list(scores) == [
        "mean_absolute_error", "root_mean_squared_error", "mean_absolute_scaled_error",
    ]  # fmt: skip
    assert all(ours < 0.9 * theirs for ours, theirs in scores.values())
    found = fit.compared()
    assert found["naive"]["mean_absolute_error"] > found["seasonal naive"]["mean_absolute_error"]


def test_what_was_found_out_is_said(fit):
    said = facts(fit)
    assert said["time"] == "date, hourly, 2024-01-01 to 2024-02-09 23:00"
    assert said["season"].startswith("24 steps (autocorrelation 0.")
    assert said["window"] == "48 steps back, 24 ahead"
    assert "holiday, hour of the calendar, weekday of the calendar" in said["ahead"]
    assert all(len(label) <= 10 for label in said)
    assert fit.as_json()["known_ahead"] == ["holiday"]


def test_scores_are_those_of_the_answers_one_by_one(fit):
    d, windows, rows = fit.model.description, fit.windows, fit.rows["test"]
    p = fit.model.answers({k: v[rows] for k, v in windows.inputs().items()})
    y = windows.targets()[rows]
    naive = windows.inputs()["past"][rows][:, -24:]
    scale = d.scales[""]
    ours, theirs = fit.scores()["mean_absolute_scaled_error"]
    assert ours == pytest.approx(np.abs(p - y).mean() / scale, rel=1e-5)
    assert theirs == pytest.approx(np.abs(naive - y).mean() / scale, rel=1e-5)


def fit_target(fit):
    return fit.windows.y[fit.windows.ticks < fit.cuts.validation].astype(np.float64)


def test_statistics_are_those_of_the_training_part_alone(load, fit):
    y = fit_target(fit)
    d = fit.model.description
    assert d.scales[""] == pytest.approx(np.abs(y[24:] - y[:-24]).mean(), rel=1e-5)
    changed = load.with_columns(
        pl.when(pl.int_range(pl.len()) >= len(y)).then(pl.col("y") * 7).otherwise("y").alias("y")
    )
    again = series.find_fit(changed, "y", window=48, horizon=24, known_ahead=["holiday"])
    assert again.model.description == d


def test_no_target_reaches_into_a_later_part():
    fit = series.find_fit(shops(24 * 20), "y", 48, 24, group="shop", settings=QUICK)
    windows, cuts = fit.windows, fit.cuts
    for part, low, high in (
        ("train", -np.inf, cuts.validation),
        ("validation", cuts.validation, cuts.test),
        ("test", cuts.test, np.inf),
    ):
        rows = fit.rows[part]
        assert len(rows)
        assert (windows.first_ticks(rows) >= low).all()
        assert (windows.last_ticks(rows) < high).all()
        assert (windows.group[rows] == windows.group[rows + 71]).all()


def test_no_window_is_copied_out():
    """The views share the memory of the series, and training takes no multiple of it."""
    n, window = 60_000, 500
    frame = hours(n).drop("holiday")
    settings = series.Settings(hidden=(4,), epochs=1, batch_size=256, season=24)
    fit = series.find_fit(frame, "y", window, 24, settings=settings)
    inputs = fit.windows.inputs()
    assert np.shares_memory(inputs["past"], fit.windows.y)
    assert np.shares_memory(inputs["ahead"], fit.windows.ahead)
    assert inputs["past"].nbytes > 100e6
    fit.go()  # what is built is built
    tracemalloc.start()
    fit.go()
    fit.scores()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < inputs["past"].nbytes / 2


def test_saved_and_loaded_it_gives_the_same_answers(fit, load, tmp_path):
    fit.model.save(tmp_path / "m.safetensors")
    model = series.SeriesModel.load(tmp_path / "m.safetensors")
    assert (model.description, model.settings) == (fit.model.description, fit.model.settings)
    rows = future(load, 48, 24)
    ours, strange = fit.model.predict(rows)
    assert ours.equals(model.predict(rows)[0])
    assert strange == {}
    assert ours.columns == ["date", "prediction"]
    assert ours["date"].to_list() == rows["date"].to_list()[48:]


def test_predict_is_what_the_fit_says_of_the_same_window(fit, load):
    last = fit.rows["test"][-1]
    inputs = {k: v[[last]] for k, v in fit.windows.inputs().items()}
    p, _ = fit.model.predict(future(load, 48, 24))
    np.testing.assert_allclose(p["prediction"].to_numpy(), fit.model.answers(inputs)[0], rtol=1e-5)


def test_more_rows_than_a_window_change_nothing(fit, load):
    short, _ = fit.model.predict(future(load, 48, 24))
    long, _ = fit.model.predict(future(load, 300, 24))
    assert short.equals(long)


def test_evaluate_on_all_rows_agrees_with_the_scores(fit, load):
    first = fit.rows["test"][0]
    found = series.evaluate(fit.model, load[int(first) :])
    assert found.n_rows == len(fit.rows["test"])
    for name, (ours, theirs) in fit.scores().items():
        assert found.scores[name] == pytest.approx((ours, theirs), rel=1e-5)


def test_groups_of_unequal_size_are_foretold_together():
    frame = shops(24 * 25)
    fit = series.find_fit(frame, "y", 48, 12, group="shop", settings=series.Settings(epochs=20))
    fit.go()
    ours, theirs = fit.scores()["mean_absolute_scaled_error"]
    assert ours < theirs
    p, _ = fit.model.predict(frame)
    assert p.columns == ["date", "shop", "prediction"]
    assert p["shop"].to_list() == [name for name in "abc" for _ in range(12)]
    means = p.group_by("shop", maintain_order=True).mean()["prediction"].to_list()
    assert all(8 < b / a < 12 for a, b in itertools.pairwise(means))
    strange = fit.model.predict(frame.with_columns(shop=pl.col("shop") + "x"))[1]
    assert "not met in training" in strange["shop"]


def test_same_seed_same_bits_and_resumed_too(load, tmp_path):
    def trained(epochs, **more):
        settings = series.Settings(hidden=(8,), epochs=epochs, dropout=0.2)
        found = series.find_fit(load, "y", 24, 12, known_ahead=["holiday"], settings=settings)
        found.go(**more)
        return found.model.net.parameters

    whole, again = trained(4), trained(4)
    trained(2, callbacks=[callbacks.Checkpoint(tmp_path / "c", every_epochs=1)])
    resumed = trained(4, callbacks=[callbacks.Checkpoint(tmp_path / "c", resume=True)])
    for name, array in whole.items():
        np.testing.assert_array_equal(array, again[name])
        np.testing.assert_array_equal(array, resumed[name])


def test_without_dates_rows_are_counted():
    frame = hours(600).drop("date", "holiday")
    fit = series.find_fit(frame, "y", 48, 24, settings=QUICK)
    said = facts(fit)
    assert said["time"] == "no column of dates: by row number, 1 to 600"
    assert said["season"].startswith("24 steps")
    fit.go()
    p, _ = fit.model.predict(frame)
    assert p["row"].to_list() == list(range(601, 625))


@pytest.mark.parametrize(
    ("step", "n", "said", "season"),
    [
        (dt.timedelta(minutes=30), 1500, "half-hourly", 48),
        (dt.timedelta(days=1), 400, "daily", 7),
        (dt.timedelta(days=7), 400, "weekly", 52),
    ],
)
def test_steps_and_seasons_are_found(step, n, said, season):
    t = np.arange(n)
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({
        "when": [dt.datetime.fromisoformat("2020-01-06") + i * step for i in t.tolist()],
        "y": np.sin(2 * np.pi * t / season) + 0.5 * (t % season == 2) + 0.01 * rng.normal(size=n),
    })  # fmt: skip
    fit = series.find_fit(frame, "y", 60, 10, settings=QUICK)
    assert fit.model.description.clock.describe() == said
    assert fit.model.description.season == season


@pytest.mark.parametrize("form", ["%Y-%m", "%Y %b", "%Y-%m-%d", "%d.%m.%Y"])
def test_months_are_steps_of_their_own(form):
    months = pl.date_range(dt.date(2000, 1, 1), dt.date(2019, 12, 1), "1mo", eager=True)
    t = np.arange(len(months))
    rng = np.random.default_rng(0)
    y = 100 + t + 20 * np.sin(2 * np.pi * t / 12) + rng.normal(size=len(t))
    frame = pl.DataFrame({"month": months.dt.strftime(form), "y": y})
    fit = series.find_fit(frame, "y", 24, 12, settings=QUICK)
    d = fit.model.description
    assert (d.clock.describe(), d.season, d.calendar) == ("monthly", 12, ("month",))
    fit.go()
    p, _ = fit.model.predict(frame)
    assert p["month"].to_list()[:2] == [
        dt.datetime.fromisoformat("2020-01-01"),
        dt.datetime.fromisoformat("2020-02-01"),
    ]


def test_month_ends_and_working_days():
    ends = [dt.date(2000 + m // 12, m % 12 + 1, 1) - dt.timedelta(days=1) for m in range(1, 200)]
    days = pl.date_range(dt.date(2020, 1, 1), dt.date(2021, 6, 1), "1d", eager=True)
    days = days.filter(days.dt.weekday() < 6)
    for times, said, following in (
        (pl.Series(ends), "monthly", dt.datetime.fromisoformat("2016-08-31")),
        (days, "daily from Monday to Friday", dt.datetime.fromisoformat("2021-06-02")),
    ):
        y = np.random.default_rng(0).normal(size=len(times))
        frame = pl.DataFrame({"t": times, "y": y})
        fit = series.find_fit(frame, "y", 24, 6, settings=QUICK)
        assert fit.model.description.clock.describe() == said
        assert fit.grid.n_missing == 0
        p, _ = fit.model.predict(frame)
        assert p["t"][0] == following


def test_a_window_is_usable_where_enough_of_it_is_known():
    known = np.array([1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], bool)
    n = len(known)
    zeros = np.zeros((n, 0))
    group = np.repeat([0, 1], [10, 2])
    windows = Windows(2, 4, np.zeros(n), known, zeros, zeros, np.arange(n), group, None)
    assert windows.usable().tolist() == [4]
