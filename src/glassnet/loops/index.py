"""Where numbers lie in an array: sums of loop counters times strides, and what reshaping needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Loop(NamedTuple):
    """A counter that runs from 0 to size - 1."""

    name: str
    size: int

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Affine:
    """constant + sum of stride * counter: an index, or an offset into a flat array.

    >>> i, o = Affine.of(Loop("i", 4)), Affine.of(Loop("o", 10))
    >>> str(i * 10 + o + 3)
    '10*i + o + 3'
    """

    terms: tuple[tuple[Counter, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(counter: Counter) -> Affine:
        """The counter itself."""
        return Affine(((counter, 1),))

    def __add__(self, other: Affine | int) -> Affine:
        if isinstance(other, int):
            return Affine(self.terms, self.constant + other)
        total: dict[Counter, int] = dict(self.terms)
        for counter, stride in other.terms:
            total[counter] = total.get(counter, 0) + stride
        constant = self.constant + other.constant
        return _joined(Affine(tuple((c, s) for c, s in total.items() if s), constant))

    def __mul__(self, factor: int) -> Affine:
        if not factor:
            return Affine()
        return Affine(tuple((c, s * factor) for c, s in self.terms), self.constant * factor)

    @property
    def least(self) -> int:
        """The smallest value."""
        return self.constant + sum(min(0, (c.size - 1) * s) for c, s in self.terms)

    @property
    def end(self) -> int:
        """One more than the largest value."""
        return self.constant + 1 + sum(max(0, (c.size - 1) * s) for c, s in self.terms)

    def stride(self, loop: Loop) -> int | None:
        """How far one step of the loop goes; None where that is not the same everywhere."""
        total = 0
        for counter, stride in self.terms:
            if counter == loop:
                total += stride
            elif isinstance(counter, Divided) and counter.dividend.stride(loop) != 0:
                return None
        return total

    def divided(self, by: int) -> tuple[Affine, Affine]:
        """(quotient, remainder) by a number, the quotient rounded down.

        What is divided when the program runs is never below 0.

        >>> i, o = Affine.of(Loop("i", 4)), Affine.of(Loop("o", 10))
        >>> [str(part) for part in (i * 10 + o).divided(10)]
        ['i', 'o']
        >>> [str(part) for part in (o + -3).divided(4)]
        ['(o + 1)/4 + -1', '(o + 1)%4']
        """
        if by == 1:
            return self, Affine()
        whole = tuple((c, s // by) for c, s in self.terms if s % by == 0)
        rest = Affine(tuple((c, s) for c, s in self.terms if s % by), self.constant % by)
        if rest.least >= 0 and rest.end <= by:
            return Affine(whole, self.constant // by), rest
        down = min(0, self.least // by)
        above = self + -down * by
        return Affine.of(Divided(above, by, "/")) + down, Affine.of(Divided(above, by, "%"))

    def moved(self, by: Mapping[Loop, Affine]) -> Affine:
        """The same with loops' counters replaced by other indices."""
        total = Affine((), self.constant)
        for counter, stride in self.terms:
            if isinstance(counter, Loop):
                new = by.get(counter, Affine.of(counter))
            else:
                new = Affine.of(Divided(counter.dividend.moved(by), counter.by, counter.sign))
            total += new * stride
        return total

    def __str__(self) -> str:
        words = [str(c) if s == 1 else f"{s}*{c}" for c, s in self.terms]
        if self.constant or not words:
            words.append(str(self.constant))
        return " + ".join(words)


class Divided(NamedTuple):
    """The quotient ("/") or the remainder ("%") of an index by a number."""

    dividend: Affine
    by: int
    sign: str

    @property
    def size(self) -> int:
        """One more than the largest value."""
        return self.by if self.sign == "%" else -(-self.dividend.end // self.by)

    def __str__(self) -> str:
        return f"({self.dividend}){self.sign}{self.by}"


Counter = Loop | Divided


def _joined(index: Affine) -> Affine:
    """p/n * n + p%n is p: so an array that is reshaped there and back is read as it lies."""
    strides = dict(index.terms)
    for counter, stride in index.terms:
        if isinstance(counter, Divided) and counter.sign == "%":
            quotient = Divided(counter.dividend, counter.by, "/")
            if strides.get(quotient) == stride * counter.by:
                kept = tuple((c, s) for c, s in index.terms if c not in {counter, quotient})
                return counter.dividend * stride + Affine(kept, index.constant)
    return index


def linear(indices: tuple[Affine, ...], shape: tuple[int, ...]) -> Affine:
    """The offset into the flat array of an index into a row-major one."""
    total = Affine()
    for index, size in zip(indices, shape, strict=True):
        total = total * size + index
    return total


def unravel(offset: Affine, shape: tuple[int, ...]) -> tuple[Affine, ...]:
    """The index of a flat offset in a row-major array."""
    found: list[Affine] = []
    for i in range(len(shape)):
        inside = 1
        for n in shape[i + 1 :]:
            inside *= n
        quotient, offset = offset.divided(inside)
        found.append(quotient)
    return tuple(found)
