"""The engine runs the printed text; the interpreter computes node by node; they agree."""

from dataclasses import replace

import numpy as np
import pytest
from cases.networks import BY_NAME, N_ROWS, ROWS

import glassnet as gn
from glassnet import graph as g
from glassnet.engines.numpy_engine import NumpyEngine
from glassnet.optim import LBFGS
from glassnet.optim.optimizer import OPTIMIZERS, find
from glassnet.program.execute import execute
from glassnet.program.measure import measured_loss
from glassnet.program.program import Loop, ProcedureCall, Statement
from glassnet.program.trace import trace
from glassnet.train.fit import start_slots
from glassnet.train.objectives import objectives_of

KINDS = ("float32", "float64")
OUTPUTS = {
    "binary_crossentropy": "sigmoid", "focal": "sigmoid", "sparse_categorical_crossentropy":
    "softmax", "categorical_crossentropy": "softmax", "kl_divergence": "softmax", "ctc": "softmax",
    "poisson": "softplus", "hinge": "tanh",
}  # fmt: skip


def target(loss, rng, n=5, k=3):
    if loss == "ctc":  # of 4 steps
        return np.array([[1, 2, -1, -1], [2, 2, -1, -1], [1, -1, -1, -1], [1, 2, 1, 2], [-1] * 4])
    if gn.losses.LOSSES[loss].target == "class":
        return rng.integers(0, k, n)
    if loss in {"categorical_crossentropy", "kl_divergence"}:
        return np.eye(k)[rng.integers(0, k, n)]
    return rng.integers(0, 2, (n, k)) if OUTPUTS.get(loss) else rng.normal(size=(n, k))


def network(activation, loss, dtype):
    layers = [gn.Dense(4, activation), gn.Dense(3, OUTPUTS.get(loss, "linear"))]
    shape = (4, 2) if loss == "ctc" else (2,)
    return gn.Network(layers, input_shape=shape, seed=1, dtype=dtype)


def leaf_values(row, net, program):
    """A value for each argument of the program."""
    rng = np.random.default_rng(0)
    values = {}
    for leaf in program.inputs:
        shape = [N_ROWS if n == "B" else n for n in leaf.shape]
        if leaf.dtype == "int64":
            values[leaf] = rng.integers(0, 2, shape)
        else:
            values[leaf] = rng.uniform(0, 1, shape).astype(leaf.dtype)
    arrays = [*dict(net.parameters).values(), *start_slots(net, program).values()]
    leaves = [*program.parameters.values(), *program.slots.values()]
    values |= {leaf: array.copy() for leaf, array in zip(leaves, arrays, strict=True)}
    plain = {"learning_rate": find(row.optimizer).start_rate, "seed": net.seed, "t": 3}
    return values | {leaf: plain[leaf.name] for leaf in program.settings}


def interpreted(program, values, batch):
    """(outputs, arrays afterwards): every statement by the interpreter, in order."""
    known = dict(values)
    for statement in program.statements():
        (value,) = g.evaluate([statement.value], known, batch)
        known[statement.value if statement.target is None else statement.target] = value
    return [known[out] for out in program.results], known


def by_engine(program, values):
    copies = [np.copy(values[leaf]) for leaf in program.arguments[: -len(program.settings) or None]]
    n = len(program.inputs)
    plain = {leaf.name: values[leaf] for leaf in program.settings}
    return NumpyEngine().prepare(program).call(copies[:n], copies[n:], **plain), copies[n:]


def assert_same_bits(found, expected):
    assert np.asarray(found).tobytes() == np.asarray(expected).tobytes()


def assert_the_interpreters_bits(row, dtype):
    net = row.build(dtype)
    program = row.program(net)
    g.check(program.roots())
    values = leaf_values(row, net, program)
    outputs, known = interpreted(program, values, N_ROWS)
    found, arrays = by_engine(program, values)
    for value, expected in zip(found, outputs, strict=True):
        assert_same_bits(value, expected)
    kept = [*program.parameters.values(), *program.slots.values()]
    for array, leaf in zip(arrays, kept, strict=True):
        assert_same_bits(array, known[leaf])


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_engine_gives_the_interpreters_bits(row, dtype):
    assert_the_interpreters_bits(row, dtype)


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_gives_the_interpreters_bits(optimizer, dtype):
    assert_the_interpreters_bits(BY_NAME["aim"]._replace(optimizer=optimizer), dtype)


TABLE = [(loss, activation) for loss in gn.losses.LOSSES for activation in ("relu", "elu")]
TABLE += [("mean_squared_error", a) for a in (*gn.nn.activations.ACTIVATIONS, "prelu")]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize(("loss", "activation"), TABLE)
def test_program_keeps_the_loss_and_the_gradients_of_the_plain_graph(loss, activation, dtype):
    """Against the formulas as they were written and derived, before any rule rewrote them."""
    rng = np.random.default_rng(len(loss) + len(activation))
    net = network(activation, loss, dtype)
    x = rng.normal(size=(5, *net.topology.inputs[0][1].shape[1:])).astype(dtype)
    y = target(loss, rng)
    found = objectives_of(net, loss, (), y)
    forward = trace(net.topology, dtype, training=True)
    plain, (y_leaf,) = measured_loss(found.each, forward, net.topology)
    values = {forward.inputs[0]: x, y_leaf: y.astype(y_leaf.dtype)}
    values |= {leaf: net.parameters[name] for name, leaf in forward.parameters.items()}
    leaves = list(forward.parameters.values())
    expected = g.evaluate([plain, *g.gradients(plain, leaves)], values, batch=5)

    program = net.training_program(loss=loss, optimizer=LBFGS(), y=y)
    arrays = list(dict(net.parameters).values())
    outputs = NumpyEngine().prepare(program).call([x, y.astype(y_leaf.dtype)], arrays)
    tolerance = 1e-12 if dtype == "float64" else 3e-6
    for value, other in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=tolerance, atol=tolerance)


def written_out(program):
    """The program with the lines of the optimiser in place of its calls."""
    body: list = []
    for entry in program.body:
        body += entry.statements() if isinstance(entry, ProcedureCall) else [entry]
    return replace(program, body=tuple(body))


PAIRS = [(row, None) for row in ROWS]
PAIRS += [(BY_NAME["sample_weights"], optimizer) for optimizer in OPTIMIZERS]


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize(("row", "optimizer"), PAIRS, ids=lambda value: str(value or "its own"))
def test_every_line_has_the_kind_of_number_that_it_says(row, optimizer, dtype):
    """In a float32 program nothing is ever float64 (but the share of right answers, at its end)."""
    row = row._replace(optimizer=optimizer or row.optimizer)
    net = row.build(dtype)
    program = written_out(row.program(net))
    values = {leaf.name: value for leaf, value in leaf_values(row, net, program).items()}
    for line, statement in zip(execute(program, values), program.body, strict=True):
        assert isinstance(statement, Statement | Loop)
        found = statement.results if isinstance(statement, Loop) else [statement]
        for one, value in zip(found, line.values, strict=True):
            kind = one.value.dtype
            if kind != "number":
                assert value.dtype == kind, line.code
            if dtype == "float32" and statement.section != "metrics":
                assert kind != "float64", line.code
