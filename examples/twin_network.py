"""Same digit or not? Twins, one network used twice, learn it, and find digits they have never seen.

    python examples/twin_network.py

The encoder makes 16 numbers of an image. Pairs of the same digit are drawn together, others pushed
apart until their distance is 1; below 0.5 two images are called the same. It learns from the digits
0 to 6. Then one example, or five, of 7, 8 and 9 are all it has to tell these three apart.
"""

import argparse

import numpy as np
from mnist import digits

import glassnet as gn

SEEN, UNSEEN = range(7), range(7, 10)


def network():
    """The twins, and the encoder that both of them are."""
    encoder = gn.Network(
        [
            gn.Rescaling(1 / 255), gn.Reshape((28, 28, 1)),
            gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(2),
            gn.Conv2D(32, 3, activation="relu"), gn.MaxPooling2D(2),
            gn.Flatten(), gn.Dense(64, "relu"), gn.Dense(16),
        ],
        input_shape=(28, 28), seed=0, name="encoder",
    )  # fmt: skip
    left, right = gn.Input((28, 28), name="left"), gn.Input((28, 28), name="right")
    distance = gn.Distance()(encoder(left), encoder(right))
    return gn.Network(inputs=[left, right], outputs=distance, seed=0), encoder


def pairs(x, y, count, rng):
    """([left, right], same): one half shows the same digit twice, the other half two digits."""
    rows = {digit: np.flatnonzero(y == digit) for digit in np.unique(y)}
    first = rng.choice(list(rows), count)
    same = np.arange(count) % 2
    steps = rng.integers(1, len(rows), count) * (1 - same)  # to another digit, or none
    second = np.array(list(rows))[(np.searchsorted(list(rows), first) + steps) % len(rows)]
    left, right = (np.array([rng.choice(rows[d]) for d in ds]) for ds in (first, second))
    return [x[left], x[right]], same


def same_or_not(twins, x, y, rng):
    """How often a distance below 0.5 says rightly that two images show the same digit."""
    both, same = pairs(x, y, 10_000, rng)
    return np.mean((twins.predict(both)[:, 0] < 0.5) == same)


def told_apart(known, y_known, asked, y_asked, count, rng, draws=100):
    """How often the nearest mean of so many examples of each digit is the right one."""
    right = []
    for _ in range(draws):
        means = [known[rng.choice(np.flatnonzero(y_known == d), count)].mean(0) for d in UNSEEN]
        away = ((asked[:, None] - np.array(means)) ** 2).sum(axis=2)
        right.append(np.mean(np.array(UNSEEN)[away.argmin(axis=1)] == y_asked))
    return np.mean(right)


def main(data=None, count=60_000, epochs=5):
    x, y, x_test, y_test = data or digits()
    rng, seen, seen_test = np.random.default_rng(0), y < 7, y_test < 7
    twins, encoder = network()
    history = twins.fit(*pairs(x[seen], y[seen], count, rng), epochs=epochs, batch_size=64,
                        loss=gn.losses.Contrastive(margin=1.0))  # fmt: skip

    found = {}
    for name, rows in [("0 to 6", seen_test), ("7 to 9", ~seen_test)]:
        found[name] = same_or_not(twins, x_test[rows], y_test[rows], rng)
        print(f"same or not, test digits {name}: {found[name]:.1%} right")
    new = [x[~seen], x_test[~seen_test]]
    for name, codes in [("the encoder", [encoder.predict(a) for a in new]),
                        ("the bytes themselves", [a.reshape(len(a), -1) / 255 for a in new])]:
        for k in (1, 5):
            found[name, k] = told_apart(codes[0], y[~seen], codes[1], y_test[~seen_test], k, rng)
            print(f"7, 8 or 9 from {k} of each, by {name}: {found[name, k]:.1%} right")
    return history, found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--epochs", type=int, default=5)
    main(**vars(options.parse_args()))
