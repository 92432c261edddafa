"""A step on the user's own numbers, as it is read."""

import numpy as np
import pytest
from train.small import YES, X, network

import glassnet as gn
from glassnet.program.execute import Line
from glassnet.train.walkthrough import Walkthrough


def test_prediction_is_shown_where_the_loss_is_on_the_logit():
    net = network(gn.Dense(2, "tanh"), gn.Dense(1, "sigmoid"))
    steps = {step.names[0]: step for step in net.walkthrough(X[:3], YES[:3]).steps}
    assert steps["a2"].code == "a2 = sigmoid(z2)"
    assert steps["a2"].section == "forward"
    z2 = steps["z2"].values[0]
    np.testing.assert_array_equal(steps["a2"].values[0], 1.0 / (1.0 + np.exp(-z2)))
    assert steps["dz2"].code == "dz2 = (a2 - y) / len(x)"
    assert "a2 = " not in net.training_program().source().replace("with a2 = ", "")


def test_predictions_of_several_outputs_are_shown_once_each():
    x = gn.Input((3,))
    net = gn.Network(inputs=x, outputs=[gn.Dense(3, "softmax")(x), gn.Dense(1)(x)], seed=1)
    walk = net.walkthrough(X[:3], [YES[:3], X[:3, 0]])
    codes = [step.code for step in walk.steps]
    assert codes.count("a1 = softmax(z1)") == 1
    assert "#   loss1: -mean(ln a1[y1]) with a1 = softmax(z1)\n" in str(walk)


@pytest.mark.parametrize(("values", "shown"), [
    ([-0.0, 1.5], "[0.  1.5]"),
    ([-1e-9, 1.5], "[0.  1.5]"),
    ([-1e-9, np.nan], "[ 0. nan]"),
    ([-0.0, 1e9], "[0.e+00 1.e+09]"),
    ([-1e-9, 1e9], "[-1.e-09  1.e+09]"),
])  # fmt: skip
def test_no_number_is_minus_zero(values, shown):
    line = Line("forward", "", "z = x", ("z",), (np.array(values),))
    walk = Walkthrough(network(gn.Dense(1)).training_program(), {}, [line])
    assert str(walk).endswith(f"z = x    # (2,)\n    {shown}")


def test_single_number_is_not_minus_zero_either():
    line = Line("loss", "", "loss = x", ("loss",), (np.float64(-0.0),))
    walk = Walkthrough(network(gn.Dense(1)).training_program(), {}, [line])
    assert str(walk).endswith("\n    loss = 0")


def test_remarks_stand_above_their_lines():
    net = network(gn.Dense(1, weight_constraint="max_norm"))
    text = str(net.walkthrough(X[:3], X[:3, 0]))
    assert "# constraint of W: max-norm, the weights into each unit have a length" in text


def walked(optimizer):
    net = network(gn.Dense(2, "tanh"), gn.Dense(1, "sigmoid"))
    return str(net.walkthrough(X[:3], YES[:3], optimizer=optimizer))


def test_rule_of_the_optimizer_stands_once_before_it_is_called():
    text = walked("adam")
    rule = text.index("def adam(w, dw, m, v, learning_rate, t, beta_1=0.9")
    assert text.index("# update: Adam") < rule < text.index("adam(W1, dW1, m_W1, v_W1")
    assert text.count("def adam(") == 1
    assert "    m += (1 - beta_1) * (dw - m)\n" in text


def test_rule_of_one_line_is_written_where_it_is_used():
    text = walked("sgd")
    assert "def " not in text
    assert "W1 -= learning_rate * dW1    # (3, 2)\n" in text
