"""The LSTM and the transformer of benchmarks.text in PyTorch: same start, same rows, same losses.

Rows are drawn as Glassnet draws them. PyTorch's LSTM has our order of gates and two biases that are
added: the second is held at 0. The transformer is written out, since PyTorch's own has no final
norm and other names: norms in front, epsilon 1e-5, the exact GELU.
"""

from __future__ import annotations

import time

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 - as everyone calls it

import glassnet as gn
from benchmarks.text import BATCH, LOSS, lstm, transformer
from glassnet import philox

STEPS = 100
TOLERANCE = 1e-5  # as a share of a loss in float32; 100 steps came to 3e-7
ROUNDS = 5


class Twin(torch.nn.Module):
    """The weights of a network at this moment, under its names: "dense.weight" (in, out)."""

    def __init__(self, net):
        super().__init__()
        arrays = {name: torch.from_numpy(a.copy()) for name, a in net.parameters.items()}
        self.own = {name: torch.nn.Parameter(array) for name, array in arrays.items()}

    def trained(self):
        """What the optimizer moves."""
        return list(self.own.values())

    def dense(self, x, weight, bias):
        """x @ weight + bias, by PyTorch's own kernel."""
        return F.linear(x, self.own[weight].T, self.own[bias])

    def norm(self, x, name):
        """Over the last axis; its arrays are name + "scale" and name + "shift"."""
        own = self.own
        return F.layer_norm(x, x.shape[-1:], own[name + "scale"], own[name + "shift"], 1e-5)


class LSTM(Twin):
    """PyTorch's own LSTM, whose matrices lie as (out, in)."""

    def __init__(self, net):
        super().__init__(net)
        inputs, gates = net.parameters["lstm.weight"].shape
        self.lstm = torch.nn.LSTM(inputs, gates // 4, batch_first=True)
        self.lstm.weight_ih_l0.data = self.own["lstm.weight"].data.T.contiguous()
        self.lstm.weight_hh_l0.data = self.own["lstm.recurrent_weight"].data.T.contiguous()
        self.lstm.bias_ih_l0.data = self.own["lstm.bias"].data
        self.lstm.bias_hh_l0.data.zero_()
        self.lstm.bias_hh_l0.requires_grad_(False)

    def trained(self):
        """PyTorch's arrays in place of ours."""
        others = [array for name, array in self.own.items() if not name.startswith("lstm.")]
        return others + [p for p in self.lstm.parameters() if p.requires_grad]

    def forward(self, codes):
        h, _ = self.lstm(F.embedding(codes, self.own["embedding.weight"]))
        return self.dense(h, "dense.weight", "dense.bias")


class Transformer(Twin):
    """Two blocks, norms in front."""

    def __init__(self, net):
        super().__init__(net)
        self.heads = net.layers["transformer_block"].num_heads

    def forward(self, codes):
        h = F.embedding(codes, self.own["embedding.weight"])
        h = h + self.own["positional_embedding.weight"]
        for block in ("transformer_block.", "transformer_block_1."):
            h = h + self.attention(self.norm(h, block + "attention_"), block)
            h = h + self.feed_forward(self.norm(h, block + "feed_forward_"), block)
        return self.dense(self.norm(h, "layer_normalization."), "dense.weight", "dense.bias")

    def attention(self, x, block):
        B, T, I = x.shape  # noqa: E741 - the shape letters of the project
        q, k, v = (
            self.dense(x, f"{block}{of}_weight", f"{block}{of}_bias")
            .reshape(B, T, self.heads, I // self.heads).transpose(1, 2)
            for of in ("query", "key", "value")
        )  # fmt: skip
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h.transpose(1, 2).reshape(B, T, I)
        return self.dense(h, block + "output_weight", block + "output_bias")

    def feed_forward(self, x, block):
        u = self.dense(x, block + "up_weight", block + "up_bias")
        return self.dense(F.gelu(u), block + "down_weight", block + "down_bias")


TWINS = {"LSTM": LSTM, "transformer": Transformer}


def there(net, x, y, batch=BATCH):
    """(losses, seconds) of one epoch in PyTorch, from the weights that net has."""
    theirs = TWINS[net.name](net)
    optimizer = torch.optim.Adam(theirs.trained(), lr=1e-3, fused=True)
    order = philox.permutation(len(x), net.seed, philox.SHUFFLE, 0, 0)
    codes, targets = (torch.from_numpy(np.ascontiguousarray(a)) for a in (x, y))
    losses, began = [], time.perf_counter()
    for first in range(0, len(x), batch):
        rows = torch.from_numpy(order[first : first + batch].astype(np.int64))
        logits = theirs(codes[rows])
        loss = F.cross_entropy(logits.flatten(0, 1), targets[rows].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return np.array(losses), time.perf_counter() - began


def here(net, x, y, threads=1, batch=BATCH):
    """(losses, seconds) of one epoch in Glassnet."""
    began = time.perf_counter()
    history = net.fit(x, y, loss=LOSS, optimizer=gn.optim.Adam(1e-3), epochs=1, batch_size=batch,
                      threads=threads, verbose=0)  # fmt: skip
    return np.array(history.steps), time.perf_counter() - began


def apart(found, expected):
    """The largest difference of two lists of losses, as a share."""
    return np.abs(found / expected - 1).max()


def beside(x, y, threads):
    """Both networks: how far the losses of 100 steps are apart, and the seconds of both."""
    torch.set_num_threads(threads)
    x, y = x[: STEPS * BATCH], y[: STEPS * BATCH]
    for make in (lstm, transformer):
        there(make(), x[:BATCH], y[:BATCH])
        here(make(), x[:BATCH], y[:BATCH], threads)  # compiled beforehand
        pairs = [(there(make(), x, y), here(make(), x, y, threads)) for _ in range(ROUNDS)]
        (expected, _), (found, _) = pairs[0]
        seconds, own = np.min([[a[1], b[1]] for a, b in pairs], axis=0)
        first, most = apart(found[:1], expected[:1]), apart(found, expected)
        print(f"{make().name} beside PyTorch {torch.__version__}, threads: {threads}: losses of "
              f"the first step {first:.1e} apart, of {STEPS} steps at most {most:.1e}; "
              f"{own:.2f} s, there {seconds:.2f} s: {seconds / own:.2f}x, "
              f"the quickest of {ROUNDS} rounds")  # fmt: skip
        if not most < TOLERANCE:
            raise SystemExit(f"The losses are more than {TOLERANCE} apart.")
