"""Positions: attention by itself does not know where in a sequence a place is."""

from __future__ import annotations

from typing import Any

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, Parameter
from glassnet.spec import Spec, shape_text

_LONGEST_WAVE = 10_000  # over 2 pi: Vaswani et al. and Su et al. both take it


class PositionalEncoding(Layer, library=True):
    """x + waves: sin(t / 10000^(2 i / F)) in the columns 2 i, cos of it in the columns 2 i + 1.

    x (B, T, F), result (B, T, F); t counts the places from 0. Nothing is learnt. (Vaswani et al.,
    2017, section 3.5.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.PositionalEncoding()], input_shape=(2, 4))
    >>> net.predict([[[0, 0, 0, 0], [0, 0, 0, 0]]]).round(2).tolist()
    [[[0.0, 1.0, 0.0, 1.0], [0.8399999737739563, 0.5400000214576721, 0.009999999776482582, 1.0]]]
    """

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """None; the shape is looked at."""
        _check_sequence(specs[0], even=True)
        return {}

    def formula(self, x: Node) -> Node:
        """x + waves."""
        T, F = int(x.shape[1]), int(x.shape[2])
        angle = _angles(T, F // 2)
        waves = g.stack([g.sin(angle), g.cos(angle)], axis=-1).reshape(T, F).named("waves")
        return (x + waves).named("h")


class PositionalEmbedding(Layer, library=True):
    """x + weight: each place of the sequence has a row of its own, which is learnt.

    x (B, T, F), weight (T, F), result (B, T, F).

    >>> import glassnet as gn
    >>> net = gn.Network([gn.PositionalEmbedding(), gn.Dense(1)], input_shape=(6, 8))
    >>> net.parameters["positional_embedding.weight"].shape
    (6, 8)
    """

    weight_init: Any = "normal"
    weight_regularizer: Any = None

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (T, F)."""
        _check_sequence(specs[0], even=False)
        return {"weight": Parameter(specs[0].shape[1:], self.weight_init, self.weight_regularizer)}

    def formula(self, x: Node, weight: Node) -> Node:
        """x + weight."""
        return (x + weight).named("h")


def rotated(x: Node, name: str) -> Node:
    """Each pair of columns (i, i + D / 2) of x (..., T, D) turned by t / 10000^(2 i / D).

    A product of a query and a key then depends on how far they are apart. (Su et al., 2021, section
    3.2.2; the pairs are those of GPT-NeoX and Llama.)
    """
    T, half = int(x.shape[-2]), int(x.shape[-1]) // 2
    angle = _angles(T, half)
    cos, sin = g.cos(angle).named("cos"), g.sin(angle).named("sin")
    a = x[..., :half].named(f"{name}_left")
    b = x[..., half:].named(f"{name}_right")
    return g.concatenate(a * cos - b * sin, b * cos + a * sin, axis=-1).named(name)


def _angles(T: int, count: int) -> Node:
    """t / 10000^(i / count), (T, count)."""
    kind = g.float_kind()
    t = g.expand_dims(g.arange(n=T, dtype=kind), -1).named("place")
    return (t / _LONGEST_WAVE ** (g.arange(n=count, dtype=kind) / count)).named("angle")


def _check_sequence(x: Spec, *, even: bool) -> None:
    if x.rank != 3:
        raise ShapeError(
            f"positions are those of sequences (B, T, features), got {shape_text(x.shape)}. Give "
            "codes features by gn.Embedding first."
        )
    if even and int(x.shape[2]) % 2:
        raise ShapeError(
            f"a sine and a cosine each need a column, so the features must be even, got "
            f"{shape_text(x.shape)}. Take {int(x.shape[2]) + 1} features, or "
            "gn.PositionalEmbedding()."
        )
