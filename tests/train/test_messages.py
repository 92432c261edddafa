"""What fit refuses, and what it says: the thing, what was expected, what came, the next step."""

import math

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, YES, N, X, network, neuron

import glassnet as gn
from glassnet.errors import (
    DataError,
    GlassnetError,
    SettingError,
    ShapeError,
    UnknownNameError,
    UnsupportedError,
)


def fit(net=None, x=X, y=YES, **settings):
    return (net or neuron()).fit(x, y, **{"epochs": 1, **ENGINE, **settings})


def softmax():
    return network(gn.Dense(3, "softmax"))


def frozen():
    net = neuron()
    net.layers["dense"].trainable = False
    return net


def with_hole(rows, *places, value=np.nan):
    rows = rows.astype(float)
    for place in places:
        rows[place] = value
    return rows


def two_inputs():
    a, b = gn.Input((2,), name="a"), gn.Input((3,), name="b")
    return gn.Network(inputs=[a, b], outputs=gn.Dense(1)(gn.Concatenate()(a, b)))


def two_outputs():
    x = gn.Input((3,))
    return gn.Network(inputs=x, outputs=[gn.Dense(1, name="p")(x), gn.Dense(1, name="q")(x)])


def held(**settings):
    net = network(gn.Dense(4, weight_constraint="max_norm"), gn.Dense(1))
    return fit(net, y=SIZE, optimizer="lbfgs", batch_size=None)


def whole(y, p):
    return gn.graph.mean((y - p) ** 2)


def array_of_numbers(y, p):
    return np.zeros(3)


def over_the_batch(y, p):
    return gn.graph.sum(p - y, axis=0)


class NoKind(gn.metrics.Metric):
    pass


def as_printed(y, p):
    return np.mean((p > 0.5) == (y > 0.5))


