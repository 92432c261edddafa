"""A variational autoencoder: digits from two numbers, and new digits from numbers that are drawn.

    python examples/variational.py --pictures pictures

The encoder gives a mean and a variance of each latent number; the decoder sees a number drawn from
there, and gives back the image. What is minimised is the cross-entropy of the 784 points plus the
divergence of those normal distributions from the standard one (Kingma and Welling, 'Auto-encoding
variational Bayes', 2014, appendix B). The first picture goes through the plane of both numbers.
"""

import argparse
from pathlib import Path
from statistics import NormalDist

import numpy as np
from mnist import digits

import glassnet as gn
from glassnet import graph as g


class Sample(gn.Layer):
    """z = mean + exp(log_variance / 2) * noise in training, the mean in prediction."""

    def formula(self, mean, log_variance):
        noise = g.random_normal(g.SEED, g.STEP, stream=0, shape=mean.shape, dtype=mean.dtype)
        z = mean + np.exp(log_variance / 2).named("deviation") * noise.named("noise")
        return g.when_training(z.named("sample"), mean)

    def penalty(self, mean, log_variance):
        """The divergence KL(N(mean, variance) || N(0, 1)) of each row, in nats."""
        each = (mean**2 + np.exp(log_variance) - 1 - log_variance) / 2
        return g.sum(each, axis=-1).named("kl")


def network(points=784, latent=2, units=256):
    """The whole, and its decoder alone."""
    decoder = gn.Network([gn.Dense(units, "relu"), gn.Dense(points, "sigmoid")],
                         input_shape=(latent,), seed=0, name="decoder")  # fmt: skip
    x = gn.Input((points,))
    h = gn.Dense(units, "relu")(x)
    mean, log_variance = (gn.Dense(latent, name=name)(h) for name in ("mean", "log_variance"))
    z = Sample()(mean, log_variance)
    return gn.Network(inputs=x, outputs=decoder(z), seed=0), decoder


def main(pictures="pictures", epochs=10, data=None):
    x, _, x_test, _ = data or digits()
    rows, rows_test = (np.float32(a.reshape(len(a), -1)) / 255 for a in (x, x_test))
    points = rows.shape[1]
    net, decoder = network(points)
    loss = gn.losses.BinaryCrossentropy(weight=points)  # a sum over the points, as the penalty is
    print(net.training_program(loss=loss))
    history = net.fit(rows, rows, loss=loss, epochs=epochs, batch_size=128)

    found = net.evaluate(rows_test, rows_test)
    print(f"{len(rows_test):,} test digits: {found['loss']:.1f} nats, "
          f"{found['penalty']:.1f} of them the divergence")  # fmt: skip
    again = net.predict(rows_test[:12]).reshape(-1, *x.shape[1:])
    gn.plots.gallery({"before": x_test, "after": again}, path=Path(pictures) / "variational.png")
    steps = [NormalDist().inv_cdf((i + 0.5) / 15) for i in range(15)]  # each as likely as the next
    plane = {f"{b:.1f}": decoder.predict([[a, b] for a in steps]).reshape(-1, *x.shape[1:])
             for b in steps}  # fmt: skip
    gn.plots.gallery(plane, most=15, path=Path(pictures) / "variational_plane.png")
    return history, found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    options.add_argument("--epochs", type=int, default=10)
    main(**vars(options.parse_args()))
