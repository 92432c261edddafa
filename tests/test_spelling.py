"""Names as people type them: those that work, and of the others what is said, to the word."""

import copy
import functools
import inspect
import math
import pickle

import numpy as np
import pytest
from train.small import ENGINE, YES, X, network, neuron

import glassnet as gn
from glassnet import calls, spelling, tables
from glassnet.errors import (
    CallError,
    GlassnetError,
    SettingError,
    UnknownAttributeError,
    UnknownNameError,
)
from glassnet.losses.loss import find as find_loss
from glassnet.metrics.registry import METRICS
from glassnet.metrics.registry import find as find_metric
from glassnet.optim.optimizer import OPTIMIZERS
from glassnet.optim.optimizer import find as find_optimizer

FIND = {"loss": find_loss, "metric": find_metric, "optimizer": find_optimizer}
KNOWN = {"loss": gn.losses.LOSSES, "metric": METRICS, "optimizer": OPTIMIZERS}
PAIRS = [(kind, *pair) for kind, names in spelling.SHORT.items() for pair in names.items()]


def fit(net=None, **settings):
    return (net or neuron()).fit(X, YES, **{"epochs": 1, **ENGINE, **settings})


@pytest.mark.parametrize(("kind", "short", "name"), PAIRS)
def test_a_short_name_works(kind, short, name):
    assert FIND[kind](short) == FIND[kind](name)
    assert short not in KNOWN[kind]


def test_a_short_name_trains_as_the_long_one():
    short, long = (
        fit(loss="mse", metrics=["acc", "auc"], optimizer="gd"),
        fit(loss="mean_squared_error", metrics=["accuracy", "roc_auc"], optimizer="sgd"),
    )
    assert short.table == long.table
    assert list(short) == ["loss", "accuracy", "roc_auc", "learning_rate"]


@pytest.mark.parametrize(
    ("kind", "typed", "name"),
    [("loss", "MSE", "mean_squared_error"), ("loss", "Mse", "mean_squared_error"),
     ("loss", "Huber", "huber"), ("loss", "Mean Squared Error", "mean_squared_error"),
     ("metric", "Accuracy", "accuracy"), ("metric", "AUC", "roc_auc"), ("optimizer", "SGD", "sgd"),
     ("optimizer", "Gradient Descent", "sgd"), ("optimizer", "L-BFGS", "lbfgs")],
)  # fmt: skip
def test_a_name_works_in_letters_of_any_case(kind, typed, name):
    assert FIND[kind](typed) == FIND[kind](name)


