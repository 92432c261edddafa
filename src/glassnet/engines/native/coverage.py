"""Which ops of the graph the native engine runs, and how."""

from __future__ import annotations

from collections.abc import Collection

from glassnet.graph import all_ops
from glassnet.graph.op import Op
from glassnet.loops.decompose import DECOMPOSED
from glassnet.loops.indexing import RULES
from glassnet.loops.reduction import REDUCED
from glassnet.loops.resampling import SCATTERED
from glassnet.loops.supported import ELEMENTWISE
from glassnet.loops.views import VIEWS


def coverage() -> dict[str, str]:
    """For each op by name, how it is run; "" where it is not."""
    return {name: _how(name, op) for name, op in all_ops().items() if name not in _NOT_RUN}


_NOT_RUN = {"when_training"}  # resolved before there is a program


def _how(name: str, op: Op) -> str:
    if op.is_leaf:
        return "a buffer, or a number in the code"
    if name in DECOMPOSED and name not in REDUCED:
        return "by plainer ops"
    if op.kind in {"loop", "result"}:
        return "a loop around the nests of its steps"
    if op.kind == "contract":
        return "one generator of contractions, tiled"
    table: dict[str, Collection[str]] = {
        "a reduction": REDUCED, "a change of index": VIEWS, "inside other formulas": RULES,
        "drawn with Philox": {"random_uniform"}, "added sample by sample": {"add_at"},
        "added to places of the sample": SCATTERED, "copied from the neighbour": {"roll"},
        "element by element": ELEMENTWISE,
    }  # fmt: skip
    return next((how for how, names in table.items() if name in names), "")
