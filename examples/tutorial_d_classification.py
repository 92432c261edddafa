"""A real table of two classes: is a breast tumour benign (1) or malignant (0)?

Ten measurements of cells, seen through a microscope, for each of 569 tumours. Two hidden layers of
ten units with ReLU, one sigmoid neuron, cross-entropy; the answer is 1 where the output is above
0.5. The columns have very different sizes, so the network's first layer scales them, with the mean
and the deviation of the training rows only. The program that is printed shows all of it.

    python examples/tutorial_d_classification.py --pictures pictures
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer

import glassnet as gn


def table():
    """Training rows and test rows, one fifth of all."""
    x, y = load_breast_cancer(return_X_y=True)
    x = x[:, :10]
    order = np.random.default_rng(0).permutation(len(x))
    test, train = order[: len(x) // 5], order[len(x) // 5 :]
    return x[train], y[train], x[test], y[test]


def main(pictures="pictures"):
    x, y, x_test, y_test = table()
    layers = [
        gn.Standardize(),
        gn.Dense(10, "relu"),
        gn.Dense(10, "relu"),
        gn.Dense(1, "sigmoid"),
    ]
    net = gn.Network(layers, input_shape=(10,), seed=0)
    net.parameters["standardize.mean"] = x.mean(axis=0)
    net.parameters["standardize.scale"] = x.std(axis=0)
    print(net.summary())
    print(net.training_program(optimizer="adam", metrics=["accuracy"]))

    history = net.fit(x, y, optimizer="adam", epochs=100, batch_size=32, metrics=["accuracy"],
                      validation_data=(x_test, y_test), verbose=0)  # fmt: skip

    for epoch in range(10, 101, 10):
        row = {name: history[name][epoch - 1] for name in history}
        print(f"epoch {epoch:3}  loss {row['loss']:.4f}  accuracy {row['accuracy']:.3f}", end="  ")
        print(f"test loss {row['val_loss']:.4f}  test accuracy {row['val_accuracy']:.3f}")

    answers = net.predict(x_test)[:, 0] > 0.5
    print(f"right: {np.sum(answers == y_test)} of {len(y_test)} rows that it has not seen")
    history.plot(Path(pictures) / "d_curves.png")
    return net, history


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--pictures", default="pictures", help="the folder for the pictures")
    main(**vars(options.parse_args()))
