"""Networks: names, shapes, weights, what is shared, what is frozen, and what is refused."""

import copy

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet import memory
from glassnet.errors import OutOfMemoryError, SettingError, ShapeError, UnknownNameError
from glassnet.nn.init import Draw


def dense(*units, **settings):
    return gn.Network([gn.Dense(n) for n in units], **{"input_shape": (3,), **settings})


def residual():
    x = gn.Input((4,))
    return gn.Network(inputs=x, outputs=x + gn.Dense(4, "relu")(x))


class Scale(gn.Layer):
    start: float = 1.0

    def parameters(self, x):
        return {"gain": gn.Parameter(x.shape[-1:], self.start)}

    def formula(self, x, gain):
        return x * gain


# Names.
def test_layers_are_named_as_keras_counts():
    layers = [gn.Dense(2), gn.Dense(2), gn.Dropout(), gn.Dense(2, name="last"), gn.Dense(2)]
    net = gn.Network(layers, input_shape=(3,))
    assert list(net.layers) == ["dense", "dense_1", "dropout", "last", "dense_2"]


def test_name_that_is_taken_is_counted_on():
    net = gn.Network([gn.Dense(2, name="dense_1"), gn.Dense(2), gn.Dense(2)], input_shape=(3,))
    assert list(net.layers) == ["dense_1", "dense", "dense_2"]


def test_class_of_several_words_is_named_with_underscores():
    class HTTPBlock2D(gn.Layer):
        def formula(self, x):
            return x

    net = gn.Network([gn.FillMissing(), HTTPBlock2D(), gn.PReLU()], input_shape=(3,))
    assert list(net.layers) == ["fill_missing", "http_block2d", "p_re_lu"]


def test_layers_of_an_unbuilt_network_have_their_names():
    net = dense(2, 2, input_shape=None)
    net.layers["dense"].trainable = False
    net.build((3,))
    assert not net.layers["dense"].trainable


def test_networks_own_their_layers():
    layer = gn.Dense(2)
    one, other = (gn.Network([layer], input_shape=(3,)) for _ in range(2))
    one.layers["dense"].trainable = False
    assert layer.trainable
    assert other.layers["dense"].trainable
    assert layer.name == ""


def test_outputs_are_named_after_their_layers():
    x = gn.Input((2,))
    a, b = gn.Dense(1, name="a")(x), gn.Dense(1)(x)
    net = gn.Network(inputs=x, outputs=[a, b])
    assert net.topology.output_names() == ("a", "dense")


# Weights.
def test_parameters_have_names_and_shapes_in_the_order_of_the_layers():
    net = dense(4, 1)
    shapes = {name: array.shape for name, array in net.parameters.items()}
    assert shapes == {
        "dense.weight": (3, 4), "dense.bias": (4,), "dense_1.weight": (4, 1), "dense_1.bias": (1,),
    }  # fmt: skip
    assert list(shapes) == list(net.parameters)


def test_assigned_numbers_are_copied_in():
    net, weight = dense(2), np.ones((3, 2))
    array = net.parameters["dense.weight"]
    net.parameters["dense.weight"] = weight
    weight[:] = 7
    assert array is net.parameters["dense.weight"]
    np.testing.assert_array_equal(array, np.ones((3, 2)))
    assert array.dtype == np.float32


def test_array_of_a_parameter_may_be_changed_in_place():
    net = dense(1)
    net.parameters["dense.weight"][:] = 2
    np.testing.assert_array_equal(net.predict([[1, 1, 1]]), [[6]])


@pytest.mark.parametrize(("name", "value", "error", "message"), [
    ("dense.weight", np.ones(3), ShapeError, r"dense.weight has shape \(3, 2\), got .* \(3,\)"),
    ("dense.weight", 1.0, ShapeError, r"has shape \(3, 2\), got an array of shape \(\)"),
    ("dense.weight", [["a"] * 2] * 3, ShapeError, "dense.weight holds numbers, got <U1"),
    ("dense.wieght", 1.0, UnknownNameError, "no parameter 'dense.wieght'.*mean 'dense.weight'"),
])  # fmt: skip
def test_assignment_that_does_not_fit_is_refused(name, value, error, message):
    net = dense(2)
    before = net.parameters["dense.weight"].copy()
    with pytest.raises(error, match=message):
        net.parameters[name] = value
    np.testing.assert_array_equal(net.parameters["dense.weight"], before)


