"""The listing is what people read, and the checker finds what does not hold."""

from dataclasses import replace

import numpy as np
import pytest
from cases.ops import ROWS

from glassnet import graph as g
from glassnet.errors import GlassnetError
from glassnet.spec import Spec

NEURON = """\
%0 = input 'x'                                    (B, 3) float32
%1 = parameter 'W'                                (3, 1) float32
%2 = matmul %0 %1                                 (B, 1) float32
%3 = parameter 'b'                                (1,) float32
%4 = add %2 %3 'z'                                (B, 1) float32
%5 = sigmoid %4 'a'                               (B, 1) float32
%6 = slice %5 index=(slice(None, None, None), 0)  (B,) float32
%7 = mean %6 axis=0 keepdims=False                () float32
return %7 %5"""


def neuron():
    x = g.input("x", ("B", 3))
    z = (x @ g.parameter("W", (3, 1)) + g.parameter("b", (1,))).named("z")
    a = g.sigmoid(z).named("a")
    return [a[:, 0].mean(axis=0), a]


def test_listing_has_a_line_for_each_node():
    assert g.listing(neuron()) == NEURON


def test_listing_of_a_gradient_holds_no_forward_part_that_it_does_not_need():
    x, w = g.input("x", ("B", 2)), g.parameter("w", (2,))
    (dw,) = g.gradients(g.sum(x * w), [w])
    assert "parameter" not in g.listing([dw])


def test_listing_keeps_an_array_on_one_line():
    listed = g.listing([g.constant(np.eye(3)) * 2])
    assert listed.count("\n") == 3
    assert "[[1. 0. 0.] [0. 1. 0.] [0. 0. 1.]]" in listed


def test_listing_numbers_a_shared_node_once():
    x = g.input("x", (2,))
    h = g.exp(x)
    assert g.listing([h * h]).splitlines()[2].startswith("%2 = mul %1 %1")


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_check_passes_what_the_ops_made(row):
    node, _, _ = row.make()
    g.check([node])


@pytest.mark.parametrize("spec", [Spec(("B", 2)), Spec(("B", 1), "float64"), Spec(("B",))])
def test_check_catches_a_wrong_shape_or_kind(spec):
    x = g.input("x", ("B", 1))
    wrong = replace(g.exp(x).named("h"), spec=spec)
    with pytest.raises(
        GlassnetError, match=r"exp h is noted as .*, but its op makes \(B, 1\) float32"
    ):
        g.check([g.sum(wrong)])


def test_repr_shows_op_name_and_spec():
    assert repr(g.input("x", ("B", 2))) == "<input 'x' (B, 2) float32>"
    assert repr(g.input("x", (2,)) + 1) == "<add (2,) float32>"
    assert repr(g.all_ops()["tanh"]) == "<op tanh>"
