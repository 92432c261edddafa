"""One neuron learns to tell what matters: three inputs, one output, the sigmoid between.

In each step every weight moves by  error x input x slope of the sigmoid,  summed over the rows.
That is gradient descent with learning rate 1 on half the sum of squares: by the chain rule the
slope of (y - a)^2 / 2 along a weight is  -(y - a) x input x slope.  Nobody types the rule here:
Glassnet derives it from the loss, and the printed program shows it.

    python examples/tutorial_a_one_neuron.py
"""

import numpy as np

import glassnet as gn

# The output is the first input; the other two mean nothing. That is for the neuron to find out.
x = np.array([[0, 0, 1], [1, 1, 1], [1, 0, 1], [0, 1, 1]])
y = np.array([[0], [1], [1], [0]])
unseen = np.array([[1, 0, 0]])


def half_sum_of_squares(y, p):
    """A loss is a plain function of the target and the output."""
    return ((y - p) ** 2).sum() / 2


def copies(net):
    return {name: array.copy() for name, array in net.parameters.items()}


def train(net):
    optimizer = gn.optim.SGD(learning_rate=1)
    print(net.training_program(loss=half_sum_of_squares, optimizer=optimizer))
    net.fit(x, y, loss=half_sum_of_squares, optimizer=optimizer, epochs=10_000, batch_size=None,
            engine="numpy", verbose=0)  # fmt: skip


def one_neuron():
    from_minus_1_to_1 = gn.init.uniform(-1, 1)
    neuron = gn.Dense(1, "sigmoid", use_bias=False, weight_init=from_minus_1_to_1)
    net = gn.Network([neuron], input_shape=(3,), seed=1, dtype="float64")
    start = copies(net)
    train(net)
    answer = net.predict(unseen)[0, 0]
    print("Weights before and after, side by side:")
    print(np.hstack([start["dense.weight"], net.parameters["dense.weight"]]))
    print(f"The answer for {unseen[0]}, which it has not seen: {answer:.6f}")
    return net, start, answer


def only_the_last_layer():
    """Two layers, of which the first keeps the weights that it was born with."""
    layers = [gn.Dense(4, "sigmoid", use_bias=False), gn.Dense(1, "sigmoid", use_bias=False)]
    net = gn.Network(layers, input_shape=(3,), seed=1, dtype="float64")
    net.layers["dense"].trainable = False
    start = copies(net)
    print("\nTwo layers, the first frozen: the program has no gradient of W1.\n")
    train(net)
    print("The answers for the four rows:", net.predict(x).ravel().round(3))
    return net, start


def main():
    return one_neuron(), only_the_last_layer()


if __name__ == "__main__":
    main()