FIT = (
    "x, y, loss, optimizer, epochs, batch_size, shuffle, validation_data, validation_split, "
    "sample_weight, class_weight, loss_weights, metrics, callbacks, engine, threads, verbose, "
    "rows, validation_rows."
)
DENSE = (
    "units, activation, use_bias, weight_init, bias_init, weight_regularizer, bias_regularizer, "
    "weight_constraint, name, trainable."
)
LAYERS = ", ".join(gn.nn.LAYERS)
# fmt: off
CALLS = [
    (lambda: fit(learning_rate=0.1), ("fit has no setting 'learning_rate'. It is the optimizer's: "
     f"optimizer=gn.optim.Adam(learning_rate=0.1). It takes: {FIT}")),
    (lambda: fit(lr=0.1), ("fit has no setting 'lr'. It is the optimizer's: "
     f"optimizer=gn.optim.Adam(learning_rate=0.1). It takes: {FIT}")),
    (lambda: fit(optimizer="sgd", learning_rate=1.0), ("fit has no setting 'learning_rate'. It is "
     f"the optimizer's: optimizer=gn.optim.SGD(learning_rate=1.0). It takes: {FIT}")),
    (lambda: fit(optimizer="gd", lr=2), ("fit has no setting 'lr'. It is the optimizer's: "
     f"optimizer=gn.optim.SGD(learning_rate=2). It takes: {FIT}")),
    (lambda: fit(optimizer=gn.optim.RMSprop, lr=2), ("fit has no setting 'lr'. It is the "
     f"optimizer's: optimizer=gn.optim.RMSprop(learning_rate=2). It takes: {FIT}")),
    (lambda: fit(optimizer=gn.optim.SGD(0.1, momentum=0.9), clipnorm=1.0),
     ("fit has no setting 'clipnorm'. It is the optimizer's: optimizer=gn.optim.SGD("
      f"learning_rate=0.1, momentum=0.9, clip_norm=1.0). It takes: {FIT}")),
    (lambda: fit(learning_rate=gn.optim.schedules.Cosine(), optimizer="lion"),
     ("fit has no setting 'learning_rate'. It is the optimizer's: "
      f"optimizer=gn.optim.Lion(learning_rate=...). It takes: {FIT}")),
    (lambda: fit(epoch=3), f"fit has no setting 'epoch'. Did you mean 'epochs'? It takes: {FIT}"),
    (lambda: fit(max_iter=3), "fit has no setting 'max_iter'. Did you mean 'epochs'?"),
    (lambda: fit(criterion="mse"), "fit has no setting 'criterion'. Did you mean 'loss'?"),
    (lambda: fit(patience=3), ("fit has no setting 'patience'. It is a callback's: "
     f"callbacks=[gn.callbacks.EarlyStopping(patience=10)]. It takes: {FIT}")),
    (lambda: fit(batchsize=3), "fit has no setting 'batchsize'. Did you mean 'batch_size'?"),
    (lambda: fit(zzz=3), f"fit has no setting 'zzz'. It takes: {FIT}"),
    (lambda: neuron().fit(X), f"fit needs y. It takes: {FIT}"),
    (lambda: neuron().fit(X, YES, "mse"), ("fit takes 2 (x, y) by position, got 3. Give the others "
     f"by name, and what belongs together as a list. It takes: {FIT}")),
    (lambda: neuron().predict(X, batchsize=3),
     "predict has no setting 'batchsize'. Did you mean 'batch_size'? It takes: x, batch_size."),
    (lambda: neuron().evaluate(X, YES, metric="mae"),
     "evaluate has no setting 'metric'. Did you mean 'metrics'?"),
    (lambda: neuron().walkthrough(X, YES, optim="sgd"),
     "walkthrough has no setting 'optim'. Did you mean 'optimizer'?"),
    (lambda: neuron().training_program(metric="mae"),
     "training_program has no setting 'metric'. Did you mean 'metrics'?"),
    (lambda: gn.checks.check_gradients(neuron(), X, YES, tol=1),
     "check_gradients has no setting 'tol'. Did you mean 'tolerance'?"),
    (lambda: gn.optim.SGD(lr=0.1), ("SGD has no setting 'lr'. Did you mean 'learning_rate'? It "
     "takes: learning_rate, momentum, nesterov, clip_value, clip_norm, ema.")),
    (lambda: gn.optim.Adam(beta_1=0.9), "Adam has no setting 'beta_1'. Did you mean 'beta1'?"),
    (lambda: gn.optim.schedules.Cosine(step=3), "Cosine has no setting 'step'. Did you mean"),
    (lambda: gn.losses.Huber(deltas=1),
     "Huber has no setting 'deltas'. Did you mean 'delta'? It takes: delta, weight."),
    (lambda: gn.metrics.TopKAccuracy(top=1), "TopKAccuracy has no setting 'top'. It takes: k."),
    (lambda: gn.regularizers.L2(strenght=1),
     "L2 has no setting 'strenght'. Did you mean 'strength'? It takes: strength."),
    (lambda: gn.callbacks.EarlyStopping(patients=3),
     "EarlyStopping has no setting 'patients'. Did you mean 'patience'?"),
    (gn.callbacks.TimeLimit, "TimeLimit needs seconds. It takes: seconds."),
    (lambda: gn.Dense(3, bias=False),
     f"Dense has no setting 'bias'. Did you mean 'use_bias'? It takes: {DENSE}"),
    (lambda: gn.Dense(3, kernel_initializer="zeros"),
     "Dense has no setting 'kernel_initializer'. Did you mean 'weight_init'?"),
    (lambda: gn.Dense(3, input_shape=(3,)), ("Dense has no setting 'input_shape'. It is the "
     f"network's: gn.Network([...], input_shape=(10,)). It takes: {DENSE}")),
    (gn.Dense, f"Dense needs units. It takes: {DENSE}"),
    (lambda: gn.Dropout(p=0.5), "Dropout has no setting 'p'. Did you mean 'rate'?"),
    (lambda: gn.Embedding(num_embeddings=3, units=2),
     "Embedding has no setting 'num_embeddings'. Did you mean 'vocabulary'?"),
    (lambda: gn.Parameter((3,), inti="zeros"), "Parameter has no setting 'inti'. Did you mean"),
    (lambda: gn.Input((3,), dtyp="int64"), "Input has no setting 'dtyp'. Did you mean 'dtype'?"),
    (lambda: gn.Network([gn.Dense(1)], input_dim=3),
     ("Network has no setting 'input_dim'. Did you mean 'input_shape'? It takes: layers, inputs, "
      "outputs, input_shape, seed, dtype, name.")),
    (lambda: tables.Settings(epoch=3), "Settings has no setting 'epoch'. Did you mean 'epochs'?"),
    (lambda: gn.Network([gn.Dense(1)], loss="mse"),
     "Network has no setting 'loss'. It is fit's: net.fit(x, y, loss=...)."),
    (lambda: gn.Network(gn.Dense(3), gn.Dense(1)), ("Network takes 1 (layers) by position, got 2. "
     "Give the others by name, and what belongs together as a list.")),
]
NAMES = [
    (lambda: find_loss("rmse"), UnknownNameError,
     "There is no loss 'rmse'. Did you mean 'mean_squared_error'?"),
    (lambda: find_loss("log_loss"), UnknownNameError,
     "There is no loss 'log_loss'. Did you mean 'binary_crossentropy'?"),
    (lambda: find_loss("pce"), UnknownNameError, "There is no loss 'pce'. Known: auto, binary_"),
    (lambda: find_metric("f1_score"), UnknownNameError,
     "There is no metric 'f1_score'. Did you mean 'f1'?"),
    (lambda: find_metric("mse"), UnknownNameError,
     "There is no metric 'mse'. Did you mean 'root_mean_squared_error'?"),
    (lambda: gn.Dense(1, "swish"), UnknownNameError,
     "There is no activation 'swish'. Did you mean 'silu'?"),
    (lambda: neuron().layers[0], UnknownNameError,
     "There is no layer 0. They go by name: net.layers['dense']. Known: dense."),
    (lambda: neuron().layers[-1], UnknownNameError,
     "There is no layer -1. They go by name: net.layers['dense']. Known: dense."),
    (lambda: neuron().layers[7], UnknownNameError, "There is no layer 7. Known: dense."),
    (lambda: neuron().parameters[1], UnknownNameError,
     ("There is no parameter 1. They go by name: net.parameters['dense.bias']. Known: dense.bias, "
      "dense.weight.")),
    (lambda: network(gn.Dense(2), gn.Dense(1)).parameters["W2"], UnknownNameError,
     ("There is no parameter 'W2'. The printed program's W2 is net.parameters['dense_1.weight']. "
      "Known: dense.bias, dense.weight, dense_1.bias, dense_1.weight.")),
    (lambda: gn.Dense(1, "lrelu"), UnknownNameError,
     "There is no activation 'lrelu'. Did you mean 'leaky_relu'?"),
    (lambda: gn.Dense(1, math.tanh), SettingError,
     "math.tanh takes one number, an activation values of the graph: give np.tanh."),
    (lambda: gn.Activation(math.exp), SettingError,
     "math.exp takes one number, an activation values of the graph: give np.exp."),
    (lambda: gn.optim.schedules.Warmup(gn.optim.schedules.Cosine(0.1)), SettingError,
     ("Warmup: learning_rate must be a number above 0, got the schedule Cosine. What follows is "
      "then=: Warmup(0.1, then=Cosine(0.1)).")),
    (lambda: gn.optim.schedules.Step(gn.optim.schedules.Cosine(0.1)), SettingError,
     ("Step: learning_rate must be a number above 0, got the schedule Cosine. Only Warmup is "
      "followed by another, then=....")),
    (lambda: gn.Network([gn.Dense]), SettingError,
     ("A network is a list of layers such as gn.Dense(16, 'relu'), got the class Dense itself "
      "(write Dense(units)) in it.")),
    (lambda: gn.Network([gn.Flatten]), SettingError,
     ("A network is a list of layers such as gn.Dense(16, 'relu'), got the class Flatten itself "
      "(write Flatten()) in it.")),
    (lambda: gn.Network(gn.Dense(3)), SettingError,
     ("A network is a list of at least one layer, got Dense(units=3). Put it into a list: "
      "gn.Network([...]).")),
    (lambda: fit(callbacks=[gn.callbacks.EarlyStopping]), SettingError,
     ("A callback is an object of a class derived from gn.callbacks.Callback, got the class "
      "EarlyStopping itself (write EarlyStopping()).")),
    (lambda: gn.MaxPool2D, AttributeError,
     "module 'glassnet' has no attribute 'MaxPool2D'. Did you mean 'MaxPooling2D'?"),
    (lambda: gn.AvgPool2d, AttributeError,
     "module 'glassnet' has no attribute 'AvgPool2d'. Did you mean 'AveragePooling2D'?"),
    (lambda: gn.Conv2d, AttributeError,
     "module 'glassnet' has no attribute 'Conv2d'. Did you mean 'Conv2D'?"),
    (lambda: gn.ConvTranspose2d, AttributeError,
     "module 'glassnet' has no attribute 'ConvTranspose2d'. Did you mean 'Conv2DTranspose'?"),
    (lambda: gn.Conv2D(8, 3, stride=2), gn.errors.CallError,
     ("Conv2D has no setting 'stride'. Did you mean 'strides'? It takes: filters, kernel_size, "
      "strides, padding, dilation_rate, groups, activation, use_bias, weight_init, bias_init, "
      "weight_regularizer, bias_regularizer, weight_constraint, name, trainable.")),
    (lambda: gn.studio, AttributeError, ("module 'glassnet' has no attribute 'studio'. This version"
     f" has no studio yet. Its layers are {LAYERS}.")),
    (lambda: gn.Sequential, AttributeError,
     "module 'glassnet' has no attribute 'Sequential'. Did you mean 'Network'?"),
]
# fmt: on


