"""A network learns to write like a text of yours, letter by letter, then writes some of its own.

    python examples/write_text.py novel.txt

Each row is 64 letters of the text, its target the same letters one further on. The LSTM keeps a
state of what it has read. A megabyte takes some minutes; what is written improves with more epochs.
"""

import sys
from pathlib import Path

import numpy as np

import glassnet as gn

PLACES = 64


def network(n_letters):
    letters = gn.Input((PLACES,), name="letters", dtype="int64")
    h = gn.LSTM(128, return_sequences=True)(gn.Embedding(n_letters, 32)(letters))
    return gn.Network(inputs=letters, outputs=gn.Dense(n_letters, "softmax")(h), seed=0)


def write(net, codes, count, temperature=0.7):
    """So many codes behind the last 64, each drawn from what the network expects there."""
    ready, codes, rng = net.predictor(), list(codes), np.random.default_rng(0)
    for _ in range(count):
        p = ready([codes[-PLACES:]])[0, -1].astype(float) ** (1 / temperature)
        codes.append(rng.choice(len(p), p=p / p.sum()))
    return codes[-count:]


def main(path, epochs=4, count=200):
    alphabet, codes = np.unique(list(Path(path).read_text(encoding="utf-8")), return_inverse=True)
    rows = np.lib.stride_tricks.sliding_window_view(codes, PLACES + 1)[::16]  # no copies
    net = network(len(alphabet))
    history = net.fit(rows[:, :-1], rows[:, 1:], optimizer=gn.optim.Adam(0.004), epochs=epochs)
    text = "".join(alphabet[write(net, codes[:PLACES], count)])
    print(text)
    return history, text


if __name__ == "__main__":
    main(sys.argv[1])
