"""The engine's own exp, log, sin, ...: near the truth, right at the limits, the same bits."""

from pathlib import Path

import numpy as np
import pytest

maths = pytest.importorskip("glassnet.engines.native.maths", reason="llvmlite is not installed")

ROOT = Path(__file__).parents[2]
ELEMENTS = {"float32": maths.F32, "float64": maths.F64}
LEVELS = {"x86-64-v2": "sse4.2", "x86-64-v3": "avx2", "x86-64-v4": "avx512f"}
INF, NAN = np.inf, np.nan

# Largest errors in units in the last place (float32, float64), and where to look.
# docs/ulp.md has those over all float32 numbers.
BOUNDS = {
    "exp": (1.5, 1.5, -105, 90),
    "expm1": (1.5, 1.5, -20, 90),
    "log": (1.5, 1.5, 0, 5),
    "log1p": (1.5, 1.5, -1, 5),
    "tanh": (2.6, 2.6, -10, 10),
    "sigmoid": (2.5, 2.5, -104, 20),
    "softplus": (2.5, 2.5, -104, 20),
    "erf": (2.5, 2.5, -6, 6),
    "normal_cdf": (4, 4.1, -14, 9),
    "sin": (2.5, 2.5, -50, 50),
    "cos": (2.5, 2.5, -50, 50),
    "tan": (4, 4, -50, 50),
    "arcsin": (4, 4, -1, 1),
    "arccos": (4, 4, -1, 1),
    "arctan": (4, 4, -5, 5),
    "sinh": (4, 4, -90, 90),
    "cosh": (4, 4, -90, 90),
    "arcsinh": (4, 4, -5, 5),
    "arccosh": (4, 4, 1, 5),
    "arctanh": (4, 4, -1, 1),
}

# f(x) exactly. Where f(0) is 0, f(-0) is -0.
LIMITS = {
    "exp": {0: 1, INF: INF, -INF: 0},
    "expm1": {0: 0, INF: INF, -INF: -1, 1e-40: 1e-40, -1e-40: -1e-40},
    "log": {0: -INF, 1: 0, INF: INF, -1: NAN, -INF: NAN},
    "log1p": {0: 0, -1: -INF, INF: INF, -2: NAN, -INF: NAN, 1e-40: 1e-40},
    "tanh": {0: 0, INF: 1, -INF: -1, 1e-40: 1e-40, -50: -1},
    "sigmoid": {0: 0.5, INF: 1, -INF: 0, 50: 1},
    "softplus": {INF: INF, -INF: 0, 1000: 1000},
    "erf": {0: 0, INF: 1, -INF: -1},
    "normal_cdf": {0: 0.5, INF: 1, -INF: 0},
    "sin": {0: 0, INF: NAN, -INF: NAN, 1e-40: 1e-40},
    "cos": {0: 1, INF: NAN, -INF: NAN},
    "tan": {0: 0, INF: NAN, -INF: NAN, 1e-40: 1e-40},
    "arcsin": {0: 0, 2: NAN, -2: NAN, INF: NAN},
    "arccos": {1: 0, 2: NAN, -2: NAN, INF: NAN},
    "arctan": {0: 0},
    "sinh": {0: 0, INF: INF, -INF: -INF, 1e-40: 1e-40},
    "cosh": {0: 1, INF: INF, -INF: INF},
    "arcsinh": {0: 0, INF: INF, -INF: -INF, 1e-40: 1e-40},
    "arccosh": {1: 0, 0: NAN, -5: NAN, INF: INF, -INF: NAN},
    "arctanh": {0: 0, 1: INF, -1: -INF, 2: NAN, -2: NAN, INF: NAN},
}
POWERS = [-INF, -5.0, -3.0, -2.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.5, INF, NAN]


@pytest.fixture(scope="module")
def scripts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        from benchmarks import kernels
        from tools import ulp

        yield kernels, ulp


