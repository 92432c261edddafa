"""Places: sums of loop counters times strides, and what reshaping needs besides."""

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
class Place:
    """constant + sum of stride * counter.

    >>> i, o = Place.of(Loop("i", 4)), Place.of(Loop("o", 10))
    >>> str(i * 10 + o + 3)
    '10*i + o + 3'
    """

    terms: tuple[tuple[Counter, int], ...] = ()
    constant: int = 0

    @staticmethod
    def of(counter: Counter) -> Place:
        """The counter itself."""
        return Place(((counter, 1),))

    def __add__(self, other: Place | int) -> Place:
        if isinstance(other, int):
            return Place(self.terms, self.constant + other)
        total: dict[Counter, int] = dict(self.terms)
        for counter, stride in other.terms:
            total[counter] = total.get(counter, 0) + stride
        kept = tuple((c, s) for c, s in total.items() if s)
        return Place(kept, self.constant + other.constant)

    def __mul__(self, factor: int) -> Place:
        if not factor:
            return Place()
        return Place(tuple((c, s * factor) for c, s in self.terms), self.constant * factor)

    @property
    def end(self) -> int:
        """One more than the largest value, all strides being positive."""
        return self.constant + 1 + sum((c.size - 1) * s for c, s in self.terms)

    def stride(self, loop: Loop) -> int | None:
        """How far one step of the loop goes; None where that is not the same everywhere."""
        total = 0
        for counter, stride in self.terms:
            if counter == loop:
                total += stride
            elif isinstance(counter, Divided) and counter.place.stride(loop) != 0:
                return None
        return total

    def divided(self, by: int) -> tuple[Place, Place]:
        """(quotient, remainder) by a number."""
        if by == 1:
            return self, Place()
        whole = tuple((c, s // by) for c, s in self.terms if s % by == 0)
        rest = Place(tuple((c, s) for c, s in self.terms if s % by), self.constant % by)
        if rest.end <= by:
            return Place(whole, self.constant // by), rest
        return Place.of(Divided(self, by, "/")), Place.of(Divided(self, by, "%"))

    def within(self, size: int) -> Place:
        """The place where it lies from 0 to size - 1, and else any other there.

        >>> k = Place.of(Loop("k", 6))
        >>> str((k + -2).within(4)), str((k + -2).within(3)), str(k.within(6))
        ('(k + 2)%4', '(k + 1)%3', 'k')
        """
        if self.constant >= 0 and self.end <= size:
            return self
        return Place.of(Divided(Place(self.terms, self.constant % size), size, "%"))

    def moved(self, by: Mapping[Loop, Place]) -> Place:
        """The place with loops' counters replaced by other places."""
        total = Place((), self.constant)
        for counter, stride in self.terms:
            if isinstance(counter, Loop):
                new = by.get(counter, Place.of(counter))
            else:
                new = Place.of(Divided(counter.place.moved(by), counter.by, counter.sign))
            total += new * stride
        return total

    def __str__(self) -> str:
        words = [str(c) if s == 1 else f"{s}*{c}" for c, s in self.terms]
        if self.constant or not words:
            words.append(str(self.constant))
        return " + ".join(words)


class Divided(NamedTuple):
    """The quotient ("/") or the remainder ("%") of a place by a number."""

    place: Place
    by: int
    sign: str

    @property
    def size(self) -> int:
        """One more than the largest value."""
        return self.by if self.sign == "%" else -(-self.place.end // self.by)

    def __str__(self) -> str:
        return f"({self.place}){self.sign}{self.by}"


Counter = Loop | Divided


def linear(places: tuple[Place, ...], shape: tuple[int, ...]) -> Place:
    """The place in the flat array of an index in a row-major one."""
    total = Place()
    for place, size in zip(places, shape, strict=True):
        total = total * size + place
    return total


def unravel(place: Place, shape: tuple[int, ...]) -> tuple[Place, ...]:
    """The index of a flat place in a row-major array."""
    found: list[Place] = []
    for i in range(len(shape)):
        inside = 1
        for n in shape[i + 1 :]:
            inside *= n
        quotient, place = place.divided(inside)
        found.append(quotient)
    return tuple(found)
