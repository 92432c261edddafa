"""Random numbers as functions: the same bits for ever, of the distributions that they promise."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet import philox
from glassnet.errors import SettingError

N = 100_000
WORD = 2**64 - 1


def by_the_paper(counter, key, rounds=10):
    """Philox4x64 (Salmon et al., 'Parallel random numbers', SC'11), in plain Python."""
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(rounds):
        p0, p1 = 0xD2E7470EE14C6C93 * x0, 0xCA5A826395121157 * x2
        x0, x1, x2, x3 = (p1 >> 64) ^ x1 ^ k0, p1 & WORD, (p0 >> 64) ^ x3 ^ k1, p0 & WORD
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) & WORD, (k1 + 0xBB67AE8584CAA73B) & WORD
    return [x0, x1, x2, x3]


def test_plain_philox_gives_the_known_answer_of_its_authors():
    known = "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b"
    assert by_the_paper((0, 0, 0, 0), (0, 0)) == [int(word, 16) for word in known.split()]


@given(
    seed=st.integers(0, WORD), stream=st.integers(0, WORD), step=st.integers(0, WORD),
    domain=st.integers(0, 3),
)  # fmt: skip
def test_words_are_philox_keyed_by_seed_and_stream_and_counted_by_step(seed, stream, step, domain):
    found = [int(word) for word in philox.words(8, seed, domain, stream, step)]
    blocks = [by_the_paper((i, step, 0, domain), (seed, stream)) for i in (1, 2)]
    assert found == blocks[0] + blocks[1]


# Golden values: these never change, or every seed would mean another network.
def test_uniform_is_pinned():
    found = [x.hex() for x in philox.uniform(3, seed=0, domain=philox.WEIGHTS)]
    assert found == ["0x1.5e6529f6e3e04p-2", "0x1.272ce70845166p-1", "0x1.62ed305c3fe60p-4"]


def test_normal_is_pinned():
    found = [x.hex() for x in philox.normal(3, seed=0, domain=philox.WEIGHTS)]
    assert found == ["-0x1.a044fe3295a71p-2", "0x1.8b3b779a528bdp-3", "-0x1.5c960224868fcp+0"]


def test_permutation_is_pinned():
    assert philox.permutation(8, seed=0, domain=philox.SHUFFLE).tolist() == [
        6, 7, 5, 1, 4, 3, 0, 2,
    ]  # fmt: skip


def test_domains_are_pinned():
    assert (philox.MASKS, philox.WEIGHTS, philox.SHUFFLE, philox.SPLIT) == (0, 1, 2, 3)


@pytest.mark.parametrize("other", [{"seed": 1}, {"domain": 2}, {"stream": 1}, {"step": 1}])
def test_seed_domain_stream_and_step_each_give_other_numbers(other):
    one = {"seed": 0, "domain": 1, "stream": 0, "step": 0}
    a, b = philox.uniform(N, **one), philox.uniform(N, **one | other)
    assert not np.any(a == b)
    assert abs(np.corrcoef(a, b)[0, 1]) < 4 / np.sqrt(N)


def test_more_numbers_begin_with_the_fewer():
    np.testing.assert_array_equal(philox.uniform(100, 5, 1)[:37], philox.uniform(37, 5, 1))


def test_drawing_leaves_no_trace():
    first = philox.normal(10, 3, 1)
    philox.uniform(1000, 3, 1)
    np.testing.assert_array_equal(philox.normal(10, 3, 1), first)


def test_uniform_has_the_moments_of_its_distribution():
    u = philox.uniform(N, 1, 1)
    assert 0 <= u.min() < u.max() < 1
    assert u.mean() == pytest.approx(1 / 2, abs=4 * np.sqrt(1 / 12 / N))
    assert u.var() == pytest.approx(1 / 12, rel=0.01)
    np.testing.assert_allclose(np.histogram(u, 20, (0, 1))[0], N / 20, rtol=0.06)


def test_uniform_is_a_multiple_of_two_to_the_minus_53():
    u = philox.uniform(1000, 1, 1) * 2.0**53
    np.testing.assert_array_equal(u, np.floor(u))


def test_normal_has_the_moments_of_its_distribution():
    z = philox.normal(N, 1, 1)
    assert z.mean() == pytest.approx(0, abs=4 / np.sqrt(N))
    assert z.std() == pytest.approx(1, abs=0.01)
    assert (z**3).mean() == pytest.approx(0, abs=0.05)
    assert (z**4).mean() == pytest.approx(3, abs=0.1)
    assert np.mean(np.abs(z) < 1.959964) == pytest.approx(0.95, abs=0.003)


@pytest.mark.parametrize(("word", "sign"), [(0, -1), (WORD, 1)])
def test_normal_of_the_outermost_words_is_finite_and_symmetric(monkeypatch, word, sign):
    monkeypatch.setattr(philox, "words", lambda *_: np.array([word], np.uint64))
    assert philox.normal(1, 0, 1)[0] == pytest.approx(sign * 8.2095361516, rel=1e-9)


PROBABILITIES = np.concatenate(
    [np.linspace(0, 1, 20_001)[1:-1], 2.0 ** -np.arange(1, 54), 1 - 2.0 ** -np.arange(1, 54),
     10.0 ** -np.arange(1, 308)]
)  # fmt: skip


def test_normal_quantile_equals_the_standard_librarys():
    expected = [NormalDist().inv_cdf(float(p)) for p in PROBABILITIES]
    np.testing.assert_allclose(philox.normal_quantile(PROBABILITIES), expected, rtol=1e-14)


@pytest.mark.parametrize("step", range(3))
@pytest.mark.parametrize("count", [0, 1, 2, 1000])
def test_permutation_holds_every_number_once(count, step):
    drawn = philox.permutation(count, 7, philox.SHUFFLE, step=step)
    np.testing.assert_array_equal(np.sort(drawn), np.arange(count))


def test_every_order_of_three_comes_equally_often():
    drawn = [tuple(philox.permutation(3, 0, philox.SHUFFLE, step=s)) for s in range(6000)]
    counts = [drawn.count(order) for order in set(drawn)]
    assert len(counts) == 6
    assert np.abs(np.array(counts) - 1000).max() < 130


@pytest.mark.parametrize("seed", [0, 2**64 - 1, np.int64(3), np.uint64(2**63)])
def test_seed_is_a_whole_number(seed):
    assert philox.check_seed(seed) == int(seed)
    assert type(philox.check_seed(seed)) is int


@pytest.mark.parametrize("seed", [-1, 2**64, 1.0, "1", None, True])
def test_seed_of_another_kind_is_refused(seed):
    with pytest.raises(SettingError, match=r"A seed is a whole number from 0 to 2\*\*64 - 1, got"):
        philox.check_seed(seed)
