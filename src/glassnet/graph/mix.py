"""Rows of a batch that meet their neighbours: moved along, and mixed.

    roll(x, shift=1)     row n is row n - 1 of x, the first is the last; shift=-1 the other way
    mix(x, share)        (1 - share) * x + share * roll(x), share (B,)

The rows of a batch stand in a drawn order, so that the neighbour is as good a partner as one drawn.
A loss over what was mixed weighs the target of both rows, see `shares_of`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.reduce import sum
from glassnet.graph.shape import reshape
from glassnet.graph.walk import in_order
from glassnet.spec import BATCH, FLOATS, Spec


def _roll_spec(x: Spec, *, shift: int) -> Spec:
    if x.shape[:1] != (BATCH,):
        raise ShapeError(f"rows of a batch are rolled, got {x}")
    if shift not in {1, -1}:
        raise ShapeError(f"shift must be 1 or -1, got {shift}")
    return x


def _mix_spec(x: Spec, share: Spec) -> Spec:
    if x.shape[:1] != (BATCH,) or x.dtype not in FLOATS:
        raise ShapeError(f"rows of floats are mixed, got {x}")
    if share.shape != (BATCH,):
        raise ShapeError(f"one share a row is needed, (B,), got {share}")
    return x


def beside(share: Node, x: Node) -> Node:
    """share (B,) as (B, 1, 1, ...), to be multiplied with x."""
    return reshape(share, shape=(BATCH, *[1] * (x.ndim - 1))) if x.ndim > 1 else share


def _mix_gradient(g: Node, y: Node, x: Node, share: Node) -> Any:
    near = g * (roll(x, shift=1) - x)
    axes = tuple(range(1, x.ndim))
    own = beside(share, x)
    return (1 - own) * g + roll(own * g, shift=-1), sum(near, axis=axes) if axes else near


roll: Op = Op("roll", "np.roll({0}, {shift}, axis=0)", _roll_spec,
              lambda g, y, x, shift: (roll(g, shift=-shift),), kind="gather",
              letter="neighbour")  # fmt: skip
mix = Op("mix", "mix({0}, {1})", _mix_spec, _mix_gradient, kind="gather", letter="h", helper='''\
def mix(x, share):
    """Each row of x with this share (B,) of the row before it, the first with the last."""
    share = share.reshape(-1, *[1] * (x.ndim - 1))
    return (1 - share) * x + share * np.roll(x, 1, axis=0)
''')  # fmt: skip


def shares_of(outputs: Sequence[Node]) -> list[Node]:
    """The shares (B,) with which rows were mixed on the way to these outputs, each once."""
    mixed = (node for node in in_order(outputs) if node.op is mix)
    return list(dict.fromkeys(node.args[1] for node in mixed))
