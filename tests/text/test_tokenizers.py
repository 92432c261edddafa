"""Tokenizers: what they learn, that codes and texts belong together, and what they refuse."""

import json
import random
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import glassnet as gn
from glassnet.errors import DataError, FileFormatError, SettingError, UnknownNameError
from glassnet.text import BytePairTokenizer, CharacterTokenizer, WordTokenizer, from_json

KINDS = [WordTokenizer, CharacterTokenizer, BytePairTokenizer]
TEXTS = ["The cat sat.", "the CAT ran; the dog sat", "", None, "caf\u00e9 \U0001f600"]


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_filled_up_behind_and_nothing_is_zero_before(kind):
    tokenizer = kind.learn(TEXTS)
    codes = tokenizer.encode(TEXTS)
    assert (codes.shape, codes.dtype) == ((5, tokenizer.length), np.int64)
    lengths = tokenizer.lengths(TEXTS)
    assert lengths.max() == tokenizer.length
    np.testing.assert_array_equal(codes > 0, np.arange(tokenizer.length) < lengths[:, None])
    assert codes.max() < tokenizer.vocabulary
    assert not codes[2:4].any()


@pytest.mark.parametrize("kind", KINDS)
def test_the_vocabulary_does_not_hang_on_the_order_of_the_texts(kind):
    rng = random.Random(0)  # noqa: S311
    texts = [
        " ".join(rng.choices(["ab", "abc", "abcd", "b", "bc", "x", "yz"], k=6)) for _ in range(50)
    ]
    one = kind.learn(texts)
    rng.shuffle(texts)
    assert kind.learn(texts) == one


@pytest.mark.parametrize("kind", KINDS)
def test_a_tokenizer_is_plain_data(kind):
    tokenizer = kind.learn(TEXTS, length=5, keep="end")
    text = json.loads(json.dumps(tokenizer.to_json()))
    assert from_json(text) == tokenizer == kind.from_json(text)
    np.testing.assert_array_equal(from_json(text).encode(TEXTS), tokenizer.encode(TEXTS))


def test_words_are_ordered_by_how_often_they_occur():
    tokenizer = WordTokenizer.learn(["b b a", "c a b", "d"])
    assert tokenizer.words == ("b", "a", "c", "d")
    assert WordTokenizer.learn(["b b a", "c a b", "d"], least=2).words == ("b", "a")
    assert WordTokenizer.learn(["b b a", "c a b", "d"], size=3).words == ("b",)
    np.testing.assert_array_equal(tokenizer.encode(["b zebra d"]), [[2, 1, 5]])


def test_letters_are_made_small_only_where_asked_for():
    assert WordTokenizer.learn(["The the"]).words == ("the",)
    assert WordTokenizer.learn(["The the"], lower=False).words == ("The", "the")
    assert CharacterTokenizer.learn(["Aa"]).characters == "Aa"


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_that_is_asked_for_stays(kind):
    long, short = "a b c d e", "d e"
    start, end = (kind.learn([long], length=3, keep=keep) for keep in ("start", "end"))
    assert start.encode([long]).shape == (1, 3)
    assert long.startswith(start.decode(start.encode([long]))[0])
    assert long.endswith(end.decode(end.encode([long]))[0].strip())
    np.testing.assert_array_equal(end.encode([short])[0, -1:] > 0, [kind is not WordTokenizer])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 3.5 o\u2019clock!", ["it's", "3", ".", "5", "o\u2019clock", "!"]),
        ("cafe\u0301 CAF\u00c9", ["caf\u00e9", "caf\u00e9"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e",
         ["\u0939\u093f\u0928\u094d\u0926\u0940", "\u092d\u093e\u0937\u093e"]),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f44d\U0001f3fd\u2764\ufe0f",
         ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f44d\U0001f3fd", "\u2764\ufe0f"]),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7",
         ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"]),
        ("a\x00b\x07c\td\u00a0e", ["a", "b", "c", "d", "e"]),
        ("\u6211\u559c\u6b22\u732b\u3002", ["\u6211\u559c\u6b22\u732b", "\u3002"]),
        ("x" * 130, ["x" * 64, "x" * 64, "xx"]),
    ],
)  # fmt: skip
def test_words_are_those_that_people_see(text, words):
    tokenizer = WordTokenizer.learn([text])
    assert [piece for piece, _ in tokenizer.pieces(text)] == words


@hypothesis.settings(max_examples=100, deadline=None)
@hypothesis.given(st.lists(st.text(max_size=40), min_size=1, max_size=5), st.text(max_size=60))
def test_byte_pairs_and_characters_lose_nothing(texts, other):
    parts = BytePairTokenizer.learn([*texts, other], size=280)
    expected = [unicodedata.normalize("NFC", text) for text in [*texts, other]]
    assert parts.decode(parts.encode([*texts, other])) == expected
    characters = CharacterTokenizer.learn([*texts, other])
    assert characters.decode(characters.encode([*texts, other])) == expected
    for tokenizer in (parts, characters):
        pieces = tokenizer.pieces(other)
        joined = [code for _, codes in pieces for code in codes]
        assert joined == [code for code in tokenizer.encode([other])[0].tolist() if code]


