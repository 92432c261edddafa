"""What a program returns has a role; no spelling of a name gives it another."""

import numpy as np
import pytest
from cases.networks import BY_NAME

import glassnet as gn
from glassnet import graph as g
from glassnet.program import Role, evaluation_program
from glassnet.train.objectives import objectives_of

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=20)


def squares(y, p):
    return (y - p) ** 2


def called(name, metric):
    def rows(y, p):
        return metric(y, p)

    rows.__name__ = name
    return rows


def network():
    return gn.Network([gn.Dense(4, "tanh"), gn.Dense(1)], input_shape=(3,), seed=1)


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_metric_called_like_a_gradient_keeps_its_own_numbers(optimizer, engine):
    if engine == "native":
        pytest.importorskip("llvmlite", reason="llvmlite is not installed")
    given = {"optimizer": optimizer, "epochs": 3, "batch_size": None, "engine": engine}
    plain, twin = network(), network()
    right = plain.fit(X, Y, metrics=["mean_absolute_error", squares], verbose=0, **given)
    distances = called("dW1", lambda y, p: g.abs(y - p))
    metrics = [distances, called("dW2", squares), "mean_absolute_error"]
    found = twin.fit(X, Y, metrics=metrics, validation_data=(X, Y), verbose=0, **given)
    assert list(found) == [
        "loss", "dW1", "dW2", "mean_absolute_error",
        "val_loss", "val_dW1", "val_dW2", "val_mean_absolute_error", "learning_rate",
    ]  # fmt: skip
    assert found["dW1"] == right["mean_absolute_error"] == found["mean_absolute_error"]
    assert found["dW2"] == right["squares"] == found["loss"]
    assert found["val_dW1"] == found["val_mean_absolute_error"]


def test_every_output_of_a_training_program_has_its_role():
    program = network().training_program(optimizer="lbfgs", metrics=["mean_absolute_error"])
    assert [(o.name, o.role, o.of) for o in program.outputs] == [
        ("loss", Role.LOSS, ""),
        ("mean_absolute_error", Role.METRIC, ""),
        ("dW1", Role.GRADIENT, "dense.weight"),
        ("db1", Role.GRADIENT, "dense.bias"),
        ("dW2", Role.GRADIENT, "dense_1.weight"),
        ("db2", Role.GRADIENT, "dense_1.bias"),
    ]
    assert program.figures == ["loss", "mean_absolute_error"]
    assert program.place_of_gradients() == {
        "dense.weight": 2, "dense.bias": 3, "dense_1.weight": 4, "dense_1.bias": 5
    }  # fmt: skip


def test_every_output_of_an_evaluation_program_has_its_role():
    row = BY_NAME["two_outputs"]
    net = row.build()
    found = objectives_of(net, row.loss, row.metrics, row.data().y)
    program = evaluation_program(net.topology, net.dtype, found.each)
    assert [(o.name, o.role) for o in program.outputs] == [
        ("loss", Role.LOSS),
        ("kind_loss", Role.PART), ("size_loss", Role.PART),
        ("kind_accuracy", Role.METRIC), ("size_mean_absolute_error", Role.METRIC),
        ("kind", Role.PREDICTION), ("size", Role.PREDICTION),
    ]  # fmt: skip
    assert program.figures == [o.name for o in program.outputs[:5]]


def test_two_figures_of_one_name_are_refused():
    x = gn.Input((3,))
    outputs = [gn.Dense(1, name=name)(x) for name in ("a", "a_b")]
    net = gn.Network(inputs=x, outputs=outputs)
    metrics = {"a": called("b_c", squares), "a_b": called("c", squares)}
    with pytest.raises(gn.errors.SettingError, match="Two figures would be called 'a_b_c'"):
        net.training_program(metrics=metrics)


def body_of(program):
    text = program.source()
    return text[text.index(f"def {program.function}(") :]


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error"])
def test_mean_of_squares_is_not_called_its_root(loss):
    metrics = ["root_mean_squared_error"]
    program = network().training_program(loss=loss, metrics=metrics)
    assert [(o.name, o.of) for o in program.outputs] == [
        ("loss", ""), ("mean_squared_error", "root_mean_squared_error")
    ]  # fmt: skip
    squares = "loss" if loss == "mean_squared_error" else "mean_squared_error"
    text = body_of(program)
    said = f"# metrics: root_mean_squared_error = np.sqrt(mean of {squares} over all rows)"
    assert said in text
    assert f"return loss, {squares}" in text
    history = network().fit(X, Y, loss=loss, metrics=metrics, epochs=2, verbose=0, batch_size=7)
    plain = network().fit(X, Y, loss=loss, metrics=[squares_], epochs=2, verbose=0, batch_size=7)
    assert history["root_mean_squared_error"] == [v**0.5 for v in plain["squares_"]]


def squares_(y, p):
    return (y - p) ** 2


def test_metric_that_needs_all_rows_is_named_where_no_step_computes_it():
    program = network().training_program(metrics=["r2"])
    assert "# metrics: r2 needs all rows at once\n" in body_of(program)
    x = gn.Input((3,))
    net = gn.Network(inputs=x, outputs=[gn.Dense(1, name=n)(x) for n in "pq"])
    found = objectives_of(net, "auto", {"p": ["r2", "root_mean_squared_error"], "q": "r2"}, [Y, Y])
    text = " ".join(body_of(evaluation_program(net.topology, net.dtype, found.each)).split())
    of_p = "p_root_mean_squared_error = np.sqrt(mean of loss1 over all rows)"
    assert f"# metrics: {of_p}; r2 needs all" in text
    assert text.count("r2 needs all") == 1


def test_metric_of_ones_own_that_is_made_from_a_mean_says_so():
    class Bits(gn.metrics.RowMetric):
        def rows(self, y, p):
            return g.sum((y - p) ** 2, axis=-1)

        def finish(self, mean):
            return float(np.log2(mean))

    program = network().training_program(loss="mean_absolute_error", metrics=[Bits()])
    assert [o.name for o in program.outputs] == ["loss", "mean_of_bits"]
    assert "# metrics: bits = finish(mean of mean_of_bits over all rows)\n" in body_of(program)
    assert "return loss, mean_of_bits\n" in body_of(program)


def test_repr_of_a_program_is_one_short_line():
    program = network().training_program(metrics=["mean_absolute_error"])
    assert repr(program) == (
        "<program step(x, y) of 4 arrays of weights: 17 lines, gives loss and mean_absolute_error>"
    )
    one = gn.Network([gn.Dense(1, use_bias=False)], input_shape=(3,)).prediction_program()
    assert repr(one) == "<program predict(x) of 1 array of weights: 1 line, gives dense>"
    deep = gn.Network([gn.Dense(1) for _ in range(30)], input_shape=(3,))
    assert len(repr(deep.training_program(optimizer="lbfgs"))) < 100


def test_repr_of_what_a_program_holds_is_short():
    program = network().training_program()
    assert all(len(repr(each)) < 100 for each in [*program.body, *program.outputs])
    assert repr(program.body[0]) == "<statement z1 (B, 4) float32>"
    assert repr(program.body[-1]) == "<call adam(b2, db2, m_b2, v_b2, learning_rate, t)>"
    assert repr(program.outputs[0]) == "<output loss: loss>"
