"""Noise is taken out of pictures: an autoencoder of convolutions learns to give back clean digits.

    python examples/remove_noise.py --pictures pictures

Two convolutions that halve the picture, two that double it again. In training its first layer adds
noise that is drawn anew in each step, and what is asked for is the picture without it. Then digits
that it has not seen get noise of the same kind, drawn once.
"""

import argparse
from pathlib import Path

import numpy as np
from mnist import digits

import glassnet as gn

STDDEV = 0.5  # of the noise; black is 0, white 1


def network(side=28):
    return gn.Network(
        [
            gn.GaussianNoise(STDDEV), gn.Reshape((side, side, 1)),
            gn.Conv2D(16, 3, strides=2, padding="same", activation="relu"),
            gn.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            gn.Conv2DTranspose(16, 3, strides=2, padding="same", activation="relu"),
            gn.Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid"),
            gn.Reshape((side, side)),
        ],
        input_shape=(side, side), seed=0,
    )  # fmt: skip


def main(pictures="pictures", epochs=10, data=None):
    x, _, x_test, _ = data or digits()
    clean, clean_test = (np.float32(a) / 255 for a in (x, x_test))
    noise = np.random.default_rng(0).normal(0, STDDEV, x_test.shape).astype(np.float32)
    noisy_test = clean_test + noise

    net = network(x.shape[1])
    history = net.fit(clean, clean, epochs=epochs, batch_size=64)
    removed_test = net.predict(noisy_test)

    before, after = (np.mean((a - clean_test) ** 2) for a in (noisy_test, removed_test))
    print(f"mean squared error of {len(x_test):,} test digits: {before:.4f} with noise, "
          f"{after:.4f} without: {before / after:.0f} times less")  # fmt: skip
    rows = {"noisy": noisy_test, "freed": removed_test, "clean": clean_test}
    gn.plots.gallery(rows, path=Path(pictures) / "remove_noise.png")
    return history, before, after


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    options.add_argument("--epochs", type=int, default=10)
    main(**vars(options.parse_args()))
