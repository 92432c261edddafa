"""Columns of text: found out, learnt, kept in the model file, and what they may hold."""

import json

import numpy as np
import polars as pl
import pytest

from glassnet import report, tables
from glassnet.errors import DataError, FileFormatError
from glassnet.report.occlusion import mean_effects, occluded
from glassnet.tables import Settings, TableModel, evaluate_table, find_fit
from glassnet.tables.columns import Table
from glassnet.tables.columns.text import LONGEST, find_text, looks_like_text

GOOD, BAD = ["superb", "lovely", "moving", "witty"], ["dull", "awful", "clumsy", "stale"]
PLAIN = "the film and its story are told by two friends in a town near our house with some music"
QUICK = Settings(epochs=30, patience=10, hidden=(16,), learning_rate=0.01)


def sentences(n, seed=0):
    """Texts of 8 to 15 words with one or two that tell what they are, and what they are."""
    rng = np.random.default_rng(seed)
    y, texts = rng.integers(0, 2, n), []
    for i in range(n):
        words = rng.choice(PLAIN.split(), rng.integers(7, 14)).tolist()
        words.insert(int(rng.integers(0, 7)), str(rng.choice([BAD, GOOD][y[i]])))
        texts.append(f"{' '.join(words).capitalize()}.")
    return texts, np.where(y, "good", "bad").tolist()


@pytest.fixture(scope="module")
def frame():
    texts, y = sentences(400)
    rng = np.random.default_rng(1)
    kinds = [f"{i % 5}" for i in range(400)]
    return pl.DataFrame({"review": texts, "size": rng.normal(size=400), "kind": kinds, "y": y})


@pytest.fixture(scope="module")
def fit(frame):
    found = find_fit(frame, "y", settings=QUICK)
    found.go()
    return found


def test_a_column_of_sentences_is_text(fit):
    (column,) = fit.model.table.texts
    words = {*PLAIN.split(), *GOOD, *BAD, "."}
    assert set(column.tokenizer.words) == words
    assert 9 < column.mean < 16
    assert not fit.model.table.left_out
    assert list(fit.parts["train"][0]) == ["numbers", "text_1"]


def test_text_beside_numbers_is_learnt_from(fit):
    ours, constant = fit.scores()["accuracy"]
    assert ours > 0.95 > constant + 0.3


def test_a_saved_model_takes_strings(fit, frame, tmp_path):
    fit.model.save(tmp_path / "model.safetensors")
    model = TableModel.load(tmp_path / "model.safetensors")
    assert model.table == fit.model.table
    held = frame[fit.rows["test"]].drop("y")
    np.testing.assert_array_equal(
        model.predict(held)[0].drop("prediction").to_numpy(),
        fit.model.answers(fit.parts["test"][0]),
    )
    rows = {"review": ["A superb story", "A clumsy story"], "size": [0, 0], "kind": ["0", "1"]}
    answers, strange = model.predict(rows)
    assert answers["prediction"].to_list() == ["good", "bad"]
    assert strange == {}


def test_only_the_training_rows_tell_the_words(frame):
    before = find_fit(frame, "y", settings=QUICK)
    held = np.concatenate([before.rows["validation"], before.rows["test"]])
    changed = frame["review"].to_list()
    for row in held.tolist():
        changed[row] = "Quite another sentence stands here with zebras and zebras."
    after = find_fit(frame.with_columns(review=pl.Series(changed)), "y", settings=QUICK)
    assert after.model.table == before.model.table


def test_the_table_is_plain_data(fit):
    text = json.loads(json.dumps(fit.model.table.to_json()))
    assert Table.from_json(text) == fit.model.table
    for change in (
        {"units": 0}, {"units": True}, {"tokenizer": {"kind": "letters"}}, {"tokenizer": None},
    ):  # fmt: skip
        broken = {**text, "texts": [{**text["texts"][0], **change}]}
        with pytest.raises(FileFormatError, match="does not describe a"):
            Table.from_json(broken)


