"""Small data and networks for the tests of training."""

import numpy as np

import glassnet as gn

RNG = np.random.default_rng(7)
N = 37  # rows: no batch size below divides it
X = RNG.normal(size=(N, 3))
YES = (X[:, 0] + 0.3 * RNG.normal(size=N) > 0.2).astype(int)
KIND = (X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
SIZE = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=N)
ENGINE = {"engine": "numpy", "verbose": 0}


def network(*layers, seed=1, dtype="float32"):
    return gn.Network(layers, input_shape=(3,), seed=seed, dtype=dtype)


def neuron(activation="sigmoid", **settings):
    return network(gn.Dense(1, activation), **settings)


def classifier(**settings):
    return network(
        gn.Dense(8, "tanh"), gn.Dropout(0.2), gn.Dense(1, "sigmoid"), **settings
    )  # fmt: skip


def weights(net):
    return {name: array.copy() for name, array in net.parameters.items()}


def same_bits(one, other):
    """Whether two mappings of arrays are equal, bit for bit."""
    return list(one) == list(other) and all(
        np.asarray(one[k]).tobytes() == np.asarray(other[k]).tobytes() for k in one
    )
