"""Random networks, trained in both engines and by the printed text alone: three roads, one result.

The text gives the bits of the NumPy engine. The native engine may differ by as much as rounding
explains, which is measured for each network: by runs in which every operation is off by some units
in the last place (cases/rounding.py). A failure names the case: draw it again by its seed.
"""

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from cases import rounding
from cases.random_networks import draw
from cases.rounding import Dice, Habits, NoisyProgram

import glassnet as gn
from glassnet.losses import LOSSES
from glassnet.nn import LAYERS
from glassnet.nn.activations import ACTIVATIONS
from glassnet.optim.lbfgs import Search
from glassnet.optim.optimizer import OPTIMIZERS

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

pytestmark = pytest.mark.slow

FEW, MOST = range(24), range(24, 400)
SEEDS = [*range(80), *(pytest.param(seed, marks=pytest.mark.ci) for seed in range(80, 400))]
PREDICTED = [*range(0, 24, 4), *(pytest.param(s, marks=pytest.mark.ci) for s in range(24, 124))]
NOISY_RUNS = {"float64": 3, "float32": 6}
SHARP = {"float64": 1e-9, "float32": 1e-2}  # beyond it, rounding decides what is learnt


@dataclass(frozen=True)
class Trained:
    """What one road leads to.

    losses   of each step; figures  of each epoch, by name
    weights  by name; judged  what net.evaluate says of them
    """

    losses: Any
    figures: dict[str, Any]
    weights: dict[str, Any]
    judged: dict[str, float]

    def parts(self):
        """Everything that is compared, by what it is."""
        found = {"the losses": np.array(self.losses)}
        found |= {f"the figures {name!r}": np.array(v) for name, v in self.figures.items()}
        found |= {f"the weights {name!r}": array for name, array in self.weights.items()}
        return found | {f"evaluate's {n!r}": np.array(v) for n, v in self.judged.items()}


def judged(case, net):
    """Every figure of the network on its rows."""
    s = case.settings
    given = {"loss": s["loss"], "metrics": s["metrics"], "sample_weight": s.get("sample_weight")}
    found = net.evaluate(*case.data, **given)
    ordered = ("roc_auc", "average_precision")
    return {k: v for k, v in found.items() if not (k.endswith(ordered) and has_ties(case, net))}


def has_ties(case, net):
    """Whether two rows have one answer: which is the larger one is then a matter of rounding."""
    outputs = net.predict(case.data[0])
    columns = [p.reshape(len(p), -1) for p in (outputs if isinstance(outputs, list) else [outputs])]
    return any((np.diff(np.sort(p, axis=0), axis=0) < 1e-9).any() for p in columns)


def by_engine(case, engine, **changes):
    """Trained by fit."""
    net, history = case.fit(engine, **changes)
    figures = {output.figure: history[output.figure] for output in case.program(net).outputs}
    found = judged(case, net)
    if "val_loss" in history:
        last = {name: history[f"val_{name}"][-1] for name in found}
        assert last == pytest.approx(found, rel=0, abs=0, nan_ok=True), repr(case)
    return Trained(history.steps, figures, dict(net.parameters), found)


def by_function(case, program, function):
    """Trained step by step: function(arguments by name) gives the figures of a step."""
    net = case.network()
    arrays = case.start(net, program)
    results = np.array([function(arrays, step) for step in case.steps(program)], dtype=float)
    weights = case.given_back(program, arrays)
    for name, array in weights.items():
        net.parameters[name] = array
    return Trained(results[:, 0].tolist(), by_epoch(case, program, results), weights,
                   judged(case, net))  # fmt: skip


def by_epoch(case, program, results):
    """The figures of each epoch: means over its rows, of each step's (steps, figures)."""
    n, size = len(case.y[0]), min(case.settings["batch_size"] or 10**9, len(case.y[0]))
    rows = np.array([min(size, n - first) for first in range(0, n, size)])
    found = {}
    for i, output in enumerate(program.outputs):
        of_epochs = results[:, i].reshape(-1, len(rows))
        adds_up = output.name == "loss" and getattr(case.settings["loss"], "total", False)
        means = (of_epochs * (1 if adds_up else rows / n)).sum(axis=1)
        found[output.figure] = np.sqrt(means) if "root" in output.of else means
    return found


