"""Attention: each place of a sequence takes a mean of others, weighted by how well they match."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.nn.positions import rotated
from glassnet.spec import BATCH, Shape, Spec, shape_text

_HIDDEN = -1e30  # the score of what must not be looked at: e^-1e30 is 0
_SEQUENCE, _MASK = 3, 2  # axes


class MultiHeadAttention(Layer, library=True):
    """softmax(q k^T / sqrt(D)) v in each head, and the heads side by side @ output_weight.

    q = query @ query_weight + query_bias, split into N heads of D columns; so k of key, v of value.
    Called on (query) for self-attention, (query, value), or (query, value, key), as in Keras; a
    mask of the keys may come last, known by its two axes. (Vaswani et al., 2017, section 3.2.)

    query (B, T, I), value and key (B, S, ...), mask (B, S): 0 hides a place, so codes of which 0 is
    the padding can be the mask themselves. Result (B, T, O). With N = num_heads, D = key_dim:
    query_weight (I, N * D), key_weight (.., G * D), value_weight (.., G * V), output_weight
    (N * V, O), and a bias each.

    value_dim             V, of a head; None is D
    output_dim            O; None is I
    num_key_value_heads   G: heads of keys and values, each of which N / G queries share; None is N.
                          (Ainslie et al., 2023)
    causal                place t looks at the places 0 .. t alone
    rotary                queries and keys are turned by their place (Su et al., 2021)
    dropout               the share of weights p that training sets to 0
    attention_mask        an array (T, S) for all rows, whose 0 hides key s from query t; "input":
                          the last input says so row by row, (B, T, S). Both may stand beside a
                          mask of the keys, which comes before it

    A query from which everything is hidden takes 0 of every value: it gives the bias.

    >>> import glassnet as gn
    >>> codes = gn.Input((6,), dtype="int64")
    >>> h = gn.Embedding(20, 8)(codes)
    >>> h = gn.MultiHeadAttention(2, 4, causal=True)(h, codes)
    >>> net = gn.Network(inputs=codes, outputs=gn.Dense(20, "softmax")(h))
    >>> net.parameters["multi_head_attention.query_weight"].shape
    (8, 8)
    """

    num_heads: int
    key_dim: int
    value_dim: int | None = None
    output_dim: int | None = None
    num_key_value_heads: int | None = None
    causal: bool = False
    rotary: bool = False
    dropout: float = 0.0
    use_bias: bool = True
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None
    attention_mask: Any = None

    steps_of_first: ClassVar[bool] = True  # a place of the query has an answer, hidden keys or not

    def __post_init__(self) -> None:
        for name in ("num_heads", "key_dim", "value_dim", "output_dim", "num_key_value_heads"):
            if getattr(self, name) is not None or name in {"num_heads", "key_dim"}:
                check_units(self, name, getattr(self, name))
        check_rate(self, self.dropout)
        self.attention_mask = _checked_mask(self.attention_mask)
        if self.num_heads % self._groups:
            raise SettingError(
                f"MultiHeadAttention: {self.num_heads} heads of queries cannot share "
                f"{self._groups} of keys and values evenly. Let num_key_value_heads divide "
                f"num_heads: {_divisors(self.num_heads)}."
            )
        if self.rotary and self.key_dim % 2:
            raise SettingError(
                "MultiHeadAttention: rotary positions turn pairs of columns, so key_dim must be "
                f"even, got {self.key_dim}."
            )

    @property
    def _groups(self) -> int:
        return self.num_key_value_heads or self.num_heads

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """query_weight, query_bias, and so for key, value and output."""
        inputs, visible = self._parted([s.shape for s in specs])
        query, value, key = _sequences(inputs)
        _check_visible(visible, query, key)
        D, V = self.key_dim, self.value_dim or self.key_dim
        sizes = {
            "query": (query[-1], self.num_heads * D),
            "key": (key[-1], self._groups * D),
            "value": (value[-1], self._groups * V),
            "output": (self.num_heads * V, self.output_dim or query[-1]),
        }
        found = {}
        for name, (I, O) in sizes.items():  # noqa: E741 - the shape letters of the project
            found[f"{name}_weight"] = Parameter((I, O), self.weight_init, self.weight_regularizer)
            if self.use_bias:
                found[f"{name}_bias"] = Parameter((O,), self.bias_init)
        return found

    def formula(self, *inputs: Node, **own: Node) -> Node:
        """softmax(q k^T / sqrt(D)) v, the heads side by side, @ output_weight + output_bias."""
        given, visible = self._parted(inputs)
        *sequences, mask = given if given[-1].ndim == _MASK else (*given, None)
        query, value, key = _three(sequences)
        q = self._heads(_projected(query, "query", own), "q", self.num_heads)
        k = self._heads(_projected(key, "key", own), "k", self._groups)
        v = self._heads(_projected(value, "value", own), "v", self._groups)
        s = (q @ g.swapaxes(k, -1, -2) / math.sqrt(self.key_dim)).named("s")  # (B, N, T, S)
        p = self._dropped(self._weights(s, mask, visible))
        h = _side_by_side((p @ v).named("h"))  # (B, T, N * V)
        return _projected(h, "output", own, "z")

    def _heads(self, x: Node, name: str, count: int) -> Node:
        """(B, T, N * D) -> (B, N, T, D); where queries share keys (B, G, N / G, T, D)."""
        batch, length, width = x.shape
        shared = self.num_heads // self._groups
        split = [count] if shared == 1 else [self._groups, count // self._groups]
        x = x.reshape(batch, length, *split, int(width) // count)
        axes = (0, *range(2, 2 + len(split)), 1, 2 + len(split))
        x = g.transpose(x, axes=axes)
        if self.rotary and name != "v":
            return rotated(x.named(f"{name}_unturned"), name)
        return x.named(name)

    def _parted(self, inputs: Sequence[Any]) -> tuple[list[Any], Any]:
        """Sequences and the mask of the keys; and what says which key each query may look at."""
        if isinstance(self.attention_mask, str):
            if len(inputs) < _MASK:
                raise ShapeError(
                    "with attention_mask='input' the last input is the mask (B, T, S), behind the "
                    "sequences: layer(query, mask) or layer(query, value, mask)."
                )
            return list(inputs[:-1]), inputs[-1]
        return list(inputs), self.attention_mask

    def _weights(self, s: Node, mask: Node | None, pairs: Any) -> Node:
        """softmax(s) over what each query may look at; 0 where that is nothing."""
        visible = _visible(s.shape, self.causal, mask)
        if pairs is not None:
            visible = _both(visible, _of_heads(pairs, s.ndim))
        if visible is None:
            return g.softmax(s).named("p")
        p = g.softmax(g.where(visible, s, _HIDDEN))
        only_causal = mask is None and pairs is None  # every place sees itself at least
        return (p if only_causal else g.where(visible, p, 0)).named("p")

    def _dropped(self, p: Node) -> Node:
        if not self.dropout:
            return p
        return dropped(p, self.dropout, "p_kept")


def check_rate(layer: Layer, rate: Any) -> None:
    """Raise unless this is a share that dropout can set to 0."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
        name = type(layer).__name__
        raise SettingError(f"{name}: dropout must be from 0 up to 1, got {rate!r}.")