def assert_said(act, kind, message):
    with pytest.raises(kind) as caught:
        act()
    whole = kind is SettingError or ("It takes" in message and message.endswith("."))
    assert str(caught.value) == message if whole else str(caught.value).startswith(message)


@pytest.mark.parametrize(("act", "message"), CALLS, ids=[m[:60] for _, m in CALLS])
def test_a_call_is_answered_by(act, message):
    assert_said(act, CallError, message)
    with pytest.raises(TypeError):  # what Python raises for such a call
        act()


@pytest.mark.parametrize(("act", "kind", "message"), NAMES, ids=[m[:60] for *_, m in NAMES])
def test_a_name_is_answered_by(act, kind, message):
    assert_said(act, kind, message)


# The mechanism.
def test_a_checked_call_shows_its_own_signature():
    assert list(inspect.signature(gn.Dense).parameters)[:2] == ["units", "activation"]
    assert list(inspect.signature(gn.Network.fit).parameters)[:3] == ["self", "x", "y"]
    assert list(inspect.signature(gn.optim.SGD).parameters)[:1] == ["learning_rate"]


def test_a_class_of_ones_own_is_checked_too():
    class Scale(gn.Layer):
        start: float = 1.0

    class Count(gn.callbacks.Callback):
        def __init__(self, every):
            self.every = every

    with pytest.raises(CallError, match=r"^Scale has no setting 'strat'. Did you mean 'start'\?"):
        Scale(strat=2.0)
    with pytest.raises(CallError, match=r"^Count needs every\. It takes: every\.$"):
        Count()
    assert (Scale(2.0).start, Count(3).every) == (2.0, 3)


