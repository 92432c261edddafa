"""How weights start: pinned values, moments, fans, orthogonality."""

import math

import numpy as np
import pytest

from glassnet.errors import SettingError, ShapeError, UnknownNameError
from glassnet.nn import init
from glassnet.nn.init import INITS, Draw, fans, find

DRAW = Draw(seed=42, stream=1)
SHAPE = (200, 300)

# The first of each, for seed 42 and stream 1: these never change.
PINNED = {
    "zeros": [0.0, 0.0],
    "ones": [1.0, 1.0],
    "uniform": [0.029880447353621442, 0.021603052046052437],
    "normal": [0.04186792789760521, 0.02855447623069418],
    "truncated_normal": [0.03949532134659405, 0.02711601667261734],
    "glorot_uniform": [0.7319184930246847, 0.5291645439961659],
    "glorot_normal": [0.5921019146125215, 0.40382127551907887],
    "he_uniform": [1.0350890593871869, 0.7483516748463521],
    "he_normal": [0.8373585579521041, 0.5710895246138836],
    "lecun_uniform": [0.7319184930246847, 0.5291645439961659],
    "lecun_normal": [0.5921019146125215, 0.40382127551907887],
    "orthogonal": [0.8541145740401115, 0.5200848915439465],
    "rand": [0.7988044735362144, 0.7160305204605244],
}

# mean, standard deviation, and the limit that no number goes beyond (None: there is none).
FAN_IN, FAN_OUT = SHAPE
CUT = 0.8796256610342398  # the standard deviation of a normal cut at -2 and 2
MOMENTS = {
    "uniform": (0, 0.05 / math.sqrt(3), 0.05),
    "normal": (0, 0.05, None),
    "truncated_normal": (0, 0.05 * CUT, 0.1),
    "glorot_uniform": (0, math.sqrt(2 / (FAN_IN + FAN_OUT)), math.sqrt(6 / (FAN_IN + FAN_OUT))),
    "glorot_normal": (0, math.sqrt(2 / (FAN_IN + FAN_OUT)), None),
    "he_uniform": (0, math.sqrt(2 / FAN_IN), math.sqrt(6 / FAN_IN)),
    "he_normal": (0, math.sqrt(2 / FAN_IN), None),
    "lecun_uniform": (0, math.sqrt(1 / FAN_IN), math.sqrt(3 / FAN_IN)),
    "lecun_normal": (0, math.sqrt(1 / FAN_IN), None),
    "orthogonal": (0, math.sqrt(1 / FAN_OUT), None),
    "rand": (0.5, 1 / math.sqrt(12), 1),
}


def test_tables_name_every_initialiser():
    assert set(PINNED) == set(INITS) == set(MOMENTS) | {"zeros", "ones"}


@pytest.mark.parametrize("name", INITS)
def test_first_numbers_are_pinned(name):
    found = INITS[name]((2, 2), DRAW).ravel()[:2]
    if name == "orthogonal":  # by LAPACK, whose last bits depend on the machine
        np.testing.assert_allclose(found, PINNED[name], rtol=1e-13)
    else:
        assert found.tolist() == PINNED[name]


@pytest.mark.parametrize("name", INITS)
@pytest.mark.parametrize("shape", [(3, 4), (5, 5, 2, 3), (1, 7)])
def test_weights_have_the_shape_that_was_asked_for(name, shape):
    weights = INITS[name](shape, DRAW)
    assert weights.shape == shape
    assert weights.dtype == np.float64


@pytest.mark.parametrize("name", [name for name in INITS if name != "orthogonal"])
@pytest.mark.parametrize("shape", [(), (4,), (0, 3)])
def test_scalars_vectors_and_empty_arrays_start_too(name, shape):
    assert np.shape(INITS[name](shape, DRAW)) == shape


@pytest.mark.parametrize("name", MOMENTS)
def test_weights_have_the_moments_of_their_formula(name):
    weights = INITS[name](SHAPE, DRAW)
    mean, deviation, limit = MOMENTS[name]
    assert weights.mean() == pytest.approx(mean, abs=5 * deviation / math.sqrt(weights.size))
    assert weights.std() == pytest.approx(deviation, rel=0.02)
    if limit is not None:
        assert 0.99 * limit < np.abs(weights).max() <= limit * (1 + 1e-12)


@pytest.mark.parametrize("name", MOMENTS)
def test_seed_and_stream_each_give_other_weights(name):
    first, *others = (INITS[name]((8, 8), Draw(*pair)) for pair in [(42, 1), (43, 1), (42, 2)])
    assert not any(np.any(other == first) for other in others)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((), (1, 1)), ((7,), (7, 7)), ((3, 4), (3, 4)), ((5, 5, 6, 16), (150, 400)),
     ((3, 2, 8), (6, 24))],
)  # fmt: skip
def test_fans_count_what_flows_in_and_out(shape, expected):
    assert fans(shape) == expected


def test_a_convolution_kernel_starts_by_its_fan_in():
    kernel = INITS["he_normal"]((5, 5, 32, 64), DRAW)
    assert kernel.std() == pytest.approx(math.sqrt(2 / (25 * 32)), rel=0.02)


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (3, 3, 2, 5), (1, 1, 2, 7)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_weights_are_at_right_angles(shape, gain):
    matrix = init.orthogonal(gain)(shape, DRAW).reshape(-1, shape[-1])
    product = matrix.T @ matrix if len(matrix) >= shape[-1] else matrix @ matrix.T
    np.testing.assert_allclose(product, gain**2 * np.eye(min(matrix.shape)), atol=1e-13)


def test_orthogonal_weights_turn_in_every_direction():
    found = [np.linalg.det(init.orthogonal()((3, 3), Draw(seed, 0))) for seed in range(40)]
    assert {round(d) for d in found} == {-1, 1}


@pytest.mark.parametrize("value", [0.25, 3, -1])
def test_a_number_is_a_constant(value):
    np.testing.assert_array_equal(find(value)((2, 3), DRAW), np.full((2, 3), value))


def test_a_function_of_ones_own_starts_weights():
    def diagonal(shape, draw):
        return np.eye(*shape) * draw.uniform(())

    assert find(diagonal) is diagonal
    assert np.count_nonzero(find(diagonal)((3, 3), DRAW)) == 3


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: find("he_norml"), UnknownNameError, "Did you mean 'he_normal'?"),
        (lambda: find(None), SettingError, "An initialiser is a name, a number or a function"),
        (lambda: find(True), SettingError, "got True"),
        (lambda: find("orthogonal")((3,), DRAW), ShapeError,
         r"orthogonal needs a matrix, got shape \(3,\)"),
    ],
)  # fmt: skip
def test_wrong_initialiser_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
