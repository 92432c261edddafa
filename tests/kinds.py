"""float32 stays float32: no node of a graph may turn its arrays into another kind of number."""

import numpy as np

from glassnet import graph as g

PLAIN = (bool, int, float)


def kind_of(value):
    """The kind of a value as its node should have noted it."""
    return "number" if type(value) in PLAIN else np.asarray(value).dtype.name


def wrong_kinds(outputs, values, batch):
    """(node, kind it has) for each node whose value is not of the kind that is noted."""
    known = g.evaluate_all(outputs, values, batch=batch)
    return [
        (node, kind_of(x)) for node, x in known.items()
        if node.op.kind != "loop" and kind_of(x) != node.dtype
    ]  # fmt: skip


def assert_float32_throughout(outputs, values, batch=None):
    """Every output is float32, and so is whatever leads to it, but whole numbers and truths."""
    assert [node.dtype for node in outputs] == ["float32"] * len(outputs)
    assert "float64" not in {node.dtype for node in g.in_order(outputs)}
    assert wrong_kinds(outputs, values, batch) == []
