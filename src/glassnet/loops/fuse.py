"""Puts loop nests in the order, and together in the groups, in which memory is touched least.

First whatever runs over samples, as far as it can; then what runs over parameters, so that a
gradient's sum, the optimiser's rule and the constraint meet in one nest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from glassnet.loops.buffer import Buffer
from glassnet.loops.index import Loop, Place
from glassnet.loops.nest import Apply, Counted, Load, Nest, Picked, Store, Term, loads


def arrange(nests: Sequence[Nest], kept: Collection[Buffer]) -> list[Nest]:
    """The same work, ordered and fused; only the buffers in `kept` are looked at from outside."""
    return without_dead_stores(fused(ordered(nests)), kept)


def ordered(nests: Sequence[Nest]) -> list[Nest]:
    """Nests over samples first, each as soon as what it needs is there."""
    waiting = list(range(len(nests)))
    known = [touched(nest) for nest in nests]
    needs = [{j for j in range(i) if _clash(known[j], known[i])} for i in waiting]
    done: set[int] = set()
    found: list[Nest] = []
    while waiting:
        ready = [i for i in waiting if needs[i] <= done]
        chosen = next((i for i in ready if nests[i].over in {"rows", "once", "random"}), ready[0])
        waiting.remove(chosen)
        done.add(chosen)
        found.append(nests[chosen])
    return found


def fused(nests: Sequence[Nest]) -> list[Nest]:
    """Each nest joins an earlier one over the same loops, where nothing in between minds."""
    found: list[Nest] = []
    known: list[Touched] = []
    for nest in nests:
        own = touched(nest)
        home = _home(found, known, nest, own)
        if home is None:
            found.append(replace(nest, stores=list(nest.stores)))
            known.append(own)
        else:
            found[home].stores += renamed(nest, found[home].loops).stores
            known[home] = touched(found[home])
    return found


def _home(found: list[Nest], known: list[Touched], nest: Nest, own: Touched) -> int | None:
    """The latest earlier nest that this one can join."""
    if nest.reduction is not None or nest.over in {"once", "random", "scatter"}:
        return None
    possible = []
    for i in range(len(found) - 1, -1, -1):
        if fits(found[i], nest):
            possible.append(i)
        if _clash(known[i], own):
            break
    near = [i for i in possible if own.read & known[i].written]
    return next(iter([*near, *possible]), None)


def fits(a: Nest, b: Nest) -> bool:
    """True where b's stores can follow a's in the same turn of the same loops."""
    if a.over != b.over or [n.size for n in a.loops] != [n.size for n in b.loops]:
        return False
    moved = renamed(b, a.loops)
    stored = {s.buffer: s.place for s in a.stores}
    read = _reads(moved)
    if any(load.place != stored[load.buffer] for load in read if load.buffer in stored):
        return False
    written = {s.buffer: s.place for s in moved.stores}
    inside = loads(a.reduction.term) if a.reduction is not None else []
    if any(load.buffer in written for load in inside):
        return False
    return all(
        load.place == written[load.buffer]
        for store in a.stores
        for load in loads(store.term)
        if load.buffer in written
    )


def renamed(nest: Nest, loops: tuple[Loop, ...]) -> Nest:
    """The nest over other loops of the same sizes."""
    by = {old: Place.of(new) for old, new in zip(nest.loops, loops, strict=True)}
    stores = [Store(s.buffer, s.place.moved(by), _moved(s.term, by)) for s in nest.stores]
    return Nest(nest.over, loops, nest.reduction, stores)


def _moved(term: Term, by: dict[Loop, Place]) -> Term:
    if isinstance(term, Load):
        return Load(term.buffer, term.place.moved(by))
    if isinstance(term, Counted):
        return Counted(term.place.moved(by))
    if isinstance(term, Picked):
        return Picked(term.buffer, _moved(term.row, by), term.place.moved(by))
    if isinstance(term, Apply):
        args = tuple(_moved(a, by) for a in term.args)
        return Apply(term.op, args, term.dtype, term.inside)
    return term


def without_dead_stores(nests: Sequence[Nest], kept: Collection[Buffer]) -> list[Nest]:
    """Values that only their own nest uses stay in registers: their stores are marked local."""
    found = []
    known = [touched(nest).read for nest in nests]
    for i, nest in enumerate(nests):
        others = set().union(*known[:i], *known[i + 1 :])
        inside = loads(nest.reduction.term) if nest.reduction is not None else []
        others |= {load.buffer for load in inside}
        stores = [
            Store(s.buffer, s.place, s.term, local=s.buffer not in others and s.buffer not in kept)
            for s in nest.stores
        ]
        found.append(replace(nest, stores=stores))
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