def test_same_seed_gives_the_same_weights_and_another_seed_others():
    one, same, other = (dense(8, 4, seed=s) for s in (5, 5, 6))
    for name in one.parameters:
        np.testing.assert_array_equal(one.parameters[name], same.parameters[name])
        if "weight" in name:
            assert (one.parameters[name] != other.parameters[name]).all()


def test_every_array_is_drawn_from_a_stream_of_its_own():
    net = dense(3, 3)
    first, second = net.parameters["dense.weight"], net.parameters["dense_1.weight"]
    assert (first != second).all()


def test_kinds_of_float_have_the_same_weights_up_to_rounding():
    one, other = dense(4), dense(4, dtype="float64")
    assert other.parameters["dense.weight"].dtype == np.float64
    rounded = other.parameters["dense.weight"].astype(np.float32)
    np.testing.assert_array_equal(one.parameters["dense.weight"], rounded)


def test_initialiser_may_be_a_name_a_number_or_a_function():
    layers = [gn.Dense(2, weight_init="ones", bias_init=0.5),
              gn.Dense(2, weight_init=lambda shape, draw: np.full(shape, 3))]  # fmt: skip
    net = gn.Network(layers, input_shape=(3,))
    assert [float(a.flat[0]) for a in net.parameters.values()] == [1, 0.5, 3, 0]


# Graphs of layers.
def test_shared_layer_has_one_weight_and_the_sum_of_its_gradients():
    a, b = gn.Input((3,)), gn.Input((3,))
    shared = gn.Dense(2, "tanh")
    net = gn.Network(inputs=[a, b], outputs=gn.Add()(shared(a), shared(b)), dtype="float64")
    assert list(net.parameters) == ["dense.weight", "dense.bias"]
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(4, 3)) for _ in range(2)]
    assert gn.checks.check_gradients(net, x, rng.normal(size=(4, 2))).worst < 1e-7
    one = gn.Network([shared], input_shape=(3,), dtype="float64")
    np.testing.assert_allclose(net.predict(x), one.predict(x[0]) + one.predict(x[1]), rtol=1e-14)


def test_layer_may_stand_twice_in_a_list():
    shared = gn.Dense(3, "tanh")
    net = gn.Network([shared, shared], input_shape=(3,))
    w, b = net.parameters.values()
    x = np.ones((2, 3), np.float32)
    np.testing.assert_allclose(net.predict(x), np.tanh(np.tanh(x @ w + b) @ w + b), rtol=1e-6)


def test_several_inputs_and_outputs_come_as_lists_or_by_name():
    a, b = gn.Input((2,), name="a"), gn.Input((3,), name="b")
    h = gn.Concatenate()(a, b)
    net = gn.Network(inputs=[a, b], outputs=[gn.Dense(1)(h), gn.Dense(2)(h)])
    rows = {"b": np.ones((4, 3)), "a": np.zeros((4, 2))}
    by_name, listed = net.predict(rows), net.predict([rows["a"], rows["b"]])
    assert [p.shape for p in by_name] == [(4, 1), (4, 2)]
    for one, other in zip(by_name, listed, strict=True):
        np.testing.assert_array_equal(one, other)


def test_sum_and_product_of_symbols_are_layers():
    x = gn.Input((3,))
    net = gn.Network(inputs=x, outputs=x * x + x)
    assert [type(layer).__name__ for layer in net.layers.values()] == ["Multiply", "Add"]
    np.testing.assert_array_equal(net.predict([[1, 2, 3]]), [[2, 6, 12]])


def test_deep_network_is_built_without_recursion():
    net = gn.Network([gn.Activation("tanh") for _ in range(400)], input_shape=(1,))
    assert net.predict([[0.5]]).shape == (1, 1)


def test_predictions_do_not_depend_on_the_batch_size():
    net = dense(4, 2, dtype="float64")
    x = np.random.default_rng(0).normal(size=(11, 3))
    whole = net.predict(x)
    assert whole.shape == (11, 2)
    for size in (1, 3, 100):
        np.testing.assert_allclose(net.predict(x, batch_size=size), whole, rtol=1e-14)


def test_prediction_is_an_array_of_its_own():
    net = gn.Network([gn.Activation("linear")], input_shape=(2,))
    x = np.ones((2, 2), np.float32)
    net.predict(x)[:] = 5
    np.testing.assert_array_equal(x, np.ones((2, 2)))


