"""The GRU layer: two gates that decide how much of the state is new."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.layer import Parameter
from glassnet.nn.recurrent import Recurrent, State, product, run, seen, states_of
from glassnet.spec import Spec


class GRU(Recurrent, library=True):
    """Gated recurrent unit: its formula for each step.

        x_r, x_z, x_n = x_t @ weight + bias                              (B, 3 O)
        h_r, h_z, h_n = h_(t-1) @ recurrent_weight + recurrent_bias      (B, 3 O)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = tanh(x_n + r * h_n)
        h_t = (1 - z) * n + z * h_(t-1)

    x (B, T, I), weight (I, 3 O), recurrent_weight (O, 3 O), bias and recurrent_bias (3 O,), result
    (B, O), or (B, T, O) with return_sequences. The reset r comes after the product, as in PyTorch.
    (Cho et al., 'Learning phrase representations', EMNLP 2014, equations 5 to 8.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.GRU(4), gn.Dense(1)], input_shape=(7, 3))
    >>> net.parameters["gru.recurrent_bias"].shape
    (12,)
    """

    gates: ClassVar[int] = 3

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (I, 3 O), recurrent_weight (O, 3 O), bias (3 O,), recurrent_bias (3 O,)."""
        found = super().parameters(*specs)
        if self.use_bias:
            found["recurrent_bias"] = Parameter((3 * self.units,), self.bias_init)
        return found

    def formula(
        self, x: Node, state: State = None, *, weight: Node, recurrent_weight: Node,
        bias: Node | None = None, recurrent_bias: Node | None = None, mask: Node | None = None,
    ) -> Node:  # fmt: skip
        """h, step by step."""
        O = self.units  # noqa: E741 - the shape letter of the project

        def step(h: Node, xw: Node) -> Sequence[Node]:
            hu = seen(h, self.recurrent_dropout, of_steps=False) @ recurrent_weight  # (B, 3 O)
            hu = (hu if recurrent_bias is None else hu + recurrent_bias).named("hU")
            gates = slice(None, O), slice(O, 2 * O), slice(2 * O, None)
            xr, xz, xn = (xw[:, at].named(f"x{k}") for k, at in zip("rzn", gates, strict=True))
            hr, hz, hn = (hu[:, at].named(f"h{k}") for k, at in zip("rzn", gates, strict=True))
            r = g.sigmoid(xr + hr).named("r")
            z = g.sigmoid(xz + hz).named("z")
            n = g.tanh(xn + r * hn).named("n")
            return [((1 - z) * n + z * h).named("h")]

        xw = product(self, x, weight, bias)
        return run(self, step, states_of(self, x, state), xw, mask)
