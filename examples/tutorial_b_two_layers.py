"""Two layers: what one neuron cannot learn, four and one can.

The target is 1 where exactly one of the first two inputs is 1. No weighted sum of the inputs gives
that, so a hidden layer has to find what to sum. The loss is the sum of squares; 1500 steps of
gradient descent, each on all four rows, with learning rate 1.

    python examples/tutorial_b_two_layers.py --pictures pictures
"""

import argparse
from pathlib import Path

import numpy as np

import glassnet as gn

x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
y = np.array([[0], [1], [1], [0]])


def main(pictures="pictures"):
    layers = [
        gn.Dense(4, "sigmoid", use_bias=False, weight_init="rand"),  # "rand": between 0 and 1
        gn.Dense(1, "sigmoid", use_bias=False, weight_init="rand"),
    ]
    net = gn.Network(layers, input_shape=(3,), seed=1, dtype="float64")
    start = {name: array.copy() for name, array in net.parameters.items()}

    # The whole step as a program: forward, loss, backward, update.
    loss, optimizer = "sum_squared_error", gn.optim.SGD(learning_rate=1)
    print(net.training_program(loss=loss, optimizer=optimizer))

    # That very text runs 1500 times. (The native engine compiles the program instead.)
    # examples/by_hand.py has the same written by hand.
    history = net.fit(x, y, loss=loss, optimizer=optimizer, epochs=1500, batch_size=None,
                      engine="numpy", verbose=0)  # fmt: skip

    for epoch in (1, 500, 1000, 1500):
        print(f"epoch {epoch:4}  loss {history['loss'][epoch - 1]:.6f}")
    print("target ", y.ravel())
    print("output ", net.predict(x).ravel().round(3))
    history.plot(Path(pictures) / "b_loss.png")
    gn.plots.network(net, Path(pictures) / "b_network.png")
    return net, start, history


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    main(**vars(options.parse_args()))
