"""The small language of loop nests: a nest is one of a few kinds, around terms and stores.

for each block of samples n, i < 10:                        Reduce over one loop, batched
    total = sum over r < 30 of (x[n, r] * W1[10*r + i])
    z1[n, i] = (total + b1[i])                              stores: what follows the reduction
    a1[n, i] = relu(z1[n, i])
for all, i < 30, j < 10:                                    Reduce over samples, not batched
    total = sum over n of (x[n, i] * dz1[n, j])
    W1[10*i + j] = (W1[10*i + j] - (learning_rate * total))
"""

from __future__ import annotations

import enum
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.term import Gathered, Load, Term


class Store(NamedTuple):
    """buffer[offset] = term; a local one never leaves the registers."""

    buffer: Buffer
    offset: Affine
    term: Term
    local: bool = False

    def __str__(self) -> str:
        name = self.buffer.name if self.local else str(Load(self.buffer, self.offset))
        return f"{name} = {self.term}"


class Order(enum.Enum):
    """In which order a reduction goes through its samples; every target keeps to it.

    SEQUENTIAL  one after another, however many results are made at once; a result of one axis or
                none is made in four sums, of every fourth sample each, which are joined in pairs.
                Where other loops are summed over too, they are gone through for each block
    TREE        the samples of a block side by side, block after block; at the end they are joined
                in pairs
    """

    SEQUENTIAL = enum.auto()
    TREE = enum.auto()


class Reduction(NamedTuple):
    """total = sum (or max, min) of a term over loops.

    over_samples  the order in which it runs over the samples, too; None where it does not
    """

    how: str
    loops: tuple[Loop, ...]
    over_samples: Order | None
    term: Term


class Domain(enum.Enum):
    """What a nest runs over, besides its loops; the value is how its listing begins."""

    SAMPLES = "for each block of samples n"
    ARRAY = "for all"
    NUMBER = "once"


@dataclass(frozen=True)
class Map:
    """Element by element: stores, each of which may read what those before it have stored."""

    domain: Domain
    loops: tuple[Loop, ...]
    stores: tuple[Store, ...]

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [s.term for s in self.stores]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {s.buffer for s in self.stores}

    def __str__(self) -> str:
        return "\n".join([_head(self), *(f"    {store}" for store in self.stores)])


@dataclass(frozen=True)
class Reduce:
    """A reduction for each turn of the loops, and stores that use its total."""

    domain: Domain
    loops: tuple[Loop, ...]
    reduction: Reduction
    stores: tuple[Store, ...]

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [*(s.term for s in self.stores), self.reduction.term]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {s.buffer for s in self.stores}

    def __str__(self) -> str:
        r = self.reduction
        over = ["n"] if r.over_samples else []
        over += [f"{loop} < {loop.size}" for loop in r.loops]
        total = f"    total = {r.how} over {', '.join(over)} of {r.term}"
        return "\n".join([_head(self), total, *(f"    {store}" for store in self.stores)])


@dataclass(frozen=True)
class RandomFill:
    """Random numbers into a batched buffer: Philox words keyed by seed and stream, at a step."""

    buffer: Buffer
    stream: int
    seed: Term
    step: Term

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [self.seed, self.step]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {self.buffer}

    def __str__(self) -> str:
        drawn = f"{self.buffer.name}[n, :] = uniform(seed, stream {self.stream}, t)"
        return f"for all samples n:\n    {drawn}"


@dataclass(frozen=True)
class ScatterAdd:
    """table[index[n, k]] += rows[n, k], sample after sample, from a table of zeros."""

    buffer: Buffer
    index: Buffer
    rows: Buffer

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [Load(b, Affine()) for b in (self.index, self.rows)]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {self.buffer}

    def __str__(self) -> str:
        at = "n" if self.index.count == 1 else "n, k"
        rows = "n, :" if self.index.count == 1 else "n, k, :"
        added = f"{self.buffer.name}[{self.index.name}[{at}]] += {self.rows.name}[{rows}]"
        return f"for all samples n:\n    {added}"