def test_a_file_whose_network_reads_other_texts_is_refused(fit, tmp_path):
    from glassnet import files

    table = fit.model.table.to_json()
    table["texts"][0]["tokenizer"]["length"] += 1
    extra = {"table": table, "settings": fit.model.settings.to_json()}
    files.save(fit.model.net, tmp_path / "model.safetensors", extra)
    with pytest.raises(FileFormatError, match="its table gives"):
        TableModel.load(tmp_path / "model.safetensors")


TITLES = [f"Alien {i}, the return" for i in range(200)]
NAMES = [f"Smith{i}, Mr. John Henry" for i in range(200)]
LINKS = [f"https://example.org/a/{i}?good=film&and=the&story=our&house=near" for i in range(200)]
KEYS = [" ".join(f"{i * k % 997:x}f{k}" for k in range(1, 9)) for i in range(200)]


@pytest.mark.parametrize("cells", [TITLES, NAMES, LINKS, KEYS, sentences(40)[0]],
                         ids=["titles", "names", "links", "keys", "few"])  # fmt: skip
def test_what_is_no_text_is_left_out(cells):
    assert not looks_like_text(pl.Series("a", cells))


def test_words_may_be_of_any_script():
    hindi = [
        "\u092f\u0939",
        "\u092b\u093f\u0932\u094d\u092e",
        "\u092c\u0939\u0941\u0924",
        "\u0905\u091a\u094d\u091b\u0940",
        "\u0914\u0930",
        "\u092e\u091c\u093c\u0947\u0926\u093e\u0930",
    ]

    rng = np.random.default_rng(0)
    assert looks_like_text(pl.Series("a", [" ".join(rng.permutation(hindi)) for _ in range(60)]))


def test_long_text_that_comes_again_is_a_category():
    texts = sentences(4)[0] * 50
    frame = pl.DataFrame({"a": texts, "y": ["u", "v", "u", "u"] * 50})
    table = find_fit(frame, "y", settings=QUICK).model.table
    assert [c.name for c in table.categories] == ["a"]


def test_the_user_says_that_a_column_is_text():
    frame = pl.DataFrame({"a": TITLES, "x": range(200), "y": ["u", "v"] * 100})
    settings = Settings(columns={"a": "text", "x": "ignore"}, epochs=1)
    (column,) = find_fit(frame, "y", settings=settings).model.table.texts
    assert {"alien", "return", ","} <= set(column.tokenizer.words)


def test_a_column_of_text_may_stay_out(frame):
    table = find_fit(frame, "y", settings=Settings(columns={"review": "ignore"})).model.table
    assert table.left_out["review"] == "as asked for"
    assert not table.texts


@pytest.mark.parametrize("cells", [list(range(40)), [str(i) for i in range(40)], [0.5] * 40])
def test_numbers_are_no_text(cells):
    frame = pl.DataFrame({"a": cells, "y": ["u", "v"] * 20})
    with pytest.raises(
        DataError, match=r"'a' cannot be text: it holds numbers, such as [01].*'cat"
    ):
        find_fit(frame, "y", settings=Settings(columns={"a": "text"}))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ([""] * 20, "no values"),
        ([None, " \t", "\x0b"] * 7, "no values"),
        (["same"] * 20, "always 'same'"),
        (["\x00\x01"] * 19 + ["\x02"], "text without a word"),
    ],
)
def test_texts_without_anything_to_learn_are_left_out(cells, reason):
    found = find_text(pl.Series("a", cells, dtype=pl.String))
    assert (found.column, found.reason) == (None, reason)


def test_texts_of_one_word_and_empty_ones_are_taken():
    found = find_text(pl.Series("a", ["word"] * 18 + ["", None]))
    assert found.column.tokenizer.words == ("word",)
    assert found.remark == "2 texts empty"


def test_texts_that_are_too_long_are_cut_and_this_is_said():
    long = " ".join(PLAIN.split() * 30)
    found = find_text(pl.Series("a", [PLAIN] * 18 + [long]))
    assert found.column.tokenizer.length == LONGEST == 400
    assert found.remark == "1 text longer than 400 words: the ends are not read"
    codes = found.column.codes(pl.Series("a", [PLAIN, long]))
    assert found.column.strange(pl.Series("a", [PLAIN, long]), codes) == found.remark


