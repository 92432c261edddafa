"""The pictures that tutorials draw, each from one call.

Every function gives back matplotlib's Figure; a notebook shows it, and `path` saves it.

    python examples/tutorial_e_pictures.py --pictures pictures
"""

import argparse
from pathlib import Path

import numpy as np

import glassnet as gn


def swish(z):
    """z sigmoid(z), an activation of one's own"""
    return z * gn.graph.sigmoid(z)


def main(pictures="pictures"):
    folder = Path(pictures)

    # Activations, each with its slope. The slope is derived from the formula, also from one's own.
    gn.plots.activations("sigmoid", "relu", "tanh", path=folder / "e_activations.png")
    gn.plots.activations(swish, "gelu", "leaky_relu", path=folder / "e_more_activations.png")

    # The loss as a surface over the two weights of a line, y = weight x + bias, and the steps that
    # gradient descent takes on it: with a learning rate too small, fitting, and too large.
    x = np.array([[-1.5], [-1.0], [-0.5], [0.5], [1.0], [2.0]])
    line = gn.Network([gn.Dense(1, weight_init=-1.0)], input_shape=(1,), dtype="float64")
    gn.plots.loss_surface(line, x, 2 * x + 1, learning_rates=(0.02, 0.2, 0.7), steps=15,
                          window=((-4, 8), (-3, 5)),
                          path=folder / "e_loss_surface.png")  # fmt: skip

    # The same for two of the sixteen weights of a network of two layers.
    x = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    y = np.array([[0], [1], [1], [0]])
    layers = [gn.Dense(4, "sigmoid", use_bias=False), gn.Dense(1, "sigmoid", use_bias=False)]
    net = gn.Network(layers, input_shape=(3,), seed=1)
    history = net.fit(x, y, optimizer=gn.optim.Adam(0.05), epochs=300, batch_size=None,
                      metrics=["accuracy"], verbose=0)  # fmt: skip
    gn.plots.loss_surface(net, x, y, start=(2, -2), learning_rates=(0.5, 5, 100),
                          parameters=("dense.weight[0, 3]", "dense_1.weight[3, 0]"),
                          path=folder / "e_loss_surface_of_two_layers.png")  # fmt: skip

    # The network as a diagram, with the weights that it has learned; and one with branches.
    gn.plots.network(net, folder / "e_network.png")
    start = gn.Input((8,))
    hidden = gn.Dense(8, "relu")(gn.Dense(8, "relu")(start))
    joined = gn.Add()(hidden, start)
    yes, kind = gn.Dense(1, "sigmoid", name="yes"), gn.Dense(3, "softmax", name="kind")
    branched = gn.Network(inputs=start, outputs=[yes(joined), kind(joined)])
    gn.plots.network(branched, folder / "e_branches.png")

    # Loss and accuracy of a fit.
    history.plot(folder / "e_curves.png")
    return sorted(path.name for path in folder.glob("e_*.png"))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    main(**vars(options.parse_args()))
