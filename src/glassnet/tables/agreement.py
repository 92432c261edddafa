"""Whether the network and the table of a file belong together, before either is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, GlassnetError
from glassnet.files import check_fields
from glassnet.network import Network
from glassnet.spec import BATCH, Spec
from glassnet.tables.columns import Table
from glassnet.tables.settings import Settings


def table_and_settings(net: Network, extra: Mapping[str, Any]) -> tuple[Table, Settings]:
    """What is kept beside a network; FileFormatError where it does not belong to it."""
    try:
        table, settings = Table.from_json(extra["table"]), Settings.from_json(extra["settings"])
        check_fields(table)
        check_fields(settings)
        _check_names(table)
        _check_shapes(net, table)
        _check_weights(net)
    except FileFormatError:
        raise
    except (GlassnetError, LookupError, TypeError, ValueError, AttributeError,
            ArithmeticError) as error:  # fmt: skip
        raise FileFormatError(
            f"The file does not describe a table and its settings: {error}"
        ) from error
    return table, settings


def _check_shapes(net: Network, table: Table) -> None:
    """The columns and classes of the table are those of the network."""
    topology = net.topology
    if _inputs(table) != dict(topology.inputs):
        raise FileFormatError(
            f"The file's network takes {_listed(topology.inputs)}, but its table gives "
            f"{_listed(_inputs(table).items())}. Take an earlier copy."
        )
    target = table.target
    width = len(target.classes) if target.is_classes and not target.is_binary else 1
    given = [topology.specs[i].shape for i in topology.outputs]
    if given != [(BATCH, width)]:
        raise FileFormatError(
            f"The file's network gives {given}, but its target {target.name!r} takes "
            f"{[(BATCH, width)]}. Take an earlier copy."
        )


def _check_weights(net: Network) -> None:
    """The weights are numbers: from NaN comes no answer, or a wrong one."""
    for name, array in net.parameters.items():
        if not np.isfinite(array).all():
            raise FileFormatError(
                f"The file's weights {name} hold NaN or infinity. Take an earlier copy."
            )


def _check_names(table: Table) -> None:
    """Columns, classes and the values of a category are all different."""
    target = table.target
    if target.task not in {"classification", "regression"}:
        raise FileFormatError(f"The file's target has a task {target.task!r}. Take another copy.")
    if target.is_classes and (len(target.classes) < 2 or len(target.counts) != len(target.classes)):
        raise FileFormatError(
            f"The file's target has {len(target.classes)} classes and {len(target.counts)} counts "
            "of them. Take an earlier copy."
        )
    groups: list[tuple[str, Any]] = [("columns", [c.name for c in table.columns])]
    groups += [("classes", target.classes), *((c.name, c.values) for c in table.categories)]
    for what, names in groups:
        if len(set(names)) < len(names):
            raise FileFormatError(f"In the file two of {what} are the same. Take an earlier copy.")


def _inputs(table: Table) -> dict[str, Spec]:
    """What the table gives to a network."""
    found = {"numbers": Spec((BATCH, len(table.features)))} if table.features else {}
    if table.hot:
        found["categories"] = Spec((BATCH, len(table.hot)), "int64")
    found |= {name: Spec((BATCH,), "int64") for name in table.embedded}
    return found | {
        name: Spec((BATCH, column.tokenizer.length), "int64")
        for name, column in table.coded.items()
    }


def _listed(inputs: Any) -> str:
    return ", ".join(f"{name} {spec}" for name, spec in inputs) or "nothing"
