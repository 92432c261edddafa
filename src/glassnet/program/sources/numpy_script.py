"""The whole training as one NumPy script: initial values, the step, and the loop around it.

    python network.py data.npz weights.npz

reads the arrays x and y (or whatever the network's inputs are called) from one file, trains as
`net.fit` does, to the last bit, and writes the weights to the other.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import numpy as np

from glassnet.errors import UnsupportedError
from glassnet.graph import Node
from glassnet.graph.random import WORDS
from glassnet.nn.init import INITS, Draw
from glassnet.program.naming import fresh
from glassnet.program.program import Program, Role
from glassnet.program.sources import layout
from glassnet.program.start import Start
from glassnet.spec import BATCH, shape_text

_LIMITS = {
    "glorot_uniform": "math.sqrt(3 * (2 / (fan_in + fan_out)))",
    "he_uniform": "math.sqrt(3 * (2 / fan_in))",
    "lecun_uniform": "math.sqrt(3 * (1 / fan_in))",
}
_BOUNDS = {"uniform": (-0.05, 0.05), "rand": (0.0, 1.0)}
_BETWEEN = '''\
def between(low, high, shape, seed, stream):
    """Initial weights, evenly between low and high; each array draws from its own stream."""
    words = philox(math.prod(shape), seed, stream, 0, use=1)
    return low + (high - low) * fractions(words, np.float64).reshape(shape)
'''
_SCALED = '''\
def {name}(shape, seed, stream):
    """Initial weights, evenly between -limit and limit, which depends on the shape."""
    {fans}
    limit = {limit}
    return between(-limit, limit, shape, seed, stream)
'''
_SHUFFLED = '''\
def shuffled(count, seed, epoch):
    """The numbers 0 .. count - 1 in an order drawn for this epoch."""
    return np.argsort(philox(count, seed, 0, epoch, use=2), kind="stable")
'''
_MAIN = """\
if __name__ == "__main__":
    with np.load(sys.argv[1]) as data:
        weights = train(**data)
    np.savez(sys.argv[2], **weights)
