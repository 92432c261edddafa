"""Random ops. Nothing here is mutable: every draw is a function of (seed, stream, step).

The bits are those of Philox4x64-10 (Salmon et al., 'Parallel random numbers: as easy as 1, 2, 3',
SC'11), keyed by (seed, stream), its counter begun at (0, step, 0, 0). One word makes one number,
and two make a normal one (Box and Muller, 'A note on the generation of random normal deviates',
1958).
"""

from __future__ import annotations

from glassnet.errors import ShapeError
from glassnet.graph.op import Op, input
from glassnet.spec import Shape, Spec

# The two leaves that every random op counts from.
SEED = input("seed", (), "number")
STEP = input("t", (), "number")


def _mask_spec(
    seed: Spec, step: Spec, *, rate: float, stream: int, shape: Shape, dtype: str
) -> Spec:
    if not 0 <= rate < 1:
        raise ShapeError(f"the rate must be at least 0 and less than 1, got {rate}")
    return Spec(tuple(shape), dtype)


def _uniform_spec(seed: Spec, step: Spec, *, stream: int, shape: Shape, dtype: str) -> Spec:
    return Spec(tuple(shape), dtype)


def _between_spec(
    seed: Spec, step: Spec, *, low: float, high: float, stream: int, shape: Shape, dtype: str
) -> Spec:
    if not low <= high:
        raise ShapeError(f"low must be at most high, got {low} and {high}")
    return Spec(tuple(shape), dtype)


WORDS = '''\
def philox(count, seed, stream, t, use=0):
    """Random 64-bit words for the step t, always the same for the same seed, stream and use."""
    key = np.array([seed, stream], np.uint64)
    return np.random.Philox(key=key, counter=[0, t, 0, use]).random_raw(count)


def fractions(words, dtype):
    """The highest bits of each word as a number in [0, 1): 24 bits, in float64 53."""
    bits = 24 if dtype == np.float32 else 53
    return ((words >> np.uint64(64 - bits)) * dtype(2.0**-bits)).astype(dtype)
'''
_UNIFORM = (
    WORDS
    + '''

def uniform(shape, dtype, seed, stream, t):
    """Numbers in [0, 1), drawn anew at each step t."""
    return fractions(philox(math.prod(shape), seed, stream, t), dtype).reshape(shape)
'''
)

random_uniform = Op("random_uniform", "uniform({shape}, np.{dtype}, {0}, {stream}, {1})",
                    _uniform_spec, None, kind="random", letter="u", helper=_UNIFORM)  # fmt: skip
random_mask = Op("random_mask", "dropout_mask({shape}, np.{dtype}, {rate}, {0}, {stream}, {1})",
                 _mask_spec, None, kind="random", letter="mask", helper=_UNIFORM + '''

def dropout_mask(shape, dtype, rate, seed, stream, t):
    """0 with probability rate, else 1 / (1 - rate): the mean stays what it was."""
    return (uniform(shape, dtype, seed, stream, t) >= rate) / dtype(1 - rate)
''')  # fmt: skip
random_between = Op("random_between",
                    "drawn({low}, {high}, {shape}, np.{dtype}, {0}, {stream}, {1})",
                    _between_spec, None, kind="random", letter="u", helper=_UNIFORM + '''

def drawn(low, high, shape, dtype, seed, stream, t):
    """Numbers from low up to high, drawn anew at each step t."""
    return low + (high - low) * uniform(shape, dtype, seed, stream, t)
''')  # fmt: skip
random_normal = Op("random_normal", "normal({shape}, np.{dtype}, {0}, {stream}, {1})",
                   _uniform_spec, None, kind="random", letter="noise", helper=_UNIFORM + '''

def normal(shape, dtype, seed, stream, t):
    """Standard normal numbers, drawn anew at each step t, each of two even ones (Box, Muller)."""
    u = uniform((*shape, 2), dtype, seed, stream, t)
    return np.sqrt(-2 * np.log(1 - u[..., 0])) * np.cos(2 * math.pi * u[..., 1])
''')  # fmt: skip
