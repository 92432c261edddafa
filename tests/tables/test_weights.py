"""Preparation and weights as the settings ask for them, by two roads where there are two."""

import numpy as np
import polars as pl
import pytest

from glassnet.errors import DataError, SettingError, UnknownNameError
from glassnet.tables import Settings, TableModel, find_fit

pytestmark = pytest.mark.slow


N = 300


@pytest.fixture(scope="module")
def frame():
    """One row in ten is a yes; a column of weights; a category of 50 values."""
    rng = np.random.default_rng(0)
    x, kind = rng.normal(size=N), rng.integers(0, 50, N)
    return pl.DataFrame({
        "x": np.where(rng.random(N) < 0.1, np.nan, np.exp(3 * x)), "kind": [f"k{k}" for k in kind],
        "few": rng.choice(["u", "v", "w"], N), "w": rng.integers(0, 3, N).astype(float),
        "y": np.where(np.arange(N) % 10 == 0, "yes", "no"), "amount": x + kind / 10,
    }).fill_nan(None)  # fmt: skip


def parameters(fit):
    return {name: array.copy() for name, array in fit.model.net.parameters.items()}


def trained(frame, target="y", **settings):
    fit = find_fit(frame, target, settings=Settings(**{"epochs": 3} | settings))
    fit.go()
    return fit


def assert_same(one, other):
    for name, array in one.items():
        np.testing.assert_allclose(array, other[name], rtol=2e-5, atol=1e-6, err_msg=name)


def test_robust_scaling_is_by_median_and_quartiles(frame):
    fit = find_fit(frame, "y", settings=Settings(scaling="robust"))
    values = frame["x"].to_numpy()[fit.rows["train"]]
    low, median, high = np.nanpercentile(values, (25, 50, 75))
    place = [f.name for f in fit.model.table.features].index("x")
    assert fit.model.net.parameters["standardize.mean"][place] == np.float32(median)
    assert fit.model.net.parameters["standardize.scale"][place] == np.float32(high - low)
    assert fit.model.net.parameters["fill_missing.fill"][place] == np.float32(median)
    plain = find_fit(frame, "y").model.net.parameters
    assert plain["standardize.mean"][place] == np.float32(np.nanmean(values))
    assert plain["standardize.scale"][place] == np.float32(np.nanstd(values))


def test_robust_scaling_stands_columns_that_are_mostly_zero(frame):
    mostly = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 9 == 0).then(5.0).otherwise(0.0).alias("z")
    )
    fit = find_fit(mostly, "y", settings=Settings(scaling="robust"))
    place = [f.name for f in fit.model.table.features].index("z")
    column = fit.model.table.features[place]
    assert column.spread == 0
    assert fit.model.net.parameters["standardize.scale"][place] == np.float32(column.scale)


@pytest.mark.parametrize(
    ("encoding", "embedded"),
    [("auto", ["kind"]), ("one_hot", []), ("embedding", ["kind", "few"])],
)
def test_categories_are_encoded_as_asked_for(frame, tmp_path, encoding, embedded):
    fit = trained(frame, "amount", encoding=encoding)
    table = fit.model.table
    assert [column.name for column in table.embedded.values()] == embedded
    assert ("one_hot" in fit.model.net.layers) is (len(embedded) < 2)
    fit.model.save(tmp_path / "model.safetensors")
    model = TableModel.load(tmp_path / "model.safetensors")
    assert model.table == table
    assert model.predict(frame)[0].equals(fit.model.predict(frame)[0])


def test_an_embedding_is_learnt_and_an_unseen_value_is_zero(frame):
    fit = find_fit(frame, "amount", settings=Settings(epochs=3, encoding="embedding"))
    before = parameters(fit)
    fit.go()
    after = parameters(fit)
    assert np.abs(after["embedding.weight"] - before["embedding.weight"]).max() > 1e-4
    unseen = frame.with_columns(pl.lit("new").alias("kind"))
    answers, strange = fit.model.predict(unseen)
    assert strange["kind"] == "300 cells not met in training, such as 'new'"
    fit.model.net.parameters["embedding.weight"] = 0 * after["embedding.weight"]
    assert fit.model.predict(frame)[0].equals(answers)


