"""Masks of sequences: which steps (B, T) count, and which are only filling."""

from __future__ import annotations

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.spec import Spec

_AXES = 2


def _steps_spec(mask: Spec) -> Spec:
    if mask.dtype != "bool" or mask.rank != _AXES:
        raise ShapeError(f"a mask is true for each step that counts, (B, T) bool, got {mask}")
    return mask


# The mask itself. Of each row at least one step must count, which is looked at in the data.
some_steps = Op("some_steps", "{0}", _steps_spec, None, kind="view")


def checked_mask(mask: Node) -> Node:
    """The mask, of which a row that hides all steps is an error."""
    return mask if mask.op is some_steps else some_steps(mask)
