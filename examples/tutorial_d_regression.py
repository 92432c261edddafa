"""The same network for a number instead of a class: how far will diabetes go in a year?

Ten columns (age, sex, body mass, blood pressure, six blood values) of 442 patients. The last neuron
has no activation, and the loss is the mean squared error. The target is scaled for training, and
the outputs are scaled back.

    python examples/tutorial_d_regression.py --pictures pictures
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_diabetes

import glassnet as gn


def table():
    """Training rows and test rows, one fifth of all."""
    x, y = load_diabetes(return_X_y=True, scaled=False)
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]
    return x[train], y[train], x[test], y[test]


def main(pictures="pictures"):
    x, y, x_test, y_test = table()
    layers = [gn.Standardize(), gn.Dense(10, "relu"), gn.Dense(10, "relu"), gn.Dense(1)]
    net = gn.Network(layers, input_shape=(10,), seed=0)
    net.parameters["standardize.mean"] = x.mean(axis=0)
    net.parameters["standardize.scale"] = x.std(axis=0)
    middle, spread = y.mean(), y.std()

    def scaled(target):
        return (target - middle) / spread

    held_out = (x_test, scaled(y_test))
    history = net.fit(x, scaled(y), loss="mean_squared_error", optimizer="adam", epochs=40,
                      batch_size=32, validation_data=held_out, verbose=0)  # fmt: skip

    for epoch in range(5, 41, 5):
        loss, test_loss = history["loss"][epoch - 1], history["val_loss"][epoch - 1]
        print(f"epoch {epoch:2}  loss {loss:.4f}  test loss {test_loss:.4f}")

    guesses = net.predict(x_test)[:, 0] * spread + middle
    error = np.sqrt(np.mean((guesses - y_test) ** 2))
    always_the_mean = np.sqrt(np.mean((middle - y_test) ** 2))
    print(f"root mean squared error on rows it has not seen: {error:.1f}")
    print(f"and of the mean of the training rows, as a guess: {always_the_mean:.1f}")
    history.plot(Path(pictures) / "d_regression_curve.png")
    return history, error, always_the_mean


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    main(**vars(options.parse_args()))
