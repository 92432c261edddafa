"""Indices that name no place are refused before anything is computed with them, in both engines."""

from pathlib import Path

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet import graph as g
from glassnet.engines import find
from glassnet.errors import DataError, ShapeError, UnsupportedError
from glassnet.nn.parameters import Reading

ENGINES = ["numpy", "native", "auto"]
WRONG = [5, -1, -5, 123456789012, -(2**62)]


class Take(gn.Layer):
    """Rows of a table of five."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((5, 3), "normal")}

    def index(self, x):
        return x

    def formula(self, x, table):
        return g.take(table, self.index(x))


class TakeSlice(Take):
    def index(self, x):
        return x[:, 2]


class TakeCast(Take):
    def index(self, x):
        return g.cast(x[:, 2], dtype="int64")


class TakeComputed(Take):
    def index(self, x):
        return g.where(x[:, 0] > 2, x[:, 2] + 2 * x[:, 1], x[:, 2] + x[:, 1] * 2) - x[:, 1] * 2


class TakeSum(Take):
    def index(self, x):
        return g.sum(g.where(x > 0, x, x), axis=1) - x[:, 0] - x[:, 1] - x[:, 3]


class Pick(gn.Layer):
    """One number of each row of a table of probabilities."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((4, 5), "normal")}

    def formula(self, x, table):
        h = g.cast(x, dtype=g.float_kind()) @ table  # (B, 5)
        return g.expand_dims(g.pick(h, x[:, 2]), -1)


class PickFloat(Pick):
    def formula(self, x, table):
        return g.expand_dims(g.pick(x @ table, g.cast(x[:, 2], dtype="int64")), -1)


class AddAt(gn.Layer):
    """How often each code occurs in the batch."""

    def parameters(self, *specs):
        return {"scale": gn.Parameter((5,), "ones")}

    def formula(self, x, scale):
        ones = g.cast(x[:, 2] > -(2**40), dtype=g.float_kind())
        counts = g.add_at(ones, x[:, 2], shape=(5,))
        return g.cast(x, dtype=g.float_kind()) * g.sum(counts * scale)


