"""A step on the user's own numbers, as it is read."""

from train.small import YES, X, network

import glassnet as gn


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
