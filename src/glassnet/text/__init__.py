"""Texts as codes: tokenizers that learn their vocabulary, and are plain data.

tokenizer = gn.text.WordTokenizer.learn(texts, size=10_000)
x = tokenizer.encode(texts)                     # (n, length) int64, 0 is filling
codes = gn.Input((tokenizer.length,), dtype="int64")
h = gn.Embedding(tokenizer.vocabulary, 32, mask_zero=True)(codes)
"""

from glassnet.text.byte_pairs import BytePairTokenizer
from glassnet.text.characters import CharacterTokenizer
from glassnet.text.tokenizer import Tokenizer, from_json
from glassnet.text.words import WordTokenizer

__all__ = ["BytePairTokenizer", "CharacterTokenizer", "Tokenizer", "WordTokenizer", "from_json"]
