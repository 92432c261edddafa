"""Occlusion: by how much an answer changes when a word is not there.

(Zeiler and Fergus, 2014, section 4; of texts Li, Monroe and Jurafsky, 2016.) Each word of a text is
taken out in turn, and what is left goes through the whole network again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet.tables.columns import Progress, silent

if TYPE_CHECKING:
    from glassnet.tables import TableModel
    from glassnet.tables.columns import TextColumn

_MOST_ANSWERS = 20_000  # in all, one for each word of each text
_FEWEST_TEXTS = 3  # in which a word must stand to have a mean


@dataclass(frozen=True)
class ReadText:
    """A text as the network has read it.

    place   of its row among the test rows
    words   as people see them, in their order
    effect  (words, K): what the answer has with the word, less what it has without
    answer  (K,): probabilities, or an amount
    """

    place: int
    words: list[str]
    effect: Any
    answer: Any


def occluded(
    model: TableModel, arrays: dict[str, Any], key: str, texts: Sequence[str | None],
    progress: Progress = silent,
) -> list[ReadText]:  # fmt: skip
    """The effect of every word of these rows' texts; of long texts fewer rows are read.

    arrays  the network's inputs for the rows
    key     the input of the column of text; texts  its raw cells
    """
    column, found, spent = model.table.coded[key], list[ReadText](), 0
    for place, text in enumerate(texts):
        pieces = _read(column, text or "")
        spent += len(pieces)
        if spent > _MOST_ANSWERS:
            break
        found.append(_one(model, arrays, key, place, pieces))
        progress("texts weighed", place + 1, len(texts))
    return found


def _read(column: TextColumn, text: str) -> list[tuple[str, list[int]]]:
    """The pieces of a text that the network reads, each with its codes."""
    pieces, room = column.tokenizer.pieces(text), column.tokenizer.length
    kept, at_end = [], column.tokenizer.keep == "end"
    for word, codes in reversed(pieces) if at_end else pieces:
        if room <= 0:
            break
        kept.append((word, codes[-room:] if at_end else codes[:room]))
        room -= len(codes)
    return kept[::-1] if at_end else kept


def _one(
    model: TableModel, arrays: dict[str, Any], key: str, place: int,
    pieces: list[tuple[str, list[int]]],
) -> ReadText:  # fmt: skip
    shown = [i for i, (word, _) in enumerate(pieces) if word]
    codes = np.zeros((len(shown) + 1, arrays[key].shape[1]), np.int64)
    for row, gone in enumerate([None, *shown]):
        left = [c for i, (_, own) in enumerate(pieces) if i != gone for c in own]
        codes[row, : len(left)] = left
    same = {name: np.repeat(array[place : place + 1], len(codes), axis=0)
            for name, array in arrays.items()}  # fmt: skip
    p = np.asarray(model.answers({**same, key: codes}), np.float64).reshape(len(codes), -1)
    return ReadText(place, [pieces[i][0] for i in shown], p[0] - p[1:], p[0])


def mean_effects(read: Sequence[ReadText]) -> dict[str, tuple[Any, int]]:
    """For each word that stands in several texts its mean effect (K,), and in how many."""
    by_word: defaultdict[str, list[Any]] = defaultdict(list)
    for text in read:
        own: defaultdict[str, list[Any]] = defaultdict(list)
        for word, effect in zip(text.words, text.effect, strict=True):
            own[word].append(effect)
        for word, effects in own.items():
            by_word[word].append(np.mean(effects, axis=0))
    return {
        word: (np.mean(effects, axis=0), len(effects))
        for word, effects in sorted(by_word.items())
        if len(effects) >= _FEWEST_TEXTS
    }