class TakeOfWeights(gn.Layer):
    """Which row is known when the weights are, and not before."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((5, 3), "normal"), "shift": gn.Parameter((1,), "zeros")}

    def formula(self, x, table, shift):
        return g.take(table, x[:, 2] + g.cast(shift, dtype="int64"))


def network(layer, kind="int64", seed=0):
    x = gn.Input((4,), dtype=kind)
    h = layer(x)
    if len(h.shape) > 2:
        h = gn.Flatten()(h)
    return gn.Network(inputs=x, outputs=gn.Dense(1)(h), seed=seed)


INTS = [Take, TakeSlice, TakeComputed, Pick, AddAt]
FLOATS = [TakeCast, PickFloat]
ALL = [(c, "int64") for c in INTS] + [(c, "float") for c in FLOATS]


def data(kind, n=40, wrong=None, row=17):
    x = np.random.default_rng(0).integers(0, 5, (n, 4))
    if wrong is not None:
        x[row % n, 2] = wrong
    x = x if kind == "int64" else x.astype(np.float32)
    return x, np.random.default_rng(1).normal(size=(n, 1)).astype(np.float32)


def refused(act, layer, row, value=None, last=4):
    with pytest.raises(DataError) as caught:
        act()
    text = str(caught.value)
    assert text.startswith(f"In layer '{layer}', ")
    assert f"is outside of 0 to {last}" in text
    assert f"row {row}" in text
    assert value is None or f"the index {value} " in text
    return text


def name_of(layer):
    return next(iter(network(layer(), "int64" if layer in INTS else "float").layers))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize(("layer", "kind"), ALL)
def test_fit_refuses_an_index_out_of_range_and_trains_nothing(layer, kind, wrong, engine):
    net = network(layer(), kind)
    before = {k: v.copy() for k, v in net.parameters.items()}
    x, y = data(kind, wrong=wrong)
    refused(
        lambda: net.fit(x, y, epochs=2, batch_size=8, engine=engine, verbose=0), name_of(layer), 17,
        wrong if kind == "int64" else None,
    )  # fmt: skip
    assert all(np.array_equal(net.parameters[k], v) for k, v in before.items())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("layer", "kind"), ALL)
def test_good_indices_train_alike(layer, kind, engine):
    x, y = data(kind)
    nets = [network(layer(), kind), network(layer(), kind)]
    for net, name in zip(nets, ("numpy", engine), strict=True):
        net.fit(x, y, epochs=3, batch_size=7, engine=name, verbose=0)
    for name, value in nets[0].parameters.items():
        np.testing.assert_allclose(nets[1].parameters[name], value, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("n", [1, 3, 40, 30_000])
@pytest.mark.parametrize("wrong", [5, -1, 2**50])
@pytest.mark.parametrize(("layer", "kind"), ALL)
def test_predict_refuses_in_any_number_of_rows(layer, kind, wrong, n):
    net = network(layer(), kind)
    net.predict(data(kind, n)[0])
    x, _ = data(kind, n, wrong)
    refused(lambda: net.predict(x), name_of(layer), 17 % n)
    refused(lambda: net.predict(x.tolist() if n < 50 else x), name_of(layer), 17 % n)


@pytest.mark.parametrize("n", [1, 3, 40, 30_000])
@pytest.mark.parametrize(("layer", "kind"), ALL)
def test_a_predictor_refuses_in_any_number_of_rows(layer, kind, n):
    net = network(layer(), kind)
    ready = net.predictor()
    good, _ = data(kind, n)
    np.testing.assert_allclose(ready(good), net.predict(good), rtol=1e-5, atol=1e-6)
    x, _ = data(kind, n, -1)
    refused(lambda: ready(x), name_of(layer), 17 % n)
    refused(lambda: ready(x[17 % n]), name_of(layer), 0)


@pytest.mark.parametrize(("layer", "kind"), ALL)
def test_evaluate_refuses(layer, kind):
    net = network(layer(), kind)
    x, y = data(kind, wrong=7)
    refused(lambda: net.evaluate(x, y), name_of(layer), 17)


@pytest.mark.parametrize("engine", ENGINES)
def test_validation_rows_are_looked_at_before_training(engine):
    net = network(TakeSlice())
    before = {k: v.copy() for k, v in net.parameters.items()}
    (x, y), held = data("int64"), data("int64", wrong=-1)
    text = refused(
        lambda: net.fit(x, y, validation_data=held, epochs=1, engine=engine, verbose=0),
        "take_slice", 17, -1,
    )  # fmt: skip
    assert "of the validation rows" in text
    assert all(np.array_equal(net.parameters[k], v) for k, v in before.items())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", range(0, 40, 13))
def test_rows_that_are_split_off_are_named_as_they_were_given(engine, row):
    x, y = data("int64", wrong=9, row=row)
    refused(
        lambda: network(TakeSlice()).fit(
            x, y, validation_split=0.5, epochs=1, engine=engine, verbose=0
        ),
        "take_slice", row, 9,
    )  # fmt: skip


def test_the_message_names_layer_value_row_column_and_the_next_step():
    x, y = data("int64", wrong=-1)
    with pytest.raises(DataError) as caught:
        network(TakeSlice(name="lookup")).fit(x, y, verbose=0)
    assert str(caught.value) == (
        "In layer 'lookup', take: the index -1 is outside of 0 to 4 (negative ones are not counted "
        "from the end); it comes from x, row 17, column 2. Correct the data, or keep the index "
        "in its range: clip(index, 0, 4)."
    )


def test_a_memory_mapped_input_is_read_some_rows_at_a_time(tmp_path):
    x, y = data("int64", 200_000, wrong=5, row=199_999)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    refused(lambda: network(TakeSlice()).fit(mapped, y, verbose=0), "take_slice", 199_999, 5)


class TakeRoot(Take):
    """The root of a negative number is NaN."""

    def index(self, x):
        return g.cast(g.sqrt(x[:, 2]), dtype="int64")


def test_nan_is_no_index():
    net = network(TakeRoot(), "float")
    x, _ = data("float", wrong=-1)
    refused(lambda: net.predict(x), "take_root", 17, "nan")
    refused(lambda: net.fit(x, x[:, :1], engine="native", verbose=0), "take_root", 17, "nan")


@pytest.mark.parametrize("value", [1e30, 2.0**63])
def test_a_code_beyond_int64_is_refused(value):
    net = gn.Network(inputs=(x := gn.Input((4,), dtype="int64")), outputs=gn.OneHot([5] * 4)(x))
    given = np.full((2, 4), value)
    for x_ in (given, given.astype(np.uint64)) if value < 2**64 else (given,):
        with pytest.raises(DataError, match="beyond what int64 can hold"):
            net.predict(x_)


@pytest.mark.parametrize("engine", ["native", "auto", "numpy"])
def test_an_index_that_follows_from_weights_is_checked_in_the_step(engine, capsys):
    net = network(TakeOfWeights())
    x, y = data("int64")
    if engine == "native":
        with pytest.raises(UnsupportedError, match="index in layer 'take_of_weights' follows from"):
            net.fit(x, y, engine=engine, verbose=0)
        return
    net.fit(x, y, epochs=1, engine=engine, verbose=0)
    net.parameters["take_of_weights.shift"] = [-1.0]
    with pytest.raises(DataError, match="In layer 'take_of_weights': the index -1 is outside of 0"):
        net.fit(x, y, epochs=1, engine=engine, verbose=0)
    with pytest.raises(DataError, match="the index -1 is outside of 0 to 4"):
        net.predict(x)
    with pytest.raises(DataError, match="the index -1 is outside of 0 to 4"):
        net.predictor()(x[x[:, 2] == 0][:1])
    with pytest.raises(DataError, match="the index -1 is outside of 0 to 4"):
        net.walkthrough(x, y)


class TakeOfOthers(gn.Layer):
    """The row depends on the whole batch."""

    def parameters(self, *specs):
        return {"table": gn.Parameter((5, 3), "normal")}

    def formula(self, x, table):
        return g.take(table, x[:, 2] - g.min(x[:, 2], axis=0))


def test_an_index_that_follows_from_other_rows_is_checked_in_the_step():
    net = network(TakeOfOthers())
    x, y = data("int64")
    assert "within(" in net.prediction_program().source()
    net.fit(x, y, engine="numpy", epochs=1, verbose=0)
    x[0, 2] = -1
    with pytest.raises(DataError, match="In layer 'take_of_others': the index 5 is outside of 0"):
        net.fit(x, y, engine="numpy", epochs=1, verbose=0)


class Wrong(Take):
    at: int = -1

    def index(self, x):
        return g.constant([0, self.at])

    def formula(self, x, table):
        return g.cast(x, dtype=g.float_kind()) * g.sum(g.take(table, self.index(x)))


@pytest.mark.parametrize("at", [-1, 5])
def test_a_constant_out_of_range_is_refused_when_the_program_is_built(at):
    net = network(Wrong(at=at))
    with pytest.raises(ShapeError, match=f"In layer 'wrong', take: the index {at} is outside of 0"):
        net.prediction_program()
    assert network(Wrong(at=4)).prediction_program().index_sites == ()


class Clipped(Take):
    def index(self, x):
        return g.clip(g.cast(x[:, 2], dtype="int64"), 0, 4)


class Chosen(Take):
    def index(self, x):
        codes = g.cast(x[:, 2], dtype="int64")
        return g.where(g.logical_or(codes < 0, codes > 4), 4, codes)


class Best(Take):
    def formula(self, x, table):
        return g.take(table, g.argmax(g.cast(x, dtype=g.float_kind()) @ table[:4], axis=-1))


@pytest.mark.parametrize("layer", [Clipped, Chosen, Best, lambda: gn.Embedding(5, 2)])
def test_what_is_always_in_range_is_not_looked_at(layer):
    net = network(layer())
    program = net.training_program(loss="mean_squared_error")
    assert program.index_sites == net.prediction_program().index_sites == ()
    assert "within(" not in program.source()
    x, _ = data("int64", wrong=77)
    assert np.isfinite(net.predict(x)).all()


UNCHECKED = """
sys.path.insert(0, tests)
from engines import test_index_bounds as bounds
net = bounds.network(bounds.TakeSlice())
program = net.training_program(loss="mean_squared_error", optimizer="sgd")
for wrong, right in ((10**12, 4), (-(10**12), 0)):
    found = []
    for value in (wrong, right):
        x, y = bounds.data("int64", wrong=value)
        arrays = [a.copy() for a in dict(net.parameters).values()]
        trainer = bounds.find("native").trainer(program)
        trainer.run(stretch(program, [x, y], arrays, 40, 8, (0, 9)), lambda: False)
        found.append([a.tobytes() for a in arrays])
    print(found[0] == found[1])