@pytest.fixture(scope="module")
def function(scripts):
    """function(name, dtype, ...)(x): the compiled function on an array of any length."""
    kernels, _ = scripts
    known = {}

    def prepare(name, dtype, lanes=16, cpu=""):
        key = (name, dtype, lanes, cpu)
        if key not in known:
            known[key] = kernels.kernel(name, ELEMENTS[dtype], lanes, cpu)

        def run(*xs):
            size = len(xs[0])
            padded = [np.resize(np.asarray(x, dtype), -(-size // 32) * 32) for x in xs]
            return kernels.evaluate(known[key], *padded)[:size]

        return run

    return prepare


def everything(name, dtype, count=6000):
    """Numbers of all sizes, and all that is special."""
    _, _, low, high = BOUNDS.get(name, (0, 0, -9, 9))
    rng = np.random.default_rng(5)
    info = np.finfo(dtype)
    words = rng.integers(0, 2 ** (8 * info.dtype.itemsize), count, "u8").astype(
        f"u{info.dtype.itemsize}"
    )
    special = [0.0, -0.0, INF, -INF, NAN, info.max, info.tiny, info.smallest_subnormal]
    parts = [words.view(dtype), rng.uniform(low, high, count), special]
    return np.concatenate(
        [p.astype(dtype) if hasattr(p, "astype") else p for p in parts], dtype=dtype
    )


@pytest.mark.parametrize("dtype", ELEMENTS)
@pytest.mark.parametrize("name", BOUNDS)
def test_function_is_near_the_truth(scripts, function, name, dtype):
    _, ulp = scripts
    if np.finfo(np.longdouble).nmant < 60:
        pytest.skip("no 80-bit floats to compare with")
    bound = BOUNDS[name][dtype == "float64"]
    x = everything(name, dtype)
    with np.errstate(all="ignore"):
        truth = ulp.truths()[name](x.astype(np.longdouble))
        error = ulp.errors_beside(function(name, dtype)(x), truth)
    worst = int(error.argmax())
    assert error[worst] <= bound, f"{name}({x[worst]!r}) is off by {error[worst]:.2f} ULP"


def test_truth_can_fail(scripts, function):
    _, ulp = scripts
    x = np.linspace(-2, 2, 64, dtype="float32")
    error = ulp.errors_beside(function("exp", "float32")(x), np.exp(x.astype("g")) * (1 + 3e-7))
    assert error.max() > 1.5


@pytest.mark.parametrize("dtype", ELEMENTS)
@pytest.mark.parametrize("name", LIMITS)
def test_limits_are_exact(function, name, dtype):
    limits = LIMITS[name]
    x = np.array([*limits, NAN, -0.0], dtype)
    wanted = np.array([*limits.values(), NAN, limits.get(0, NAN) or -0.0], dtype)
    if 0 not in limits:
        x, wanted = x[:-1], wanted[:-1]
    found = function(name, dtype)(x)
    np.testing.assert_array_equal(found, wanted)
    number = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(wanted[number]))


@pytest.mark.parametrize("dtype", ELEMENTS)
def test_exp_and_log_know_denormals(function, dtype):
    info = np.finfo(dtype)
    tiny = info.smallest_subnormal * np.array([1, 3, 1000], dtype)
    logs = function("log", dtype)(tiny)
    np.testing.assert_allclose(logs, np.log(tiny.astype("g")).astype(dtype), rtol=2 * info.eps)
    again = function("exp", dtype)(logs)
    assert (again > 0).all()
    assert (again < info.tiny).all()


@pytest.mark.parametrize("dtype", ELEMENTS)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_huge_angles_are_reduced_exactly(scripts, function, name, dtype):
    _, ulp = scripts
    if np.finfo(np.longdouble).nmant < 60:
        pytest.skip("no 80-bit floats to compare with")
    rng = np.random.default_rng(1)
    most = np.finfo(dtype).maxexp
    x = (rng.choice([-1, 1], 3000) * np.exp2(rng.uniform(15, most, 3000))).astype(dtype)
    error = ulp.errors_beside(function(name, dtype)(x), getattr(np, name)(x.astype("g")))
    assert error.max() < (4 if name == "tan" else 2.5)


def test_angle_does_not_depend_on_its_neighbours(function):
    x = np.linspace(-3, 3, 32, dtype="float32")
    alone = function("sin", "float32")(x)
    x[::2] = 1e30
    np.testing.assert_array_equal(function("sin", "float32")(x)[1::2], alone[1::2])


@pytest.mark.parametrize("dtype", ELEMENTS)
def test_pow_of_special_numbers_is_numpys(function, dtype):
    x, y = (a.ravel() for a in np.meshgrid(np.array(POWERS, dtype), np.array(POWERS, dtype)))
    with np.errstate(all="ignore"):
        wanted = np.power(x, y)
    found = function("pow", dtype)(x, y)
    np.testing.assert_allclose(found, wanted, rtol=2 * np.finfo(dtype).eps, atol=0)
    number = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(wanted[number]))


@pytest.mark.parametrize("dtype", ELEMENTS)
def test_pow_is_near_the_truth(scripts, function, dtype):
    _, ulp = scripts
    if np.finfo(np.longdouble).nmant < 60:
        pytest.skip("no 80-bit floats to compare with")
    x, y = ulp.pairs(np.dtype(dtype).type, 20_000, np.random.default_rng(2))
    with np.errstate(all="ignore"):
        truth = np.power(x.astype("g"), y.astype("g"))
        error = ulp.errors_beside(function("pow", dtype)(x, y), truth)
    assert error.max() < 2


def same(a, b):
    """Equal bits; of NaN only that it is NaN."""
    bits = f"u{a.itemsize}"
    return ((a.view(bits) == b.view(bits)) | (np.isnan(a) & np.isnan(b))).all()


@pytest.mark.parametrize("dtype", ELEMENTS)
@pytest.mark.parametrize("name", [*BOUNDS, "pow"])
def test_lanes_do_not_change_a_bit(function, name, dtype):
    x = everything(name, dtype, 500)
    args = (x, np.roll(x, 7)) if name == "pow" else (x,)
    wanted = function(name, dtype)(*args)
    for lanes in (1, 32):
        assert same(function(name, dtype, lanes)(*args), wanted), f"{lanes} lanes"


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", ELEMENTS)
@pytest.mark.parametrize("name", [*BOUNDS, "pow"])
def test_cpu_level_does_not_change_a_bit(function, name, dtype, level):
    import llvmlite.binding as llvm

    if not llvm.get_host_cpu_features().get(LEVELS[level]):
        pytest.skip(f"this CPU is below {level}")
    x = everything(name, dtype, 500)
    args = (x, np.roll(x, 7)) if name == "pow" else (x,)
    found = function(name, dtype, 16, level)(*args)
    assert same(found, function(name, dtype)(*args))


def test_every_function_has_a_row():
    assert set(BOUNDS) == set(LIMITS) == set(maths.FUNCTIONS)