def dropped(x: Node, rate: float, name: str) -> Node:
    """x * mask in training, as in gn.Dropout."""
    mask = g.random_mask(g.SEED, g.STEP, rate=rate, stream=0, shape=x.shape, dtype=x.dtype)
    return g.when_training((x * mask.named("mask")).named(name), x)


def _projected(x: Node, of: str, own: dict[str, Node], name: str = "") -> Node:
    """x @ weight + bias."""
    found = x @ own[f"{of}_weight"]
    if f"{of}_bias" in own:
        found = found + own[f"{of}_bias"]
    return found.named(name or of)


def _visible(shape: Shape, causal: bool, mask: Node | None) -> Node | None:
    """Which key (the last axis of a shape) each query (the axis before) may look at."""
    T, S = int(shape[-2]), int(shape[-1])
    found = None
    if causal:
        found = (g.expand_dims(g.arange(n=T), -1) >= g.arange(n=S)).named("causal")
    if mask is not None:
        known = g.not_equal(mask, 0).reshape(BATCH, *[1] * (len(shape) - 2), S).named("known")
        found = _both(found, known)
    return found


def _both(a: Node | None, b: Node) -> Node:
    return b if a is None else g.logical_and(a, b).named("visible")


def _of_heads(pairs: Any, axes: int) -> Node:
    """(T, S), or (B, 1, T, S) with as many axes as the scores: which pairs may meet."""
    if not isinstance(pairs, Node):
        return (g.constant(pairs) > 0).named("allowed")
    batch, *rest = pairs.shape
    wide = g.not_equal(pairs, 0).reshape(batch, *[1] * (axes - 3), *rest)
    return wide.named("allowed")