def by_text(case):
    """Trained by the printed text, with nothing of Glassnet in the loop."""
    program = case.program(case.network())
    scope: dict[str, Any] = {}
    exec(program.source("numpy"), scope)

    def step(arrays, arguments):
        with np.errstate(all="ignore"):
            return np.atleast_1d(scope["step"](**arrays, **arguments))

    return by_function(case, program, step)


def by_noise(case, run):
    """Trained with every operation off by a little."""
    program = case.program(case.network())
    noisy, noise = NoisyProgram(program), (Dice, Habits)[run % 2]([case.seed, run])

    def step(arrays, arguments):
        values = {**arrays, **arguments}
        outputs = noisy.step(values, noise)
        arrays.update({name: values[name] for name in arrays})
        return [float(value) for value in outputs]

    return by_function(case, program, step)


@functools.cache
def by_numpy(case):
    """Trained by the NumPy engine."""
    return by_engine(case, "numpy")


@functools.cache
def expected(case):
    """(what the NumPy engine gives, how far rounding may lead from it, by what it is)."""
    reference = by_numpy(case).parts()
    runs = [by_noise(case, run).parts() for run in range(NOISY_RUNS[case.dtype])]
    return reference, {what: spread([r[what] for r in runs], reference[what], case.dtype)
                       for what in reference}  # fmt: skip


def spread(runs, reference, dtype):
    """The bound for each number; along the losses of steps it only grows."""
    off = np.max([np.abs(run - reference) for run in runs], axis=0)
    least = 8 * np.finfo(dtype).eps * np.abs(reference).max(initial=0)
    return least + (np.maximum.accumulate(off) if off.ndim == 1 else off.max(initial=0))


def assert_as_expected(case, found, road):
    """Every part of what a road leads to is as far from the reference as rounding may lead."""
    reference, bounds = expected(case)
    parts = found.parts()
    assert parts.keys() == reference.keys(), f"{case!r}: other parts by {road}"
    for what, value in parts.items():
        off, bound = np.broadcast_arrays(np.abs(value - reference[what]), bounds[what])
        wrong = ~(off <= bound) & ~(np.isnan(value) & np.isnan(reference[what]))
        assert not np.any(wrong), (
            f"{case!r}: {what} {road} are off by {np.max(off[wrong]):.3g}, where rounding "
            f"explains {np.min(bound[wrong]):.3g}. {case.settings}"
        )


def is_sharp(case):
    """Whether rounding leaves what is learnt as it is."""
    reference, bounds = expected(case)
    return all(
        np.max(bounds[what], initial=0) <= SHARP[case.dtype] * max(1, np.max(np.abs(value)))
        for what, value in reference.items() if np.all(np.isfinite(value)) and value.size
    )  # fmt: skip


@functools.cache
def drawn(seed):
    return draw(seed)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_network_trains_alike_in_both_engines(seed):
    case = drawn(seed)
    assert_as_expected(case, by_engine(case, "native"), "by the native engine")


@pytest.mark.parametrize("seed", SEEDS)
def test_random_network_trains_by_its_printed_text_to_the_same_bits(seed):
    case = drawn(seed)
    reference, text = by_numpy(case), by_text(case)
    assert text.losses == reference.losses, f"{case!r}: other losses by the text"
    for name, array in reference.weights.items():
        assert array.tobytes() == text.weights[name].tobytes(), f"{case!r}: another {name!r}"
    assert text.judged == pytest.approx(reference.judged, abs=0, rel=0, nan_ok=True), repr(case)
    for name, values in reference.figures.items():
        np.testing.assert_allclose(text.figures[name], values, rtol=1e-12, err_msg=repr(case))


