"""Recommendations: found out by the rules, learnt better than biases, asked for neighbours."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from tables.made_ratings import ratings

from glassnet import tables
from glassnet.errors import DataError, FileFormatError, SettingError, UnknownNameError
from glassnet.network import Network
from glassnet.tables import Settings, TableModel, find_fit
from glassnet.tables.biases import bias_answers, biases
from glassnet.tables.columns import IdentifierColumn, identifiers
from glassnet.tables.penalty import choose_penalty
from glassnet.tables.recommendation import cosines
from glassnet.tables.score import score

pytestmark = pytest.mark.slow

FRAME = ratings()


def found(frame, target="rating", **settings):
    return find_fit(frame, target, settings=Settings(**settings)).model.table


def pair(frame, target="rating", **settings):
    return tuple(column.name for column in found(frame, target, **settings).identifiers)


@pytest.fixture(scope="module")
def fit():
    fit = find_fit(FRAME, "rating")
    fit.go()
    return fit


# what is one, and what is none


def test_two_columns_of_identifiers_and_an_amount_are_a_recommendation(fit):
    table = fit.model.table
    assert [c.name for c in table.columns] == ["userId", "bookId"]
    assert table.left_out == {"title": "belongs to bookId"}
    said = {label: text for label, text, _ in fit.facts()}
    assert said["found"] == "a recommendation: how much each user likes each item"
    assert said["user"] == "userId, 60 met twice or more"
    assert said["item"] == "bookId, 40 met twice or more, called 'Book 1' and so on"
    assert "32 numbers and a bias for each of 60 users and 40 items" in said["network"]
    assert (fit.as_json()["user"], fit.as_json()["item"]) == ("userId", "bookId")


def with_columns(**columns):
    return FRAME.with_columns(**columns)


N = FRAME.height
RNG = np.random.default_rng(5)
LIKE = {
    "text": FRAME.cast(pl.String),
    "item first": FRAME.select("bookId", "rating", "userId"),
    "words without a name": FRAME.select(
        pl.format("anna {}", "userId").alias("who"), pl.format("b-{}", "bookId").alias("what"),
        "rating"),
    "a time": with_columns(timestamp=pl.Series(RNG.integers(1e9, 2e9, N))),
    "a date": with_columns(on=pl.Series([f"2024-01-{d + 1:02}" for d in RNG.integers(0, 28, N)])),
    "row numbers": FRAME.with_row_index("number"),
    "of the user": with_columns(age=pl.col("userId") % 40),
    "always the same": with_columns(source=pl.lit("web")),
    "whole numbers": with_columns(rating=pl.col("rating").round(0).clip(1, 5)),
    "a yes": with_columns(rating=pl.when(pl.col("rating") > 3).then(pl.lit("yes"))
                          .otherwise(pl.lit("no"))),
    "some missing": with_columns(userId=pl.when(pl.Series(RNG.random(N) > 0.02)).then("userId")),
}  # fmt: skip


@pytest.mark.parametrize("name", LIKE)
def test_it_is_one(name):
    frame = LIKE[name]
    who, what = ("who", "what") if "who" in frame.columns else ("userId", "bookId")
    assert pair(frame) == (who, what)


UNLIKE = {
    "a column of its own": with_columns(pages=pl.Series(RNG.normal(size=N))),
    "three identifiers": with_columns(shopId=pl.Series(RNG.integers(0, 30, N))),
    "pairs met again": pl.concat([FRAME, FRAME, FRAME]),
    "one column of identifiers": FRAME.select("userId", "rating").with_columns(
        x=pl.Series(RNG.normal(size=N))),
    "every one once": pl.DataFrame({
        "userId": [f"u{i}" for i in range(200)], "itemId": [f"i{i % 50}" for i in range(200)],
        "rating": RNG.normal(size=200)}),
    "a series of months": pl.DataFrame({
        "Month": [f"{m // 12}-{m % 12}" for m in range(48) for _ in range(40)],
        "seriesId": list(range(40)) * 48, "rating": RNG.normal(size=1920)}),
    "numbers by no such name": FRAME.select(
        pl.col("userId").alias("speed"), pl.col("bookId").alias("angle"), "rating"),
    "three classes of words": with_columns(rating=pl.Series(RNG.choice(["a", "b", "c"], N))),
    "no": FRAME.drop("title").rename({"userId": "x", "bookId": "y"}),
}  # fmt: skip


@pytest.mark.parametrize("name", UNLIKE)
def test_it_is_none(name):
    assert pair(UNLIKE[name]) == ()


@pytest.mark.parametrize(
    "settings",
    [
        {"recommendation": False}, {"columns": {"userId": "category"}}, {"encoding": "one_hot"},
        {"columns": {"title": "category"}},
    ],
)  # fmt: skip
def test_a_word_turns_it_off(settings):
    assert pair(FRAME, **settings) == ()


def test_a_word_turns_it_on():
    frame = UNLIKE["a column of its own"]
    table = found(frame, columns={"userId": "user", "bookId": "item"})
    assert table.left_out["pages"] == "userId and bookId alone decide"
    assert pair(FRAME, columns={"bookId": "user", "userId": "item"}) == ("bookId", "userId")
    assert pair(FRAME, columns={"bookId": "user"}) == ("bookId", "userId")
    assert pair(UNLIKE["numbers by no such name"], columns={"speed": "item", "angle": "user"}) == (
        "angle", "speed")  # fmt: skip


REFUSED = [
    (FRAME, {"columns": {"userId": "user"}, "recommendation": False}, SettingError,
     "'userId' is said to be a user or an item, and recommendation is false"),
    (FRAME, {"columns": {"userid": "user"}}, UnknownNameError, "userId"),
    (FRAME, {"columns": {"rating": "item"}}, DataError, "'rating' is the target"),
    (FRAME, {"columns": {"userId": "user", "bookId": "user"}}, DataError,
     "one column as user and one as item"),
    (FRAME, {"columns": {"userId": "user", "bookId": "item", "title": "category"}}, DataError,
     "'title' cannot be a category beside a user and an item"),
    (UNLIKE["one column of identifiers"], {"columns": {"userId": "user"}}, DataError,
     "'userId' is the user, but which column is the item is not plain"),
    (UNLIKE["three classes of words"], {"columns": {"userId": "user", "bookId": "item"}}, DataError,
     "has 3 classes, but a recommendation predicts an amount, or a yes or no"),
    (UNLIKE["every one once"], {"columns": {"userId": "user", "itemId": "item"}}, DataError,
     "No 'userId' occurs in two rows"),
    (with_columns(rating=pl.lit(4.0)), {}, DataError, "always '4': nothing can be learnt"),
]  # fmt: skip


@pytest.mark.parametrize(("frame", "settings", "kind", "said"), REFUSED)
def test_what_makes_no_sense_is_refused(frame, settings, kind, said):
    with pytest.raises(kind, match=said):
        found(frame, **settings)


@pytest.mark.parametrize("given", [{"factors": 0}, {"penalty": -1.0}, {"penalty": float("nan")}])
def test_settings_are_checked(given):
    with pytest.raises(SettingError, match=next(iter(given))):
        Settings(**given)


def test_only_identifiers_once_each_leave_nothing_to_learn_from():
    frame = pl.DataFrame({"userId": range(50), "itemId": range(50, 100), "rating": range(50)})
    with pytest.raises(DataError, match="No column beside 'rating' can help"):
        find_fit(frame.with_columns(rating=pl.Series(RNG.normal(size=50))), "rating")


def test_identifiers_are_the_same_however_they_are_written():
    for cells in ([7, None, 12], [7.0, None, 12.0], ["7", "", "12"], [" 7 ", " ", "12.0"]):
        assert identifiers(pl.Series(cells, strict=False)).to_list() == ["7", None, "12"]
    assert identifiers(pl.Series(["007", "7.5", "a b"])).to_list() == ["007", "7.5", "a b"]


# what is learnt


def test_it_learns_what_biases_cannot(fit):
    ours, constant = fit.scores()["root_mean_squared_error"]
    y = np.asarray(fit.parts["test"][1])
    by_biases = score("root_mean_squared_error", y, bias_answers(fit))
    assert ours < 0.4 * by_biases < 0.5 * constant


def test_biases_are_those_of_the_rows():
    user, item = np.divmod(np.arange(600), 30)
    b_u, b_i = np.linspace(-1, 1, 20), np.linspace(2, -2, 30)
    mean, of_users, of_items = biases(user, item, 3 + b_u[user] + b_i[item], [20, 30])
    assert mean == pytest.approx(3)
    np.testing.assert_allclose(of_users, b_u * 30 / 35, atol=1e-3)  # 5 rows at the mean
    np.testing.assert_allclose(of_items, b_i * 20 / 25, atol=1e-3)


def test_a_yes_is_learnt_too():
    fit = find_fit(LIKE["a yes"], "rating")
    fit.go()
    ours, constant = fit.scores()["log_loss"]
    assert ours < 0.7 * constant
    best = fit.model.recommend(100, 3)
    assert best["prediction"].is_between(0.5, 1).all()
    answers, _ = fit.model.predict(LIKE["a yes"].head(3))
    assert answers.columns == ["prediction", "probability_no", "probability_yes"]


def test_the_answer_is_the_formula(fit):
    a = {name: np.asarray(v, float) for name, v in fit.model.net.parameters.items()}
    rows = FRAME.head(9)
    u, i = (column.codes(rows[column.name]) for column in fit.model.table.identifiers)
    dot = (a["user_factors.weight"][u] * a["item_factors.weight"][i]).sum(1)
    z = dot + a["user_bias.weight"][u, 0] + a["item_bias.weight"][i, 0]
    y = z * a["rescale.y_scale"] + a["rescale.y_mean"]
    np.testing.assert_allclose(fit.model.predict(rows)[0]["prediction"], y, rtol=1e-5)


def test_it_prints_as_a_matrix_factorisation(fit, golden):
    golden("ratings_predict.py", fit.model.net.prediction_program().source("numpy"))
    golden("ratings.py", fit.model.training_program().source("numpy"))


def test_both_engines_agree():
    frame = FRAME.head(300)
    nets = [find_fit(frame, "rating") for _ in range(2)]
    for one, engine in zip(nets, ("numpy", "native"), strict=True):
        x, y = one.parts["train"]
        one.model.net.fit(x, y, loss=one.model.loss, optimizer=one.model.settings.optimizer,
                          epochs=3, batch_size=32, engine=engine, verbose=0)  # fmt: skip
    for name, array in nets[0].model.net.parameters.items():
        np.testing.assert_allclose(array, nets[1].model.net.parameters[name], atol=2e-5)


def test_any_number_of_threads_gives_the_same_bits():
    hashes = set()
    for threads in (1, 2, 3, 7):
        one = find_fit(FRAME, "rating", settings=Settings(penalty=1))
        x, y = one.parts["train"]
        history = one.model.net.fit(x, y, loss=one.model.loss, threads=threads, epochs=2, verbose=0,
                                    optimizer=one.model.settings.optimizer)  # fmt: skip
        hashes.add(history.hash)
    assert len(hashes) == 1


def test_the_penalty_is_tried_out_on_rows_that_are_no_test():
    mood, exact = (find_fit(ratings(noise=n, n_users=200), "rating") for n in (2.0, 0.05))
    assert exact.model.settings.penalty < 1.5 < mood.model.settings.penalty
    x, y = exact.parts["test"]
    spoilt = {**exact.parts, "test": (x, y * np.nan)}
    settings = Settings().resolved(len(exact.rows["train"]), ratings=True)
    chosen = choose_penalty(exact.model.table, settings, spoilt)
    assert chosen == exact.model.settings.penalty
    assert find_fit(FRAME, "rating", settings=Settings(penalty=0)).model.settings.penalty == 0


def test_an_interrupt_ends_the_trials(fit, monkeypatch):
    def stopped(self, *args, **settings):
        return SimpleNamespace(stop_reason="interrupted")

    monkeypatch.setattr(Network, "fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        choose_penalty(fit.model.table, fit.model.settings, fit.parts)


def test_the_penalty_means_the_same_for_any_number_of_rows():
    small, large = (
        find_fit(some, "rating", settings=Settings(penalty=10)) for some in (FRAME.head(500), FRAME)
    )
    strengths = [
        fit.model.net.layers["user_factors"].weight_regularizer.strength * len(fit.rows["train"])
        for fit in (small, large)
    ]
    np.testing.assert_allclose(strengths, 10, rtol=1e-5)


# what is asked


def test_the_unknown_are_answered_by_what_is_known_and_this_is_said(fit):
    answers, strange = fit.model.predict(
        {"userId": ["100", "nobody", None, "nobody"], "bookId": ["1", "1", "1", "none"]}
    )
    assert strange["userId"] == (
        "3 cells missing, or met in no more than 1 row of training, such as 'nobody': answered by "
        "the mean and what else is known"
    )
    assert strange["bookId"].startswith("1 cell missing")
    a = {name: float(np.ravel(v)[0]) for name, v in fit.model.net.parameters.items()}
    bias = a["user_bias.weight"] + float(fit.model.net.parameters["item_bias.weight"][1, 0])
    expected = a["rescale.y_mean"] + a["rescale.y_scale"] * bias
    assert answers["prediction"][1] == answers["prediction"][2]
    assert answers["prediction"][1] == pytest.approx(expected, abs=0.05)
    assert answers["prediction"][3] == pytest.approx(a["rescale.y_mean"], abs=0.05)


def test_codes_start_behind_the_unknown():
    column = IdentifierColumn("who", ("a", "b"), (2, 3))
    assert column.codes(pl.Series(["b", " a", "c", None])).tolist() == [2, 1, 0, 0]
    assert column.vocabulary == 3
    assert column.title(2) == "b"


def test_neighbors_point_the_same_way(fit):
    near = fit.model.neighbors("item", "Book 3", 4)
    assert near.columns == ["bookId", "title", "similarity"]
    factors = np.asarray(fit.model.net.parameters["item_factors.weight"], float)
    code = fit.model.table.identifiers[1].values.index("3") + 1
    every = cosines(factors, code)
    every[[0, code]] = -1
    np.testing.assert_allclose(near["similarity"], np.sort(every)[::-1][:4])
    assert near["title"][0] == f"Book {near['bookId'][0]}"
    assert near.equals(fit.model.neighbors("item", 3, 4))
    assert fit.model.neighbors("user", 100, 2).columns == ["userId", "similarity"]
    assert fit.model.neighbors("item", 3, 4, least=10_000).height == 0


def test_alike_items_are_near():
    """Of rank one, items lie on a line: all that are near point the same way."""
    fit = find_fit(ratings(rank=1, noise=0.05), "rating")
    fit.go()
    assert fit.model.neighbors("item", 1, 3)["similarity"].min() > 0.95


def test_recommendations_are_the_best_of_what_was_not_rated(fit):
    best = fit.recommend(100, 5)
    rated = FRAME.filter(pl.col("userId") == 100)["bookId"].cast(pl.String).to_list()
    assert not set(best["bookId"]) & set(rated)
    assert best["prediction"].is_sorted(descending=True)
    assert best.equals(fit.model.recommend("100", 5, seen=FRAME))
    every = fit.model.recommend(100, 1000)
    assert every.height == 40
    asked = pl.DataFrame({"userId": [100] * 40, "bookId": every["bookId"]})
    np.testing.assert_allclose(fit.model.predict(asked)[0]["prediction"], every["prediction"])


def test_wrong_questions_are_answered_by_what_is_there(fit):
    for ask, said in (
        (lambda m: m.neighbors("items", 1), "item"), (lambda m: m.recommend("1000"), "userId"),
        (lambda m: m.neighbors("item", "Bok 3"), "Book 3"),
    ):  # fmt: skip
        with pytest.raises(UnknownNameError, match=said):
            ask(fit.model)
    with pytest.raises(SettingError, match="n must be a whole number above 0, got 0"):
        fit.model.recommend(100, 0)
    with pytest.raises(DataError, match="lack the column 'bookId'"):
        fit.model.predict(FRAME.select("userId"))
    other = find_fit(FRAME, "rating", settings=Settings(recommendation=False))
    with pytest.raises(DataError, match="The model is no recommendation"):
        other.model.neighbors("item", 1)


# how it is kept


def test_a_saved_model_answers_the_same(fit, tmp_path):
    fit.model.save(tmp_path / "model.safetensors")
    model = TableModel.load(tmp_path / "model.safetensors")
    assert model.table == fit.model.table
    assert model.predict(FRAME)[0].equals(fit.model.predict(FRAME)[0])
    assert model.recommend(100, 5).equals(fit.model.recommend(100, 5))


def test_a_file_whose_parts_do_not_belong_together_is_refused(fit, tmp_path):
    user, item = fit.model.table.identifiers
    for wrong in (
        (dataclasses.replace(user, values=user.values[1:], counts=user.counts[1:]), item),
        (user, dataclasses.replace(item, titles=item.titles[1:])),
        (user, dataclasses.replace(item, counts=())), (user,),
        (dataclasses.replace(user, values=(user.values[1], *user.values[1:])), item),
    ):  # fmt: skip
        table = dataclasses.replace(fit.model.table, identifiers=wrong)
        dataclasses.replace(fit.model, table=table).save(tmp_path / "m.safetensors")
        with pytest.raises(FileFormatError):
            TableModel.load(tmp_path / "m.safetensors")


def test_a_table_on_disk_is_found_out_the_same(tmp_path, fit):
    FRAME.write_csv(tmp_path / "ratings.csv")
    stream = tables.read(tmp_path / "ratings.csv", stream=True)
    streamed = find_fit(stream, "rating")
    assert streamed.model.table.identifiers == fit.model.table.identifiers
    streamed.go()
    assert streamed.scores() == fit.scores()
    assert streamed.recommend(100, 3).equals(fit.recommend(100, 3))


def test_rare_ones_share_a_row_and_this_is_said():
    rare = pl.DataFrame({"userId": range(900, 903), "bookId": [1, 2, 3], "title": ["?"] * 3,
                         "rating": [1.0, 2.0, 3.0]})  # fmt: skip
    table = found(pl.concat([FRAME, rare]), test_share=0.05, validation_share=0.05)
    assert "met in one row only are taken together" in table.remarks["userId"]
    assert not {"900", "901", "902"} & set(table.identifiers[0].values)


def test_weights_of_rows_count():
    frame = with_columns(importance=pl.Series(np.where(np.arange(N) < 5, 0.0, 1.0)))
    fit = find_fit(frame, "rating", settings=Settings(weights="importance", epochs=2))
    assert fit.model.table.identifiers
    fit.go()
    assert np.isfinite(fit.scores()["r2"][0])


def test_what_other_tables_have_is_said_to_have_no_meaning():
    fit = find_fit(FRAME, "rating", settings=Settings(hidden=(8,)))
    assert any("hidden and dropout are of other tables" in text for _, text, _ in fit.facts())