def test_a_row_that_counts_twice_is_two_rows(frame):
    """Weights 0, 1, 2 train as leaving rows out, keeping them, and giving them twice would."""
    fit = find_fit(frame, "y", settings=Settings(
        epochs=5, batch_size=1000, weights="w", dropout=0.0, patience=500
    ))  # fmt: skip
    assert "w" not in {c.name for c in fit.model.table.columns}
    start = parameters(fit)
    fit.go()
    (x, y), weights = fit.parts["train"], fit.weights["train"].astype(int)
    twice = np.repeat(np.arange(len(y)), weights)
    net = fit.model.net
    for name, array in start.items():
        net.parameters[name] = array
    held_x, held_y = fit.parts["validation"]
    repeated = np.repeat(np.arange(len(held_y)), fit.weights["validation"].astype(int))
    history = net.fit(
        {k: a[twice] for k, a in x.items()}, y[twice], loss=fit.model.loss,
        optimizer=fit.model.settings.optimizer, epochs=5, batch_size=1000, verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(history["loss"], fit.history["loss"], rtol=1e-5)
    found = net.evaluate({k: a[repeated] for k, a in held_x.items()}, held_y[repeated],
                         loss=fit.model.loss)  # fmt: skip
    assert found["loss"] == pytest.approx(fit.history["val_loss"][-1], rel=1e-4)


def test_balanced_classes_weigh_the_same():
    y = np.array([0] * 30 + [1] * 10)
    from glassnet.tables.columns import Target
    from glassnet.tables.weights import class_weights

    target = Target("y", "classification", ("a", "b"))
    weights = class_weights("balanced", target, y)
    np.testing.assert_allclose(weights, [40 / 60, 40 / 20])
    np.testing.assert_allclose(class_weights({"b": 3}, target, y), [1, 3])


def test_class_weights_train_as_row_weights_of_the_same_size(frame):
    by_class = trained(frame.drop("w"), class_weight={"yes": 9})
    rows = frame.with_columns(pl.when(pl.col("y") == "yes").then(9.0).otherwise(1.0).alias("w"))
    by_row = trained(rows, weights="w")
    plain = trained(frame.drop("w"))
    assert_same(parameters(by_class), parameters(by_row))
    assert by_row.history["val_loss"] != plain.history["val_loss"]


def test_balance_finds_what_is_rare(frame):
    plain = trained(frame.select("x", "few", "y"), epochs=60, learning_rate=0.01)
    balanced = trained(
        frame.select("x", "few", "y"), class_weight="balanced", epochs=60, learning_rate=0.01
    )
    said = [fit.model.predict(frame)[0]["probability_yes"].mean() for fit in (plain, balanced)]
    assert said[0] < 0.3
    assert said[1] == pytest.approx(0.5, abs=0.1)


def test_the_program_shows_the_weights(frame):
    fit = find_fit(frame, "y", settings=Settings(weights="w", class_weight="balanced"))
    text = str(fit.model.training_program())
    assert "weight" in text.partition("# forward")[0]
    assert str(find_fit(frame, "y").model.training_program()) != text


@pytest.mark.parametrize(
    ("change", "settings", "error", "message"),
    [
        (None, {"weights": "wieght"}, UnknownNameError, "no column 'wieght'"),
        (None, {"weights": "y"}, SettingError, "'y' is the target"),
        (None, {"weights": "few"}, DataError, "'few' are no numbers, such as"),
        (pl.lit(None, pl.Float64), {"weights": "w"}, DataError, "'w' is missing in 300 rows"),
        (pl.lit(-1.0), {"weights": "w"}, DataError, "'w' is below 0 in 300 rows"),
        (pl.lit(0.0), {"weights": "w"}, DataError, "'w' is 0 in every row to train on"),
        (None, {"class_weight": {"ja": 2}}, UnknownNameError, "no class of 'y' 'ja'"),
        (None, {"class_weight": {"yes": 0, "no": 0}}, SettingError, "0 for every row"),
    ],
)
def test_weights_that_cannot_be_are_refused(frame, change, settings, error, message):
    changed = frame if change is None else frame.with_columns(change.alias("w"))
    with pytest.raises(error, match=message):
        find_fit(changed, "y", settings=Settings(**settings))


def test_an_amount_has_no_classes_to_weigh(frame):
    with pytest.raises(SettingError, match="'amount' is an amount"):
        find_fit(frame, "amount", settings=Settings(class_weight="balanced"))


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"scaling": "robst"}, UnknownNameError, "Did you mean 'robust'"),
        ({"encoding": "onehot"}, UnknownNameError, "Did you mean 'one_hot'"),
        ({"class_weight": "balance"}, SettingError, "class_weight is 'balanced' or"),
        ({"class_weight": {"yes": -1}}, SettingError, "of 'yes' must be 0 or more"),
        ({"class_weight": {}}, SettingError, "class_weight is 'balanced' or"),
    ],
)
def test_settings_that_there_are_not_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        Settings(**settings)


def test_settings_go_through_json():
    settings = Settings(
        columns={"a": "date"}, scaling="robust", encoding="embedding", weights="w",
        class_weight={0: 2, True: 3},
    )  # fmt: skip
    assert settings.class_weight == {"0": 2.0, "true": 3.0}
    assert Settings.from_json(settings.to_json()) == settings
    assert None not in Settings().to_json().values()
