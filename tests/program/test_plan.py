"""Which value gets a line, how a program is taken apart, and how it runs line by line."""

import numpy as np
import pytest
from cases.networks import BY_NAME, ROWS

import glassnet as gn
from glassnet import graph as g
from glassnet.program import ProcedureCall, Statement, evaluation_program
from glassnet.program.execute import execute
from glassnet.program.plan import plan
from glassnet.program.program import Loop
from glassnet.program.simplify import merge
from glassnet.train.objectives import objectives_of

X = g.input("x", ("B", 3), "float64")
W = g.parameter("W", (3, 3), "float64")


def lines(*roots, firm=(), section="forward"):
    """[name, ...] of the statements for these roots."""
    return [s.name for s in plan([(section, roots)], {X: "x", W: "W"}, firm).statements]


def test_named_value_has_a_line():
    assert lines(2 * g.exp(X).named("e") + 1, firm=()) == ["e"]


def test_unnamed_value_that_is_used_once_has_none():
    y = 2 * g.exp(X) + 1
    assert lines(y.named("y")) == ["y_2"]


def test_value_that_is_used_twice_has_a_line():
    e = g.exp(X)
    assert lines((e + 1 / e).named("h")) == ["e1", "h"]


def test_product_of_matrices_has_a_line_unless_it_goes_into_a_sum():
    assert lines((g.tanh(X @ W)).named("h")) == ["m1", "h"]
    assert lines((X @ W + 1).named("h")) == ["h"]


def test_gradient_that_is_used_once_has_none_though_it_has_a_name():
    d = (2 * X).named("da")
    assert lines((d * X).named("dz"), firm=[], section="backward") == []
    assert lines(g.tanh(d @ W), section="backward") == ["da", "m1"]


def test_long_formula_is_cut_into_lines_that_are_short():
    y = X
    for i in range(40):
        y = g.sin(y * (1.5 + i))
    found = plan([("forward", [y.named("long")])], {X: "x"})
    assert len(found.statements) > 3
    assert [s.name for s in found.statements][-1] == "long"


def test_value_stands_in_the_first_section_that_needs_it():
    e = g.exp(X).named("e")
    a, b = (e + 1).named("a"), (e * 2).named("b")
    found = plan([("forward", [a]), ("loss", [b])], {X: "x"})
    assert [(s.section, s.name) for s in found.statements] == [
        ("forward", "e"), ("forward", "a"), ("loss", "b"),
    ]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_program_is_made_of_statements_over_its_own_leaves(row):
    program = row.program(row.build())
    g.check(program.roots())
    leaves = {n for n in g.in_order(program.roots()) if n.op.name in {"input", "parameter"}}
    assert leaves <= set(program.arguments)
    sections = list(dict.fromkeys(entry.section for entry in program.body))
    expected = ["forward", "loss", *(["metrics"] if row.metrics else []), "backward", "update"]
    assert sections == expected
    assert all(isinstance(entry, Statement | ProcedureCall | Loop) for entry in program.body)
    targets = [s.target for s in program.statements() if s.target is not None]
    assert set(targets) <= {*program.parameters.values(), *program.slots.values()}


def test_what_is_not_trained_is_not_set():
    program = BY_NAME["frozen"].program(BY_NAME["frozen"].build())
    changed = {s.target.name for s in program.statements() if s.target is not None}
    assert changed == {"W2", "b2"}


def test_execute_gives_every_line_with_its_numbers_and_layer():
    net = BY_NAME["aim"].build("float64")
    program = BY_NAME["aim"].program(net)
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(4, 3)), "y": np.ones((4, 1)), "learning_rate": 0.1}
    given |= {leaf.name: net.parameters[k].copy() for k, leaf in program.parameters.items()}
    found = {line.names[0]: line for line in execute(program, given)}
    assert (found["z1"].code, found["z1"].layer) == ("z1 = x @ W1 + b1", "dense")
    assert (found["dW2"].section, found["dW2"].layer) == ("backward", "dense_1")
    np.testing.assert_array_equal(
        found["z1"].values[0], given["x"] @ net.parameters["dense.weight"]
    )
    changed = net.parameters["dense.weight"] - 0.1 * found["dW1"].values[0]
    np.testing.assert_array_equal(found["W1"].values[0], changed)
    assert all(line.is_finite for line in found.values())


def test_execute_shows_what_a_rule_set():
    net = BY_NAME["relu_adam"].build()
    row = BY_NAME["relu_adam"]
    program = row.program(net)
    rng = np.random.default_rng(0)
    given = {"x": rng.normal(size=(4, 10)), "y": np.ones((4, 1)), "learning_rate": 0.1, "t": 1}
    given |= {leaf.name: net.parameters[k].copy() for k, leaf in program.parameters.items()}
    given |= {leaf.name: np.zeros(leaf.shape) for leaf in program.slots.values()}
    last = list(execute(program, given))[-1]
    assert last.names == ("m_b4", "v_b4", "b4")
    assert last.code == "adam(b4, db4, m_b4, v_b4, learning_rate, t)"
    assert not np.isnan(last.values[0]).any()


def test_fault_is_found_in_the_line_in_which_it_arises():
    net = gn.Network([gn.Dense(1)], input_shape=(1,), dtype="float64")
    program = net.training_program(loss=lambda y, p: g.log(p) * y, optimizer="sgd")
    given = {"x": np.array([[1.0]]), "y": np.ones((1, 1)), "W": np.array([[-1.0]]),
             "b": np.zeros(1), "learning_rate": 0.1}  # fmt: skip
    with np.errstate(all="ignore"):
        bad = next(line for line in execute(program, given) if not line.is_finite)
    assert bad.section == "loss"


def test_gradient_that_two_weights_share_is_computed_once():
    x = gn.Input((2,))
    net = gn.Network(inputs=x, outputs=gn.Add()(gn.Dense(2)(x), gn.Dense(2)(x)), dtype="float64")
    text = net.training_program(optimizer="sgd").source()
    assert text.count("x.T @ dz2") == 1
    assert "W1 -= learning_rate * dW2" in text
    assert "W2 -= learning_rate * dW2" in text
    assert gn.checks.check_gradients(net, np.eye(2), np.ones((2, 2))).worst < 1e-7


def evaluation(row, net):
    objectives = objectives_of(net, row.loss, row.metrics, row.data().y).each
    return evaluation_program(net.topology, net.dtype, objectives)


@pytest.mark.parametrize("kind", ["step", "predict", "evaluate"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_equal_formulas_of_a_program_are_one_value(row, kind):
    net = row.build()
    program = {
        "step": lambda: row.program(net), "predict": net.prediction_program,
        "evaluate": lambda: evaluation(row, net),
    }[kind]()  # fmt: skip
    roots = list(program.results)
    for entry in program.body:
        if isinstance(entry, Statement):
            roots.append(entry.value)
        else:
            roots += entry.arguments if isinstance(entry, ProcedureCall) else [entry.node]
    computed = [node for node in g.with_bodies(roots) if not node.is_leaf]
    merged = [node for node in g.with_bodies(merge(roots)) if not node.is_leaf]
    assert len(merged) == len(computed)
