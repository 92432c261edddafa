"""An entry of the cache: machine code and what a call needs to know beside it, as bytes.

    magic (10 bytes), SHA-256 of the rest (32), length of the JSON text (8), the text, the numbers
    of tables, the object file

Buffers are numbers in the text, so nothing is run to read it.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np

from glassnet.engines.native.codegen.layout import Layout
from glassnet.engines.native.kernel import Kernel
from glassnet.loops.buffer import Buffer
from glassnet.loops.lowered import Lowered
from glassnet.program import Program

_MAGIC = b"glassnet1\n"
_HEAD = len(_MAGIC) + 32


def packed(kernel: Kernel, program: Program, code: bytes) -> bytes:
    """The entry of a kernel and its object file."""
    lowered, layout = kernel.lowered, kernel.layout
    numbers = {buffer: i for i, buffer in enumerate(layout.at)}
    text = {
        "buffers": [[b.name, b.batched, b.sizes, b.dtype, at] for b, at in layout.at.items()],
        "sample_major": [[numbers[b], at] for b, at in layout.sample_major.items()],
        "layout": [layout.lanes, layout.blocks, layout.size],
        "leaves": [numbers[lowered.leaves[leaf]] for leaf in program.arguments],
        "outputs": [numbers[b] for b in lowered.outputs],
        "rows": [numbers[b] for b in kernel.rows],
        "tables": [[numbers[b], a.dtype.str, a.shape] for b, a in lowered.tables.items()],
        "operations": kernel.operations,
    }
    encoded = json.dumps(text).encode()
    tables = b"".join(np.ascontiguousarray(a).tobytes() for a in lowered.tables.values())
    body = len(encoded).to_bytes(8, "little") + encoded + tables + code
    return _MAGIC + hashlib.sha256(body).digest() + body


def unpacked(data: bytes, program: Program) -> tuple[Kernel, bytes] | None:
    """The kernel and its object file; None where the bytes are not those that were written."""
    body = data[_HEAD:]
    if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) : _HEAD]:
        return None
    stop = 8 + int.from_bytes(body[:8], "little")
    text = json.loads(body[8:stop])
    buffers = [Buffer(n, batched, tuple(sizes), d) for n, batched, sizes, d, _ in text["buffers"]]
    tables: dict[Buffer, Any] = {}
    for i, dtype, shape in text["tables"]:
        count = int(np.prod(shape))
        numbers = np.frombuffer(body, dtype, count, stop)
        tables[buffers[i]] = numbers.reshape(shape)
        stop += numbers.nbytes
    return _kernel(text, buffers, tables, program), body[stop:]


def _kernel(
    text: dict[str, Any], buffers: list[Buffer], tables: dict[Buffer, Any], program: Program
) -> Kernel:
    lanes, blocks, size = text["layout"]
    at = {b: row[-1] for b, row in zip(buffers, text["buffers"], strict=True)}
    layout = Layout(
        lanes, blocks, at, {buffers[i]: where for i, where in text["sample_major"]}, size
    )
    leaves = dict(zip(program.arguments, (buffers[i] for i in text["leaves"]), strict=True))
    outputs = [buffers[i] for i in text["outputs"]]
    lowered = Lowered([], leaves, outputs, buffers, tables)
    return Kernel(lowered, [], layout, [buffers[i] for i in text["rows"]], text["operations"])
