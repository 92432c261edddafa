"""Loops in the printed program: a block forward and one backward, which run as they read."""

import re

import numpy as np
import pytest
from cases import random_loops

import glassnet as gn
from glassnet import graph as g
from glassnet.program import Program
from glassnet.program.program import Loop


def lstm(steps=7, **settings):
    layers = [gn.LSTM(4, **settings), gn.Dense(1)]
    return gn.Network(layers, input_shape=(steps, 3), seed=1, dtype="float64")


def text(net, optimizer="sgd"):
    source = net.training_program(loss="mse", optimizer=optimizer).source()
    return source[source.index("def step(") :]


def blocks(source):
    """The lines of each loop."""
    return [
        match.group(0).splitlines()[1:]
        for match in re.finditer(r"    for t in .*:\n(?:        .*\n)+", source)
    ]


def test_recurrent_layer_is_a_block_forward_and_one_backward():
    source = text(lstm())
    assert re.findall(r"for t in .*", source) == [
        "for t in range(7):", "for t in reversed(range(7)):"
    ]  # fmt: skip
    assert [len(block) for block in blocks(source)] == [10, 8]


def test_text_is_as_long_for_a_thousand_steps():
    assert len(text(lstm(1000)).splitlines()) == len(text(lstm()).splitlines())


def test_no_step_counts_beside_its_own():
    """Every index along time is t alone."""
    for net in (lstm(), lstm(return_sequences=False, go_backwards=True)):
        for block in blocks(text(net)):
            assert {found for line in block for found in re.findall(r"\bt\b[^,\]_ =]*", line)} <= {
                "t"
            }
            assert not any(re.search(r"t [+-] \d", line) for line in block)


def test_every_value_of_a_step_has_its_shape():
    for block in blocks(text(lstm())):
        for line in block:
            is_kept = re.match(r"        \w+\[:, t\] = \w+$", line)
            assert is_kept or re.search(r"  # \(B, \d+\)$", line), line


def test_updates_are_counted_under_another_name_than_steps():
    source = text(lstm(), "adam")
    assert re.search(r"learning_rate, n_updates\n?\)", source)
    assert "adam(W1, dW1, m_W1, v_W1, learning_rate, n_updates)" in source
    without = gn.Network([gn.Dense(1)], input_shape=(3,)).training_program(optimizer="adam")
    assert "n_updates" not in without.source()


class Exchange(gn.Layer):
    """Two carried values that change places in each step, and one that waits for both."""

    def formula(self, x):
        ones = g.stretch(1.0, (x.shape[0], x.shape[-1]), x.dtype)
        lasts, (kept,) = g.scan(
            lambda p, q, s, x: ([q, p + x, s + p * q], [p - s]), [ones, 2 * ones, ones], [x]
        )
        return g.concatenate(*lasts, g.sum(kept, axis=1))


class Named(gn.Layer):
    """A value of a step under the name of what is carried, read behind the next one."""

    def formula(self, x):
        ones = g.stretch(1.0, (x.shape[0], x.shape[-1]), x.dtype)

        def step(h, x):
            old = (h * x).named("h")
            new = (old + x).named("h")
            return [new], [old * new + h]

        (last,), (kept,) = g.scan(step, [ones], [x])
        return g.concatenate(last, g.sum(kept, axis=1))


@pytest.mark.parametrize("layer", [Exchange(), Named()])
def test_names_of_carried_values_hold_what_they_say(layer):
    """The printed text against the graph, which knows no names."""
    net = gn.Network([layer], input_shape=(5, 3), dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    node = g.input("x", ("B", 5, 3), "float64")
    expected = g.evaluate([layer.formula(node)], {node: x}, 4)[0]
    scope = {}
    exec(net.prediction_program().source(), scope)
    np.testing.assert_allclose(scope["predict"](x), expected, rtol=1e-13)
    trained = gn.Network([layer, gn.Dense(1)], input_shape=(5, 3), dtype="float64")
    assert gn.checks.check_gradients(trained, x, np.ones((4, 1))).worst < 1e-6


def test_values_that_exchange_places_do_so_at_once():
    source = gn.Network([Exchange()], input_shape=(5, 3)).prediction_program().source()
    assert re.search(r"        p_t, q_t = q_t, q_t_2\n|p_t, q_t = q_t, \w+\n", source)


def test_program_lists_what_a_loop_gives():
    program: Program = lstm().training_program(loss="mse", optimizer="sgd")
    forward, backward = (entry for entry in program.body if isinstance(entry, Loop))
    assert {s.name for s in forward.arrays()} == {
        "i1", "f1", "g1", "o1", "tanh_c1", "c1_before", "h1_before"
    }  # fmt: skip
    assert [s.name for s in forward.lasts()] == ["h1"]
    assert [s.name for s in backward.results] == ["dxW1"]


def test_walkthrough_shows_the_arrays_that_a_loop_fills():
    net = lstm(3)
    shown = str(net.walkthrough(np.ones((2, 3, 3)), np.ones((2, 1)), loss="mse"))
    assert "for t in range(3):" in shown
    assert re.search(r"^tanh_c1 ", shown, flags=re.MULTILINE) or "tanh_c1" in shown


class Picking(gn.Layer):
    """A code of each step picks within the step."""

    def formula(self, x, code):
        _, (found,) = g.scan(lambda x, i: ([], [g.pick(x, i)]), [], [x, code])
        return found


def test_step_that_picks_by_an_index_is_told_to_pick_before():
    x, code = gn.Input((5, 3)), gn.Input((5,), dtype="int64")
    net = gn.Network(inputs=[x, code], outputs=Picking()(x, code))
    with pytest.raises(gn.errors.ShapeError, match=r"In layer 'picking', pick: .*before the loop"):
        net.predict([np.ones((2, 5, 3)), np.ones((2, 5), np.int64)])


class Timed(gn.Layer):
    """A user's value that is called as the counter of loops is."""

    def formula(self, x):
        zeros = g.stretch(0.0, (x.shape[0], x.shape[-1]), x.dtype)
        t = (x[:, 0] * 2).named("t")
        (h,), _ = g.scan(lambda h, x: ([h + t * x], []), [zeros], [x])
        return h + t


def test_no_value_is_called_as_the_counter_is():
    net = gn.Network([Timed()], input_shape=(5, 3), dtype="float64")
    x = np.random.default_rng(0).normal(size=(4, 5, 3))
    expected = 2 * x[:, 0] * x.sum(axis=1) + 2 * x[:, 0]
    scope = {}
    exec(net.prediction_program().source(), scope)
    np.testing.assert_allclose(scope["predict"](x), expected, rtol=1e-13)


@pytest.mark.parametrize("seed", range(40))
def test_random_loop_is_printed_as_the_graph_has_it(seed):
    net, x, y = random_loops.network(seed)
    program, scope = net.prediction_program(), {}
    exec(program.source(), scope)
    found = scope["predict"](x, *(net.parameters[name] for name in program.parameters))
    np.testing.assert_allclose(found, random_loops.interpreted(net, x), rtol=1e-10, atol=1e-12)
    assert gn.checks.check_gradients(net, x, y, loss="mse", tolerance=1e-5).worst < 1e-5