"""
_LOCALS = ("n", "epochs", "batch_size", "epoch", "order", "rows", "first", "total", "means",
           "found", "share", "whole")  # fmt: skip


def check(program: Program) -> Start:
    """Where the training of this program begins; UnsupportedError where no script can hold it."""
    start = program.start
    if program.function != "step" or start is None:
        raise UnsupportedError(
            f"A whole script holds a training, and this program is {program!r}. "
            "Take net.training_program(...).source('numpy', whole=True)."
        )
    if start.hindrance:
        raise UnsupportedError(f"A whole script cannot hold this training: {start.hindrance}")
    return start


def heading(program: Program) -> str:
    """What the script does, and with which arrays."""
    names = [leaf.name for leaf in program.inputs]
    given = f"{', '.join(names[:-1])} and {names[-1]}"
    text = (
        "Trains a network: python network.py data.npz weights.npz reads the arrays "
        f"{given} from the one file and writes the weights to the other."
    )
    return textwrap.fill(f'"""{text}"""', layout.WIDTH)


def draws(program: Program) -> list[str]:
    """The functions that draw initial weights and the order of rows."""
    start = check(program)
    inits = [name for name, _ in _inits(start).values()]
    found = WORDS.strip("\n").split("\n\n\n")
    if any(name in _LIMITS or name in _BOUNDS for name in inits):
        found.append(_BETWEEN)
    kernels = {name for name, array in start.arrays.items() if array.ndim > 2}
    for name in dict.fromkeys(inits):
        if name in _LIMITS:
            slides = any(_inits(start)[kernel][0] == name for kernel in kernels)
            fans = _fans("fan_out" in _LIMITS[name], slides)
            found.append(_SCALED.format(name=name, limit=_LIMITS[name], fans=fans))
    return found if program.carried else [*found, _SHUFFLED]


def _fans(both: bool, slides: bool) -> str:
    """How many numbers flow into one place of the result, and out of one of the input."""
    names = "fan_in, fan_out" if both else "fan_in, _"
    if not slides:
        return f"{names} = shape"
    return (
        "*field, channels, filters = shape  # the field is that of a kernel, if it is one\n"
        f"    {names} = math.prod(field) * channels, math.prod(field) * filters"
    )


def _inits(start: Start) -> dict[str, tuple[str, int]]:
    """Which of the named initialisers drew an array, and from which stream; "" where none did."""
    found = {}
    for stream, (name, array) in enumerate(start.arrays.items()):
        known = ["zeros", "ones", *_BOUNDS, *(_LIMITS if array.ndim > 1 else ())]
        drawn = (
            init for init in known
            if np.array_equal(_drawn(init, array, start.seed, stream), array)
        )  # fmt: skip
        found[name] = next(drawn, ""), stream
    return found


def _drawn(init: str, array: Any, seed: int, stream: int) -> Any:
    return INITS[init](array.shape, Draw(seed, stream)).astype(array.dtype)


def train(program: Program) -> str:
    """The function `train`, and what calls it."""
    start = check(program)
    taken = {leaf.name for leaf in program.arguments} | {"learning_rate", "seed", "t"}
    local = {name: fresh(name, taken) for name in _LOCALS}
    arguments = [
        *(leaf.name for leaf in program.inputs),
        f"{local['epochs']}=10", f"{local['batch_size']}={start.batch_size}",
        f"learning_rate={start.learning_rate}", f"seed={start.seed}",
    ]  # fmt: skip
    lines = [
        layout.bracketed("def train(", arguments, "):"),
        '    """Train from the initial values on these rows; the weights by name."""',
        *_shaped([*_data(program), ("# initial values", ""), *_initial(program, start)]),
        *_loop(program, start, local),
        *_returned(program),
    ]
    return "\n".join(lines) + "\n\n\n" + _MAIN


def _shaped(rows: list[tuple[str, str]]) -> list[str]:
    return layout.aligned(rows, "#")


def _data(program: Program) -> Iterator[tuple[str, str]]:
    """The given arrays in the kinds of number, and the shapes, that the step takes."""
    for leaf in program.inputs:
        column = leaf.shape == (BATCH, 1)
        shape = ".reshape(-1, 1)" if column else ""
        yield f"{leaf.name} = np.asarray({leaf.name}, np.{leaf.dtype}){shape}", _text(leaf)


def _text(leaf: Node) -> str:
    return shape_text(leaf.shape, "n")


def _initial(program: Program, start: Start) -> Iterator[tuple[str, str]]:
    inits = _inits(start)
    for name, leaf in program.parameters.items():
        yield f"{leaf.name} = {_value(start.arrays[name], *inits[name])}", _text(leaf)
    for owner, of in program.parameters.items():
        slots = {k: leaf for k, leaf in program.slots.items() if k.rpartition("/")[0] == owner}
        if slots:
            names = ", ".join(leaf.name for leaf in slots.values())
            yield f"{names} = {', '.join(_slot(program, name, of) for name in slots)}", ""


def _slot(program: Program, name: str, of: Node) -> str:
    """What the optimiser keeps beside a parameter, as it begins."""
    if name in program.averages.values():
        return f"{of.name}.copy()"
    first = program.slot_starts[name]
    return f"np.full_like({of.name}, {first})" if first else f"np.zeros_like({of.name})"


def _value(array: Any, init: str, stream: int) -> str:
    """An array as it was drawn, or number by number."""
    shape, kind = shape_text(array.shape), f"np.{array.dtype.name}"
    if init in {"zeros", "ones"}:
        return f"np.{init}({shape}, {kind})"
    if init in _BOUNDS:
        low, high = _BOUNDS[init]
        return f"between({low}, {high}, {shape}, seed, {stream}).astype({kind})"
    if init:
        return f"{init}({shape}, seed, {stream}).astype({kind})"
    numbers = np.array2string(
        array, separator=", ", threshold=sys.maxsize, floatmode="unique", max_line_width=80,
        prefix=" " * 8,
    )  # fmt: skip
    for word in ("nan", "inf"):
        numbers = numbers.replace(word, f"np.{word}")
    return f"np.array(\n        {numbers}, {kind})"


def _loop(program: Program, start: Start, local: dict[str, str]) -> Iterator[str]:
    """Epochs, batches, steps, and a line for each epoch."""
    n, total, rows, first = (local[name] for name in ("n", "total", "rows", "first"))
    epoch, epochs, order, size = (
        local[name] for name in ("epoch", "epochs", "order", "batch_size")
    )
    count = len(program.outputs)
    of_steps = program.places(Role.COUNT)
    of_rows = next(leaf for leaf in program.inputs if leaf.shape[:1] == (BATCH,))
    yield "    # epochs of steps"
    yield f"    {n}, t = len({of_rows.name}), 0"
    yield f"    {size} = min({size} or {n}, {n})"
    for leaf in program.carried.values():  # which keep the rows in their order
        shape = f"({size}, {', '.join(map(str, leaf.shape[1:]))})"
        yield f"    {leaf.name} = np.zeros({shape}, np.{leaf.dtype})"
    yield f"    for {epoch} in range({epochs}):"
    shuffled = "" if program.carried else f"shuffled({n}, seed, {epoch}) if {size} < {n} else "
    yield f"        {order} = {shuffled}np.arange({n})"
    yield f"        {total} = np.zeros({count})"
    if of_steps:
        yield f"        {local['whole']} = np.zeros({count})"
    yield f"        for {first} in range(0, {n}, {size}):"
    yield f"            {rows} = {order}[{first} : {first} + {size}]"
    yield "            t += 1"
    share, whole = _shares(program, start, f"len({rows})"), _shares(program, start, n)
    arguments = [
        f"{a.name}[{rows}]" if a in program.inputs and a.shape[:1] == (BATCH,) else a.name
        for a in program.arguments
    ]
    if of_steps:
        yield from _mean_of_steps(program, start, arguments, local)
    else:
        call = layout.bracketed(f"            {total} += {share} * np.array(step(", arguments, "))")
        yield call.replace("1 * np.array(step", "np.array(step")
        yield f"        {local['means']} = {total} / {whole}".replace(" / 1", "")
    yield _said(program, start, local)


def _mean_of_steps(
    program: Program, start: Start, arguments: list[str], local: dict[str, str]
) -> Iterator[str]:
    """Where a mask hides steps, a batch counts in a figure as much as the steps that it shows."""
    found, share, total, whole = (local[name] for name in ("found", "share", "total", "whole"))
    places = program.place_of_counts
    counts = [f"len({local['rows']})" if at is None else f"{found}[{at}]" for at in places]
    counts += ["1"] * (len(program.outputs) - len(counts))
    sums = program.places(Role.LOSS, Role.PENALTY) if start.adds_up else []
    for i in sums:
        counts[i] = "1"
    yield layout.bracketed(f"            {found} = np.array(step(", arguments, "))")
    yield f"            {share} = np.array([{', '.join(counts)}])  # how much the batch counts"
    yield f"            {total} += {share} * {found}"
    yield f"            {whole} += {share}"
    for i in sums:
        what = "loss" if i == 0 else "penalty"
        yield f"        {whole}[{i}] = 1  # the {what} is a sum"
    yield f"        {local['means']} = {total} / {whole}"


def _shares(program: Program, start: Start, rows: str) -> str:
    """What each figure of a step counts in the epoch: its rows, or a sum of losses as it is."""
    if not start.adds_up:
        return rows
    sums = {Role.LOSS, Role.PENALTY}
    found = ["1" if output.role in sums else rows for output in program.outputs]
    return found[0] if len(found) == 1 else f"np.array([{', '.join(found)}])"


def _said(program: Program, start: Start, local: dict[str, str]) -> str:
    """print(f"epoch 1/10  loss 0.6931")."""
    words = [f"epoch {{{local['epoch']} + 1}}/{{{local['epochs']}}}"]
    for i, output in enumerate(program.outputs):
        if not output.is_figure:
            continue
        formula = start.finished.get(output.figure, "{}" if not output.of else "")
        value = (formula or "{}").format(f"{local['means']}[{i}]")
        words.append(f"{output.figure if formula else output.name} {{{value}:.4f}}")
    text = "  ".join(words)
    short = f'        print(f"{text}")'
    if len(short) <= layout.WIDTH:
        return short
    rest = [f"{word}  " for word in words[:-1]]
    lines = "\n".join(f'            f"{word}"' for word in [*rest, words[-1]])
    return f"        print(\n{lines}\n        )"


def _returned(program: Program) -> Iterator[str]:
    yield "    return {"
    for name, leaf in program.parameters.items():
        kept = program.slots[program.averages[name]] if name in program.averages else leaf
        yield f"        {json.dumps(name, ensure_ascii=False)}: {kept.name},"
    yield "    }"
