"""From the codes of a text to a few numbers: the mean of what is learnt for each word.

A deep averaging network (Iyyer, Manjunatha, Boyd-Graber and Daume, 2015): embeddings, of which some
words are lost in training, their mean, and the hidden layers of the table. On film reviews it did
better than convolutions over words and than attention, and it is read at a glance.
"""

from __future__ import annotations

from glassnet.nn import (
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    Rescaling,
    Symbol,
    WordDropout,
)
from glassnet.tables.columns import TextColumn

_LOST_WORDS, _LOST_NUMBERS = 0.3, 0.9  # shares, in training: few rows, and many words
_LARGER = 5.0  # of a mean of many words, in which each has little say


def encoded_text(codes: Symbol, column: TextColumn) -> Symbol:
    """The numbers (B, units) of the texts with these codes (B, T)."""
    size = column.tokenizer.vocabulary
    h = Embedding(size, column.units, weight_init="uniform", mask_zero=True)(codes)  # (B, T, units)
    h = GlobalAveragePooling1D()(WordDropout(_LOST_WORDS)(h))
    found: Symbol = Dropout(_LOST_NUMBERS)(Rescaling(_LARGER)(h))
    return found