# Frozen layers.
def test_frozen_layer_keeps_its_weights():
    net = dense(4, 1)
    net.layers["dense"].trainable = False
    before = {name: array.copy() for name, array in net.parameters.items()}
    net.fit(np.eye(3), [1, 2, 3], epochs=3, verbose=0, engine="numpy")
    for name, array in net.parameters.items():
        assert (array == before[name]).all() == name.startswith("dense.")


def test_frozen_layer_may_be_thawed():
    net = dense(4, 1)
    net.layers["dense"].trainable = False
    assert "dW1" not in str(net.training_program())
    net.layers["dense"].trainable = True
    assert "dW1" in str(net.training_program())


def test_frozen_layer_has_no_penalty():
    layers = [gn.Dense(4, weight_regularizer="l2"), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(3,))
    assert "penalty" in str(net.training_program())
    net.layers["dense"].trainable = False
    assert "penalty" not in str(net.training_program())


def test_statistics_are_no_weights():
    net = gn.Network([gn.Standardize(), gn.Dense(1)], input_shape=(3,))
    assert "dmean" not in str(net.training_program())
    net.fit(np.eye(3), [1, 2, 3], epochs=1, verbose=0, engine="numpy")
    np.testing.assert_allclose(net.parameters["standardize.mean"], np.full(3, 1 / 3))


# Networks that do not fit.
@pytest.mark.parametrize("units", [10**13, 10**30])
def test_network_that_does_not_fit_in_memory_is_refused_with_the_estimate(units, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 3 * 2**30)
    with pytest.raises(OutOfMemoryError) as caught:
        gn.Network([gn.Dense(4), gn.Dense(units)], input_shape=(10,))
    said = str(caught.value)
    alone = f"{16 * units / 2**30:.1f} GiB"
    assert said.startswith("To draw the weights of this network takes about ")
    assert said.endswith(
        f"(dense_1.weight (4, {units}) float32 alone is {alone}), and 3.0 GiB of memory are free. "
        "Take narrower layers."
    )


def test_layer_of_a_billion_units_is_refused_before_anything_is_drawn(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 8 * 2**30)
    monkeypatch.setattr(Draw, "uniform", lambda *_: pytest.fail("drawn"))
    net = gn.Network([gn.Dense(10**9)], dtype="float64")
    with pytest.raises(OutOfMemoryError) as caught:
        net.fit(np.ones((3, 1)), np.ones(3), epochs=1, verbose=0)
    assert str(caught.value) == (
        "To draw the weights of this network takes about 22.4 GiB (dense.weight (1, 1000000000) "
        "float64 alone is 7.5 GiB), and 8.0 GiB of memory are free. Take narrower layers, or "
        "dtype='float32'."
    )
    assert not net.is_built


def test_memory_that_ends_while_weights_are_drawn_is_named_too(monkeypatch):
    def no_room(*_):
        raise MemoryError

    monkeypatch.setattr(Draw, "uniform", no_room)
    with pytest.raises(OutOfMemoryError, match=r"dense.weight \(3, 2\) .* there was less memory\."):
        dense(2)


# Layers of one's own.
def test_own_layer_is_trained_and_printed():
    net = gn.Network([Scale(2.0), gn.Dense(1)], input_shape=(3,), dtype="float64")
    assert net.parameters["scale.gain"].tolist() == [2, 2, 2]
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=6)
    assert gn.checks.check_gradients(net, x, y).worst < 1e-7
    history = net.fit(x, y, epochs=20, optimizer=gn.optim.Adam(0.05), verbose=0, engine="numpy")
    assert history["loss"][-1] < history["loss"][0]
    assert "dgain1 = " in str(net.training_program())


def test_fields_of_an_own_layer_are_its_settings():
    assert repr(Scale(start=3.0)) == "Scale(start=3.0)"
    assert Scale(name="a").name == "a"
    assert Scale(2.0, trainable=False).trainable is False


def test_own_regulariser_and_constraint_are_objects_with_a_formula():
    class Sparse:
        def formula(self, w):
            return 0.1 * g.sum(g.abs(w))

    class Positive:
        def formula(self, w):
            return g.maximum(w, 0)

    layer = gn.Dense(2, weight_regularizer=Sparse(), weight_constraint=Positive())
    net = gn.Network([layer], input_shape=(3,))
    text = str(net.training_program(optimizer="sgd"))
    assert "penalty = 0.1 * np.abs(W).sum()" in text
    assert "W[...] = np.maximum(W, 0)" in text
    net.fit(np.eye(3), np.zeros((3, 2)), epochs=1, verbose=0, engine="numpy")
    assert (net.parameters["dense.weight"] >= 0).all()


