"""A value that is read transposed alone is computed transposed, so that it is read as it lies.

The heads of attention are columns side by side: v (B, T, N * D) is read as (B, N, T, D), which
takes no work. But the gradient that comes back, (B, N, T, D), has the heads of a place far apart;
sums over samples would read it number by number:

    dv = p.swapaxes(-1, -2) @ dh                        (B, N, S, D), and read by one formula alone:
    dvalue = dv.swapaxes(-3, -2).reshape(-1, S, N * D)

becomes dv = einsum("bnts,bntd->bsnd", p, dh), of which dvalue is the very memory.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.contract import letters_of
from glassnet.graph.walk import with_args
from glassnet.spec import BATCH

Axes = tuple[int, ...]


def turned(roots: Sequence[Node], kept: Collection[Node]) -> list[Node]:
    """The roots with such values turned; those in `kept` are looked at as they are."""
    order = g.in_order(roots)
    turner = _Turner(g.users(order))
    for node in order:
        axes = None if node in kept else _axes_of_readers(node, turner.readers[node])
        turner.add(node, axes)
    return [turner.new[root] for root in roots]


@dataclass
class _Turner:
    """Rebuilds a graph; `new` holds what has taken the place of each node."""

    readers: Mapping[Node, Sequence[Node]]
    new: dict[Node, Node] = field(default_factory=dict)

    def add(self, node: Node, axes: Axes | None) -> None:
        """A node whose arguments are there already, in this order of axes."""
        if node in self.new:
            return
        found = None if axes is None else self._computed(node, axes)
        self.new[node] = with_args(node, self._args(node)) if found is None else found
        if found is not None:
            self.new.update(dict.fromkeys(self.readers[node], found))

    def _args(self, node: Node) -> tuple[Node, ...]:
        return tuple(self.new[arg] for arg in node.args)

    def _computed(self, node: Node, axes: Axes) -> Node | None:
        """The value in another order of axes, as far as a product of matrices is inside."""
        if node.op.kind == "contract":
            return _product(node, self._args(node), axes)
        if node.op.kind != "elementwise":
            return None
        args, has_product = [], False
        for arg in node.args:
            alone = arg.shape == node.shape and not arg.name and len(self.readers[arg]) == 1
            inner = self._computed(arg, axes) if alone else None
            has_product |= inner is not None
            args.append(_as_view(self.new[arg], node.ndim, axes) if inner is None else inner)
        if not has_product:
            return None
        return replace(node.op(*args, **node.settings), name=node.name, layer=node.layer)


def _axes_of_readers(node: Node, readers: Sequence[Node]) -> Axes | None:
    """The one order of axes in which a value of samples is read, if it is not its own."""
    if node.is_leaf or node.shape[:1] != (BATCH,) or not readers:
        return None
    found = {_axes(reader) for reader in readers}
    axes = found.pop()
    return axes if axes is not None and not found and axes[0] == 0 else None


def _axes(reader: Node) -> Axes | None:
    if reader.op is not g.transpose:
        return None
    given = reader.settings.get("axes") or tuple(range(reader.ndim))[::-1]
    return tuple(a % reader.ndim for a in given)


def _product(node: Node, args: tuple[Node, ...], axes: Axes) -> Node | None:
    terms, result = letters_of(node)
    sizes = dict(zip(result, node.shape, strict=True))
    for term, arg in zip(terms, args, strict=True):
        if any(sizes.setdefault(c, n) != n for c, n in zip(term, arg.shape, strict=True)):
            return None  # an axis of size 1 is stretched, which einsum does not do
    result = "".join(result[a] for a in axes)
    found = g.einsum(*args, subscripts=f"{','.join(terms)}->{result}")
    return replace(found, name=node.name, layer=node.layer)


def _as_view(arg: Node, rank: int, axes: Axes) -> Node:
    """An argument of element-wise work, stretched or not, in the order of axes of its user."""
    if not arg.ndim:
        return arg
    if arg.ndim < rank:
        arg = g.reshape(arg, shape=(*[1] * (rank - arg.ndim), *arg.shape))
    return g.transpose(arg, axes=axes)
