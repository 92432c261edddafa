"""Same digit or not? Twins, one network used twice, learn it, and tell digits apart by one example.

    python examples/twin_network.py

The encoder makes 64 numbers of an image; two images are as far apart as 1 - the cosine of theirs.
Pairs of one digit are drawn together, others pushed apart until that is 1; below 0.5 two images
are called the same. It learns from the digits 0 to 6, each quarter turn of which is taken for a
digit of its own: with 28 kinds it learns to look, and not only to know 7. Then one example of 7, 8
and 9, or five, are all it has to tell these apart. (Margin, distance and turns were chosen on
training digits, with 4, 5 and 6 in the place of 7, 8 and 9.)
"""

import argparse

import numpy as np
from mnist import digits

import glassnet as gn

UNSEEN = [7, 8, 9]


def network():
    """The twins, and the encoder that both of them are."""
    encoder = gn.Network(
        [
            gn.Rescaling(1 / 255), gn.Reshape((28, 28, 1)),
            gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(2),
            gn.Conv2D(32, 3, activation="relu"), gn.MaxPooling2D(2),
            gn.Flatten(), gn.Dense(64),
        ],
        input_shape=(28, 28), seed=0, name="encoder",
    )  # fmt: skip
    left, right = gn.Input((28, 28), name="left"), gn.Input((28, 28), name="right")
    cosine = gn.CosineSimilarity()(encoder(left), encoder(right))
    twins = gn.Network(inputs=[left, right], outputs=gn.Rescaling(-1, 1)(cosine), seed=0)
    return twins, encoder


def turned(x, y):
    """The images in all four directions; a digit that is turned is another kind."""
    return (np.concatenate([np.rot90(x, k, axes=(1, 2)) for k in range(4)]),
            np.concatenate([y + 10 * k for k in range(4)]))  # fmt: skip


def pairs(x, y, count, rng):
    """([left, right], same): every other pair shows one kind twice, the rest two kinds."""
    kinds, same = np.unique(y), np.arange(count) % 2
    first = rng.integers(0, len(kinds), count)
    second = (first + (1 - same) * rng.integers(1, len(kinds), count)) % len(kinds)
    rows = [np.flatnonzero(y == kind) for kind in kinds]
    return [x[[rng.choice(rows[k]) for k in ks]] for ks in (first, second)], same


def same_or_not(twins, x, y, rng):
    """How often a distance below 0.5 says rightly that two images show the same digit."""
    both, same = pairs(x, y, 10_000, rng)
    return np.mean((twins.predict(both)[:, 0] < 0.5) == same)


def told_apart(known, y_known, asked, y_asked, count, rng, draws=100):
    """How often the digit whose examples, so many, have the nearest mean is the right one."""
    known, asked = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (known, asked))
    rows, right = [np.flatnonzero(y_known == digit) for digit in UNSEEN], []
    for _ in range(draws):
        means = np.array([known[rng.choice(of_digit, count)].mean(axis=0) for of_digit in rows])
        cosines = asked @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T
        right.append(np.mean(np.array(UNSEEN)[cosines.argmax(axis=1)] == y_asked))
    return np.mean(right)


def main(data=None, count=120_000, epochs=3):
    x, y, x_test, y_test = data or digits()
    rng, new, new_test = np.random.default_rng(0), np.isin(y, UNSEEN), np.isin(y_test, UNSEEN)
    twins, encoder = network()
    history = twins.fit(*pairs(*turned(x[~new], y[~new]), count, rng), epochs=epochs,
                        batch_size=64, loss=gn.losses.Contrastive(margin=1.0))  # fmt: skip

    found = {}
    for name, rows in [("0 to 6", ~new_test), ("7 to 9", new_test)]:
        found[name] = same_or_not(twins, x_test[rows], y_test[rows], rng)
        print(f"the same digit or not, of test digits {name}: {found[name]:.1%} right")
    coded, plain = encoder.predict, lambda rows: rows.reshape(len(rows), -1).astype(float)
    for name, make in [("the encoder", coded), ("the plain images", plain)]:
        for n in (1, 5):
            found[name, n] = told_apart(make(x[new]), y[new], make(x_test[new_test]),
                                        y_test[new_test], n, rng)  # fmt: skip
            print(f"7, 8 or 9, by {n} of each and {name}: {found[name, n]:.1%} right")
    return history, found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--epochs", type=int, default=3)
    main(**vars(options.parse_args()))