# What is printed about a network.
def test_summary_lists_layers_shapes_parameters_and_memory(golden):
    x = gn.Input((8,), name="rows")
    shared = gn.Dense(8, "relu", name="shared")
    h = gn.Dropout(0.1)(gn.Add()(shared(x), shared(shared(x))))
    net = gn.Network(inputs=x, outputs=[gn.Dense(3, "softmax")(h), gn.Dense(1, name="size")(h)])
    net.layers["size"].trainable = False
    golden("summary.txt", net.summary() + "\n")


def test_summary_shows_activations_and_what_the_program_calls_the_weights():
    def swish(z):
        return z * g.sigmoid(z)

    net = gn.Network(
        [gn.Dense(4, "relu"), gn.Dense(4, swish), gn.Dense(2, "prelu"), gn.Dense(1)],
        input_shape=(3,),
    )
    rows = {line.split()[0]: line.split() for line in net.summary().splitlines()[2:]}
    assert [rows[f"dense{i}"][2] for i in ("", "_1", "_2", "_3")] == [
        "relu", "swish", "prelu", "linear"
    ]  # fmt: skip
    program = net.training_program()
    for name, leaf in program.parameters.items():
        assert leaf.name in " ".join(rows[name.split(".")[0]]).replace(",", "").split()
    assert (
        "B is the number of rows in a batch. In the program, dense.weight is W1."
        in net.summary().splitlines()
    )


def test_summary_of_plain_layers_fits_a_terminal():
    net = gn.Network([gn.Dense(128, "relu"), gn.Dense(10, "softmax")], input_shape=(784,))
    assert max(map(len, net.summary().splitlines())) <= 80


def test_summary_of_tables_with_frozen_layers_fits_a_terminal():
    code, x = gn.Input((), dtype="int64", name="country"), gn.Input((4,), name="numbers")
    known = gn.Standardize()(gn.FillMissing()(x))
    h = gn.Concatenate()(known, gn.MissingIndicator([0, 2])(x), gn.Embedding(200, 8)(code))
    out = gn.Dense(1, "sigmoid")(gn.Dropout(0.1)(gn.Dense(32, "relu")(h)))
    net = gn.Network(inputs=[x, code], outputs=out)
    net.layers["embedding"].trainable = False
    text = net.summary()
    assert max(map(len, text.splitlines())) <= 80
    assert "\n  from standardize, missing_indicator, embedding\n" in text
    assert "from dropout" not in text  # the line before
    assert text.endswith(": 513 trainable, 1,600 frozen, 12 statistics")


def test_summary_shows_itself_at_the_prompt():
    text = dense(2).summary()
    assert isinstance(text, str)
    assert repr(text) == str(text)
    assert copy.copy(text) == text


def test_summary_counts_statistics_apart():
    net = gn.Network([gn.Standardize(), gn.Dense(2)], input_shape=(3,), dtype="float64")
    assert net.summary().endswith("14 parameters (112 bytes, float64): 8 trainable, 6 statistics")


def test_network_shows_its_layers():
    net = dense(2, seed=4)
    assert repr(net) == "Network([Dense(name='dense', units=2)], seed=4, dtype='float32')"
    assert repr(net.parameters) == (
        "Parameters(\n  dense.weight: (3, 2) float32\n  dense.bias: (2,) float32\n)"
    )
    x = gn.Input((2,), name="left")
    assert repr(x) == "<symbol left (B, 2) float32>"
    assert repr(gn.Input((2,))) == "<symbol input (B, 2) float32>"
    assert repr(gn.Dense(1)(x)) == "<symbol dense (B, 1) float32>"


# What is refused, and how.
def unbuilt():
    return dense(2, input_shape=None)


class Sum(gn.Layer):
    def formula(self, x):
        return x.sum(axis=0)


class Constant(gn.Layer):
    def formula(self, x):
        return np.ones(3)


class Empty(gn.Layer):
    pass


class OfTheBatch(gn.Layer):
    def parameters(self, x):
        return {"w": gn.Parameter(x.shape)}

    def formula(self, x, w):
        return x * w


class Mismatched(gn.Layer):
    def parameters(self, x):
        return {"w": gn.Parameter((5, 2))}

    def formula(self, x, w):
        return x @ w


class Asking(gn.Layer):
    def formula(self, x):
        return x if x > 0 else -x


