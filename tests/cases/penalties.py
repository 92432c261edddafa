"""Layers that add to the loss, and networks that have them."""

import numpy as np

import glassnet as gn
from glassnet import graph as g


class Sample(gn.Layer):
    """Drawn from a normal distribution, with its divergence from the standard one."""

    def formula(self, mean, log_variance):
        noise = g.random_normal(g.SEED, g.STEP, stream=0, shape=mean.shape, dtype=mean.dtype)
        deviation = np.exp(log_variance / 2).named("deviation")
        return g.when_training((mean + deviation * noise.named("noise")).named("sample"), mean)

    def penalty(self, mean, log_variance):
        each = (mean**2 + np.exp(log_variance) - 1 - log_variance) / 2
        return g.sum(each, axis=-1).named("kl")


class Sparse(gn.Layer):
    """Few units are to be active at once."""

    strength: float = 0.1

    def formula(self, x):
        return x

    def penalty(self, x):
        return self.strength * g.sum(g.abs(x), axis=-1)


def variational(dtype="float32"):
    layers = [gn.Dense(5, "tanh"), gn.Dense(6, "sigmoid")]
    decoder = gn.Network(layers, input_shape=(2,), seed=4, dtype=dtype, name="decoder")
    x = gn.Input((6,))
    h = gn.Dense(5, "tanh")(x)
    z = Sample()(gn.Dense(2, name="mean")(h), gn.Dense(2, name="log_variance")(h))
    return gn.Network(inputs=x, outputs=decoder(z), seed=3, dtype=dtype)


def sparse_twice(dtype="float32"):
    """One layer adds to the loss at two places, and a regulariser does too."""
    x, sparse = gn.Input((6,)), Sparse()
    h = sparse(gn.Dense(5, "tanh", weight_regularizer=gn.regularizers.L2(0.01))(x))
    kind = gn.Dense(3, "softmax", name="kind")(sparse(h))
    size = gn.Dense(1, name="size")(h)
    return gn.Network(inputs=x, outputs=[kind, size], seed=3, dtype=dtype)