# fmt: off
REFUSED = [
    # Shapes of the data.
    (lambda: fit(x=X[:, :2]), ShapeError,
     r"x has shape \(37, 2\), but the network takes rows of shape \(3,\): expected \(n, 3\)"),
    (lambda: fit(x=X[0]), ShapeError,
     r"x has shape \(3,\).*For a single row use x.reshape\(1, -1\)"),
    (lambda: fit(gn.Network([gn.Dense(1)], input_shape=(1,)), x=X[:, 0]), ShapeError,
     r"Use x.reshape\(-1, 1\)"),
    (lambda: fit(y=np.ones((N, 2))), ShapeError,
     r"y has shape \(37, 2\), but binary_crossentropy on this output takes \(n, 1\)"),
    (lambda: fit(softmax(), y=KIND, loss="categorical_crossentropy"), ShapeError,
     "For class numbers use loss='sparse_categorical_crossentropy'"),
    (lambda: fit(softmax(), y=np.eye(3)[KIND], loss="sparse_categorical_crossentropy"), ShapeError,
     "For one-hot rows use loss='categorical_crossentropy'"),
    (lambda: fit(y=YES[:-1]), DataError, r"same number of rows, got x: 37, y\['dense'\]: 36"),
    (lambda: fit(x=[[1, 2, 3], [1, 2]], y=[0, 1]), DataError, "does not form an array"),
    (lambda: fit(x=5, y=[0]), DataError, "one row for each example, got a single number"),
    (lambda: fit(x=X[:0], y=YES[:0]), DataError, "x has no rows"),
    (lambda: fit(y=[]), DataError, "y has no rows"),
    (lambda: fit(two_inputs(), x=[X[:, :2]], y=SIZE), DataError,
     r"has 2, \['a', 'b'\]; got 1 arrays"),
    (lambda: fit(two_inputs(), x=X, y=SIZE), DataError, "got one array"),
    (lambda: fit(two_inputs(), x={"a": X[:, :2], "c": X}, y=SIZE), DataError,
     r"x: expected a dict with \['a', 'b'\], got \['a', 'c'\]"),
    (lambda: fit(two_inputs(), x={"a": X[:9, :2], "b": X}, y=SIZE), DataError,
     r"same number of rows, got x\['a'\]: 9, x\['b'\]: 37"),
    (lambda: fit(two_outputs(), y=SIZE), DataError, r"y: the network has 2, \['p', 'q'\]"),
    # What the data hold.
    (lambda: fit(x=with_hole(X, (5, 1))), DataError,
     r"x holds NaN: column 1 \(1 of them\); first in row 5. Fill or drop.*gn.FillMissing\(\)"),
    (lambda: fit(x=with_hole(X, (7, 0), (9, 2), (11, 2), value=-np.inf)), DataError,
     r"x holds infinity: column 0 \(1 of them\), column 2 \(2 of them\); first in row 7"),
    (lambda: fit(y=with_hole(SIZE, 4), net=neuron("linear")), DataError,
     "y holds NaN: column 0.*first in row 4. Drop"),
    (lambda: fit(x=np.array([["a", "b", "c"]] * N)), DataError,
     r"x must hold numbers, got text such as 'a'. Encode text.*glassnet train DATA.csv"),
    (lambda: fit(y=np.array(["no", "yes"] * N)[:N]), DataError,
     "y must hold numbers, got text such as 'no'"),
    (lambda: fit(x=np.array([[1, None, 2]] * N)), DataError,
     "x must hold numbers, got objects such as None"),
    (lambda: fit(softmax(), y=KIND + 1), DataError,
     "from 1 to 3, but the output has 3 classes, 0 to 2. Number the classes from 0"),
    (lambda: fit(softmax(), y=KIND * 5), DataError,
     "from 0 to 10.*Give the last layer 11 units, or correct the labels"),
    (lambda: fit(softmax(), y=KIND - 1), DataError, "from -1 to 1"),
    (lambda: fit(softmax(), y=KIND + 0.5), DataError, "class numbers 0, 1, ..., got fractions"),
    (lambda: fit(softmax(), y=np.ones((N, 3))), DataError, "takes rows that sum to 1"),
    (lambda: fit(y=YES * 2), DataError,
     "binary_crossentropy takes targets from 0 to 1, got 0 to 2"),
    (lambda: fit(y=YES + 1), DataError,
     r"targets from 0 to 1, got 1 to 2. Number the two classes 0 and 1: give \(y == 2\).astype"),
    (lambda: fit(gn.Network(inputs=(c := gn.Input((2,), dtype="int64")),
                            outputs=gn.Dense(1)(gn.OneHot([2, 2])(c))), x=X[:, :2], y=SIZE),
     DataError, r"must hold whole numbers \(codes\), got fractions"),
    # Weights.
    (lambda: fit(sample_weight=np.ones(5)), DataError, "sample_weight has 5 numbers for 37 rows"),
    (lambda: fit(sample_weight=-np.ones(N)), DataError, "sample_weight must be 0 or more"),
    (lambda: fit(sample_weight=np.zeros(N)), DataError, "not 0 for every row"),
    (lambda: fit(sample_weight=with_hole(np.ones(N), 3)), DataError, "sample_weight holds NaN"),
    (lambda: fit(class_weight={2: 1.0}), SettingError, "there is no class 2, only 0 to 1"),
    (lambda: fit(class_weight="balance"), SettingError,
     "'balanced', a dict or a list, got 'balance'"),
    (lambda: fit(class_weight=[1, 2, 3]), SettingError,
     "class_weight needs 2 numbers of 0 or more"),
    (lambda: fit(class_weight={0: -1}), SettingError, "numbers of 0 or more"),
    (lambda: fit(neuron("linear"), y=SIZE, class_weight={0: 2}), DataError,
     "classes, 0 and 1, got fractions"),
    (lambda: fit(loss=whole, sample_weight=np.ones(N)), SettingError,
     "'whole' gives one number for the whole batch, so rows cannot be weighted"),
    (lambda: fit(two_outputs(), y=[SIZE, SIZE], loss_weights=[1]), SettingError,
     r"loss_weights: 1 given for 2 outputs, \['p', 'q'\]"),
    # Names.
    (lambda: fit(loss="mean_square_error"), UnknownNameError,
     "no loss 'mean_square_error'. Did you mean 'mean_squared_error'"),
    (lambda: fit(optimizer="adm"), UnknownNameError, "no optimizer 'adm'. Did you mean 'adam'"),
    (lambda: fit(metrics=["accurcy"]), UnknownNameError, "no metric 'accurcy'.*mean 'accuracy'"),
    (lambda: fit(engine="nmupy"), UnknownNameError, "no engine 'nmupy'. Did you mean 'numpy'"),
    (lambda: neuron("sigmiod"), UnknownNameError, "no activation 'sigmiod'.*mean 'sigmoid'"),
    (lambda: fit(two_outputs(), y=[SIZE, SIZE], metrics={"r": "r2"}), SettingError,
     r"there is no output 'r', only \['p', 'q'\]"),
    (lambda: fit(two_outputs(), y=[SIZE, SIZE], loss={"p": "huber"}), SettingError,
     r"loss: expected one entry for each of \['p', 'q'\]"),
    # Settings.
    (lambda: fit(optimizer=gn.optim.SGD(-0.1)), SettingError,
     "SGD: learning_rate must be a number above 0, or a schedule, got -0.1"),
    (lambda: fit(optimizer=gn.optim.Adam(float("nan"))), SettingError, "learning_rate must be"),
    (lambda: fit(optimizer=0.1), SettingError, r"An optimizer is a name or an object such as"),
    (lambda: fit(loss=3), SettingError, "A loss is a name, a function"),
    (lambda: fit(metrics=[NoKind()]), SettingError,
     r"A metric of your own is derived from RowMetric or WholeMetric, got .*NoKind\(\)"),
    (lambda: fit(metrics=[3]), SettingError, "A metric is a name, a function"),
    (lambda: fit(epochs=0), SettingError, "epochs must be a whole number of at least 1, got 0"),
    (lambda: fit(epochs=1.5), SettingError, "epochs must be a whole number of at least 1, got 1.5"),
    (lambda: fit(epochs=True), SettingError, "epochs must be a whole number"),
    (lambda: fit(batch_size=0), SettingError,
     "batch_size must be a whole number of at least 1, got 0"),
    (lambda: fit(batch_size=-5), SettingError, "batch_size must be .* got -5"),
    (lambda: fit(batch_size="all"), SettingError, "batch_size must be .* got 'all'"),
    (lambda: fit(threads=0), SettingError, "threads must be a whole number of at least 1"),
    (lambda: fit(validation_split=1.0), SettingError, "validation_split must be from 0 up to 1"),
    (lambda: fit(validation_split=-0.1), SettingError, "validation_split must be"),
    (lambda: fit(validation_split=0.2, validation_data=(X, YES)), SettingError, "not both"),
    (lambda: fit(validation_data=(X,)), DataError, r"validation_data is \(x, y\)"),
    (lambda: fit(validation_data=(X[:, :2], YES)), ShapeError, r"x has shape \(37, 2\)"),
    (lambda: fit(x=X[:2], y=YES[:2], validation_split=0.01), DataError, "leaves 2 for training"),
    (lambda: fit(x=X[:4], y=[0, 1, 0, 1], validation_split=0.25), DataError,
     ("leaves 4 for training and 0 held out: 2 classes keep their shares, and the share is taken "
      "of 2, 2 rows. Give more rows, or another share.")),
    (lambda: fit(callbacks=gn.callbacks.EarlyStopping()), SettingError, "callbacks must be a list"),
    (lambda: fit(callbacks=[print]), SettingError, "derived from gn.callbacks.Callback, got"),
    (lambda: fit(callbacks=[gn.callbacks.EarlyStopping]), SettingError, "A callback is an object"),
    (lambda: fit(optimizer="lbfgs"), SettingError, "takes the full batch: give batch_size=None"),
    (held, SettingError, "LBFGS cannot keep the constraint of dense.weight"),
    (lambda: fit(network(gn.Standardize()), y=X), SettingError,
     "No layer has weights to learn, so there is nothing to train. Add one .* such as gn.Dense"),
    (lambda: fit(frozen()), SettingError,
     "Every layer is frozen .* nothing to train. Set trainable = True"),
    (lambda: fit(metrics=["accuracy", "accuracy"]), SettingError,
     "more than one column would be called 'accuracy'"),
    # Formulas of one's own.
    (lambda: fit(loss=array_of_numbers), SettingError,
     "'array_of_numbers' must be written in graph ops .*got ndarray"),
    (lambda: fit(metrics=[as_printed]), SettingError,
     r"metric 'as_printed' .*got (bool|float64) from it. Python answers .*write np.equal\(a, b\)"),
    (lambda: fit(loss=as_printed), SettingError, r"loss 'as_printed' .*write np.equal\(a, b\)."),
    (lambda: fit(network(gn.Dense(1, lambda z: 1 + math.tanh(z)))), ShapeError,
     r"Write np.tanh\(x\) instead of math.tanh\(x\)"),
    (lambda: fit(loss=over_the_batch), ShapeError,
     r"'over_the_batch' must give one number for each row, \(B,\), got \(1,\). Reduce over"),
    (lambda: fit(metrics=[over_the_batch]), ShapeError,
     "The metric 'over_the_batch' must give one"),
    # Predictions and evaluations.
    (lambda: neuron().predict(X[:, :2]), ShapeError, r"expected \(n, 3\)"),
    (lambda: neuron().predict(with_hole(X, (0, 0))), DataError, "x holds NaN: column 0"),
    (lambda: neuron().predict(X, batch_size=0), SettingError, "batch_size must be"),
    (lambda: neuron().evaluate(X, YES[:3]), DataError, "same number of rows"),
    (lambda: neuron().evaluate(X, YES, metrics=["acuracy"]), UnknownNameError, "mean 'accuracy'"),
]
# fmt: on


