"""The LSTM layer: a state that gates decide what to forget of, what to add to, and what to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.nn.recurrent import Recurrent, State, product, run, seen, states_of


class LSTM(Recurrent, library=True):
    """Long short-term memory: its formula for each step.

        z = x_t @ weight + h_(t-1) @ recurrent_weight + bias      (B, 4 O), in the order i, f, g, o
        i, f, o = sigmoid(z_i), sigmoid(z_f), sigmoid(z_o);  g = tanh(z_g)
        c_t = f * c_(t-1) + i * g
        h_t = o * tanh(c_t)

    x (B, T, I), weight (I, 4 O), recurrent_weight (O, 4 O), bias (4 O,), result (B, O), or
    (B, T, O) with return_sequences. PyTorch's two biases are one here: their sum. (Hochreiter and
    Schmidhuber, 'Long short-term memory', Neural Computation 9, 1997; with the gate to forget of
    Gers et al., 2000.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.LSTM(4), gn.Dense(1)], input_shape=(7, 3))
    >>> net.parameters["lstm.weight"].shape
    (3, 16)
    """

    gates: ClassVar[int] = 4
    states: ClassVar[tuple[str, ...]] = ("h", "c")

    def formula(
        self, x: Node, state: State = None, *, weight: Node, recurrent_weight: Node,
        bias: Node | None = None, mask: Node | None = None,
    ) -> Node:  # fmt: skip
        """h, step by step."""
        O = self.units  # noqa: E741 - the shape letter of the project

        def step(h: Node, c: Node, xw: Node) -> Sequence[Node]:
            h = seen(h, self.recurrent_dropout, of_steps=False)
            z = (xw + h @ recurrent_weight).named("z")  # (B, 4 O)
            i = g.sigmoid(z[:, :O].named("zi")).named("i")
            f = g.sigmoid(z[:, O : 2 * O].named("zf")).named("f")
            new = g.tanh(z[:, 2 * O : 3 * O].named("zg")).named("g")
            o = g.sigmoid(z[:, 3 * O :].named("zo")).named("o")
            c = (f * c + i * new).named("c")
            return [(o * g.tanh(c).named("tanh_c")).named("h"), c]

        xw = product(self, x, weight, bias)
        return run(self, step, states_of(self, x, state), xw, mask)