@pytest.mark.parametrize("seed", PREDICTED)
def test_random_network_predicts_alike_however_many_rows_there_are(seed):
    """By the text alone, by predict, and by a predictor of one row, of a few and of all."""
    case = drawn(seed)
    net, _ = case.fit("numpy")
    program = net.prediction_program()
    scope: dict[str, Any] = {}
    exec(program.source("numpy"), scope)
    given = zip(program.inputs, case.x, strict=True)
    values = {leaf.name: np.asarray(array, leaf.dtype) for leaf, array in given}
    values |= {leaf.name: net.parameters[name] for name, leaf in program.parameters.items()}
    text = listed(scope["predict"](**values))
    bounds = predicted_by_noise(case, program, values, text)
    ready = net.predictor()
    for rows in (slice(None), slice(0, 1), slice(1, 4), slice(-2, None)):
        x = [array[rows] for array in case.x]
        for predict in (net.predict, ready):
            found = listed(predict(x[0] if len(x) == 1 else x))
            for p, expected_p, bound in zip(found, text, bounds, strict=True):
                off = np.abs(p - expected_p[rows])
                assert p.dtype == expected_p.dtype
                assert np.all(off <= bound), f"{case!r}: rows {rows} are off by {off.max():.3g}"


def listed(outputs):
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]


def predicted_by_noise(case, program, values, text):
    """How far rounding may lead each output of the prediction."""
    noisy, noise = NoisyProgram(program), Dice(case.seed)
    runs = [noisy.step(dict(values), noise) for _ in range(4)]
    eps = np.finfo(case.dtype).eps
    return [
        8 * eps * np.abs(p).max() + max(np.abs(run[i] - p).max() for run in runs)
        for i, p in enumerate(text)
    ]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("seed", range(40))
def test_random_network_has_the_same_bits_on_any_number_of_threads(seed, threads):
    case = drawn(seed)
    one, other = by_engine(case, "native"), by_engine(case, "native", threads=threads)
    assert one.losses == other.losses, repr(case)
    for name, array in one.weights.items():
        assert array.tobytes() == other.weights[name].tobytes(), f"{case!r}: another {name!r}"


@pytest.mark.parametrize("seed", FEW)
def test_without_noise_the_imitated_rounding_is_the_engine_itself(seed, monkeypatch):
    monkeypatch.setattr(rounding, "LEVEL", 0)
    case = drawn(seed)
    exact, reference = by_noise(case, 0), by_numpy(case)
    assert exact.losses == reference.losses, repr(case)
    for name, array in reference.weights.items():
        assert array.tobytes() == exact.weights[name].tobytes(), f"{case!r}: another {name!r}"


def test_most_random_networks_are_compared_sharply():
    """Where rounding decides what is learnt, a comparison of weights says nothing."""
    sharp = [seed for seed in FEW if is_sharp(drawn(seed))]
    assert len(sharp) >= 0.9 * len(FEW), sorted({*FEW} - {*sharp})


@pytest.mark.parametrize("seed", [s for s in FEW if s % 3 == 0])
def test_comparison_fails_for_a_rate_that_is_off_by_a_thousandth(seed):
    """The comparison can fail: steps that are a little longer are seen."""
    case = drawn(seed)
    rate = case.settings["optimizer"].learning_rate
    longer = rate * 1.001 if isinstance(rate, float) else replace(
        rate, learning_rate=rate.learning_rate * 1.001)  # fmt: skip
    other = replace(case.settings["optimizer"], learning_rate=longer)
    with pytest.raises(AssertionError, match=rf"draw\({seed}, .* are off by .*explains"):
        assert_as_expected(case, by_engine(case, "numpy", optimizer=other), "by a longer step")


@pytest.mark.parametrize("seed", [s for s in FEW if drawn(s).dtype == "float64"])
def test_comparison_fails_for_one_weight_that_is_off_by_a_billionth(seed):
    case = drawn(seed)
    found = by_numpy(case)
    _, bounds = expected(case)
    name, array = min(
        ((n, a) for n, a in found.weights.items() if np.abs(a).max(initial=0) > 0),
        key=lambda pair: np.max(bounds[f"the weights {pair[0]!r}"]) / np.abs(pair[1]).max(),
    )  # the one of which rounding explains least
    if np.max(bounds[f"the weights {name!r}"]) > 1e-9 * np.abs(array).max():
        pytest.skip("rounding alone moves every weight of this network by more")
    off = {**found.weights, name: array * (1 + 1e-9)}
    with pytest.raises(AssertionError, match=f"the weights '{name}'"):
        assert_as_expected(case, replace(found, weights=off), "with one weight off")