@pytest.mark.parametrize(("act", "error", "message"), REFUSED, ids=[m for *_, m in REFUSED])
def test_fit_refuses_what_it_cannot_do_and_says_why(act, error, message):
    with pytest.raises(error, match=message) as caught:
        act()
    assert isinstance(caught.value, GlassnetError)
    assert str(caught.value).endswith((".", "?"))


def test_what_was_refused_has_changed_nothing():
    net = neuron()
    before = {name: array.copy() for name, array in net.parameters.items()}
    for settings in ({"y": YES[:-1]}, {"optimizer": "adm"}, {"batch_size": 0}):
        with pytest.raises(GlassnetError):
            fit(net, **settings)
    for name, array in net.parameters.items():
        np.testing.assert_array_equal(array, before[name])


def test_engine_that_is_not_there_is_an_error_of_its_own():
    assert issubclass(UnsupportedError, GlassnetError)


def test_holes_may_pass_where_the_network_fills_them():
    net = network(gn.FillMissing(), gn.Dense(1))
    fit(net, x=with_hole(X, (5, 1)), y=SIZE)
    assert np.isfinite(net.predict(with_hole(X, (0, 0)))).all()
    with pytest.raises(DataError, match="x holds infinity"):
        net.predict(with_hole(X, (0, 0), value=np.inf))
