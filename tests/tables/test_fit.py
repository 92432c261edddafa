"""Training on a table: one call from a frame to a network, by two roads where there are two."""

from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import DataError, FileFormatError, UnknownNameError
from glassnet.tables import Settings, TableModel, find_fit
from glassnet.tables.reading import read_csv
from glassnet.tables.score import score

PENGUINS = read_csv(Path(__file__).parents[2] / "examples" / "data" / "penguins.csv")


@pytest.fixture(scope="module")
def species():
    fit = find_fit(PENGUINS, "species")
    fit.go()
    return fit


def test_the_default_network_knows_penguins(species):
    scores = species.scores()
    assert scores["accuracy"][0] > 0.95 > scores["accuracy"][1] + 0.4
    assert scores["log_loss"][0] < 0.1 < scores["log_loss"][1]


def test_the_rows_are_split_once_and_by_class(species):
    rows = species.rows
    assert sorted(np.concatenate(list(rows.values()))) == list(range(344))
    for _, y in species.parts.values():
        np.testing.assert_allclose(np.bincount(y) / len(y), [0.442, 0.198, 0.360], atol=0.01)
    other = find_fit(PENGUINS, "species", settings=Settings(seed=1)).rows
    assert rows["test"].tolist() != other["test"].tolist()


def test_rows_without_a_target_take_no_part():
    fit = find_fit(PENGUINS, "sex")
    assert fit.n_unknown == 11
    assert all((y >= 0).all() for _, y in fit.parts.values())


def test_a_saved_model_predicts_the_same_from_raw_rows(species, tmp_path):
    species.model.save(tmp_path / "model.safetensors")
    model = TableModel.load(tmp_path / "model.safetensors")
    held = PENGUINS[species.rows["test"]]
    answers, strange = model.predict(held.select(sorted(PENGUINS.columns[1:])))
    assert strange == {}
    expected = species.model.answers(species.parts["test"][0])
    np.testing.assert_array_equal(answers.drop("prediction").to_numpy(), expected)
    assert model.table == species.model.table
    assert model.settings == species.model.settings


def test_the_prediction_is_the_likeliest_class(species):
    answers, _ = species.model.predict(PENGUINS)
    assert answers.columns == ["prediction", *(f"probability_{s}" for s in
                               ("Adelie", "Chinstrap", "Gentoo"))]  # fmt: skip
    p = answers.drop("prediction").to_numpy()
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-6)
    likeliest = np.array(species.model.table.target.classes)[p.argmax(axis=1)]
    assert answers["prediction"].to_list() == likeliest.tolist()


def test_two_classes_share_one_unit():
    fit = find_fit(PENGUINS, "sex", settings=Settings(epochs=1))
    fit.go()
    assert fit.model.net.topology.specs[-1].shape == ("B", 1)
    answers, _ = fit.model.predict(PENGUINS)
    assert answers.columns == ["prediction", "probability_female", "probability_male"]
    female = answers["probability_female"] > answers["probability_male"]
    assert (answers["prediction"] == "female").to_list() == female.to_list()


def test_a_network_without_a_table_is_no_table_model(tmp_path):
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    net.save(tmp_path / "model.safetensors")
    with pytest.raises(FileFormatError, match="network without a table"):
        TableModel.load(tmp_path / "model.safetensors")


def test_a_target_in_its_own_units_is_learnt_as_a_standardised_one():
    fit = find_fit(PENGUINS, "body_mass_g", settings=Settings(epochs=5, dropout=0.0))
    model, target = fit.model, fit.model.table.target
    layers = model.net.topology
    assert list(layers.layers)[-1] == "rescale"
    (x, y), (held_x, held_y) = fit.parts["train"], fit.parts["validation"]
    plain = find_fit(PENGUINS, "body_mass_g", settings=model.settings).model.net
    plain.parameters["rescale.y_mean"], plain.parameters["rescale.y_scale"] = [0.0], [1.0]
    history = fit.go()
    expected = plain.fit(
        x, (y - target.mean) / target.scale, optimizer=model.settings.optimizer, epochs=5,
        batch_size=model.settings.batch_size, verbose=0,
        validation_data=(held_x, (held_y - target.mean) / target.scale),
    )  # fmt: skip
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(history[name], expected[name], rtol=1e-3)
    scaled = plain.predict(x)[:, 0] * target.scale + target.mean
    np.testing.assert_allclose(model.answers(x), scaled, rtol=1e-3)


def test_a_regression_answers_in_the_target_s_units():
    fit = find_fit(PENGUINS, "body_mass_g")
    fit.go()
    scores = fit.scores()
    assert scores["root_mean_squared_error"][0] < 400 < scores["root_mean_squared_error"][1]
    assert scores["r2"][0] > 0.75
    assert abs(scores["r2"][1]) < 0.05
    assert "p3 = z3 * y_scale + y_mean" in str(fit.model.net.prediction_program())


def test_a_row_with_nothing_in_it_has_a_prediction(species):
    empty = PENGUINS.head(1).clear(1)
    answers, _ = species.model.predict(empty)
    assert answers.height == 1
    assert np.isfinite(answers.drop("prediction").to_numpy()).all()


def test_the_same_seed_gives_the_same_network():
    one, two = (find_fit(PENGUINS, "species", settings=Settings(epochs=2)) for _ in range(2))
    one.go(), two.go()
    for name, array in one.model.net.parameters.items():
        np.testing.assert_array_equal(array, two.model.net.parameters[name])


def test_a_table_of_numbers_or_of_words_alone_will_do():
    for columns in (["bill_length_mm", "body_mass_g"], ["island", "sex"], ["island"]):
        fit = find_fit(PENGUINS.select("species", *columns), "species")
        assert np.isfinite(fit.scores()["log_loss"][0])


def test_the_batch_grows_with_the_table():
    sizes = [Settings().resolved(n).batch_size for n in (10, 1600, 10**6)]
    assert sizes == [16, 32, 256]


def test_an_unknown_target_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'species'"):
        find_fit(PENGUINS, "Species")


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="Only 6 rows have a value of 'species'"):
        find_fit(PENGUINS.gather_every(60), "species")


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy", "log_loss", "roc_auc"])
def test_scores_are_those_of_scikit_learn(name):
    metrics = pytest.importorskip("sklearn.metrics", reason="scikit-learn is not installed")
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, 50), rng.dirichlet([1, 1], 50)
    expected = {
        "accuracy": metrics.accuracy_score(y, p.argmax(axis=1)),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, p.argmax(axis=1)),
        "log_loss": metrics.log_loss(y, p),
        "roc_auc": metrics.roc_auc_score(y, p[:, 1]),
    }
    assert score(name, y, p) == pytest.approx(expected[name])


def test_a_fit_prints_as_a_line():
    fit = find_fit(PENGUINS, "species", settings=Settings(epochs=2))
    assert repr(fit) == (
        "<fit of 'species': 220 rows for train, 55 rows for validation, 69 rows for test; "
        "not trained yet: go()>"
    )
    fit.go()
    assert repr(fit).endswith("; 2 epochs>")
