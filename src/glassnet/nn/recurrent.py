"""What the recurrent layers share: their fields, and how a step is gone through.

Sequences are (B, T, features). A state begins with zeros, or with what the layer is called on
beside the sequence, so that a sequence can be gone through part by part:

    net = gn.Network(inputs=[x, state], outputs=gn.LSTM(8, return_state=True)(x, state))
    found = net.predict([part, found])

or batch by batch: with stateful=True a batch begins with the states that the one before it left,
row by row (docs/stateful.md).

Where a mask says that a step is only filling, the states stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.graph import Node
from glassnet.graph.loop import lasts
from glassnet.nn.layer import Layer, Parameter, check_units
from glassnet.spec import BATCH, Shape, Spec, shape_text

_SEQUENCE = 3  # axes: batch, time, features
Step = Callable[..., Sequence[Node]]  # states and an input -> the states behind the step
State = Node | Mapping[str, Node] | None  # that a layer begins with: side by side, or by name


class Recurrent(Layer):
    """The base of `gn.SimpleRNN`, `gn.LSTM` and `gn.GRU`.

    units             numbers of a state
    return_sequences  True gives the state of every step (B, T, O), False that of the last (B, O)
    go_backwards      from the last step to the first; with return_sequences the states stand where
                      their inputs do, in the order of time
    return_state      True gives all that the last step has left: (B, O), of an LSTM (B, 2 O) with
                      h and c side by side
    use_bias          False leaves the biases out
    dropout           share of the inputs that are set to zero in training, the same in all steps
    recurrent_dropout  share of the state that the next step does not see, the same in all steps
    stateful          True lets a batch begin with what the one before it left, row by row, until
                      net.reset_states(); no gradient goes back into the batch before
    weight_init       name, number or function; so are recurrent_init and bias_init
    """

    units: int
    return_sequences: bool = False
    go_backwards: bool = False
    return_state: bool = False
    use_bias: bool = True
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    stateful: bool = False
    weight_init: Any = "glorot_uniform"
    recurrent_init: Any = "orthogonal"
    bias_init: Any = "zeros"

    takes_mask: ClassVar[bool] = True
    gates: ClassVar[int] = 1  # how many products of the input and the state a step needs
    states: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        check_units(self, "units", self.units)
        check_rate(self, "dropout")
        check_rate(self, "recurrent_dropout")
        if self.return_state and self.return_sequences:
            raise SettingError(
                f"{type(self).__name__}: return_sequences gives all steps, return_state what the "
                "last one leaves; set one of them."
            )
        if not isinstance(self.stateful, bool):
            raise SettingError(
                f"{type(self).__name__}: stateful is True or False, got {self.stateful!r}. The "
                "rows of the state are those of the first batch: fit(..., batch_size=32)."
            )

    def parameters(self, *specs: Spec) -> dict[str, Parameter]:
        """weight (I, n O), recurrent_weight (O, n O), bias (n O,) for n gates."""
        x, *states = specs
        check_sequence(x)
        self._check_states(x, states)
        O, wide = self.units, self.gates * self.units  # noqa: E741 - the project's letter
        found = {
            "weight": Parameter((x.shape[-1], wide), self.weight_init),
            "recurrent_weight": Parameter((O, wide), self.recurrent_init),
        }
        if self.use_bias:
            found["bias"] = Parameter((wide,), self.bias_init)
        return found

    def _check_states(self, x: Spec, states: Sequence[Spec]) -> None:
        size = len(self.states) * self.units
        if len(states) > 1:
            raise ShapeError(
                f"beside the sequence it takes one state, got {len(states)}. Give "
                f"{' and '.join(self.states)} as one input, side by side: gn.Input(({size},))."
            )
        if states and self.stateful:
            raise SettingError(
                f"{type(self).__name__}: a batch begins with the state that it is called on, or "
                "with what the batch before it left: leave out the second input, or stateful=True."
            )
        for state in states:
            if state.shape != (BATCH, size):
                raise ShapeError(
                    f"the state ({', '.join(self.states)}) must be {shape_text((BATCH, size))}, "
                    f"one row for each row of the sequence {shape_text(x.shape)}, "
                    f"got {shape_text(state.shape)}. Give it by gn.Input(({size},)), or leave it "
                    "out to begin with zeros."
                )

    def carried(self, *specs: Spec) -> dict[str, Shape]:
        """The states, (O,) a row, where the layer is stateful."""
        return dict.fromkeys(self.states, (self.units,)) if self.stateful else {}

    def left(self, output: Node) -> dict[str, Node]:
        """The states behind the last step, from the loop that gave the output."""
        if not self.stateful:
            return {}
        order = g.in_order([output])
        loop = next(node for node in reversed(order) if node.op.kind == "loop")
        known = {n.settings["which"]: n for n in order if n.op.kind == "result" and loop in n.args}
        return {
            name: known.get(i, last.named(f"{name}_end"))
            for i, (name, last) in enumerate(zip(self.states, lasts(loop), strict=True))
        }


def check_rate(layer: Layer, name: str) -> None:
    """Raise unless the field is a share of dropout."""
    rate = getattr(layer, name)
    if not isinstance(rate, int | float) or not 0 <= rate < 1:
        raise SettingError(f"{type(layer).__name__}: {name} must be from 0 up to 1, got {rate!r}.")


def check_sequence(x: Spec) -> None:
    """Raise unless these are sequences (B, T, features) of at least one step."""
    if x.rank != _SEQUENCE:
        raise ShapeError(
            f"sequences (B, T, features) are needed, got {shape_text(x.shape)}. A table becomes a "
            "sequence of single numbers by gn.Reshape((-1, 1)); codes by gn.Embedding(...)."
        )
    if x.shape[1] == 0:
        raise ShapeError(
            f"a sequence of length 0 has no step to go through: {shape_text(x.shape)}. Give at "
            "least one step, filled up and masked where there is nothing."
        )


def seen(x: Node, rate: float, *, of_steps: bool) -> Node:
    """x in prediction; in training some of its numbers are zero, the same in all steps.

    of_steps  x is a sequence (B, T, I), else one step (B, O)
    """
    if not rate:
        return x
    shape = (x.shape[0], 1, *x.shape[2:]) if of_steps else x.shape
    mask = g.random_mask(g.SEED, g.STEP, rate=rate, stream=0, shape=shape, dtype=x.dtype)
    named = mask.named("mask" if of_steps else "mask_h")
    return g.when_training((x * named).named("x" if of_steps else "h_seen"), x)


def product(layer: Recurrent, x: Node, weight: Node, bias: Node | None) -> Node:
    """x @ W + b of all steps at once, (B, T, n O): it waits for no state."""
    xw = seen(x, layer.dropout, of_steps=True) @ weight
    return (xw if bias is None else xw + bias).named("xW")


def states_of(layer: Recurrent, x: Node, given: State) -> dict[str, Node]:
    """What the first step finds, (B, O) each: what was given, side by side or by name, or zeros."""
    O, count = layer.units, len(layer.states)  # noqa: E741 - the shape letter of the project
    if isinstance(given, Mapping):
        return {name: given[name] for name in layer.states}
    if given is None:
        return dict.fromkeys(layer.states, g.stretch(0.0, (BATCH, O), x.dtype))
    parts = [given] if count == 1 else [given[:, k * O : (k + 1) * O] for k in range(count)]
    return dict(zip(layer.states, parts, strict=True))


def run(
    layer: Recurrent, step: Step, states: Mapping[str, Node], xw: Node, mask: Node | None
) -> Node:
    """The first state of every step (B, T, O), or of the last (B, O); or all that one leaves.

    step  (states..., xW) -> states; where the mask (B, T) is 0 they stay what they were
    """
    n, sequences = len(states), [xw]
    if mask is not None:
        sequences.append(g.expand_dims(mask, -1).named("counts"))  # (B, T, 1)

    def held(*values: Node) -> tuple[list[Node], list[Node]]:
        new = list(step(*values[: n + 1]))
        if mask is not None:
            new = [g.where(values[-1], a, b).named(a.name)
                   for a, b in zip(new, values, strict=False)]  # fmt: skip
        return new, new[:1]

    lasts, (every,) = g.scan(
        held, list(states.values()), sequences, backwards=layer.go_backwards,
        names=[*states, *(s.name for s in sequences)],
    )  # fmt: skip
    if layer.return_state and n > 1:
        return g.concatenate(*lasts).named("state")
    return every if layer.return_sequences else lasts[0]
