"""How far two correct engines may differ: programs run with every operation off by a little.

Rounding is imitated: whatever an operation gives (or what it sums) is multiplied by 1 + e, with
e drawn evenly from -LEVEL to LEVEL units in the last place. What such runs differ by is how well
conditioned the problem is, step by step. Where a decision hangs by a thread (a unit of relu at 0,
the sign of a gradient that cancels), some of the runs decide otherwise, and the spread shows it.

True rounding is no dice: the same number is rounded the same way whenever it comes up, and what
is left where terms cancel has one sign from step to step, which Adagrad and Adam make large. So
the noise of a run is either Dice, drawn anew each time, or Habits, drawn once for each number.
"""

import functools

import numpy as np

from glassnet.graph.evaluate import namespace
from glassnet.graph.op import ATOM
from glassnet.graph.text import write

LEVEL = 16
SUMS = {"sum", "mean", "matmul", "einsum", "add_at"}  # these round on the way: their terms are off
EXACT = {
    "neg", "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and",
    "logical_or", "logical_not", "isnan", "where", "minimum", "maximum", "abs", "sign", "floor",
    "relu", "cast", "max", "min", "argmax",
}  # fmt: skip
ROUNDED = {"elementwise", "reduce", "contract"}  # the other kinds move numbers, or draw them


class NoisyProgram:
    """A program as a list of formulas, one for each node, that are run one after another."""

    def __init__(self, program):
        self.program, self._lines, made = program, [], set(program.arguments)
        for statement in program.statements():
            inner = [_formula(node) for node in _missing(statement.value, made)]
            self._lines.append((statement, inner))
            made.add(statement.value)

    def step(self, values, noise):
        """The outputs for these arguments by name; arrays that the program sets are set anew."""
        leaves = {leaf: values[leaf.name] for leaf in self.program.arguments}
        known = dict(leaves)
        batch = next(len(known[x]) for x in self.program.inputs if x.shape[:1] == ("B",))
        with np.errstate(all="ignore"):
            for statement, inner in self._lines:
                here = dict(known)
                for node, function in inner:
                    here[node] = _off(node, function, here, batch, noise)
                target = statement.value if statement.target is None else statement.target
                known[target] = here[statement.value]
        for leaf in (*self.program.parameters.values(), *self.program.slots.values()):
            values[leaf.name] = known[leaf]
        return [known[output.node] for output in self.program.outputs]


def _missing(value, made):
    """The nodes that the value needs beside those that are made, in order of computation."""
    order, seen, stack = [], set(made), [(value, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack += [(node, True), *((arg, False) for arg in reversed(node.args))]
    return order


def _formula(node):
    names = [f"a{i}" for i in range(len(node.args))]
    text, _ = write(node, [(name, ATOM) for name in names], batch="B")
    return node, _compiled(f"lambda {', '.join([*names, 'B'])}: {text}")


@functools.cache
def _compiled(text):
    return eval(text, namespace())  # noqa: S307 - the ops' own forward texts


def _off(node, function, known, batch, noise):
    """What the node gives, as far off as rounding may bring it."""
    arguments = [known[arg] for arg in node.args]
    if node.op.name in SUMS:
        return function(*(noisy(a, noise) for a in arguments), batch)
    found = function(*arguments, batch)
    rounded = node.op.kind in ROUNDED and node.op.name not in EXACT
    rounded |= node.op.name == "random_normal"  # logarithm, root and cosine
    return noisy(found, noise) if rounded else found


class Dice:
    """A share in [-1, 1) for each number, another one each time."""

    def __init__(self, seed):
        self._rng = np.random.default_rng(seed)

    def shares(self, value):
        return self._rng.uniform(-1, 1, value.shape)


class Habits:
    """A share in [-1, 1) for each number, the same one whenever the number comes up."""

    def __init__(self, seed):
        self._key = np.random.default_rng(seed).integers(2**64, dtype=np.uint64)

    def shares(self, value):
        bits = value.view(f"u{value.itemsize}").astype(np.uint64) ^ self._key
        for factor in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB):  # SplitMix64's
            bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(factor)
        return (bits ^ (bits >> np.uint64(31))) / 2.0**63 - 1


def noisy(value, noise):
    """Numbers of a float, each off by a share of LEVEL units in the last place."""
    if isinstance(value, float):
        return float(noisy(np.array([value]), noise)[0])  # plain, as it was
    if getattr(value, "dtype", None) not in (np.float32, np.float64):
        return value
    off = LEVEL * np.finfo(value.dtype).eps * noise.shares(np.asarray(value))
    found = np.empty_like(value)  # which lies as the value: sums depend on it
    found[...] = value * (1 + off)
    return found
