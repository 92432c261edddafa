"""The transformer block: attention, then two dense layers at each place, both around a shortcut."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.nn.activation import as_layer
from glassnet.nn.attention import MultiHeadAttention, check_rate, dropped, head_width
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.nn.normalization import LayerNormalization
from glassnet.spec import Spec, shape_text


class TransformerBlock(Layer, library=True):
    """r = x + attention(norm(x)), and then r + activation(norm(r) @ up_weight) @ down_weight.

    x (B, T, I), result (B, T, I). Called on (x) or (x, mask): see gn.MultiHeadAttention for the
    mask (B, T), and for query_weight, key_weight, value_weight, output_weight with their biases.
    up_weight (I, U), down_weight (U, I), with biases; attention_scale, attention_shift,
    feed_forward_scale and feed_forward_shift (I,) of the two normalizations over the features.
    (Vaswani et al., 2017; with the norms in front: Xiong et al., 2020.)

    key_dim              the width of a head; None is I / num_heads
    hidden_units         U; None is 4 I
    norm_first           False: the norms come behind the sums, as in the paper of 2017
    dropout              of the weights of attention, and of both branches before they are added
    causal, rotary, num_key_value_heads, use_bias   as of gn.MultiHeadAttention
    epsilon              added to the variance, as in PyTorch

    >>> import glassnet as gn
    >>> layers = [gn.PositionalEmbedding(), gn.TransformerBlock(2), gn.Flatten(), gn.Dense(1)]
    >>> net = gn.Network(layers, input_shape=(6, 8))
    >>> net.parameters["transformer_block.up_weight"].shape
    (8, 32)
    """

    num_heads: int
    key_dim: int | None = None
    hidden_units: int | None = None
    activation: Any = "gelu"
    norm_first: bool = True
    dropout: float = 0.0
    causal: bool = False
    rotary: bool = False
    num_key_value_heads: int | None = None
    use_bias: bool = True
    epsilon: float = 1e-5
    weight_init: Any = "glorot_uniform"
    bias_init: Any = "zeros"
    weight_regularizer: Any = None

    def __post_init__(self) -> None:
        check_units(self, "num_heads", self.num_heads)
        for name in ("key_dim", "hidden_units", "num_key_value_heads"):
            if getattr(self, name) is not None:
                check_units(self, name, getattr(self, name))
        check_rate(self, self.dropout)
        as_layer(self.activation)
        if not self.epsilon > 0:
            raise SettingError(
                f"TransformerBlock: epsilon must be more than 0, got {self.epsilon!r}."
            )

    def _attention(self, width: Any) -> MultiHeadAttention:
        """The attention inside, of the same settings."""
        return MultiHeadAttention(
            self.num_heads,
            self.key_dim or head_width(width, self.num_heads),
            num_key_value_heads=self.num_key_value_heads,
            causal=self.causal,
            rotary=self.rotary,
            dropout=self.dropout,
            use_bias=self.use_bias,
            weight_init=self.weight_init,
            bias_init=self.bias_init,
            weight_regularizer=self.weight_regularizer,
        )

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """Those of the first norm, of attention, of the second norm, and of the two layers."""
        x = specs[0]
        if x.rank != 3 or len(specs) > 2 or any(s.rank != 2 for s in specs[1:]):
            raise ShapeError(
                f"a block takes one sequence (B, T, features), got {shape_text(x.shape)}, and then "
                "perhaps a mask (B, T). For two sequences take gn.MultiHeadAttention."
            )
        I = int(x.shape[-1])  # noqa: E741 - the shape letters of the project
        U = self.hidden_units or 4 * I
        found = _norm("attention", x) | self._attention(I).parameters(*specs)
        found |= _norm("feed_forward", x)
        for name, sizes in (("up", (I, U)), ("down", (U, I))):
            weight = Parameter(sizes, self.weight_init, self.weight_regularizer)
            found[f"{name}_weight"] = weight
            if self.use_bias:
                found[f"{name}_bias"] = Parameter(sizes[1:], self.bias_init)
        inner = x.with_shape((*x.shape[:-1], U))
        return found | as_layer(self.activation).parameters(inner)

    def formula(self, x: Node, mask: Node | None = None, **own: Node) -> Node:
        """Two branches, each added to what it was computed from."""
        attention = self._attention(x.shape[-1])
        masks = () if mask is None else (mask,)
        mine = {k: own[k] for k in attention.parameters(*(n.spec for n in (x, *masks)))}
        h = self._around(x, "attention", own, lambda n: attention.formula(n, *masks, **mine))
        return self._around(h, "feed_forward", own, lambda n: self._feed_forward(n, own))

    def _around(
        self, x: Node, norm: str, own: dict[str, Node], branch: Callable[[Node], Node]
    ) -> Node:
        """x + branch(norm(x)), or norm(x + branch(x))."""
        layer = LayerNormalization(self.epsilon)
        arrays = {name: own[f"{norm}_{name}"] for name in ("scale", "shift")}

        def normal(h: Node) -> Node:
            return layer.formula(h, **arrays).named("n")

        if self.norm_first:
            return (x + self._dropped(branch(normal(x)))).named("r")
        return normal((x + self._dropped(branch(x))).named("r"))

    def _feed_forward(self, x: Node, own: dict[str, Node]) -> Node:
        """activation(x @ up_weight + up_bias) @ down_weight + down_bias."""
        u, a = x @ own["up_weight"], as_layer(self.activation)
        if self.use_bias:
            u = u + own["up_bias"]
        others = {k: v for k, v in own.items() if k in a.parameters(u.spec)}
        z = a.formula(u.named("u"), **others) @ own["down_weight"]
        return (z + own["down_bias"] if self.use_bias else z).named("z")

    def _dropped(self, x: Node) -> Node:
        return dropped(x, self.dropout, "z_kept") if self.dropout else x


def _norm(of: str, x: Spec) -> dict[str, Parameter]:
    """scale and shift of a normalization, under the name of its branch."""
    return {f"{of}_{name}": p for name, p in LayerNormalization().parameters(x).items()}
