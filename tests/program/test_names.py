"""Whatever users call their things, the program is Python, and each name means one thing."""

import inspect

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.optim.optimizer import OPTIMIZERS
from glassnet.program.naming import fresh, own_name

HOSTILE = [
    "x",
    "y",
    "w",
    "t",
    "m",
    "v",
    "seed",
    "learning_rate",
    "loss",
    "np",
    "len",
    "min",
    "math",
    "step",
    "sigmoid",
    "softmax",
    "class_weight",
    "W1",
    "b1",
    "z1",
    "a1",
    "dW1",
    "error",
    "row_weight",
    "lambda",
    "def",
    "y1",
    "w1",
    "m_W1",
    "part1",
    "glassnet",
]


class Keeps(gn.Layer):
    """A layer whose parameter and whose value have this name."""

    called: str = "w"

    def parameters(self, x):
        return {self.called: gn.Parameter(x.shape[-1:], "ones")}

    def formula(self, *rows, **own):
        return (g.sigmoid(*rows) * own[self.called]).named(self.called)


def step_of(program):
    scope = {}
    exec(program.source(), scope)
    return scope["step"]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_name_of_a_parameter_and_of_a_value_never_collides(name, alone):
    layers = [Keeps(name)] if alone else [gn.Dense(2, "sigmoid"), Keeps(name), gn.Dense(2)]
    net = gn.Network(layers, input_shape=(2,), seed=1)
    x, y = np.ones((3, 2)), np.zeros((3, 2))
    program = net.training_program(sample_weight=True)
    arguments = list(inspect.signature(step_of(program)).parameters)
    assert len(arguments) == len(set(arguments)) == len(program.arguments)
    history = net.fit(x, y, sample_weight=np.ones(3), epochs=2, verbose=0, engine="numpy")
    assert history["loss"][1] < history["loss"][0]


@pytest.mark.parametrize("name", [*HOSTILE, "my input", "2nd", "größe", "a.b", "x-y"])
def test_name_of_an_input_never_collides(name):
    a, b = gn.Input((2,), name=name), gn.Input((2,), name="other")
    net = gn.Network(inputs=[a, b], outputs=gn.Dense(1, "sigmoid")(gn.Add()(a, b)))
    rows = {name: np.ones((3, 2)), "other": np.ones((3, 2))}
    net.fit(rows, [0, 1, 1], epochs=1, verbose=0, engine="numpy")
    assert net.predict(rows).shape == (3, 1)


def test_optimizer_of_ones_own_may_be_called_as_anything():
    class Step(gn.optim.Optimizer):
        slots = {"m": 0.0}  # noqa: RUF012

        def update(self, w, dw, learning_rate, t, **slots):
            m = 0.5 * slots["m"] + dw
            return {"m": m, "w": w - learning_rate * m}

    try:
        net = gn.Network([gn.Dense(1)], input_shape=(1,))
        net.fit([[1.0]], [1.0], optimizer=Step(), epochs=2, verbose=0, engine="numpy")
        assert (
            "def step_(w, dw, m, learning_rate)" in net.training_program(optimizer=Step()).source()
        )
    finally:
        del OPTIMIZERS["step"]


def test_rule_with_two_values_of_one_name_is_refused():
    class Twice(gn.optim.Optimizer):
        def update(self, w, dw, learning_rate, t, **slots):
            return {"w": w - (dw * dw).named("s") * (dw + 1).named("s")}

    try:
        net = gn.Network([gn.Dense(1)], input_shape=(1,))
        with pytest.raises(gn.errors.GlassnetError, match="two values called 's'"):
            net.training_program(optimizer=Twice())
    finally:
        del OPTIMIZERS["twice"]


def test_rule_that_reads_what_it_has_overwritten_is_refused():
    class Stale(gn.optim.Optimizer):
        slots = {"m": 0.0}  # noqa: RUF012

        def update(self, w, dw, learning_rate, t, **slots):
            new = slots["m"] + dw
            return {"m": new, "w": w - learning_rate * slots["m"]}

    try:
        net = gn.Network([gn.Dense(1)], input_shape=(1,))
        with pytest.raises(gn.errors.GlassnetError, match="reads the old 'm' after setting it"):
            net.training_program(optimizer=Stale())
    finally:
        del OPTIMIZERS["stale"]


def test_second_use_of_a_name_is_numbered():
    taken = set()
    assert [fresh("h", taken) for _ in range(3)] == ["h", "h_2", "h_3"]
    assert [fresh("part", taken, count_from=1) for _ in range(2)] == ["part1", "part2"]
    assert fresh("sigmoid", set()) == "sigmoid_2"
    assert fresh("class", set()) == "class_2"


def test_names_of_the_program_are_kept_from_users():
    assert own_name("learning_rate", set()) == "learning_rate_"
    assert own_name("my own", set()) == "my_own"
    assert own_name("2nd", set()) == "_2nd"
    assert own_name("height", set()) == "height"


def test_gradient_is_called_after_its_value_where_a_layer_is_shared():
    a, b = gn.Input((2,)), gn.Input((2,))
    shared = gn.Dense(2, "tanh")
    net = gn.Network(inputs=[a, b], outputs=gn.Concatenate()(shared(a), shared(b)))
    text = net.training_program().source()
    assert "z1" not in text  # one layer with weights needs no number
    assert "z = x1 @ W + b" in text
    assert "z_2 = x2 @ W + b" in text
    assert "dW = x2.T @ dz_2 + x1.T @ dz" in text


def test_values_are_numbered_by_the_layer_of_their_weights():
    net = gn.Network(
        [gn.Flatten(), gn.Dense(3, "relu"), gn.Dropout(0.1), gn.Dense(2), gn.Activation("tanh")],
        input_shape=(2, 2),
    )
    text = net.training_program().source()
    for line in ("h = x.reshape(-1, 4)", "z1 = h @ W1 + b1", "h1 = a1 * mask1", "a2 = np.tanh(z2)"):
        assert line in text
