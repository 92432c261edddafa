"""A variational autoencoder: digits made of a few numbers, and new digits of numbers one chooses.

    python examples/variational.py --pictures pictures

The encoder gives mean and variance of each number; the decoder gets one that is drawn from there,
and gives back the image. What is minimised is the cross-entropy of the 784 points, plus how far
those normal distributions diverge from the standard one: the layer's own penalty. (Kingma and
Welling, 'Auto-encoding variational Bayes', 2014, section 3 and appendix B.) One network has 2
numbers, and a picture shows the digits all over their plane; the other has 16, and sees more. Test
digits are measured at the mean, without a draw.
"""

import argparse
from pathlib import Path
from statistics import NormalDist

import numpy as np
from mnist import digits

import glassnet as gn
from glassnet import graph as g


class Sample(gn.Layer):
    """mean + exp(log_variance / 2) * noise in training, the mean in prediction."""

    def formula(self, mean, log_variance):
        noise = g.random_normal(g.SEED, g.STEP, stream=0, shape=mean.shape, dtype=mean.dtype)
        deviation = np.exp(log_variance / 2).named("deviation")
        return g.when_training((mean + deviation * noise.named("noise")).named("sample"), mean)

    def penalty(self, mean, log_variance):
        """KL(N(mean, variance) || N(0, 1)) of each row, in nats."""
        each = (mean**2 + np.exp(log_variance) - 1 - log_variance) / 2
        return g.sum(each, axis=-1).named("kl")


def network(points, latent, units=400):
    """The whole, and its decoder alone."""
    decoder = gn.Network([gn.Dense(units, "relu"), gn.Dense(points, "sigmoid")],
                         input_shape=(latent,), seed=0, name="decoder")  # fmt: skip
    x = gn.Input((points,))
    h = gn.Dense(units, "relu")(x)
    mean, log_variance = (gn.Dense(latent, name=name)(h) for name in ("mean", "log_variance"))
    return gn.Network(inputs=x, outputs=decoder(Sample()(mean, log_variance)), seed=0), decoder


def plane(decoder, side, count=15):
    """Digits at places of the plane, of which each is as likely as the next."""
    steps = [NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)]
    return {f"{b:.1f}": decoder.predict([[a, b] for a in steps]).reshape(-1, side, side)
            for b in steps}  # fmt: skip


def main(pictures="pictures", epochs=15, data=None):
    x, _, x_test, _ = data or digits()
    rows, rows_test = (np.float32(a.reshape(len(a), -1)) / 255 for a in (x, x_test))
    points, side = rows.shape[1], x.shape[1]
    loss = gn.losses.BinaryCrossentropy(weight=points)  # their sum, as the penalty is one
    again, figures = {"before": x_test}, {}
    for latent in (2, 16):
        net, decoder = network(points, latent)
        net.fit(rows, rows, loss=loss, optimizer=gn.optim.Adam(2e-3), epochs=epochs, batch_size=128)
        figures[latent] = net.evaluate(rows_test, rows_test)
        print(f"{latent} numbers a digit: {figures[latent]['loss']:.1f} nats for a test digit, "
              f"{figures[latent]['penalty']:.1f} of them the penalty")  # fmt: skip
        again[f"by {latent}"] = net.predict(rows_test[:12]).reshape(-1, side, side)
        if latent == 2:
            digits_of = plane(decoder, side)
            gn.plots.gallery(digits_of, most=15, path=Path(pictures) / "variational_plane.png")
    gn.plots.gallery(again, path=Path(pictures) / "variational.png")
    return figures


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    options.add_argument("--epochs", type=int, default=15)
    main(**vars(options.parse_args()))
