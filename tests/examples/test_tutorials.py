"""The tutorials do what their text says, and what people's own NumPy code does."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import glassnet as gn
from glassnet.graph import evaluate
from glassnet.program.trace import trace

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PNG = b"\x89PNG"


def load(name):
    """An example as a module, without running it."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


by_hand = load("by_hand")


def run_of(name, *arguments):
    """What main(...) gives back, once for all tests."""
    return load(name).main(*arguments)


def largest_difference(a, b):
    return max(float(np.abs(np.subtract(p, q)).max()) for p, q in zip(a, b, strict=True))


# a: one neuron


@pytest.fixture(scope="module")
def one_neuron():
    return run_of("tutorial_a_one_neuron")


def test_a_weights_move_by_error_times_input_times_slope(one_neuron):
    module = load("tutorial_a_one_neuron")
    (net, start, _), _ = one_neuron
    expected = by_hand.one_neuron(module.x, module.y, start["dense.weight"], 10_000)
    assert largest_difference([net.parameters["dense.weight"]], [expected]) < 1e-12


def test_a_the_rule_is_also_the_sum_of_squares_with_half_the_learning_rate(one_neuron):
    module = load("tutorial_a_one_neuron")
    (net, start, _), _ = one_neuron
    again = gn.Network(list(net.layers.values()), input_shape=(3,), dtype="float64")
    again.parameters["dense.weight"] = start["dense.weight"]
    again.fit(module.x, module.y, loss="sum_squared_error", optimizer=gn.optim.SGD(0.5),
              epochs=10_000, batch_size=None, engine="numpy", verbose=0)  # fmt: skip
    assert largest_difference([net.parameters["dense.weight"]],
                              [again.parameters["dense.weight"]]) < 1e-12  # fmt: skip


def test_a_weights_start_between_minus_1_and_1_and_follow_the_seed(one_neuron):
    (_, start, _), _ = one_neuron
    (_, again, _), _ = run_of("tutorial_a_one_neuron")
    assert np.all(np.abs(start["dense.weight"]) < 1)
    assert np.array_equal(start["dense.weight"], again["dense.weight"])


def test_a_the_neuron_answers_for_what_it_has_not_seen(one_neuron):
    (net, _, answer), _ = one_neuron
    assert answer > 0.99
    assert net.parameters["dense.weight"].argmax() == 0  # the input that matters


def test_a_only_the_last_layer_is_trained(one_neuron):
    module = load("tutorial_a_one_neuron")
    _, (net, start) = one_neuron
    assert np.array_equal(net.parameters["dense.weight"], start["dense.weight"])
    expected = by_hand.last_layer_only(module.x, module.y, *start.values(), 10_000)
    assert largest_difference([net.parameters["dense_1.weight"]], [expected]) < 1e-12
    assert np.array_equal(net.predict(module.x) > 0.5, module.y > 0.5)


def test_a_the_program_of_the_frozen_network_has_no_gradient_of_the_first_layer(one_neuron):
    _, (net, _) = one_neuron
    text = net.training_program(loss="sum_squared_error", optimizer="sgd").source()
    assert "dW2 = " in text
    assert "dW1" not in text
    assert "W1 -=" not in text


# b: two layers


@pytest.fixture(scope="module")
def two_layers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return *run_of("tutorial_b_two_layers", folder), folder


def test_b_equals_the_plain_numpy_class_weight_for_weight(two_layers):
    module = load("tutorial_b_two_layers")
    net, start, history, _ = two_layers
    plain = by_hand.TwoLayers(module.x, module.y, *start.values())
    plain.train(1500)
    assert len(history["loss"]) == 1500
    own = [net.parameters["dense.weight"], net.parameters["dense_1.weight"]]
    assert largest_difference(own, [plain.weights1, plain.weights2]) < 1e-12
    assert largest_difference([history["loss"]], [plain.losses]) < 1e-12


def test_b_loss_falls_at_every_step_and_the_rows_are_learned(two_layers):
    module = load("tutorial_b_two_layers")
    net, _, history, _ = two_layers
    assert np.all(np.diff(history["loss"]) < 0)
    assert np.abs(net.predict(module.x) - module.y).max() < 0.05


def test_b_draws_its_loss_and_its_network(two_layers):
    *_, folder = two_layers
    for name in ("b_loss.png", "b_network.png"):
        assert (folder / name).read_bytes().startswith(PNG)


# c: every matrix of a step


@pytest.fixture(scope="module")
def every_matrix():
    return run_of("tutorial_c_every_matrix")


def test_c_equals_the_plain_numpy_code_after_5000_epochs(every_matrix):
    module = load("tutorial_c_every_matrix")
    net, start, _ = every_matrix
    expected = by_hand.every_matrix(module.x, module.y, *start.values(), 0.1, 5000)
    own = list(net.parameters.values())
    assert largest_difference(own, [expected[name] for name in ("W1", "b1", "W2", "b2")]) < 1e-12
    assert np.abs(net.predict(module.x) - module.y).max() < 0.06