def test_an_error_inside_of_a_call_stays_as_it_is():
    @calls.checked
    def broken(x):
        return x + None

    with pytest.raises(TypeError, match="unsupported operand") as caught:
        broken(1)
    assert not isinstance(caught.value, GlassnetError)


def test_settings_that_may_be_anything_pass():
    @calls.checked
    def anything(*args, **settings):
        return args, settings

    assert anything(1, lr=2) == ((1,), {"lr": 2})


# What is shown behind the dot.
SHOWN = {
    "losses": (gn.losses.Loss,),
    "metrics": (gn.metrics.Metric,),
    "optim": (gn.optim.Optimizer, type(gn.optim)),
    "callbacks": (gn.callbacks.Callback,),
    "optim.schedules": (gn.optim.schedules.Schedule,),
}


@pytest.mark.parametrize("name", SHOWN)
def test_behind_the_dot_stand_only(name):
    module = functools.reduce(getattr, name.split("."), gn)
    things = [getattr(module, one) for one in dir(module)]
    kinds = tuple(k for k in SHOWN[name] if k is not type(gn.optim))
    assert dir(module) == sorted(module.__all__)
    beside = {getattr(module, one, None) for one in ("schedules", "ctc_decode")}
    rest = [t for t in things if t not in beside]
    assert [t for t in rest if not (isinstance(t, type) and issubclass(t, kinds))] == []
    ours = {t for t in vars(module).values() if isinstance(t, type) and issubclass(t, kinds)}
    assert {t.__name__ for t in ours if not t.__name__.startswith(("_", "Function"))} <= set(
        dir(module)
    )


