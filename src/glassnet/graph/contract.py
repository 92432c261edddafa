"""Ops that multiply and sum: matrix products and every other contraction."""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import MUL, Op
from glassnet.graph.shape import expand, swapaxes
from glassnet.spec import Dim, Spec, broadcast_shapes, promote, shape_text

_MATRIX = 2


def _matmul_spec(a: Spec, b: Spec) -> Spec:
    if a.rank < _MATRIX or b.rank < _MATRIX:
        raise ShapeError(
            f"@ takes matrices, got {shape_text(a.shape)} @ {shape_text(b.shape)}. "
            "Give a vector a second axis: reshape(x, shape=(n, 1))."
        )
    if a.shape[-1] != b.shape[-2]:
        raise ShapeError(
            f"inner sizes must agree, got {shape_text(a.shape)} @ {shape_text(b.shape)}: "
            f"{a.shape[-1]} is not {b.shape[-2]}."
        )
    stack = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return Spec((*stack, a.shape[-2], b.shape[-1]), promote(a.dtype, b.dtype))


def _matmul_gradient(g: Node, y: Node, a: Node, b: Node) -> tuple[Node, Node]:
    """a (..., B, I), b (..., I, O), g (..., B, O)."""
    if b.ndim == _MATRIX < a.ndim:  # one matrix for every row: sum over all leading axes at once
        axes = "btcdefhjklmnpqsuvwxyz"[: a.ndim - 1]
        da = g @ b.T  # (B, ..., I)
        return da, einsum(a, g, subscripts=f"{axes}i,{axes}o->io")  # (I, O)
    da = g @ swapaxes(b, -1, -2)  # (..., B, I)
    return da, swapaxes(a, -1, -2) @ g  # (..., I, O)


def _parse(subscripts: str, n_args: int) -> tuple[list[str], str]:
    """The letters of each array, and those of the result."""
    form = f"Write subscripts as in einsum(x, w, subscripts='bi,io->bo'), got {subscripts!r}"
    if not isinstance(subscripts, str):
        raise ShapeError(f"subscripts are a text. {form}")
    text = subscripts.replace(" ", "")
    if "." in text:
        raise ShapeError(f"'...' is not known here: give each axis a letter. {form}")
    if text.count("->") != 1:
        raise ShapeError(f"there must be one '->', with the result on its right. {form}")
    left, result = text.split("->")
    terms = left.split(",")
    if "," in result:
        raise ShapeError(f"there is one result, on the right of '->', without commas. {form}")
    strange = sorted({c for c in "".join((*terms, result)) if not (c.isascii() and c.isalpha())})
    if strange:
        raise ShapeError(f"{strange[0]!r} is no letter for an axis. {form}")
    if len(terms) != n_args:
        raise ShapeError(f"{subscripts!r} names {len(terms)} arrays, got {n_args}")
    if len(set(result)) != len(result):
        raise ShapeError(f"the result {result!r} names an axis twice; name each once. {form}")
    return terms, result


def letters_of(node: Node) -> tuple[list[str], str]:
    """A contraction as einsum writes it: the letters of each argument, and of the result."""
    if node.op.name == "einsum":
        return _parse(node.settings["subscripts"], len(node.args))
    a, b = node.args
    stack = "abcdefghjklmnpqstuvwxyz"[: node.ndim - _MATRIX]  # i, r and o are the matrices' own
    return [_last(stack, a.ndim) + "ir", _last(stack, b.ndim) + "ro"], stack + "io"


def _last(stack: str, axes: int) -> str:
    """The letters of the axes in front of a matrix of so many axes in all."""
    return stack[len(stack) - axes + _MATRIX :]


def _einsum_spec(*specs: Spec, subscripts: str) -> Spec:
    terms, result = _parse(subscripts, len(specs))
    sizes: dict[str, Dim] = {}
    for term, spec in zip(terms, specs, strict=True):
        if len(term) != spec.rank:
            raise ShapeError(f"{term!r} does not name each axis of {shape_text(spec.shape)} once")
        if len(set(term)) != len(term):
            raise ShapeError(
                f"{term!r} names an axis of {shape_text(spec.shape)} twice: a diagonal cannot be "
                "taken. Multiply by a constant matrix of ones on the diagonal, and sum"
            )
        for letter, size in zip(term, spec.shape, strict=True):
            if sizes.setdefault(letter, size) != size:
                raise ShapeError(f"axis {letter!r} has size {sizes[letter]} and {size}")
    unknown = [letter for letter in result if letter not in sizes]
    if unknown:
        raise ShapeError(
            f"the result {result!r} has the letter {unknown[0]!r}, which no array has. "
            f"Known: {', '.join(sizes)}"
        )
    return Spec(tuple(sizes[letter] for letter in result), promote(*(s.dtype for s in specs)))


def _einsum_gradient(g: Node, y: Node, *args: Node, subscripts: str) -> tuple[Node, ...]:
    """Swap the result and the argument; axes that only this argument had are spread out."""
    terms, result = _parse(subscripts, len(args))
    found = []
    for i, (term, arg) in enumerate(zip(terms, args, strict=True)):
        others = [(t, a) for j, (t, a) in enumerate(zip(terms, args, strict=True)) if j != i]
        known = set(result).union(*(t for t, _ in others))
        present = "".join(letter for letter in term if letter in known)
        left = ",".join([result, *(t for t, _ in others)])
        part = einsum(g, *(a for _, a in others), subscripts=f"{left}->{present}")
        if present != term:
            kept = tuple(n if c in known else 1 for c, n in zip(term, arg.shape, strict=True))
            part = expand(part.reshape(*kept), shape=arg.shape)
        found.append(part)
    return tuple(found)


def _write_einsum(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f'np.einsum("{settings["subscripts"]}", {", ".join(parts)}, optimize=True)'


matmul = Op("matmul", "{0} @ {1}", _matmul_spec, _matmul_gradient, MUL, kind="contract",
            letter="m", latex="{0} {1}")  # fmt: skip
einsum = Op("einsum", _write_einsum, _einsum_spec, _einsum_gradient, kind="contract",
            letter="m")  # fmt: skip
