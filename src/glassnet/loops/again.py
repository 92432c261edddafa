"""Values that cost less to compute again, where they are read, than to keep in memory.

Batch normalisation names each of its steps, and each is an image of the batch:

    centred2 = z1 - batch_mean2                 of z1, and one number a channel
    dnormalized2 = dh2 * scale2                 likewise

Such a value comes from one other that lies in memory anyway: who reads it reads that instead, and
neither its store nor, for centred2, a pass over memory is needed. One that comes from two, such as
dcentred2 of dnormalized2 and centred2, is worth it for few readers. What products of matrices and
convolutions read many times is kept, and so is what is read after a weight has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.graph.op import is_constant
from glassnet.loops.decompose import is_reciprocal
from glassnet.spec import FLOATS

_OPS = {"add", "sub", "mul", "neg"}
_MOST_OPERATIONS = 8  # of a formula that is written anew
_STORED = 2  # a store brings its line into the cache, and takes it back to memory


def computed_again(
    roots: Sequence[Node], values: Sequence[Node], late: Sequence[Node]
) -> set[Node]:
    """Those of the values that are not kept.

    values  what has a line of its own, in order; late  what is computed after a weight has changed
    """
    order = g.in_order(roots)
    chosen = _Chosen(g.users(order), {*values, *late}, _read(late, {*values}))
    for node in values:
        chosen.weigh(node)
    return set(chosen.sources)


@dataclass
class _Chosen:
    """Weighs value after value; `sources` holds what those read that are computed again.

    readers  of each node; named  what has a line of its own; fixed  what must be kept
    """

    readers: Mapping[Node, Sequence[Node]]
    named: Collection[Node]
    fixed: Collection[Node]
    sources: dict[Node, set[Node]] = field(default_factory=dict)
    _operations: dict[Node, int] = field(default_factory=dict)

    def weigh(self, node: Node) -> None:
        """Keep it, or note from what it is computed again."""
        if node in self.fixed or not _is_image(node) or node.op.name not in _OPS:
            return
        found = self._formula(node, root=True)
        readers = self.readers[node]
        if found is None or not readers or not all(map(self._reads_once, readers)):
            return
        sources, count = found
        kept = len(sources) + _STORED + len(readers)
        if count <= _MOST_OPERATIONS and len(sources) * len(readers) < kept:
            self.sources[node], self._operations[node] = sources, count

    def _formula(self, node: Node, *, root: bool = False) -> tuple[set[Node], int] | None:
        """The images in memory that a formula reads, and its operations; None for other ops."""
        if node in self.sources:
            return self.sources[node], self._operations[node]
        if not root and (node in self.named or _is_kept(node)):
            return ({node} if node.is_batched else set()), 0
        return None if node.is_batched and not _is_image(node) else self._plain(node)

    def _plain(self, node: Node) -> tuple[set[Node], int] | None:
        if node.op.name not in _OPS:
            return None
        sources, count = set[Node](), 1
        for arg in node.args:
            found = self._formula(arg)
            if found is None:
                return None
            sources |= found[0]
            count += found[1]
        return sources, count

    def _reads_once(self, reader: Node) -> bool:
        """True where each number is read once in a pass: by element-wise work, or a sum."""
        if reader.op is g.sum:
            return True
        if reader.op.kind != "elementwise":
            return False
        return reader in self.named or all(map(self._reads_once, self.readers[reader]))


def _is_kept(node: Node) -> bool:
    """True for what lies in memory without a line of its own."""
    return node.is_leaf or is_constant(node) or node.dtype == "number" or is_reciprocal(node)


def _is_image(node: Node) -> bool:
    """True for what has positions, over which sums go first."""
    return node.is_batched and node.ndim > 2 and node.dtype in FLOATS


def _read(roots: Sequence[Node], stops: Collection[Node]) -> set[Node]:
    """What formulas read, down to the first values that have a line of their own."""
    seen: set[Node] = set()

    def visit(node: Node) -> None:
        if node not in seen:
            seen.add(node)
            for arg in node.args if node not in stops else ():
                visit(arg)

    for root in roots:
        visit(root)
    return seen
