"""Networks as layers: shared, nested, trained before, frozen, saved; beside the flat network."""

import copy

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import SettingError, ShapeError

RNG = np.random.default_rng(5)
X = [RNG.normal(size=(12, 4)).astype("f4") for _ in range(2)]
Y = RNG.integers(0, 2, 12)
SETTINGS = {"epochs": 5, "batch_size": 4, "verbose": 0}


def small(name="encoder", seed=1, **settings):
    layers = [gn.Dense(5, "tanh"), gn.Dense(3)]
    return gn.Network(layers, input_shape=(4,), seed=seed, name=name, **settings)


def twins(encoder, **settings):
    a, b = gn.Input((4,)), gn.Input((4,))
    d = gn.Distance()(encoder(a), encoder(b))
    return gn.Network(inputs=[a, b], outputs=gn.Dense(1, "sigmoid")(d), **settings)


def flat_twins():
    """The same network without an inner one: its layers are shared one by one."""
    first, second = gn.Dense(5, "tanh"), gn.Dense(3)
    return twins(lambda x: second(first(x)))


def two_levels():
    """Twins of a network that is made of a shared network itself."""
    x = gn.Input((4,))
    inner = gn.Network([gn.Dense(4, "tanh")], input_shape=(4,), seed=1, name="inner")
    outer = gn.Network(inputs=x, outputs=inner(gn.Dense(4)(inner(x))), seed=2, name="outer")
    return twins(outer)


def two_levels_flat():
    inner, between = gn.Dense(4, "tanh"), gn.Dense(4)
    return twins(lambda x: inner(between(inner(x))))


def started_alike(net, other):
    for name, array in zip(other.parameters, net.parameters.values(), strict=True):
        other.parameters[name] = array
    return net, other


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize(
    ("nested", "flat"), [(lambda: twins(small()), flat_twins), (two_levels, two_levels_flat)]
)
def test_shared_networks_train_to_the_numbers_of_the_flat_one(nested, flat, engine):
    net, other = started_alike(nested(), flat())
    for one in (net, other):
        one.fit(X, Y, engine=engine, **SETTINGS)
    for a, b in zip(net.parameters.values(), other.parameters.values(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_names_are_those_of_the_inner_network_behind_its_own():
    assert list(twins(small()).parameters) == [
        "encoder.dense.weight", "encoder.dense.bias", "encoder.dense_1.weight",
        "encoder.dense_1.bias", "dense.weight", "dense.bias",
    ]  # fmt: skip
    assert [name for name in two_levels().layers if "." in name] == [
        "outer.inner.dense", "outer.dense"
    ]  # fmt: skip


def test_networks_without_names_are_counted_as_layers_are():
    a, b = (gn.Network([gn.Dense(2)], input_shape=(4,), seed=s) for s in (1, 2))
    x = gn.Input((4,))
    net = gn.Network(inputs=x, outputs=gn.Add()(a(x), b(x)))
    assert list(net.layers) == ["network.dense", "network_1.dense", "add"]


def test_printed_program_is_that_of_the_flat_network():
    net, other = twins(small()), flat_twins()
    assert net.training_program().source() == other.training_program().source()


def test_summary_lists_the_layers_of_the_inner_network_and_says_that_they_are_shared():
    lines = twins(small()).summary().splitlines()
    named = [line.split() for line in lines if line.startswith("encoder.")]
    assert [words[0] for words in named] == ["encoder.dense", "encoder.dense_1"] * 2
    assert ["shared" in words for words in named] == [False, False, True, True]


def test_inner_network_is_trained_with_the_whole():
    encoder = small()
    net, before = twins(encoder), encoder.predict(X[0])
    net.fit(X, Y, **SETTINGS)
    after = encoder.predict(X[0])
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_array_equal(
        encoder.parameters["dense.weight"], net.parameters["encoder.dense.weight"]
    )


def test_trained_network_keeps_its_weights_and_can_be_frozen():
    encoder = small()
    encoder.fit(X[0], RNG.normal(size=(12, 3)), **SETTINGS)
    learnt = copy.deepcopy(dict(encoder.parameters))
    net = twins(encoder)
    net.layers["encoder"].trainable = False
    assert [layer.trainable for layer in net.layers.values()] == [False, False, True, True]
    assert net.layers["encoder"].trainable is False
    start = net.parameters["dense.weight"].copy()
    net.fit(X, Y, **SETTINGS)
    for name, array in learnt.items():
        np.testing.assert_array_equal(net.parameters[f"encoder.{name}"], array)
    assert (net.parameters["dense.weight"] != start).all()
    assert "dW1" not in net.training_program().source()


def test_groups_of_layers_are_found_at_every_level():
    net = two_levels()
    assert list(net.layers["outer"]) == ["inner.dense", "dense"]
    assert net.layers["outer.inner"]["dense"] is net.layers["outer.inner.dense"]
    assert repr(net.layers["outer"]) == "<layers of 'outer': inner.dense, dense>"
    with pytest.raises(gn.errors.UnknownNameError, match="no layer 'inner'"):
        net.layers["inner"]


def test_network_that_is_part_of_two_others_is_shared_by_all_of_them():
    encoder = small()
    x = gn.Input((4,))
    middle = gn.Network(inputs=x, outputs=gn.Dense(3)(encoder(x)), seed=2, name="middle")
    y = gn.Input((4,))
    net = gn.Network(inputs=y, outputs=gn.Dense(1)(gn.Add()(middle(y), encoder(y))))
    assert len(net.topology.calls) == 7
    assert list(net.layers) == [
        "middle.encoder.dense", "middle.encoder.dense_1", "middle.dense", "add", "dense"
    ]  # fmt: skip
    net.fit(X[0], Y, **SETTINGS)
    ours = net.parameters["middle.encoder.dense.weight"]
    for other, name in ((middle, "encoder.dense.weight"), (encoder, "dense.weight")):
        assert other.parameters[name] is ours


def test_saved_and_loaded_the_whole_is_the_same(tmp_path):
    net = two_levels()
    net.layers["outer.inner"].trainable = False
    net.fit(X, Y, **SETTINGS)
    net.save(tmp_path / "model.safetensors")
    loaded = gn.load(tmp_path / "model.safetensors")
    assert list(loaded.parameters) == list(net.parameters)
    assert loaded.layers["outer.inner"].trainable is False
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))
    for one in (net, loaded):
        one.fit(X, Y, **SETTINGS)
    np.testing.assert_array_equal(loaded.predict(X), net.predict(X))