class Strange(gn.Layer):
    def formula(self, x, y):
        return x + y


def listed(*layers, **settings):
    return lambda: gn.Network(list(layers), **{"input_shape": (3,), **settings})


def shared_by_two_shapes():
    a, b = gn.Input((3,)), gn.Input((4,))
    layer = gn.Dense(2)
    return gn.Network(inputs=[a, b], outputs=gn.Add()(layer(a), layer(b)))


X, Y = gn.Input((3,)), gn.Input((4,))
# fmt: off
REFUSED = [
    # Shapes: the layer, both shapes, the fix.
    (lambda: gn.Add()(X, Y), ShapeError,
     r"layer 'add'.*\(B, 3\) and \(B, 4\) do not broadcast.*Sizes must be equal"),
    (lambda: X + Y, ShapeError, r"layer 'add'.*\(B, 3\) and \(B, 4\)"),
    (lambda: gn.Concatenate()(X, gn.Input((2, 3))), ShapeError,
     r"layer 'concatenate'.*\(B, 3\), \(B, 2, 3\): all sizes but those of axis -1"),
    (listed(gn.Reshape((2, 2))), ShapeError,
     r"layer 'reshape'.*\(B, 3\) to \(B, 2, 2\): 3 numbers do not fill 4 places.*stay the same"),
    (listed(gn.Dense(4), Mismatched()), ShapeError,
     r"layer 'mismatched'.*\(B, 4\) @ \(5, 2\): 4 is not 5"),
    (listed(gn.Dense(1), input_shape=()), ShapeError, "layer 'dense'.*must have at least one axis"),
    (listed(gn.Add()), ShapeError, r"layer 'add'.*at least two inputs, as in gn.Add\(\)\(a, b\)"),
    (listed(Sum()), ShapeError, r"layer 'sum'.*\(3,\) lost the batch axis.*Reduce over axis=-1"),
    (listed(Asking()), ShapeError, r"layer 'asking', called on \(B, 3\).*Write where\(condition"),
    (listed(OfTheBatch()), ShapeError, r"layer 'of_the_batch'.*whole numbers, got \('B', 3\)"),
    (lambda: gn.OneHot([2, 3])(gn.Input((3,), dtype="int64")), ShapeError,
     r"layer 'one_hot', called on \(B, 3\): 2 sizes were given"),
    (listed(gn.OneHot([2, 3, 4])), ShapeError, "layer 'one_hot'.*must hold whole numbers"),
    (listed(gn.MissingIndicator([1, 3])), ShapeError, "missing_indicator.*no column 3 among 3"),
    (listed(gn.Dense(2, weight_init=lambda s, d: np.ones(2))), SettingError,
     r"initialiser of dense.weight gave shape \(2,\), expected \(3, 2\)"),
    (shared_by_two_shapes, ShapeError,
     r"layer 'dense', shared by \(B, 3\) and \(B, 4\): its weight would need two shapes"),
    (lambda: gn.Input((None, 3)), ShapeError, r"got \(None, 3\).*Leave the batch out"),
    (lambda: gn.Input((0,)), ShapeError, "at least 1, got"),
    (lambda: gn.Input("ab"), ShapeError, "whole numbers"),
    # Names: the nearest match.
    (lambda: gn.Dense(3, "rleu"), UnknownNameError, "no activation 'rleu'. Did you mean 'relu'"),
    (lambda: gn.Activation("sigmiod"), UnknownNameError, "mean 'sigmoid'"),
    (lambda: gn.Activation("prelu"), SettingError, r"take the layer gn.PReLU\(\)"),
    (listed(gn.Dense(3, weight_init="glorot")), UnknownNameError, "initialiser 'glorot'.*'glorot_"),
    (listed(gn.Dense(3, weight_regularizer="l3")), UnknownNameError, "regularizer 'l3'.*'l"),
    (listed(gn.Dense(3, weight_constraint="maxnorm")), UnknownNameError, "mean 'max_norm'"),
    (lambda: dense(1).layers["densee"], UnknownNameError, "no layer 'densee'.*mean 'dense'"),
    # Settings.
    (lambda: gn.Dense(0), SettingError, "Dense: units must be a whole number of at least 1, got 0"),
    (lambda: gn.Dense(2.0), SettingError, "units must be a whole number"),
    (lambda: gn.Dense(True), SettingError, "units must be a whole number"),
    (lambda: gn.Dense(2, 5), SettingError, "An activation is a name, a function .* got 5"),
    (lambda: gn.Dropout(1.0), SettingError, "Dropout: rate must be from 0 up to 1, got 1.0"),
    (lambda: gn.Dropout("half"), SettingError, "Dropout: rate must be from 0 up to 1, got 'half'"),
    (lambda: gn.Reshape((2.5,)), SettingError, "Reshape: sizes must be whole numbers"),
    (lambda: gn.OneHot([]), SettingError, "OneHot: sizes must be whole numbers above 0"),
    (lambda: gn.MissingIndicator([]), SettingError, "columns must be numbers from 0"),
    (lambda: gn.Input((3,), dtype="float32"), SettingError, "'float' or 'int64', got 'float32'"),
    (listed(gn.Dense(2, lambda z: 3)), SettingError, "'<lambda>' must be written in graph ops"),
    (listed(Constant()), SettingError, "layer 'constant'.*must return a value of the graph"),
    (listed(Empty()), SettingError, "Empty has no formula: define formula"),
    (listed(Strange()), SettingError, "layer 'strange': .*called with 1 inputs"),
    (listed(gn.Dense(1), dtype="float16"), SettingError, "'float32' or 'float64', got 'float16'"),
    (listed(gn.Dense(1), seed=-1), SettingError, "A seed is a whole number .* got -1"),
    (listed(gn.Dense(1), seed=0.5), SettingError, "A seed is a whole number"),
    (listed(gn.Dense(1, name="a"), gn.Dense(1, name="a")), SettingError, "are called 'a'"),
    (listed(gn.Dense(1, name="a.b")), SettingError, "must not hold a dot"),
    (listed(), SettingError, "at least one layer"),
    (listed("relu"), SettingError, r"a list of layers such as gn.Dense\(16, 'relu'\), got 'relu'"),
    (lambda: gn.Network(gn.Dense(1)), SettingError, "a list of at least one layer, got Dense"),
    (gn.Network, SettingError, "Give a list of layers, or inputs"),
    (lambda: gn.Network(inputs=X), SettingError, "inputs=... and outputs=... both"),
    (lambda: gn.Network([gn.Dense(1)], inputs=X, outputs=X), SettingError, "not both"),
    # Graphs of layers.
    (lambda: gn.Dense(2)(np.ones((2, 3))), SettingError, "called on symbols.*use net.predict"),
    (gn.Dense(2), SettingError, "at least one symbol"),
    (lambda: gn.Network(inputs=[X, Y], outputs=gn.Dense(1)(X)), SettingError, "no output depends"),
    (lambda: gn.Network(inputs=X, outputs=gn.Dense(1)(Y)), SettingError, "is not in inputs"),
    (lambda: gn.Network(inputs=gn.Dense(1)(X), outputs=gn.Dense(1)(X)), SettingError,
     r"inputs must come from gn.Input"),
    (lambda: gn.Network(inputs=X, outputs=gn.Dense(1)), SettingError, "outputs must be symbols"),
    # Networks whose shape is not known yet.
    (lambda: unbuilt().parameters, SettingError, r"not known yet. Give input_shape=\(columns,\)"),
    (lambda: unbuilt().predict([[1]]), SettingError, "not known yet"),
    (lambda: unbuilt().summary(), SettingError, "not known yet"),
    (lambda: unbuilt().training_program(), SettingError, "not known yet"),
]
# fmt: on


@pytest.mark.parametrize(("build", "error", "message"), REFUSED, ids=[m for *_, m in REFUSED])
def test_what_does_not_fit_is_refused_with_the_reason(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_two_inputs_of_one_name_are_refused():
    a, b = gn.Input((3,), name="a"), gn.Input((3,), name="a")
    with pytest.raises(SettingError, match="Two inputs are called 'a'"):
        gn.Network(inputs=[a, b], outputs=gn.Add()(a, b))


def test_unbuilt_network_takes_its_shape_from_the_first_data():
    net = unbuilt()
    assert not net.is_built
    net.fit(np.ones((4, 5)), np.ones((4, 2)), epochs=1, verbose=0, engine="numpy")
    assert net.is_built
    assert net.parameters["dense.weight"].shape == (5, 2)


def test_weights_are_the_same_whenever_the_shape_became_known():
    early, late = dense(2, seed=3), dense(2, seed=3, input_shape=None)
    late.build((3,))
    np.testing.assert_array_equal(early.parameters["dense.weight"], late.parameters["dense.weight"])
