"""Sums, extremes and products of matrices as the reductions that stand inside of nests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.contract import letters_of
from glassnet.graph.reduce import normal_axes
from glassnet.graph.windows import sliding_of
from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.indexing import Indexing, overlapping
from glassnet.loops.nest import Order, Reduction
from glassnet.loops.term import Apply, Load, Term, dtype_of
from glassnet.loops.views import Index, Sample, at_index
from glassnet.spec import BATCH

REDUCED = {"sum": "sum", "max": "max", "min": "min", "unwindows": "sum"}


def reduction(indexing: Indexing, node: Node, index: Index, buffer: Buffer) -> Reduction:
    """The sum, product-sum or extreme that a node is, at an index of its result."""
    contracts = node.op.kind == "contract"
    how = "sum" if contracts else REDUCED[node.op.name]
    reduced = _overlapping if node.op.name == "unwindows" else _reduced
    term, loops, samples = (_contracted if contracts else reduced)(indexing, node, index)
    if dtype_of(term) in {"int64", "bool"}:
        raise UnsupportedError(
            f"native: {node.op.name!r} of whole numbers; cast them to float64, or use "
            "engine='numpy'."
        )
    if not samples:
        return Reduction(how, loops, None, term)
    in_rows = buffer.is_table and how == "sum" and _adds_rows(term)
    return Reduction(how, loops, Order.SEQUENTIAL if in_rows else Order.TREE, term)


def _reduced(indexing: Indexing, node: Node, index: Index) -> tuple[Term, tuple[Loop, ...], bool]:
    """What a sum or an extreme goes through: a term, its loops, and whether over samples."""
    x = node.args[0]
    axes = normal_axes(node.settings.get("axis"), x.ndim)
    kept = list(index)
    if node.settings.get("keepdims"):
        kept = [i for axis, i in enumerate(kept) if axis not in axes]
    names, rest = names_of_loops("rstuvw"), iter(kept)
    inside: list[Affine | Sample] = []
    loops: list[Loop] = []
    for axis, size in enumerate(x.shape):
        if axis not in axes:
            inside.append(next(rest))
        elif size == BATCH:
            inside.append(Sample.HERE)
        else:
            inside.append(_next_loop(loops, names, int(size)))
    over_samples = any(x.shape[axis] == BATCH for axis in axes)
    return indexing.term(x, tuple(inside), None), tuple(loops), over_samples


def _overlapping(
    indexing: Indexing, node: Node, index: Index
) -> tuple[Term, tuple[Loop, ...], bool]:
    """What comes back to a place from all windows that cover it: a loop over their places."""
    names = names_of_loops("rstuvw")
    loops: list[Loop] = []
    inside = [_next_loop(loops, names, n) for n in sliding_of(node.settings).size]
    return overlapping(indexing, node, index, inside), tuple(loops), False


def _contracted(
    indexing: Indexing, node: Node, index: Index
) -> tuple[Term, tuple[Loop, ...], bool]:
    """The product that a contraction adds up, its loops, and whether over samples."""
    letters, result = letters_of(node)
    where: dict[str, Affine | Sample] = dict(zip(result, index, strict=True))
    loops: list[Loop] = []
    names = names_of_loops("rstuvw")
    samples = False
    for own, arg in zip(letters, node.args, strict=True):
        for letter, size in zip(own, arg.shape, strict=True):
            if letter not in where:
                samples |= size == BATCH
                where[letter] = (
                    Sample.HERE if size == BATCH else _next_loop(loops, names, int(size))
                )
    factors = [
        indexing.term(arg, at_index(arg, [where[c] for c in own]), None)
        for own, arg in zip(letters, node.args, strict=True)
    ]
    product = factors[0]
    for factor in factors[1:]:
        product = Apply("mul", (product, factor), node.dtype, node.dtype)
    return product, tuple(loops), samples


def _adds_rows(term: Term) -> bool:
    """True for sums of products, and of rows as they lie: many of their numbers fill a register."""
    is_product = isinstance(term, Apply) and term.op == "mul"
    return is_product or (isinstance(term, Load) and bool(term.offset.terms))


def _next_loop(loops: list[Loop], names: Iterator[str], size: int) -> Affine:
    """An index along a new loop; one of a single turn is no loop."""
    if size == 1:
        return Affine()
    loops.append(Loop(next(names), size))
    return Affine.of(loops[-1])


def names_of_loops(letters: str) -> Iterator[str]:
    """Names of loops, however many there are: i, j, k, l, m, m2, m3, ..."""
    return itertools.chain(letters, (f"{letters[-1]}{i}" for i in itertools.count(2)))