def test_a_text_of_which_nothing_is_known_is_said(fit, frame):
    rows = frame.head(3).with_columns(review=pl.Series(["xyzzy plugh", None, "superb"]))
    answers, strange = fit.model.predict(rows)
    assert strange == {"review": "1 text of which training has met nothing, such as 'xyzzy plugh'"}
    assert answers["probability_good"].is_finite().all()
    assert not fit.model.net.parameters["embedding_of_text_1.weight"][:2].any()
    numbers = ["probability_bad", "probability_good"]
    rows = rows.with_columns(size=pl.lit(0.5), kind=pl.lit("1"))
    answers, _ = fit.model.predict(rows)
    unknown, empty = (answers.select(numbers).row(i) for i in (0, 1))
    assert unknown == pytest.approx(empty)


def test_nul_characters_part_words():
    found = find_text(pl.Series("a", ["good\x00film"] * 3 + ["bad\x00film"] * 3))
    assert found.column.tokenizer.words == ("film", "bad", "good")


def test_a_script_without_spaces_is_learnt_in_parts():
    rng = np.random.default_rng(0)
    words = ["\u6211\u4eec", "\u559c\u6b22", "\u7535\u5f71", "\u975e\u5e38", "\u65e0\u804a"]
    cells = pl.Series("a", ["".join(rng.choice(words, 8)) for _ in range(100)])
    assert looks_like_text(cells)
    found = find_text(cells)
    assert found.remark == "written without spaces, so parts of words are learnt"
    assert found.column.tokenizer.decode(found.column.codes(cells)) == cells.to_list()


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_texts_in_other_encodings_are_the_same(tmp_path, encoding):
    texts, y = sentences(80)
    rows = [f'"{text} Une \u00e9tude na\u00efve, d\u00e9j\u00e0 vue",{c}' for text, c in
            zip(texts, y, strict=True)]  # fmt: skip
    path = tmp_path / "t.csv"
    path.write_bytes("\n".join(["review,y", *rows, ""]).encode(encoding))
    (column,) = find_fit(tables.read(path, say=print), "y", settings=QUICK).model.table.texts
    assert {"\u00e9tude", "na\u00efve", "d\u00e9j\u00e0"} <= set(column.tokenizer.words)


def test_evaluate_and_stream_read_texts(fit, frame, tmp_path):
    path = tmp_path / "t.parquet"
    frame.write_parquet(path)
    found = find_fit(tables.read(path, stream=True), "y", settings=QUICK)
    assert found.model.table.texts == fit.model.table.texts
    for part, (arrays, _) in fit.parts.items():
        np.testing.assert_array_equal(found.parts[part][0]["text_1"], arrays["text_1"])
    assert evaluate_table(fit.model, frame).scores["accuracy"][0] > 0.95


def test_what_a_word_weighs_is_the_answer_with_it_less_that_without(fit, frame):
    cells = ["a superb story", "the dull film", None]
    rows = {"review": cells, "size": [0.0] * 3, "kind": ["0"] * 3}
    arrays, _ = fit.model.table.inputs(pl.DataFrame(rows))
    read = occluded(fit.model, arrays, "text_1", cells)
    assert [text.words for text in read] == [["a", "superb", "story"], ["the", "dull", "film"], []]
    without, _ = fit.model.table.inputs(pl.DataFrame({**rows, "review": ["a story"] * 3}))
    expected = fit.model.answers(arrays)[0] - fit.model.answers(without)[0]
    np.testing.assert_allclose(read[0].effect[1], expected, atol=1e-6)
    assert read[0].effect[1].argmax() == read[1].effect[1].argmin() == 1
    assert read[0].effect[1, 1] > 0.3
    means = mean_effects(read * 3)
    np.testing.assert_allclose(means["dull"][0], read[1].effect[1])
    assert means["dull"][1] == 3


def test_the_report_says_which_words_weighed(fit, frame):
    page = report.html(fit, frame)
    start = page.index('id="words"')
    toward_good, toward_bad = page.index("superb", start), page.index("dull", start)
    assert start < toward_good < page.index("Texts word by word")
    assert start < toward_bad < page.index("Texts word by word")
    assert 'href="#words"' in page
    plain = find_fit(frame.drop("review"), "y", settings=Settings(epochs=1))
    assert 'id="words"' not in report.html(plain, frame.drop("review"))
