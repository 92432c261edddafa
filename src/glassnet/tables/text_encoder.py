"""From the codes of a text to a few numbers: the mean of what is learnt for each word.

A deep averaging network (Iyyer, Manjunatha, Boyd-Graber and Daume, 2015): embeddings, of which some
words are lost in training, their mean, and the hidden layers of the table. On film reviews it did
better than convolutions over words and than attention, and it is read at a glance.
"""

from __future__ import annotations

import numpy as np

from glassnet.network import Network
from glassnet.nn import (
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    Rescaling,
    Symbol,
    WordDropout,
)
from glassnet.tables.columns import Table, TextColumn
from glassnet.text.tokenizer import FIRST

_LOST_WORDS, _LOST_NUMBERS = 0.3, 0.9  # shares, in training: few rows, and many words
_LARGER = 5.0  # of a mean of many words, in which each has little say


def encoded_text(key: str, codes: Symbol, column: TextColumn) -> Symbol:
    """The numbers (B, units) of the texts with these codes (B, T), the input `key`."""
    words = Embedding(
        column.tokenizer.vocabulary, column.units, weight_init="uniform", mask_zero=True,
        name=f"embedding_of_{key}",
    )  # fmt: skip
    h = words(codes)  # (B, T, units)
    h = GlobalAveragePooling1D()(WordDropout(_LOST_WORDS)(h))
    found: Symbol = Dropout(_LOST_NUMBERS)(Rescaling(_LARGER)(h))
    return found


def say_nothing_of_the_unknown(net: Network, table: Table) -> None:
    """Words that training has not met have zeros, not the random numbers that weights start as."""
    for key in table.coded:
        name = f"embedding_of_{key}.weight"
        weight = np.array(net.parameters[name])
        weight[:FIRST] = 0
        net.parameters[name] = weight