def test_list_of_layers_without_weights_is_a_layer_too():
    """Its weights are made when its input is known: in a list, or by the first call."""
    stack = gn.Network([gn.Dense(3, "relu"), gn.Dense(2)], seed=4)
    net = gn.Network([gn.Dense(6), stack, gn.Dense(1)], input_shape=(4,))
    assert list(net.parameters)[2:4] == ["network.dense.weight", "network.dense.bias"]
    assert net.parameters["network.dense.weight"].shape == (6, 3)
    assert net.parameters["network.dense.weight"] is stack.parameters["dense.weight"]
    assert repr(net.layers["network"]) == "<layers of 'network': dense, dense_1>"


def test_list_with_a_network_waits_for_the_first_data_as_others_do():
    stack = gn.Network([gn.Dense(3, "relu")])
    net = gn.Network([gn.Dense(6), stack, gn.Dense(1)])
    assert list(net.layers) == ["dense", "dense_1"]
    net.fit(X[0], Y, **SETTINGS)
    assert list(net.layers) == ["dense", "network.dense", "dense_1"]


def test_network_of_several_inputs_and_outputs_takes_and_gives_lists():
    a, b = gn.Input((4,)), gn.Input((2,))
    inner = gn.Network(inputs=[a, b], outputs=[gn.Dense(3)(a), gn.Concatenate()(a, b)])
    x, z = gn.Input((4,)), gn.Input((2,))
    first, second = inner(x, z)
    assert (first.shape, second.shape) == (("B", 3), ("B", 6))
    assert [s.shape for s in inner([x, z])] == [("B", 3), ("B", 6)]


def test_statistics_that_the_inner_network_has_are_kept():
    inner = gn.Network([gn.Standardize(), gn.Dense(2)], input_shape=(4,), name="inner")
    inner.fit(X[0], RNG.normal(size=(12, 2)), **SETTINGS)
    mean = inner.parameters["standardize.mean"].copy()
    x = gn.Input((4,))
    net = gn.Network(inputs=x, outputs=gn.Dense(1)(inner(x)))
    net.fit(X[1] + 7, Y, **SETTINGS)
    np.testing.assert_array_equal(net.parameters["inner.standardize.mean"], mean)


def test_statistics_that_are_not_known_yet_are_found_by_the_outer_fit():
    inner = gn.Network([gn.Standardize(), gn.Dense(2)], input_shape=(4,), name="inner")
    x = gn.Input((4,))
    net = gn.Network(inputs=x, outputs=gn.Dense(1)(inner(x)))
    net.fit(X[1] + 7, Y, **SETTINGS)
    np.testing.assert_allclose(inner.parameters["standardize.mean"], X[1].mean(0) + 7, rtol=1e-5)


def test_copies_share_nothing_with_the_first():
    encoder = small()
    net = copy.deepcopy(twins(encoder))
    net.fit(X, Y, **SETTINGS)
    assert net.parameters["encoder.dense.weight"] is not encoder.parameters["dense.weight"]
    np.testing.assert_array_equal(encoder.predict(X[0]), small().predict(X[0]))


def test_prediction_sees_what_was_written_into_the_shared_arrays():
    """What is copied once for predictions is copied anew: another network may have written."""
    encoder = small()
    net = twins(encoder)
    before = [net.predict(X), encoder.predict(X[0])]
    encoder.parameters["dense.weight"] = np.ones((4, 5))
    assert np.abs(net.predict(X) - before[0]).max() > 1e-3
    net.parameters["encoder.dense_1.bias"] = [7, 8, 9]
    assert np.abs(encoder.predict(X[0]) - before[1]).max() > 5


S = gn.Input((4,))


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: small()(np.ones((2, 4))), SettingError,
         r"A network is called on symbols .* got ndarray\. To compute .* net\.predict\(x\)"),
        (lambda: small()(S, S), ShapeError,
         r"In network 'encoder': it takes 1 inputs \(x\), and was called on 2\."),
        (lambda: small()(gn.Input((5,))), ShapeError,
         (r"In network 'encoder', made for \(B, 4\) and called on \(B, 5\): its dense\.weight has "
          r"the shape \(4, 5\) and would need \(5, 5\)\. Call it on \(B, 4\), or make another")),
        (lambda: small()(gn.Input((4,), dtype="int64")), ShapeError,
         r"its input 'x' is \(B, 4\) float32, and it was called on \(B, 4\) int64"),
        (lambda: twins(small(dtype="float64")), SettingError,
         "In network 'encoder': its arrays are float64, those of the network around it float32"),
        (lambda: gn.Network(inputs=S, outputs=gn.Add()(small()(S), small()(S))), SettingError,
         "Two layers are called 'encoder'"),
        (lambda: gn.Network([gn.Network(inputs=S, outputs=[S + S, S * S])], input_shape=(4,)),
         SettingError, "one layer follows another, but .* gives 2 outputs"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()
