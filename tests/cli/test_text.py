"""A table with a column of sentences, from `glassnet train` to predictions."""

import numpy as np
import pytest

PLAIN = [
    "the",
    "film",
    "and",
    "its",
    "story",
    "are",
    "told",
    "by",
    "friends",
    "near",
    "our",
    "town",
]


@pytest.fixture
def reviews(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["review,sentiment"]
    for i in range(240):
        words = [*rng.choice(PLAIN, 8), "superb" if i % 2 else "dull"]
        lines.append(f'"{" ".join(rng.permutation(words))}.",{"good" if i % 2 else "bad"}')
    path = tmp_path / "reviews.csv"
    path.write_text("\n".join([*lines, ""]))
    return path


def test_a_run_on_sentences_does_all_that_a_run_on_numbers_does(cli, reviews, tmp_path):
    ran = cli("train", reviews, "--target", "sentiment", "--epochs", "12", "--set",
              "learning_rate=0.01")  # fmt: skip
    assert ran.code == 0
    assert "texts       review (15 words learnt, 10 words a row)" in ran.err.splitlines()
    run = tmp_path / "runs" / "reviews-1"
    assert "Words that weighed" in (run / "report.html").read_text(encoding="utf-8")
    (tmp_path / "new.csv").write_text("review\na superb film\na dull film\n")
    answers = cli("predict", run, tmp_path / "new.csv").out.splitlines()[1:]
    assert [line.split(",")[0] for line in answers] == ["good", "bad"]
    assert "text_1: review (17 codes" in cli("show", run).out
    assert cli("evaluate", run, reviews).code == 0
    weights = (run / "model.safetensors").read_bytes()
    assert cli("train", "--resume", "--out", run).code == 0
    assert (run / "model.safetensors").read_bytes() == weights


def test_a_column_of_text_may_be_ignored_or_asked_for(cli, reviews):
    ran = cli("train", reviews, "--target", "sentiment", "--set", "columns.review=ignore")
    assert ran.code == 4
    assert "Left out: review (as asked for)" in ran.err
    ran = cli("train", reviews, "--target", "sentiment", "--epochs", "1", "--set",
              "columns.review=text")  # fmt: skip
    assert ran.code == 0
