"""How many threads take a stretch: the faster, as time tells, with a look at the other at times."""

import pytest

from glassnet.engines.native.threads.tuner import STRETCH, Tuner


def driven(tuner, counts, seconds, stretches):
    """Threads of each stretch, and their steps, where a step takes seconds[threads]."""
    found = []
    for _ in range(stretches):
        threads, steps = tuner.next(counts)
        tuner.note(threads, steps, steps * seconds[threads])
        found.append((threads, steps))
    return found


def share(found, threads):
    return sum(n for t, n in found if t == threads) / sum(n for _, n in found)


@pytest.mark.parametrize(("seconds", "best"), [({1: 2e-5, 2: 1e-5}, 2), ({1: 1e-5, 2: 2e-5}, 1)])
def test_the_faster_takes_nearly_all(seconds, best):
    found = driven(Tuner(), [2, 1], seconds, 400)
    assert {t for t, _ in found[:2]} == {1, 2}
    assert share(found, best) > 0.99


def test_a_count_that_was_asked_for_is_not_doubted():
    found = driven(Tuner(), [2], {2: 1e-5}, 100)
    assert share(found, 2) == 1


def test_what_changes_is_noticed():
    tuner = Tuner()
    driven(tuner, [2, 1], {1: 2e-5, 2: 1e-5}, 400)
    driven(tuner, [2, 1], {1: 2e-5, 2: 9e-5}, 100)  # a core was taken
    assert share(driven(tuner, [2, 1], {1: 2e-5, 2: 9e-5}, 100), 1) > 0.95
    driven(tuner, [2, 1], {1: 2e-5, 2: 1e-5}, 100)  # and is free again
    assert share(driven(tuner, [2, 1], {1: 2e-5, 2: 1e-5}, 100), 2) > 0.95


def test_one_disturbed_stretch_changes_nothing():
    tuner = Tuner()
    driven(tuner, [2, 1], {1: 2e-5, 2: 1e-5}, 100)
    threads, steps = tuner.next([2, 1])
    tuner.note(threads, steps, steps * 1e-3)
    assert tuner.next([2, 1])[0] == 2


def test_stretches_grow_to_some_hundredths_of_a_second():
    (*_, (_, steps)) = driven(Tuner(), [1], {1: 1e-6}, 30)
    assert STRETCH / 2 <= steps * 1e-6 <= 2 * STRETCH
    (*_, (_, steps)) = driven(Tuner(), [1], {1: 10.0}, 30)
    assert steps == 1
