"""Claim: with the NumPy engine, the tutorials train no slower than when written by hand in NumPy.

Tutorials (b), 3-4-1 on 4 rows, and (d), 10-10-10-1 with Adam on batches of 32, each trained by
net.fit and by the classes of examples/by_hand.py, in turns, in this one process. A fit counts
whole: checks of the data, deriving and compiling the program, training, the history.

    python benchmarks/tutorials.py [--repeats 15]

The last table, on two shared cores (x86-64, NumPy 2.4.6, OPENBLAS_NUM_THREADS=1, 21 repeats;
"hand / fit" is the median of the ratios of neighbouring runs, above 1 where net.fit is faster):

                                     steps per second  hand / fit  weights apart
                                 net.fit      by hand
    b: 3-4-1, 1500 steps          70,128       73,422        0.95        8.0e-15
    b: 3-4-1, 15000 steps         79,017       72,431        1.08        1.2e-14
    d: 10-10-10-1, 100 epochs     15,230       14,941        1.01        4.4e-16

Of a fit of b, 2.8 ms go to checking the data and deriving the program, once.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

import glassnet as gn
from glassnet import philox

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))
import by_hand
import tutorial_b_two_layers as two_layers
import tutorial_d_classification as classification

SGD = gn.optim.SGD(learning_rate=1)


def two_layer_fit(steps):
    layers = [gn.Dense(n, "sigmoid", use_bias=False, weight_init="rand") for n in (4, 1)]
    net = gn.Network(layers, input_shape=(3,), seed=1, dtype="float64")
    start = [array.copy() for array in net.parameters.values()]
    x, y = two_layers.x.astype(float), two_layers.y.astype(float)
    plain = by_hand.TwoLayers(x, y, *start)
    ours = timed(lambda: net.fit(x, y, loss="sum_squared_error", optimizer=SGD, epochs=steps,
                                 batch_size=None, engine="numpy", verbose=0))  # fmt: skip
    theirs = timed(lambda: plain.train(steps))
    return ours, theirs, steps, apart(net, [plain.weights1, plain.weights2])


def classification_fit(epochs):
    x, y, _, _ = classification.table()
    x, y = (x - x.mean(axis=0)) / x.std(axis=0), y.reshape(-1, 1).astype(float)
    layers = [gn.Dense(10, "relu"), gn.Dense(10, "relu"), gn.Dense(1, "sigmoid")]
    net = gn.Network(layers, input_shape=(10,), seed=0, dtype="float64")
    start = [array.copy() for array in net.parameters.values()]
    plain = by_hand.Classifier(start[0::2], start[1::2])
    ours = timed(lambda: net.fit(x, y, optimizer="adam", epochs=epochs, batch_size=32,
                                 engine="numpy", verbose=0))  # fmt: skip

    def rows(epoch):
        return philox.permutation(len(x), net.seed, philox.SHUFFLE, 0, epoch)

    theirs = timed(lambda: plain.train(x, y, epochs, 32, rows))
    both = [array for pair in zip(plain.weights, plain.biases, strict=True) for array in pair]
    return ours, theirs, epochs * -(-len(x) // 32), apart(net, both)


def timed(work):
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def apart(net, arrays):
    """The largest difference between the weights of the two."""
    pairs = zip(net.parameters.values(), arrays, strict=True)
    return max(float(np.abs(a - b).max()) for a, b in pairs)


CASES = {
    "b: 3-4-1, 1500 steps": lambda: two_layer_fit(1500),
    "b: 3-4-1, 15000 steps": lambda: two_layer_fit(15000),
    "d: 10-10-10-1, 100 epochs": lambda: classification_fit(100),
}


def main(repeats=15):
    print(f"{'':27}{'steps per second':>26}{'hand / fit':>12}{'weights apart':>15}")
    print(f"{'':27}{'net.fit':>13}{'by hand':>13}")
    ratios = {}
    for name, case in CASES.items():
        case()  # once for the caches of both
        runs = [case() for _ in range(repeats)]
        ours, theirs = (statistics.median(run[i] for run in runs) for i in (0, 1))
        ratios[name] = statistics.median(run[1] / run[0] for run in runs)
        steps, worst = runs[0][2], max(run[3] for run in runs)
        print(f"{name:27}{steps / ours:13,.0f}{steps / theirs:13,.0f}"
              f"{ratios[name]:12.2f}{worst:15.1e}")  # fmt: skip
    begin = statistics.median(two_layer_fit(1)[0] for _ in range(repeats))
    print(f"of each fit of b, checking the data and deriving the program take {begin * 1e3:.1f} ms")
    return ratios


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--repeats", type=int, default=15)
    main(**vars(options.parse_args()))
