"""Ratings from the command line: trained, predicted, measured, shown, resumed."""

import json
import signal
import sys
import tomllib

import polars as pl
import pytest
from tables.made_ratings import ratings

pytestmark = pytest.mark.slow


@pytest.fixture
def frame(tmp_path):
    frame = ratings()
    frame.write_csv(tmp_path / "ratings.csv")
    return frame


def test_the_whole_way(cli, frame, tmp_path):
    ran = cli("train", "ratings.csv", "--target", "rating", "--out", "run")
    assert ran.code == 0, ran.err
    said = " ".join((ran.out + ran.err).split())
    assert "found a recommendation: how much each user likes each item" in said
    assert "left out title (belongs to bookId)" in said
    assert "--set recommendation=false" in said
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text(encoding="utf-8"))
    assert config["recommendation"] is True
    assert config["penalty"] in {0.1, 0.3, 1.0}
    assert "What was learnt of the items" in (tmp_path / "run" / "report.html").read_text()

    new = pl.DataFrame({"userId": ["100", "stranger"], "bookId": ["1", "2"]})
    new.write_csv(tmp_path / "new.csv")
    ran = cli("predict", "run", "new.csv")
    assert ran.code == 0
    assert len(ran.out.split()) == 3
    assert "userId: 1 cell missing, or met in no more than 1 row of training" in ran.err

    ran = cli("evaluate", "run", "ratings.csv", "--json")
    found = json.loads(ran.out)
    assert found["metrics"]["root_mean_squared_error"] < 0.3
    ran = cli("show", "run")
    assert ran.out.startswith("# user: userId (0 any other, 1 100, 2 101, ...)\n# item: bookId")
    assert "embedded1 = W1[user]" in ran.out


def test_a_word_on_the_command_line_makes_it_another_table(cli, frame):
    for word in ("recommendation=false", "columns.userId=category"):
        ran = cli("train", "ratings.csv", "--target", "rating", "--epochs", "1", "--set", word,
                  "--out", word.replace(".", "-"))  # fmt: skip
        assert ran.code == 0, ran.err
        assert "recommendation:" not in ran.out + ran.err


def test_the_program_of_show_code_trains_to_the_same_weights(cli, frame, capsys):
    arguments = ("train", "ratings.csv", "--target", "rating", "--epochs", "3")
    code = cli(*arguments, "--show-code").out
    capsys.readouterr()
    exec(code, {})
    weights = capsys.readouterr().out.split()[-1]
    assert json.loads(cli(*arguments, "--json", "--quiet").out)["weights_sha256"] == weights


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process are POSIX's")
def test_it_goes_on_to_the_bit(signalled, cli, frame):
    arguments = ("train", "ratings.csv", "--target", "rating")
    whole = json.loads(cli(*arguments, "--out", "whole", "--json", "--quiet").out)
    stopped = signalled(3, signal.SIGINT, *arguments, "--out", "run")
    assert stopped.code == 130
    ran = cli("train", "--resume", "--out", "run", "--json")
    assert json.loads(ran.out)["weights_sha256"] == whole["weights_sha256"]
