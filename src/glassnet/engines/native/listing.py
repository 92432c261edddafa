"""The loop nests of a program as text, for people who want to see what is compiled."""

from __future__ import annotations

from glassnet.engines.native.arrange import arrange
from glassnet.engines.native.lower import lower
from glassnet.program import Program


def listing(program: Program) -> str:
    """Every nest, in the order in which it runs; `n` is a sample, `total` what a reduction finds.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(2, "relu")], input_shape=(3,))
    >>> print(listing(net.prediction_program()))
    for each block of samples n, i < 2:
        total = sum over r < 3 of (x[n, r] * W[2*r + i])
        z = (total + b[i])
        a[n, i] = relu(z[n, i])
    """
    lowered = lower(program)
    kept = {*lowered.leaves.values(), *lowered.outputs}
    return "\n".join(str(nest) for nest in arrange(lowered.nests, kept))