def textbook_merges(texts, count):
    """Sennrich, Haddow and Birch (2016), algorithm 1: all pairs are counted anew each time."""
    chunks = Counter(c for text in texts for c in re.findall(r" ?[a-z]+|\s", text))
    words = {tuple(2 + b for b in chunk.encode()): n for chunk, n in chunks.items()}
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, n in words.items():
            for pair in pairwise(word):
                pairs[pair] += n
        best = min(pairs, key=lambda pair: (-pairs[pair], pair), default=None)
        if best is None or pairs[best] < 2:
            break
        merged = {}
        for word, n in words.items():
            new, i = [], 0
            while i < len(word):
                both = word[i : i + 2] == best
                new.append(258 + len(merges) if both else word[i])
                i += 1 + both
            merged[tuple(new)] = n
        words = merged
        merges.append(best)
    return tuple(merges)


@pytest.mark.parametrize("seed", range(5))
def test_byte_pairs_are_those_of_the_textbook(seed):
    rng = random.Random(seed)  # noqa: S311
    texts = [
        " ".join("".join(rng.choices("abcd", k=rng.randint(1, 9))) for _ in range(8))
        for _ in range(20)
    ]
    found = BytePairTokenizer.learn(texts, size=258 + 60)
    assert found.merges == textbook_merges(texts, 60)
    assert len(found.merges) > 40


def test_byte_pairs_take_what_training_has_not_met():
    tokenizer = BytePairTokenizer.learn(["plain words"], length=40)
    text = "\u732b \U0001f600 \x00 na\u00efve"
    assert tokenizer.decode(tokenizer.encode([text])) == [text]
    assert not (tokenizer.encode([text]) == 1).any()


def test_masked_codes_go_through_a_network():
    texts = ["good film", "bad film", "very good", "so bad", "good", "bad"] * 4
    tokenizer = gn.text.WordTokenizer.learn(texts)
    codes = gn.Input((tokenizer.length,), dtype="int64")
    h = gn.Embedding(tokenizer.vocabulary, 4, mask_zero=True)(codes)
    h = gn.GlobalAveragePooling1D()(h)
    net = gn.Network(inputs=codes, outputs=gn.Dense(1, "sigmoid")(h))
    y = np.array(["good" in text for text in texts], float)
    x = tokenizer.encode(texts)
    net.fit(x, y, epochs=200, optimizer=gn.optim.Adam(0.05), verbose=0)
    answers = net.predict(tokenizer.encode(["good", "bad", ""]))[:, 0]
    assert answers[0] > 0.9
    assert answers[1] < 0.1
    assert np.isfinite(answers[2])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda: WordTokenizer.learn("one text"), DataError, r"write \['one text'\]"),
        (lambda: WordTokenizer.learn(["a", 3]), DataError, "Text 2 is no text but int, '3'"),
        (lambda: WordTokenizer.learn([b"a"]), DataError, "Bytes are decoded"),
        (lambda: WordTokenizer.learn(["a"], size=0), SettingError, "size must be a whole number"),
        (lambda: WordTokenizer.learn(["a"], length=10**9), SettingError, "from 1 to 100,000"),
        (lambda: WordTokenizer.learn(["a"], keep="ned"), UnknownNameError, "'end'"),
        (lambda: BytePairTokenizer.learn(["a"], size=100), SettingError, "at least 258"),
        (lambda: WordTokenizer.learn(["a"]).decode([2]), DataError, r"decode\(\[codes\]\)"),
        (lambda: WordTokenizer.learn(["a"]).decode([[9]]), DataError, "code 9 is outside"),
        (lambda: WordTokenizer.learn(["a"]).decode([[0.5]]), DataError, "whole numbers"),
    ],
)
def test_what_is_no_text_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        act()


WORDS = WordTokenizer(("a", "b"), 3).to_json()
PARTS = BytePairTokenizer(((99, 100), (258, 101)), 3).to_json()


@pytest.mark.parametrize(
    "text",
    [
        None, [], {}, {**WORDS, "kind": "letters"}, {**WORDS, "length": 0},
        {**WORDS, "length": 10**9}, {**WORDS, "length": True}, {**WORDS, "length": None},
        {**WORDS, "lower": 1}, {**WORDS, "keep": "middle"}, {**WORDS, "words": "ab"},
        {**WORDS, "words": ["a", "a"]}, {**WORDS, "words": [""]}, {**WORDS, "words": [3]},
        {**WORDS, "words": ["a" * 500]}, {**PARTS, "merges": [[2]]}, {**PARTS, "merges": [[0, 2]]},
        {**PARTS, "merges": [[258, 2]]}, {**PARTS, "merges": [[2, 2.0]]}, {**PARTS, "merges": 3},
        {**PARTS, "merges": [[2, 2], [2, 2]]},
        {**PARTS, "merges": [[i, i] for i in range(258, 300)]},
        {**PARTS, "merges": [[2, 2], *([i, i] for i in range(258, 300))]},
        {"kind": "characters", "characters": "aa", "length": 3, "lower": True, "keep": "end"},
        {"kind": "characters", "characters": ["a"], "length": 3, "lower": True, "keep": "end"},
    ],
)  # fmt: skip
def test_a_file_that_holds_no_tokenizer_is_refused(text):
    with pytest.raises(FileFormatError, match="does not describe a tokenizer"):
        from_json(text)


def test_a_tokenizer_of_another_kind_is_named():
    with pytest.raises(FileFormatError, match="describes a WordTokenizer, no BytePairTokenizer"):
        BytePairTokenizer.from_json(WORDS)
