"""Folders of images and series by the same commands as tables, from raw data to answers."""

import csv
import io
import json
import re
from datetime import datetime, timedelta

import numpy as np
import pytest
from cases.photos import folder

pytestmark = pytest.mark.slow
EPOCHS = ("--epochs", "2", "--quiet", "--json")
SERIES = ("--target", "load", "--window", "24", "--horizon", "6")


@pytest.fixture
def photos(tmp_path):
    return folder(tmp_path / "photos", 12)


@pytest.fixture
def load(tmp_path):
    """300 hours of a daily wave."""
    rng, path = np.random.default_rng(0), tmp_path / "load.csv"
    times = [datetime(2024, 1, 1) + timedelta(hours=h) for h in range(300)]  # noqa: DTZ001
    values = 10 + np.sin(np.arange(300) * 2 * np.pi / 24) + 0.1 * rng.normal(size=300)
    rows = [f"{time.isoformat(' ')},{value:.4f}" for time, value in zip(times, values, strict=True)]
    path.write_text("time,load\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_folder_of_images_from_end_to_end(cli, photos):
    ran = cli("train", photos, *EPOCHS)
    assert ran.code == 0
    found = json.loads(ran.out)
    assert found["classes"] == ["disc", "square"]
    run = found["run"]
    answers = rows_of(cli("predict", run, photos / "disc", "--quiet").out)
    assert len(answers) == 12
    assert {row["prediction"] for row in answers} <= {"disc", "square"}
    assert all(row["file"].endswith(".png") for row in answers)
    judged = json.loads(cli("evaluate", run, photos, "--json", "--quiet").out)
    assert judged["rows"] == 24
    assert judged["is_training_data"]
    shown = cli("show", run).out
    assert shown.startswith("# x: images of 16 x 16 pixels, 3 channels")
    assert "conv2d(" in shown


def test_a_series_from_end_to_end(cli, load):
    ran = cli("train", load, *SERIES, *EPOCHS)
    assert ran.code == 0
    run = json.loads(ran.out)["run"]
    answers = rows_of(cli("predict", run, load, "--quiet").out)
    assert len(answers) == 6
    assert answers[0]["time"].startswith("2024-01-13T12:00") or "2024-01-13 12:00" in str(answers)
    judged = json.loads(cli("evaluate", run, load, "--json", "--quiet").out)
    assert judged["target"] == "load"
    assert judged["task"] == "forecast"
    assert judged["rows"] > 200
    assert "# result: the next 6 steps of load" in cli("show", run).out


def test_what_was_found_is_said(cli, photos, load):
    said = cli("train", photos, "--epochs", "1").err
    assert re.search(r"^images      photos: 24 images \(PNG 24\)$", said, re.MULTILINE)
    said = cli("train", load, *SERIES, "--epochs", "1").err
    assert re.search(r"^target      load.csv: load, forecast$", said, re.MULTILINE)
    assert re.search(r"^window      24 steps back, 6 ahead$", said, re.MULTILINE)


@pytest.mark.parametrize("kind", ["photos", "load"])
def test_the_python_that_is_shown_trains_to_the_same_weights(cli, photos, load, kind):
    given = {"photos": (photos,), "load": (load, *SERIES)}[kind]
    command = ("train", *given, "--epochs", "2")
    found = json.loads(cli(*command, "--quiet", "--json").out)
    text = cli(*command, "--show-code").out
    said = []
    exec(text, {"print": lambda *words: said.append(words)})
    assert said[-1] == ("weights", found["weights_sha256"])


@pytest.mark.parametrize("kind", ["photos", "load"])
def test_the_config_of_a_run_repeats_it(cli, photos, load, kind):
    given = {"photos": (photos,), "load": (load, *SERIES)}[kind]
    first = json.loads(cli("train", *given, *EPOCHS).out)
    again = json.loads(
        cli("train", "--config", f"{first['run']}/config.toml", "--quiet", "--json").out
    )
    assert again["weights_sha256"] == first["weights_sha256"]
    resumed = json.loads(
        cli("train", "--resume", "--out", first["run"], "--quiet", "--json").out
    )  # fmt: skip
    assert resumed["weights_sha256"] == first["weights_sha256"]


def test_a_run_does_not_go_on_with_other_images(cli, photos):
    run = json.loads(cli("train", photos, *EPOCHS).out)["run"]
    (photos / "disc" / "0.png").unlink()
    ran = cli("train", "--resume", "--out", run)
    assert ran.code == 4
    assert "is not what it was when this run began" in ran.err


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--horizon", "6"), "Missing option '--window'"),
        (("--window", "24"), "Missing option '--horizon'"),
        ((*SERIES[2:], "--horizon", "0"), "horizon"),
        ((*SERIES[2:], "--time", "hour"), "hour"),
        ((*SERIES[2:], "--set", "skip_unreadable=true"), "skip_unreadable"),
        ((*SERIES[2:], "--preset", "hasty"), "hasty"),
    ],
)
def test_what_a_series_cannot_be_asked_is_refused(cli, load, given, said):
    ran = cli("train", load, "--target", "load", *given)
    assert ran.code in {2, 4}
    assert said in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("given", [("--target", "x"), ("--window", "3"), ("--hidden", "8")])
def test_what_images_cannot_be_asked_is_refused(cli, photos, given):
    ran = cli("train", photos, *given)
    assert ran.code == 2
    assert given[0].removeprefix("--") in ran.err


def test_a_damaged_image_is_named_and_left_out_only_when_asked(cli, photos):
    (photos / "disc" / "broken.png").write_bytes(b"no picture")
    ran = cli("train", photos, *EPOCHS)
    assert ran.code == 4
    assert "broken.png" in ran.err
    assert cli("train", photos, *EPOCHS, "--set", "skip_unreadable=true").code == 0


def test_a_folder_without_images_is_said_to_be_one(cli, tmp_path):
    (tmp_path / "empty").mkdir()
    ran = cli("train", tmp_path / "empty")
    assert ran.code == 4
    assert "image" in ran.err