def test_behind_checks_stand_the_checks():
    assert dir(gn.checks) == ["GradientCheck", "check_gradients"]


# Attributes that are guessed.
GUESSES = {
    "SGD": "Write gn.optim.SGD.",
    "Adam": "Write gn.optim.Adam.",
    "MSE": "Write gn.losses.MeanSquaredError.",
    "sigmoid": "An activation goes by its name: gn.Dense(16, 'sigmoid').",
    "Softmax": "An activation goes by its name: gn.Dense(16, 'softmax').",
    "LeakyReLU": "An activation goes by its name: gn.Dense(16, 'leaky_relu').",
    "EarlyStopping": "Write gn.callbacks.EarlyStopping.",
    "train_test_split": "net.fit(..., validation_split=0.2) holds rows out by itself.",
    "Desne": "Did you mean 'Dense'?",
    "optim.GradientDescent": "Write gn.optim.SGD(learning_rate=0.01).",
    "optim.Momentum": "Write gn.optim.SGD(momentum=0.9).",
    "optim.CosineDecay": "Write gn.optim.schedules.Cosine().",
    "optim.adam": "Write gn.optim.Adam.",
    "optim.schedules.CosineDecay": "Write gn.optim.schedules.Cosine().",
    "losses.MSE": "Write gn.losses.MeanSquaredError.",
    "losses.bce": "Write gn.losses.BinaryCrossentropy.",
    "metrics.AUC": "Write gn.metrics.RocAuc.",
    "metrics.MAE": "Write gn.metrics.MeanAbsoluteError.",
    "callbacks.EarlyStop": "Did you mean 'EarlyStopping'?",
}  # fmt: skip
OF_A_NETWORK = {
    "weights": "Its arrays are in net.parameters, by name.",
    "params": "Its arrays are in net.parameters, by name.",
    "train": "Write net.fit(x, y).",
    "forward": "Write net.predict(x).",
    "gradients": (
        "net.walkthrough(x, y) shows them, net.training_program() computes them, "
        "gn.checks.check_gradients(net, x, y) checks them."
    ),
    "score": "Write net.evaluate(x, y, metrics=...).",
    "plot": (
        "history = net.fit(x, y) gives what has curves: history.plot(). gn.plots.network(net) "
        "draws the layers."
    ),
    "history": "It is what fit gives: history = net.fit(x, y).",
    "freeze": (
        'A layer is frozen by net.layers["dense"].trainable = False, with the name of yours.'
    ),
    "paramters": "Did you mean 'parameters'?",
}