"""


def test_compiled_code_stays_in_its_tables_even_unchecked():
    """Lanes beyond the batch's rows hold what they will; nobody may write elsewhere for it."""
    out, _ = work.said(f"tests = {str(Path(work.__file__).parents[1])!r}\n{UNCHECKED}")
    assert out.split() == ["True", "True"]


def test_class_numbers_are_looked_at_once():
    net = gn.Network([gn.Dense(3, "softmax")], input_shape=(4,))
    program = net.training_program(loss="sparse_categorical_crossentropy", class_weight=3)
    assert program.index_sites == ()
    assert "within(" not in program.source()


def test_each_index_is_looked_at_once_for_look_up_and_gradient():
    program = network(TakeSlice()).training_program(loss="mean_squared_error")
    assert [site.op for site in program.index_sites] == ["take"]
    assert "add_at(" in program.source()


def own_loss(y, p):
    return -g.mean(g.pick(p, g.cast(y[:, 0], dtype="int64")))


@pytest.mark.parametrize("engine", ENGINES)
def test_an_index_in_a_loss_is_looked_at(engine):
    net = gn.Network([gn.Dense(3)], input_shape=(4,))
    x, _ = data("float")
    y = np.ones((40, 3), np.float32)
    y[11, 0] = 3
    act = (
        "In a loss or a metric, pick: the index 3.0 is outside of 0 to 2; it comes from y, row 11, "
        "column 0"
    )
    with pytest.raises(DataError, match=act):
        net.fit(x, y, loss=own_loss, engine=engine, verbose=0)
    with pytest.raises(DataError, match=act):
        net.evaluate(x, y, loss=own_loss)
    with pytest.raises(DataError, match=act):
        gn.checks.check_gradients(net, x, y, loss=own_loss)


