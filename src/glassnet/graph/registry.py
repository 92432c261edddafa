"""The table of all ops by name: each op enters itself, and nodes look up what they are asked for.

It stands below both: an op makes nodes, and a node's `+` is an op.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from glassnet.errors import UnknownNameError

if TYPE_CHECKING:
    from glassnet.graph.node import Node
    from glassnet.graph.op import Op

Formula = TypeVar("Formula", bound="Callable[..., Node]")

_OPS: dict[str, Op] = {}
_FORMULAS: dict[str, Callable[..., Node]] = {}


def register(op: Op) -> None:
    """Enter an op under its name."""
    _OPS[op.name] = op


def registered(name: str) -> Op:
    """The op of this name."""
    if name not in _OPS:
        raise UnknownNameError("op", name, _OPS)
    return _OPS[name]


def all_ops() -> dict[str, Op]:
    """Every op by name, in the order of their definition."""
    return dict(_OPS)


def numpy_formula(function: Formula) -> Formula:
    """Enter a formula of several ops that NumPy has as one function, under the same name."""
    _FORMULAS[function.__name__] = function
    return function


def formula(name: str) -> Callable[..., Node]:
    """What we have under this name: a formula of several ops, or an op."""
    return _FORMULAS[name] if name in _FORMULAS else registered(name)