@pytest.mark.parametrize("name", GUESSES)
def test_a_guessed_name_is_answered_by_the_right_one(name):
    *inside, last = name.split(".")
    module = functools.reduce(getattr, inside, gn)
    with pytest.raises(UnknownAttributeError) as caught:
        getattr(module, last)
    said = f"module {module.__name__!r} has no attribute {last!r}. {GUESSES[name]}"
    assert str(caught.value) == said
    assert not hasattr(module, last)


@pytest.mark.parametrize("name", OF_A_NETWORK)
def test_a_guessed_method_is_answered_by_the_right_one(name):
    with pytest.raises(AttributeError) as caught:
        getattr(neuron(), name)
    assert str(caught.value) == f"Network has no attribute {name!r}. {OF_A_NETWORK[name]}"


def test_the_table_of_homes_is_that_of_the_packages():
    bases = {"Optimizer", "schedules", "Schedule", "Loss", "Metric", "RowMetric", "WholeMetric",
             "YesOrNo", "Callback", "ctc_decode"}  # fmt: skip
    for home, names in spelling.HOMES.items():
        module = functools.reduce(getattr, home.split("."), gn)
        known = getattr(module, "__all__", None) or [
            kind.__name__ for kind in {*module.REGULARIZERS.values(), *module.CONSTRAINTS.values()}
        ]
        assert set(names.split()) == set(known) - bases
    assert spelling.LAYERS.split() == list(gn.nn.LAYERS)
    assert spelling.ACTIVATIONS.split() == [*gn.nn.activations.ACTIVATIONS, "prelu"]


# Attributes that are set.
SET = {
    "trianable": "Did you mean 'trainable'?",
    "trainble": "Did you mean 'trainable'?",
    "frozen": "Write trainable = False.",
    "activations": "Did you mean 'activation'?",
}


@pytest.mark.parametrize("name", SET)
def test_an_attribute_that_a_layer_does_not_have_is_not_set(name):
    layer = neuron().layers["dense"]
    with pytest.raises(AttributeError) as caught:
        setattr(layer, name, False)
    assert str(caught.value) == f"Dense has no attribute {name!r}. {SET[name]}"
    assert not hasattr(layer, name)
    layer.trainable = False
    assert not layer.trainable


class Doubled(gn.Layer):
    factor: float = 2.0

    def __post_init__(self):
        self.half = self.factor / 2

    def formula(self, x):
        return x * (2 * self.half)


class DoubledMore(Doubled):
    more: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        self.whole = self.more * self.half


class OwnConstructor(gn.Layer):
    def __init__(self, factor, **settings):
        super().__init__(**settings)
        self.factor = factor

    def formula(self, x):
        return x * self.factor


@pytest.mark.parametrize("make", [Doubled, DoubledMore, lambda: OwnConstructor(2.0)])
def test_a_constructor_sets_what_it_likes_and_later_code_its_own_notes(make):
    layer = make()
    layer.factor = 3.0
    layer._note = "kept"
    for other in (layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):  # noqa: S301
        assert (other.factor, other._note) == (3.0, "kept")
        with pytest.raises(UnknownAttributeError, match="has no attribute 'facto'"):
            other.facto = 4.0


def test_what_is_to_come_has_not_come():
    assert not any(hasattr(gn, name) for name in ("estimators", "studio"))
    assert np.isfinite(fit(network(gn.Dense(1, "sigmoid")))["loss"][0])