@dataclass(frozen=True)
class ScatterInside:
    """Numbers added to places of the sample at hand that a term names, turn after turn.

    buffer[n, at * scale + offset] += term, from zeros, for each of the additions (offset, term):
    the way back of what is `Gathered`.
    """

    buffer: Buffer
    loops: tuple[Loop, ...]
    at: Term
    scale: int
    additions: tuple[tuple[Affine, Term], ...]

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [self.at, *(term for _, term in self.additions)]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {self.buffer}

    def __str__(self) -> str:
        head = Domain.SAMPLES.value + "".join(f", {loop} < {loop.size}" for loop in self.loops)
        lines = [
            f"    {Gathered(self.buffer, self.at, self.scale, offset)} += {term}"
            for offset, term in self.additions
        ]
        return "\n".join([f"{head}:", *lines])


@dataclass(frozen=True)
class RollRows:
    """buffer[n] = source[n - shift], the rows of the batch in a circle; shift is 1 or -1."""

    buffer: Buffer
    source: Buffer
    shift: int

    def terms(self) -> list[Term]:
        """Every term in the nest."""
        return [Load(self.source, Affine())]

    def written(self) -> set[Buffer]:
        """What the nest changes."""
        return {self.buffer}

    def __str__(self) -> str:
        beside = "n - 1" if self.shift == 1 else "n + 1"
        return f"for all samples n:\n    {self.buffer.name}[n, :] = {self.source.name}[{beside}, :]"


Computed = Map | Reduce  # loops around stores


@dataclass(frozen=True)
class Repeat:
    """Nests, all of them once for each turn of a counter, one turn after another.

    domain  of all of them: samples or arrays
    kept    what a turn leaves for the next one, or for others
    """

    domain: Domain
    counter: Loop
    nests: tuple[Computed | Repeat, ...]
    kept: frozenset[Buffer]

    def terms(self) -> list[Term]:
        """Every term in the nests."""
        return [term for nest in self.nests for term in nest.terms()]

    def written(self) -> set[Buffer]:
        """What the nests change."""
        return set().union(*(nest.written() for nest in self.nests))

    def __str__(self) -> str:
        inside = "\n".join(str(nest) for nest in self.nests)
        over = "for each block of samples" if self.domain is Domain.SAMPLES else "one by one"
        head = f"{over}, {self.counter} < {self.counter.size}:"
        return f"{head}\n{textwrap.indent(inside, '    ')}"


Nest = Map | Reduce | RandomFill | ScatterAdd | ScatterInside | RollRows | Repeat


def _head(nest: Computed) -> str:
    return nest.domain.value + "".join(f", {loop} < {loop.size}" for loop in nest.loops) + ":"


def computed(
    domain: Domain, loops: tuple[Loop, ...], reduction: Reduction | None, stores: Sequence[Store]
) -> Computed:
    """A map, or the reduction that there is."""
    if reduction is None:
        return Map(domain, loops, tuple(stores))
    return Reduce(domain, loops, reduction, tuple(stores))


def with_stores(nest: Computed, stores: Sequence[Store]) -> Computed:
    """The nest with other stores."""
    return replace(nest, stores=tuple(stores))


def repeated(repeat: Repeat, nests: Iterable[Nest]) -> Repeat:
    """The same turns with other nests, all over the same domain."""
    inside = [nest for nest in nests if isinstance(nest, Map | Reduce | Repeat)]
    return replace(repeat, nests=tuple(inside))


def innermost(nests: Iterable[Nest]) -> Iterator[Nest]:
    """The nests, those that are repeated in place of what repeats them."""
    for nest in nests:
        if isinstance(nest, Repeat):
            yield from innermost(nest.nests)
        else:
            yield nest


def order_of(nest: Nest) -> Order | None:
    """The order in which a nest adds samples up, if it does."""
    return nest.reduction.over_samples if isinstance(nest, Reduce) else None
