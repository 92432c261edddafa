"""Every matrix of one training step, in order, with its formula and its numbers.

Three rows of four inputs, three hidden units, biases, the sigmoid. First one step is shown matrix
by matrix, on the weights that the network starts with; then it is trained for 5000 epochs with
learning rate 0.1, and the same step is shown on the weights that it has learned.

    python examples/tutorial_c_every_matrix.py
"""

import numpy as np

import glassnet as gn

x = np.array([[1, 0, 1, 0], [1, 0, 1, 1], [0, 1, 0, 1]])
y = np.array([[1], [1], [0]])


def half_sum_of_squares(y, p):
    """Its slope is the plain error, which is why such tutorials move weights by error x slope."""
    return ((y - p) ** 2).sum() / 2


def main():
    layers = [
        gn.Dense(3, "sigmoid", weight_init="rand", bias_init="rand"),
        gn.Dense(1, "sigmoid", weight_init="rand", bias_init="rand"),
    ]
    net = gn.Network(layers, input_shape=(4,), seed=1, dtype="float64")
    start = {name: array.copy() for name, array in net.parameters.items()}
    ways = {"loss": half_sum_of_squares, "optimizer": gn.optim.SGD(learning_rate=0.1)}

    # A walkthrough takes one step on a copy of the weights: the network stays as it is.
    first = net.walkthrough(x, y, **ways)
    print(first)

    net.fit(x, y, epochs=5000, batch_size=None, engine="numpy", verbose=0, **ways)

    np.set_printoptions(precision=6, suppress=True)
    # A walkthrough is also a list of lines: section, code, names and values of each.
    last = net.walkthrough(x, y, **ways)
    print("\n\n# the same after 5000 epochs, the backward pass only")
    for line in last.steps:
        if line.section == "backward":
            print(line.code)
            print(line.values[0])
    print("\ntarget ", y.ravel())
    print("output ", net.predict(x).ravel().round(3))
    return net, start, first


if __name__ == "__main__":
    main()
