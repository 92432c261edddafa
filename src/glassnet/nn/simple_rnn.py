"""The plain recurrent layer: the state is a dense layer of the input and the state before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.graph import Node
from glassnet.nn.activation import as_layer
from glassnet.nn.recurrent import Recurrent, State, product, run, seen, states_of


class SimpleRNN(Recurrent, library=True):
    """h_t = activation(x_t @ weight + h_(t-1) @ recurrent_weight + bias).

    x (B, T, I), weight (I, O), recurrent_weight (O, O), bias (O,), result (B, O), or (B, T, O) with
    return_sequences. (Elman, 'Finding structure in time', Cognitive Science 14, 1990.)

    activation  name, or function in graph ops

    >>> import glassnet as gn
    >>> net = gn.Network([gn.SimpleRNN(4), gn.Dense(1)], input_shape=(7, 3))
    >>> net.parameters["simple_rnn.recurrent_weight"].shape
    (4, 4)
    """

    activation: Any = "tanh"

    def formula(
        self, x: Node, state: State = None, *, weight: Node, recurrent_weight: Node,
        bias: Node | None = None, mask: Node | None = None,
    ) -> Node:  # fmt: skip
        """The state step by step."""

        def step(h: Node, xw: Node) -> Sequence[Node]:
            z = xw + seen(h, self.recurrent_dropout, of_steps=False) @ recurrent_weight
            return [as_layer(self.activation).formula(z.named("z")).named("h")]

        xw = product(self, x, weight, bias)
        return run(self, step, states_of(self, x, state), xw, mask)