def _checked_mask(mask: Any) -> Any:
    """None, "input", or (T, S) of 0 and 1."""
    if mask is None or (isinstance(mask, str) and mask == "input"):
        return mask
    array = np.asarray(mask)
    if isinstance(mask, str) or array.ndim != _MASK or array.dtype.kind not in "biuf":
        got = repr(mask) if isinstance(mask, str) else f"the shape {array.shape}"
        raise SettingError(
            "MultiHeadAttention: attention_mask is an array (T, S) of 0 and 1, for all rows, or "
            f"'input' for one of each row (B, T, S), given as the last input; got {got}."
        )
    return (array != 0).astype(np.int64)


def _check_visible(pairs: Any, query: Shape, key: Shape) -> None:
    """ShapeError for an attention mask that is not of these places."""
    if pairs is None:
        return
    of_rows = isinstance(pairs, tuple)  # the shape of an input
    shape = pairs if of_rows else pairs.shape
    wanted = (BATCH, query[1], key[1]) if of_rows else (query[1], key[1])
    if shape != wanted:
        raise ShapeError(
            f"the attention mask {shape_text(shape)} must say of each of the {query[1]} places of "
            f"the query {shape_text(query)} which of the {key[1]} of the key {shape_text(key)} it "
            f"may look at. Give a mask of the shape {shape_text(wanted)}"
            + (", as the last input." if of_rows else ".")
        )


def _side_by_side(h: Node) -> Node:
    """(B, N, T, V) -> (B, T, N * V), and (B, G, N / G, T, V) likewise."""
    heads = h.ndim - 3
    width = math.prod(int(n) for n in (*h.shape[1 : 1 + heads], h.shape[-1]))
    turned = g.transpose(h, axes=(0, heads + 1, *range(1, heads + 1), heads + 2))
    return turned.reshape(BATCH, h.shape[-2], width).named("heads")


def _three(given: list[Any]) -> tuple[Any, Any, Any]:
    """Query, value and key: of one all three are the same; value is the key where there is none."""
    query = given[0]
    value = given[1] if len(given) > 1 else query
    return query, value, given[2] if len(given) > 2 else value


def _sequences(shapes: list[Shape]) -> tuple[Shape, Shape, Shape]:
    """The shapes of query, value and key, which fit each other and the mask."""
    mask = shapes[-1] if len(shapes[-1]) == _MASK else None
    sequences = shapes if mask is None else shapes[:-1]
    if not 1 <= len(sequences) <= 3 or any(len(shape) != _SEQUENCE for shape in sequences):
        raise ShapeError(
            "attention takes sequences (B, T, features): (query), (query, value) or (query, value, "
            "key), and then perhaps a mask (B, T). Give a table a second axis by gn.Reshape, and "
            "codes features by gn.Embedding."
        )
    query, value, key = _three(sequences)
    if key[1] != value[1]:
        raise ShapeError(
            f"the key {shape_text(key)} has {key[1]} places and the value {shape_text(value)} has "
            f"{value[1]}: each key stands for one value. Give both the same length."
        )
    if mask is not None and mask[1] != key[1]:
        raise ShapeError(
            f"the mask {shape_text(mask)} says of {mask[1]} places whether they are known, and "
            f"the key {shape_text(key)} has {key[1]}. Give a mask of the shape (B, {key[1]})."
        )
    return query, value, key


def _divisors(n: int) -> str:
    found = [str(d) for d in range(1, n + 1) if n % d == 0]
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"


def head_width(width: Any, heads: int) -> int:
    """The columns of each head, where the heads share a width."""
    if not isinstance(width, Integral) or int(width) % heads:
        raise ShapeError(
            f"the width {width} cannot be shared by {heads} heads evenly. Let num_heads divide it "
            f"({_divisors(int(width))}), or give key_dim, the width of a head."
        )
    return int(width) // heads