def test_c_the_walkthrough_has_every_matrix_with_the_right_numbers(every_matrix):
    module = load("tutorial_c_every_matrix")
    _, start, first = every_matrix
    expected = by_hand.every_matrix(module.x, module.y, *start.values(), 0.1, 1)
    found = {n: v for line in first.steps for n, v in zip(line.names, line.values, strict=True)}
    assert list(found) == ["z1", "a1", "z2", "a2", "loss", "dz2", "dW2", "db2", "da1", "dz1",
                           "dW1", "db1", "W1", "b1", "W2", "b2"]  # fmt: skip
    for name, value in found.items():
        assert value == pytest.approx(expected[name], abs=1e-15), name


def test_c_the_walkthrough_is_the_reference_interpreter_s_forward_pass(every_matrix):
    module = load("tutorial_c_every_matrix")
    net, start, first = every_matrix
    forward = trace(net.topology, "float64", training=False)
    given = {forward.inputs[0]: module.x.astype(float)}
    given |= {leaf: start[name] for name, leaf in forward.parameters.items()}
    (expected,) = evaluate(forward.outputs, given, len(module.x))
    (a2,) = next(line.values for line in first.steps if line.names == ("a2",))
    assert np.array_equal(a2, expected)


def test_c_the_printed_walkthrough_shows_names_formulas_and_numbers_in_order(every_matrix):
    *_, first = every_matrix
    text = str(first)
    marks = ["# given", "x    # (3, 4)", "W1    # (4, 3)", "learning_rate = 0.1", "# forward",
             "z1 = x @ W1 + b1    # (3, 3)", "a2 = sigmoid(z2)    # (3, 1)", "# loss",
             "# backward", "dW1 = x.T @ dz1    # (4, 3)", "# update", "b2 -= "]  # fmt: skip
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    rows = [row for row in text.splitlines() if row.lstrip().startswith("[")]
    printed = {round(float(n), 6) for row in rows for n in row.strip(" []").split()}
    for line in first.steps:
        for value in line.values:
            assert not value.ndim or {round(float(v), 6) for v in value.ravel()} <= printed


def test_c_a_walkthrough_leaves_the_network_as_it_is(every_matrix):
    module = load("tutorial_c_every_matrix")
    net, _, _ = every_matrix
    before = {name: array.copy() for name, array in net.parameters.items()}
    net.walkthrough(module.x, module.y, loss=module.half_sum_of_squares)
    assert all(np.array_equal(before[name], array) for name, array in net.parameters.items())


# d: real tables


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    pytest.importorskip("sklearn", reason="the table comes with scikit-learn")
    folder = tmp_path_factory.mktemp("pictures")
    return *run_of("tutorial_d_classification", folder), folder


def test_d_most_rows_that_it_has_not_seen_are_right(classified):
    module = load("tutorial_d_classification")
    net, _, _ = classified
    *_, x_test, y_test = module.table()
    assert np.mean((net.predict(x_test)[:, 0] > 0.5) == y_test) > 0.9


def test_d_loss_and_accuracy_are_noted_for_every_epoch(classified):
    _, history, folder = classified
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert len(history[name]) == 100
    assert history["loss"][-1] < history["loss"][0] / 4
    assert history["accuracy"][-1] > 0.94
    assert (folder / "d_curves.png").read_bytes().startswith(PNG)


def test_d_scaling_uses_the_training_rows_and_is_part_of_the_network(classified):
    module = load("tutorial_d_classification")
    net, _, _ = classified
    x, _, x_test, _ = module.table()
    assert len(x) + len(x_test) == 569
    assert net.parameters["standardize.mean"] == pytest.approx(x.mean(axis=0), rel=1e-6)
    assert "scaled = (x - mean) / scale" in net.prediction_program().source()
    assert net.summary().endswith("20 statistics")


def test_d_the_same_network_by_hand_gives_the_same_weights():
    pytest.importorskip("sklearn", reason="the table comes with scikit-learn")
    sys.path.insert(0, str(EXAMPLES))
    spec = importlib.util.spec_from_file_location(
        "bench_tutorials", EXAMPLES.parent / "benchmarks" / "tutorials.py"
    )
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    sys.path.remove(str(EXAMPLES))
    *_, steps, apart = bench.classification_fit(5)
    assert steps == 75
    assert apart < 1e-12


def test_d_regression_is_better_than_the_mean(tmp_path):
    pytest.importorskip("sklearn", reason="the table comes with scikit-learn")
    history, error, always_the_mean = run_of("tutorial_d_regression", tmp_path)
    assert error < 0.8 * always_the_mean
    assert history["loss"][-1] < history["loss"][0] / 2
    assert (tmp_path / "d_regression_curve.png").read_bytes().startswith(PNG)


# e: pictures


def test_e_draws_every_picture(tmp_path):
    names = run_of("tutorial_e_pictures", tmp_path / "made")
    assert names == [
        "e_activations.png", "e_branches.png", "e_curves.png", "e_loss_surface.png",
        "e_loss_surface_of_two_layers.png", "e_more_activations.png", "e_network.png",
    ]  # fmt: skip
    for name in names:
        assert (tmp_path / "made" / name).read_bytes().startswith(PNG)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("tutorial_*.py")), ids=lambda p: p.stem)
def test_a_tutorial_is_short_and_its_command_is_right(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 70
    assert f"python examples/{path.name}" in text
    assert f"[{path.name}]({path.name})" in (EXAMPLES / "README.md").read_text(encoding="utf-8")
