"""Two nests become one where each number is there when it is read, and nowhere else."""

import pytest

from glassnet.loops.buffer import Buffer
from glassnet.loops.fuse import arrange, fits, fused
from glassnet.loops.index import Affine, Loop
from glassnet.loops.nest import Domain, Map, Order, Reduce, Reduction, Store
from glassnet.loops.term import Apply, Load, Total

ROW, OTHER, SUM, LONG = Loop("i", 4), Loop("j", 4), Loop("r", 4), Loop("i", 5)
HERE, THERE = Affine.of(ROW), Affine.of(ROW) * -1 + 3
RENAMED = Affine.of(OTHER)


def buffer(name, *, batched=True):
    return Buffer(name, batched, (4,), "float32")


A, B, C, X = map(buffer, "abcx")
W, V = (buffer(name, batched=False) for name in "wv")


def plus_one(load):
    return Apply("add", (load, load), "float32", "float32")


def filled(target, source, offset=HERE, at=HERE, loop=ROW, domain=Domain.SAMPLES):
    """target[at] = source[offset] + source[offset]."""
    return Map(domain, (loop,), (Store(target, at, plus_one(Load(source, offset))),))


def summed(target, source, order=None, domain=Domain.SAMPLES):
    """target[i] = sum over r of source[r]."""
    term = Load(source, Affine.of(SUM))
    reduction = Reduction("sum", (SUM,), order, term)
    return Reduce(domain, (ROW,), reduction, (Store(target, HERE, Total()),))


NESTS = {
    "the next value of the same place": (filled(A, X), filled(B, A), True),
    "by another name of the loop": (filled(A, X), filled(B, A, RENAMED, RENAMED, OTHER), True),
    "nothing in common": (filled(A, X), filled(B, X), True),
    "a value of another turn": (filled(A, X), filled(B, A, THERE), False),
    "other loops": (filled(A, X), filled(B, A, loop=LONG), False),
    "another domain": (filled(A, X), filled(W, V, domain=Domain.ARRAY), False),
    "what follows a sum": (summed(A, X), filled(B, A), True),
    "a change of what the sum still reads": (summed(A, X), filled(X, B), False),
    "a change of what this turn has read": (filled(A, X), filled(X, B), True),
    "a change of what another turn reads": (filled(A, X, THERE), filled(X, B), False),
    "a change of what was stored": (filled(A, X), filled(A, A), True),
    "what follows a sum over samples": (
        summed(W, X, Order.SEQUENTIAL, Domain.ARRAY), filled(V, W, domain=Domain.ARRAY), True),
    "what follows a tree": (
        summed(W, X, Order.TREE, Domain.ARRAY), filled(V, W, domain=Domain.ARRAY), False),
}  # fmt: skip


@pytest.mark.parametrize("what", NESTS)
def test_nests_are_fused_where_they_may_be(what):
    first, second, expected = NESTS[what]
    assert fits(first, second) is expected
    assert len(fused([first, second])) == 2 - expected


def test_a_nest_joins_none_behind_which_something_changes_what_it_reads():
    """c = a again stands behind the change of a, and b = x before it."""
    first, change, last = filled(A, X), summed(A, B), filled(C, A)
    assert [sorted(str(b) for b in nest.written()) for nest in fused([first, change, last])] == [
        ["a"], ["a", "c"],
    ]  # fmt: skip


def test_values_that_only_their_nest_reads_stay_in_registers():
    def local(nests, kept):
        return {str(s.buffer): s.local for nest in arrange(nests, kept) for s in nest.stores}

    chain = [filled(A, X), filled(B, A), filled(C, B)]
    assert local(chain, {C, X}) == {"a": True, "b": True, "c": False}
    assert local(chain, {A, C, X}) == {"a": False, "b": True, "c": False}
    read_later = [*chain, summed(W, A, Order.SEQUENTIAL, Domain.ARRAY)]
    assert local(read_later, {C, W, X}) == {"a": False, "b": True, "c": False, "w": False}
