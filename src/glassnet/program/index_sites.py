"""Where a program picks by whole numbers, and when it can be known that each names a place.

Of every index that a formula takes rows by, one of these holds:

    take(W, where(x < 5, maximum(x, 0), 4))   always from 0 to 4: nothing to look at
    take(W, x[:, 2])                          follows from the row's data: looked at before a step
    take(W, argmax(h @ V) + x)                follows from weights, draws or other rows: `within`
                                              looks at it in the step, which only NumPy runs
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.graph.index import within
from glassnet.graph.ranges import range_of
from glassnet.graph.walk import with_args
from glassnet.spec import BATCH, Dim


@dataclass(frozen=True)
class IndexSite:
    """An index that follows from each row's data, and must be from 0 to size - 1.

    op     what picks by it; "mask" of a count of hidden steps, "spell" of those and the steps that
           the labels of a row take
    layer  in whose formula, "" outside of all
    """

    index: Node
    size: int
    op: str
    layer: str

    @property
    def leaves(self) -> list[Node]:
        """The inputs from which it follows."""
        return [node for node in g.in_order([self.index]) if node.op.name == "input"]


class _Follows(enum.Enum):
    """From what a value follows."""

    CONSTANTS = 1
    ROW = 2  # each row of it from the same row of the inputs
    ELSE = 3


_PICKING = {"take", "add_at", "pick"}


def guarded(roots: Sequence[Node]) -> list[Node]:
    """The roots, with a check in the formula of each index that no look at the data answers for.

    ShapeError for an index that is a constant and out of range.
    """
    nodes = g.in_order(roots)
    _check_bodies(nodes)
    if not any(node.op.name in _PICKING for node in nodes):
        return list(roots)
    open_ = {
        node for node, follows in _unproven(nodes)
        if follows is _Follows.ELSE or _size(node) == BATCH
    }  # fmt: skip
    new: dict[Node, Node] = {}
    for node in nodes:
        args = tuple(new[arg] for arg in node.args)
        if node in open_:
            args = (args[0], _checked(node, args[1]))
        new[node] = with_args(node, args)
    return [new[root] for root in roots]


def _check_bodies(nodes: Sequence[Node]) -> None:
    """ShapeError for what is picked in the body of a loop, where no look at the data answers."""
    for loop in nodes:
        if loop.op.kind == "loop":
            picking = [n for n in g.with_bodies([loop]) if n.op.name in _PICKING]
            outside = set(g.in_order([loop]))
            inside = next((node for node in picking if node not in outside), None)
            if inside is not None:
                where = f"In layer '{inside.layer}', " if inside.layer else "In "
                raise ShapeError(
                    f"{where}{inside.op.name}: a step of a loop cannot pick by an index. Pick for "
                    "all steps at once before the loop, as gn.Embedding does; or multiply by "
                    "one_hot(index, depth=n)."
                )


def index_sites(roots: Sequence[Node]) -> tuple[IndexSite, ...]:
    """What must be looked at in the data of guarded roots, each index once for each size."""
    found: dict[tuple[Node, Dim], IndexSite] = {}
    nodes = g.in_order(roots)
    for site in _masks(nodes):
        found[site.index, site.size] = site
    if any(node.op.name in _PICKING for node in nodes):
        for node, follows in _unproven(nodes):
            index, size = node.args[1], _size(node)
            if follows is _Follows.ROW and isinstance(size, int):
                site = IndexSite(index, size, node.op.name, node.layer)
                found.setdefault((index, size), site)
    return tuple(found.values())


def _masks(nodes: Sequence[Node]) -> Iterator[IndexSite]:
    """How many steps each mask hides of a row: from none to all but one."""
    masks = [node for node in nodes if node.op.name == "some_steps"]
    kinds: dict[Node, _Follows] = {}
    for node in nodes if masks else ():
        kinds[node] = _kind(node, [kinds[arg] for arg in node.args])
    for node in masks:
        size = node.shape[1]
        if kinds[node] is _Follows.ROW and isinstance(size, int):
            yield IndexSite(hidden_steps(node), size, "mask", node.layer)


def hidden_steps(mask: Node) -> Node:
    """(B, T) -> (B,): how many steps of each row a mask hides."""
    return g.cast(g.sum(g.logical_not(mask), axis=1), dtype="int64")


def follows_rows(node: Node) -> bool:
    """Whether each row of a value follows from the same row of the inputs, and nothing else."""
    kinds: dict[Node, _Follows] = {}
    for one in g.in_order([node]):
        kinds[one] = _kind(one, [kinds[arg] for arg in one.args])
    return kinds[node] is _Follows.ROW


def _unproven(nodes: Sequence[Node]) -> Iterator[tuple[Node, _Follows]]:
    """Each op that picks by an index which may be out of range, and from what that follows."""
    kinds: dict[Node, _Follows] = {}
    for node in nodes:
        kinds[node] = _kind(node, [kinds[arg] for arg in node.args])
        if node.op.name not in _PICKING or node.args[1].op.name == "within":
            continue
        index, size = node.args[1], _size(node)
        if isinstance(size, int) and range_of(index).is_inside(size):
            continue
        if kinds[index] is _Follows.CONSTANTS and isinstance(size, int):
            _check_constant(node, index, size)
        else:
            yield node, kinds[index]


def _size(node: Node) -> Dim:
    """How many places there are to pick from."""
    if node.op.name == "add_at":
        return node.shape[0]
    return node.args[0].shape[0 if node.op.name == "take" else -1]


def _checked(node: Node, index: Node) -> Node:
    size = _size(node)
    n = g.batch_size() if isinstance(size, str) else g.constant(size)
    return replace(within(index, n, layer=node.layer), layer=node.layer)


def _check_constant(node: Node, index: Node, size: int) -> None:
    """ShapeError unless an index that follows from constants alone is in range."""
    values = np.asarray(g.evaluate([index], {})[0])
    outside = values[(values < 0) | (values >= size) | (values != np.floor(values))]
    if outside.size:
        where = f"In layer '{node.layer}', " if node.layer else "In "
        raise ShapeError(
            f"{where}{node.op.name}: the index {outside.flat[0]} is outside of 0 to {size - 1}. "
            "Count from 0; negative ones are not counted from the end."
        )


def _kind(node: Node, args: Sequence[_Follows]) -> _Follows:
    """From what a node follows, where that is known of its arguments."""
    if node.op.name == "constant":
        return _Follows.CONSTANTS
    if node.op.name == "input" and node.is_batched:
        return _Follows.ROW
    if node.is_leaf or node.op.kind == "random" or _Follows.ELSE in args:
        return _Follows.ELSE
    if BATCH not in node.shape:
        return _Follows.ELSE if _Follows.ROW in args else _Follows.CONSTANTS
    if not node.is_batched or BATCH in node.shape[1:] or _mixes_rows(node, args):
        return _Follows.ELSE
    return _Follows.ROW


def _mixes_rows(node: Node, args: Sequence[_Follows]) -> bool:
    """Whether rows (B, ...) of the result follow from other rows of the arguments."""
    op, rows = node.op, [a for a, kind in zip(node.args, args, strict=True)
                         if kind is _Follows.ROW]  # fmt: skip
    if op.kind == "elementwise" or op.name == "expand":  # (B,) beside (B, B) would be its columns
        return any(arg.ndim != node.ndim for arg in rows)
    if op.name in {"softmax", "log_softmax"}:
        return bool(node.settings.get("axis", -1) % node.ndim == 0)
    if op.name == "einsum":
        terms, result = node.settings["subscripts"].replace(" ", "").split("->")
        letters = zip(terms.split(","), args, strict=True)
        return any(term[0] != result[0] for term, kind in letters if kind is _Follows.ROW)
    if op.name in {"take", "add_at"}:
        return args[0] is _Follows.ROW
    return op.kind not in {"view", "gather", "reduce", "contract"}