class Arithmetic(Take):
    """Whole numbers in each way that native code knows."""

    def index(self, x):
        a, b = x[:, 0], x[:, 1]
        return g.minimum(g.maximum(g.abs(a - b) + g.relu(-a) * 2, 1), 4)


def test_arithmetic_of_whole_numbers_is_the_same_in_native_code():
    net = network(Arithmetic())
    x = np.random.default_rng(3).integers(-9, 9, (500, 4))
    a, b = x[:, 0], x[:, 1]
    index = np.minimum(np.maximum(np.abs(a - b) + np.maximum(-a, 0) * 2, 1), 4)
    h = net.parameters["arithmetic.table"][index]
    expected = h @ net.parameters["dense.weight"] + net.parameters["dense.bias"]
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-5, atol=1e-6)
    assert type(find("native").predictor(net.prediction_program())).__name__ == "NativePredictor"


class Truths(gn.Layer):
    """Comparisons of truths."""

    def formula(self, x):
        return g.cast(g.less(x > 0, x > 1) * (x < 7), dtype=g.float_kind())


def test_false_is_less_than_true_in_native_code():
    net = gn.Network([Truths()], input_shape=(3,))
    x = np.random.default_rng(3).normal(size=(50, 3)).astype(np.float32)
    native = find("native").predictor(net.prediction_program()).predict([x], Reading([]), 50)[0]
    assert not native.any()
    assert not net.predict(x).any()


@pytest.mark.parametrize("engine", ["auto", "numpy"])
def test_what_native_code_cannot_do_with_whole_numbers_is_known_beforehand(engine):
    net = network(TakeSum())
    with pytest.raises(UnsupportedError, match="'sum' of whole numbers"):
        find("native").trainer(net.training_program(loss="mean_squared_error"))
    x, y = data("int64")
    assert np.isfinite(net.fit(x, y, engine=engine, verbose=0)["loss"]).all()
