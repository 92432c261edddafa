"""Puts loop nests in the order, and together in the groups, in which memory is touched least.

First whatever runs over samples, as far as it can; then what runs over parameters, so that a
gradient's sum, the optimiser's rule and the constraint meet in one nest. For one layer under SGD:

    for each block of samples n, i < 4:             z1 = x @ W1 + b1: the formula around its product
        total = sum over r < 3 of (x[n, r] * W1[4*r + i])
        z1 = (total + b1[i])                        read by nobody else: it stays in a register
        a1[n, i] = sigmoid(z1)                      the next statement, over the same loops
    for each block of samples n, i < 4:             dz1 needs the whole of da1's loop first, because
        ...                                         its product reads every a1[n, r]
    for all, i < 3, j < 4:
        total = sum over n of (x[n, i] * dz1[n, j])
        W1[4*i + j] = (W1[4*i + j] - (learning_rate * total))

Two nests are fused where they run over the same loops, and each number that one stores and the
other reads is stored and read in the same turn. A reduction is never fused into another nest, only
others into it, and a reduction breaks off where its own term reads what is stored beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import (
    Computed,
    Domain,
    Map,
    Nest,
    Order,
    RandomFill,
    Reduce,
    Repeat,
    RollRows,
    ScatterAdd,
    ScatterInside,
    Store,
    innermost,
    order_of,
    repeated,
    with_stores,
)
from glassnet.loops.term import Apply, Gathered, IndexValue, Load, LookUp, Term, loads


def arrange(nests: Sequence[Nest], kept: Collection[Buffer]) -> list[Nest]:
    """The same work, ordered and fused; only the buffers in `kept` are looked at from outside."""
    return without_dead_stores(fused(ordered([_inside(nest) for nest in nests])), kept)


def _inside(nest: Nest) -> Nest:
    """What is repeated, ordered and fused; nothing moves across the edge of a repetition."""
    if not isinstance(nest, Repeat):
        return nest
    return repeated(nest, fused(ordered([_inside(one) for one in nest.nests])))


def ordered(nests: Sequence[Nest]) -> list[Nest]:
    """Nests over samples first, each as soon as what it needs is there."""
    waiting = list(range(len(nests)))
    known = [touched(nest) for nest in nests]
    needs = [{j for j in range(i) if _clash(known[j], known[i])} for i in waiting]
    done: set[int] = set()
    found: list[Nest] = []
    while waiting:
        ready = [i for i in waiting if needs[i] <= done]
        chosen = next((i for i in ready if _goes_first(nests[i])), ready[0])
        waiting.remove(chosen)
        done.add(chosen)
        found.append(nests[chosen])
    return found


def _goes_first(nest: Nest) -> bool:
    """True for nests over samples, and for the numbers that they may wait for."""
    if isinstance(nest, ScatterAdd):
        return False
    if isinstance(nest, RandomFill | RollRows | ScatterInside | Repeat):
        return True
    return nest.domain is Domain.SAMPLES or (nest.domain is Domain.NUMBER and not order_of(nest))


def fused(nests: Sequence[Nest]) -> list[Nest]:
    """Each nest joins an earlier one over the same loops, where nothing in between minds."""
    found: list[Nest] = []
    known: list[Touched] = []
    for nest in nests:
        own = touched(nest)
        home = _home(found, known, nest, own)
        if home is None:
            found.append(nest)
            known.append(own)
        else:
            host = found[home]
            assert isinstance(host, Computed) and isinstance(nest, Map)  # noqa: S101, PT018 - types
            moved = renamed(nest, host.loops)
            found[home] = with_stores(host, [*host.stores, *moved.stores])
            known[home] = touched(found[home])
    return found


def _home(found: list[Nest], known: list[Touched], nest: Nest, own: Touched) -> int | None:
    """The latest earlier nest that this one can join."""
    if not isinstance(nest, Map) or nest.domain is Domain.NUMBER:
        return None
    possible = []
    for i in range(len(found) - 1, -1, -1):
        if fits(found[i], nest):
            possible.append(i)
        if _clash(known[i], own):
            break
    near = [i for i in possible if own.read & known[i].written]
    return next(iter([*near, *possible]), None)


def fits(a: Nest, b: Map) -> bool:
    """True where b's stores can follow a's in the same turn of the same loops."""
    if not isinstance(a, Computed) or a.domain is not b.domain or order_of(a) is Order.TREE:
        return False
    if [n.size for n in a.loops] != [n.size for n in b.loops]:
        return False
    moved = renamed(b, a.loops)
    stored = {s.buffer: s.offset for s in a.stores}
    read = _reads(moved)
    if any(load.offset != stored[load.buffer] for load in read if load.buffer in stored):
        return False
    written = {s.buffer: s.offset for s in moved.stores}
    inside = loads(a.reduction.term) if isinstance(a, Reduce) else []
    if any(load.buffer in written for load in inside):
        return False
    return all(
        load.offset == written[load.buffer]
        for store in a.stores
        for load in loads(store.term)
        if load.buffer in written
    )


def renamed(nest: Map, loops: tuple[Loop, ...]) -> Map:
    """The nest over other loops of the same sizes."""
    by = {old: Affine.of(new) for old, new in zip(nest.loops, loops, strict=True)}
    stores = [Store(s.buffer, s.offset.moved(by), _moved(s.term, by)) for s in nest.stores]
    return Map(nest.domain, loops, tuple(stores))


def _moved(term: Term, by: dict[Loop, Affine]) -> Term:
    if isinstance(term, Load):
        return Load(term.buffer, term.offset.moved(by))
    if isinstance(term, IndexValue):
        return IndexValue(term.offset.moved(by))
    if isinstance(term, LookUp):
        return LookUp(term.buffer, _moved(term.row, by), term.offset.moved(by))
    if isinstance(term, Gathered):
        return term._replace(at=_moved(term.at, by), offset=term.offset.moved(by))
    if isinstance(term, Apply):
        args = tuple(_moved(a, by) for a in term.args)
        return Apply(term.op, args, term.dtype, term.computed_in)
    return term


def without_dead_stores(nests: Sequence[Nest], kept: Collection[Buffer]) -> list[Nest]:
    """Values that only their own nest uses stay in registers: their stores are marked local."""
    every = list(innermost(nests))
    readers = Counter(buffer for nest in every for buffer in touched(nest).read)
    kept = {*kept, *_left(nests)}

    def is_local(buffer: Buffer, nest: Computed) -> bool:
        inside = loads(nest.reduction.term) if isinstance(nest, Reduce) else []
        own = buffer in touched(nest).read
        return not (
            buffer in kept or readers[buffer] > own or any(x.buffer is buffer for x in inside)
        )

    def marked(nest: Nest) -> Nest:
        if isinstance(nest, Repeat):
            return repeated(nest, [marked(one) for one in nest.nests])
        if not isinstance(nest, Computed):
            return nest
        stores = [s._replace(local=is_local(s.buffer, nest)) for s in nest.stores]
        return with_stores(nest, stores)

    return [marked(nest) for nest in nests]


def _left(nests: Iterable[Nest]) -> set[Buffer]:
    """What turns of repetitions leave for others."""
    found: set[Buffer] = set()
    for nest in nests:
        if isinstance(nest, Repeat):
            found |= nest.kept | _left(nest.nests)
    return found


def conflict(a: Nest, b: Nest) -> bool:
    """True where the order of the two matters."""
    return _clash(touched(a), touched(b))


class Touched(NamedTuple):
    """What a nest reads and writes."""

    read: set[Buffer]
    written: set[Buffer]


def touched(nest: Nest) -> Touched:
    """What a nest reads and writes."""
    return Touched({load.buffer for load in _reads(nest)}, nest.written())


def _clash(a: Touched, b: Touched) -> bool:
    return bool(a.written & b.read or a.written & b.written or a.read & b.written)


def _reads(nest: Nest) -> list[Load]:
    return [load for term in nest.terms() for load in loads(term)]
