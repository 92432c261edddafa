"""Layers that need statistics find them in the training rows of the first fit, and only there."""

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, N, X, network, same_bits, weights

import glassnet as gn
from glassnet import data, files
from glassnet.errors import FileFormatError, SettingError

WIDE = X * [1.0, 100.0, 1e-3] + [0.0, 5e3, 7.0]


def holes():
    x = WIDE.copy()
    x[::4, 0], x[3, 2] = np.nan, np.nan
    return x


def fit(net, x=WIDE, y=SIZE, **settings):
    return net.fit(x, y, **{"epochs": 1, **ENGINE, **settings})


def expect(net, name, value):
    np.testing.assert_allclose(net.parameters[name], value, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_standardize_learns_mean_and_deviation(engine):
    net = network(gn.Standardize(), gn.Dense(1))
    fit(net, engine=engine)
    expect(net, "standardize.mean", WIDE.mean(axis=0))
    expect(net, "standardize.scale", WIDE.std(axis=0))


def test_only_training_rows_are_learnt_from():
    given, split = network(gn.Standardize(), gn.Dense(1)), network(gn.Standardize(), gn.Dense(1))
    fit(given, validation_data=(WIDE + 1e6, SIZE))
    expect(given, "standardize.mean", WIDE.mean(axis=0))
    fit(split, validation_split=0.3)
    kept, out = data.split_rows(N, 0.3, split.seed, SIZE)
    assert len(out)
    expect(split, "standardize.mean", WIDE[kept].mean(axis=0))
    expect(split, "standardize.scale", WIDE[kept].std(axis=0))


def test_missing_values_are_filled_by_the_median_and_standardized_so():
    net, x = network(gn.FillMissing(), gn.Standardize(), gn.Dense(1)), holes()
    fit(net, x)
    medians = np.nanmedian(x, axis=0)
    filled = np.where(np.isnan(x), medians, x).astype(np.float32).astype(float)
    expect(net, "fill_missing.fill", medians)
    np.testing.assert_allclose(net.parameters["standardize.mean"], filled.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(net.parameters["standardize.scale"], filled.std(axis=0), rtol=1e-5)
    assert np.isfinite(net.predict(x)).all()


def test_a_column_that_never_varies_or_is_never_known_is_left_as_it_is():
    x = WIDE.copy()
    x[:, 0], x[:, 1] = 0.1, np.nan
    net = network(gn.FillMissing(), gn.Standardize(), gn.Dense(1))
    fit(net, x)
    assert net.parameters["fill_missing.fill"][1] == 0
    assert net.parameters["standardize.scale"][:2].tolist() == [1, 1]


def test_rescale_learns_the_target_as_the_last_layer():
    net = network(gn.Standardize(), gn.Dense(4, "tanh"), gn.Dense(1), gn.Rescale())
    fit(net, y=1e4 + 300 * SIZE)
    expect(net, "rescale.y_mean", [np.mean(1e4 + 300 * SIZE)])
    expect(net, "rescale.y_scale", [np.std(300 * SIZE)])
    assert abs(net.predict(WIDE).mean() - 1e4) < 3000


def test_a_preparation_learns_from_all_its_inputs():
    a, b = gn.Input((3,), name="a"), gn.Input((3,), name="b")
    both = gn.Standardize()
    net = gn.Network(inputs=[a, b], outputs=gn.Dense(1)(gn.Concatenate()(both(a), both(b))))
    fit(net, [WIDE, WIDE + 10])
    expect(net, "standardize.mean", np.concatenate([WIDE, WIDE + 10]).mean(axis=0))


def test_many_rows_and_columns_are_looked_at_in_parts(monkeypatch):
    from glassnet.nn import statistics

    monkeypatch.setattr(statistics, "_TOGETHER", 5000)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9000, 3)) ** 3 + 1e6
    x[rng.random(x.shape) < 0.2] = np.nan

    def batches():
        yield from np.array_split(x, 7)

    mean, scale = statistics.moments(batches)
    np.testing.assert_allclose(mean, np.nanmean(x, axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale, np.nanstd(x, axis=0), rtol=1e-9)
    np.testing.assert_array_equal(statistics.medians(batches), np.nanmedian(x, axis=0))


def test_sequences_are_standardized_over_rows_and_steps():
    x = np.random.default_rng(0).normal(3, 2, (20, 5, 2))
    net = gn.Network([gn.Standardize(), gn.Flatten(), gn.Dense(1)], input_shape=(5, 2))
    fit(net, x, x[:, 0, 0])
    expect(net, "standardize.mean", x.mean(axis=(0, 1)))


# What was set stays.
def test_what_was_set_by_hand_stays():
    net = network(gn.Standardize(), gn.Dense(1))
    net.parameters["standardize.mean"] = [1, 2, 3]
    fit(net)
    expect(net, "standardize.mean", [1, 2, 3])
    expect(net, "standardize.scale", WIDE.std(axis=0))
    written = network(gn.Standardize(), gn.Dense(1))
    written.parameters["standardize.mean"][:] = 4
    fit(written)
    expect(written, "standardize.mean", [4, 4, 4])


def test_a_second_fit_keeps_what_the_first_one_found():
    net = network(gn.Standardize(), gn.Dense(1))
    fit(net)
    fit(net, WIDE + 1e5)
    expect(net, "standardize.mean", WIDE.mean(axis=0))


def test_a_fit_taken_up_again_keeps_them(tmp_path):
    whole, cut = (network(gn.Standardize(), gn.Dense(2), gn.Dense(1)) for _ in range(2))
    fit(whole, epochs=4)
    fit(cut, epochs=2, callbacks=[gn.callbacks.Checkpoint(tmp_path)])
    cut = network(gn.Standardize(), gn.Dense(2), gn.Dense(1))
    fit(cut, epochs=4, callbacks=[gn.callbacks.Checkpoint(tmp_path)])
    assert same_bits(weights(cut), weights(whole))


def test_files_keep_what_is_set_and_what_is_not(tmp_path):
    net = network(gn.Standardize(), gn.Dense(1))
    net.save(tmp_path / "new")
    fit(net)
    net.save(tmp_path / "fitted")
    new, fitted = gn.load(tmp_path / "new"), gn.load(tmp_path / "fitted")
    assert (new.unset, fitted.unset) == ({"standardize.mean", "standardize.scale"}, set())
    fit(fitted, WIDE + 1e5)
    expect(fitted, "standardize.mean", WIDE.mean(axis=0))
    fit(new, WIDE + 1e5)
    expect(new, "standardize.mean", WIDE.mean(axis=0) + 1e5)


@pytest.mark.parametrize("lie", [5, ["dense.weight"], [3], {"standardize.mean": 1}, [["a"]]])
def test_a_file_that_lies_about_its_statistics_is_refused(lie, tmp_path):
    network(gn.Standardize(), gn.Dense(1)).save(tmp_path / "model")
    arrays, text = files.read(tmp_path / "model")
    files.write(tmp_path / "model", arrays, {**text, "unset": lie})
    with pytest.raises(FileFormatError, match="statistics that were not found"):
        gn.load(tmp_path / "model")


# What is said.
def test_it_is_said_once_what_was_learnt(capfd):
    net = network(gn.FillMissing(), gn.Standardize(), gn.Dense(1))
    fit(net, verbose=1)
    said = capfd.readouterr().err
    assert said.startswith(
        "From the 37 training rows: fill_missing.fill, standardize.mean, standardize.scale.\n"
    )
    fit(net, verbose=1)
    fit(network(gn.Standardize(), gn.Dense(1)), verbose=0)
    fit(network(gn.Dense(1)), verbose=1)
    assert "training rows" not in capfd.readouterr().err


REFUSED = {
    "behind weights": ([gn.Dense(4), gn.Standardize(), gn.Dense(1)], SIZE, (
        "In layer 'standardize': mean and scale are statistics of the values that arrive, which "
        "change while 'dense.weight' is trained. Put it on an input, before the layers with "
        "weights, or set net.parameters['standardize.mean'] and "
        "net.parameters['standardize.scale'].")),
    "rescale inside": ([gn.Rescale(), gn.Dense(1)], SIZE, (
        "In layer 'rescale': y_mean and y_scale are statistics of a target of numbers, so it must "
        "be the last layer of an output, under a loss for numbers. Move it there, or set "
        "net.parameters['rescale.y_mean'] and net.parameters['rescale.y_scale'].")),
    "rescale of classes": ([gn.Dense(3), gn.Rescale()], KIND, (
        "In layer 'rescale': y_mean and y_scale are statistics of a target of numbers, so it must "
        "be the last layer of an output, under a loss for numbers. Move it there, or set "
        "net.parameters['rescale.y_mean'] and net.parameters['rescale.y_scale'].")),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_where_there_is_nothing_to_learn_from_the_layer_is_named(name):
    layers, y, message = REFUSED[name]
    net = network(*layers)
    before = weights(net)
    loss = "scce" if y is KIND else "auto"
    with pytest.raises(SettingError) as caught:
        fit(net, y=y, loss=loss)
    assert str(caught.value) == message
    assert same_bits(weights(net), before)


def test_a_layer_behind_weights_may_be_set_or_the_weights_frozen():
    net = network(gn.Dense(4), gn.Standardize(), gn.Dense(1))
    net.parameters["standardize.mean"] = np.zeros(4)
    net.parameters["standardize.scale"] = np.ones(4)
    assert fit(net).epochs == 1
    frozen = network(gn.Dense(4), gn.Standardize(), gn.Dense(1))
    frozen.layers["dense"].trainable = False
    hidden = WIDE @ frozen.parameters["dense.weight"]
    fit(frozen)
    np.testing.assert_allclose(frozen.parameters["standardize.mean"], hidden.mean(0), rtol=1e-4)


def test_a_layer_of_ones_own_learns_its_statistics():
    class Largest(gn.Layer):
        def parameters(self, x):
            return {"top": gn.Parameter(x.shape[-1:], "ones", trainable=False, statistic="input")}

        def statistics(self, batches):
            return {"top": np.max([batch.max(axis=0) for batch in batches()], axis=0)}

        def formula(self, x, top):
            return x / top

    net = network(Largest(), gn.Dense(1))
    fit(net)
    expect(net, "largest.top", WIDE.max(axis=0))