# Drawn at random in tests/program and compared in test_recurrent.py: what imitates rounding here
# writes formulas, and a loop is several lines.
WITH_LOOPS = {"SimpleRNN", "LSTM", "GRU", "Bidirectional"}
# Rows that meet, images that move and windows of series: test_layers_agree.py, test_agreement.py.
OF_THEIR_OWN = {
    "MixUp", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip",
    "RandomRotation", "RandomTranslation", "RandomZoom", "ScaledWindow", "SeasonalNaive",
    "WindowDeviation",
}  # fmt: skip


def test_everything_public_comes_up():
    """Every layer, activation, loss, optimiser, kind of number and form of batch is drawn."""
    cases = [draw(seed) for seed in [*FEW, *MOST]]
    nets = [case.network() for case in cases]
    layers = {type(layer).__name__ for net in nets for layer in net.layers.values()}
    assert set(LAYERS) - layers == WITH_LOOPS | OF_THEIR_OWN
    activations = {getattr(x, "activation", None) for net in nets for x in net.layers.values()}
    assert {*ACTIVATIONS, "prelu"} - activations == set()
    settings = [case.settings for case in cases]
    losses = {loss for s in settings for loss in listed(s["loss"])}
    assert set(LOSSES) - {getattr(loss, "name", "") for loss in losses} == {"ctc"}  # test_ctc.py
    optimizers = {type(s["optimizer"]).__name__.lower() for s in settings}
    assert set(OPTIMIZERS) - optimizers == {"lbfgs"}  # below
    assert {case.dtype for case in cases} == {"float32", "float64"}
    assert {s["batch_size"] for s in settings} >= {1, 2, 7, 13, None}
    assert {len(case.x) for case in cases} == {len(case.y) for case in cases} == {1, 2, 3}
    assert any(len(net.topology.calls) > len(net.layers) for net in nets)  # a shared layer
    assert any(not layer.trainable for net in nets for layer in net.layers.values())


def with_lbfgs(seed):
    """The case for L-BFGS, which takes all rows, and no constraints: None where it has some."""
    case = drawn(seed)
    layers = case.network().layers.values()
    if any(x.trainable and getattr(x, "weight_constraint", None) for x in layers):
        return None
    settings = {**case.settings, "optimizer": gn.optim.LBFGS(), "batch_size": None, "epochs": 6}
    return replace(case, settings=settings)


@pytest.mark.parametrize("seed", [s for s in FEW if with_lbfgs(s) is not None])
def test_random_network_walks_with_lbfgs_by_its_printed_text_to_the_same_bits(seed):
    """The text gives loss and gradients, and the search walks with them."""
    case = with_lbfgs(seed)
    net, history = case.fit("numpy")
    program = case.program(case.network())
    walk = Walk(program, case.start(case.network(), program))
    assert [walk.step(step) for step in case.steps(program)] == history.steps, repr(case)
    for name, array in case.given_back(program, walk.arrays).items():
        assert array.tobytes() == net.parameters[name].tobytes(), f"{case!r}: another {name!r}"


class Walk:
    """L-BFGS with the printed text."""

    def __init__(self, program, arrays):
        scope: dict[str, Any] = {}
        exec(program.source("numpy"), scope)
        self.function, self.arrays, self.search = scope["step"], arrays, Search(10)
        names = [program.parameters[o.of].name for o in program.outputs if not o.is_figure]
        self.moved = [arrays[name] for name in names]

    def step(self, given):
        """The loss before a step on these rows."""
        if "t" in given:  # other masks: what is known of the point is void
            self.search.value = None

        def at(point):
            self.spread(point)
            found = self.function(**self.arrays, **given)
            gradients = found[-len(self.moved) :]
            return float(found[0]), np.concatenate([d.ravel() for d in gradients], dtype=float)

        start = np.concatenate([array.ravel() for array in self.moved], dtype=float)
        loss, point = self.search.advance(at, start, 1.0)
        self.spread(point)
        return loss

    def spread(self, point):
        ends = np.cumsum([array.size for array in self.moved])[:-1]
        for array, part in zip(self.moved, np.split(point, ends), strict=True):
            array[...] = part.reshape(array.shape)
