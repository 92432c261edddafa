"""Sums over rows and places: what is the same for all of them is taken out of the sum.

The three sums of batch normalisation's backward pass, with a number a channel for each of scale,
r = 1 / deviation, t and u, go through memory once each:

    sum(dh * (centred * r))                         sum(dh * centred) * r
    sum(dh * scale * (centred * r) * r)             sum(dh * centred) * scale * r * r
    sum(dh * scale * r + centred * t * u)           sum(dh) * scale * r + sum(centred) * t * u

so that the second is the first one's sum, and of the third sum(dh) is known from the shift's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from glassnet import graph as g
from glassnet.graph import Node
from glassnet.spec import FLOATS


class Product(NamedTuple):
    """images  that are multiplied number by number; tables  that are the same for all rows."""

    images: list[Node]
    tables: list[Node]


def over_rows_and_places(x: Node, axes: Sequence[int]) -> Node:
    """The sum over the batch and some axes behind it, but not the last."""
    if x.ndim - 1 in axes:
        return _plain(x, axes)
    if x.op is g.add and all(arg.shape == x.shape for arg in x.args):
        parts = [_product(arg) for arg in x.args]
        if all(part.tables for part in parts):
            first, second = (_taken_out(part, axes) for part in parts)
            return first + second
    return _taken_out(_product(x), axes)


def _plain(x: Node, axes: Sequence[int]) -> Node:
    """First each row by itself, which threads share, and then the rows."""
    return g.sum(g.sum(x, axis=tuple(axes[1:])), axis=0)


def _product(x: Node) -> Product:
    """The factors of a product, however it is nested."""
    if x.op is not g.mul or x.dtype not in FLOATS:
        return Product([x], [])
    if any(_is_table(arg) for arg in x.args):
        table = next(arg for arg in x.args if _is_table(arg))
        (rest,) = (arg for arg in x.args if arg is not table)
        if rest.shape != x.shape or rest.dtype != x.dtype:
            return Product([x], [])
        images, tables = _product(rest)
        return Product(images, [*tables, table])
    if any(arg.shape != x.shape or arg.dtype != x.dtype for arg in x.args):
        return Product([x], [])
    (a, of_a), (b, of_b) = map(_product, x.args)
    return Product([*a, *b], [*of_a, *of_b])


def _is_table(x: Node) -> bool:
    """True for a number, or one a channel."""
    return not x.is_batched and x.ndim <= 1


def _taken_out(product: Product, axes: Sequence[int]) -> Node:
    """The sum of the images' product, times the tables."""
    images, tables = product
    x = images[0]
    for other in images[1:]:
        x = x * other
    total = _plain(x, axes)
    for table in tables:
        total = total * table
    return total
