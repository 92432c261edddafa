"""Whether the network and the series of a file belong together, before either is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, GlassnetError
from glassnet.files import check_fields
from glassnet.network import Network
from glassnet.series.calendar import CYCLES
from glassnet.series.clock import UNITS
from glassnet.series.description import Description
from glassnet.series.settings import Settings, is_count
from glassnet.spec import BATCH, Spec


def description_and_settings(
    net: Network, extra: Mapping[str, Any]
) -> tuple[Description, Settings]:
    """What is kept beside a network; FileFormatError where it does not belong to it."""
    try:
        description = Description.from_json(extra["series"])
        settings = Settings.from_json(extra["settings"])
        check_fields(description)
        check_fields(settings)
        _check_sense(description)
        _check_shapes(net, description)
    except FileFormatError:
        raise
    except (GlassnetError, LookupError, TypeError, ValueError, AttributeError,
            ArithmeticError) as error:  # fmt: skip
        raise FileFormatError(
            f"The file does not describe a series and its settings: {error}"
        ) from error
    return description, settings


def _check_sense(d: Description) -> None:
    """Numbers that predict could not work with."""
    columns = [d.target.name, *(c.name for c in d.columns)]
    wrong = {
        "steps": not all(map(is_count, (d.window, d.horizon, d.season))) or d.season > d.window,
        "clock": d.clock.unit not in UNITS or not 0 < d.clock.size < np.inf
        or not np.isfinite(d.clock.offset),
        "columns": len(set(columns)) < len(columns)
        or d.ahead != tuple(c.name for c in d.columns if c.name in d.ahead),
        "calendar": not set(d.calendar) <= set(CYCLES) or (d.calendar and not d.clock.is_dated),
        "groups": not d.scales or not all(0 < s < np.inf for s in d.scales.values()),
    }  # fmt: skip
    found = [what for what, is_wrong in wrong.items() if is_wrong]
    if found:
        raise FileFormatError(f"The file's series has {found[0]} of no sense. Take another copy.")


def _check_shapes(net: Network, d: Description) -> None:
    """The columns of the series are those of the network, and its weights are numbers."""
    topology = net.topology
    taken = {"past": Spec((BATCH, d.window))}
    if d.columns:
        taken["columns"] = Spec((BATCH, d.window, len(d.columns)))
    if d.ahead_width:
        taken["ahead"] = Spec((BATCH, d.horizon, d.ahead_width))
    if d.group:
        taken["group"] = Spec((BATCH,), "int64")
    given = [topology.specs[i].shape for i in topology.outputs]
    if dict(topology.inputs) != taken or given != [(BATCH, d.horizon)]:
        raise FileFormatError(
            f"The file's network takes {sorted(dict(topology.inputs))} and gives {given}, but its "
            f"series has {sorted(taken)} and {d.horizon} steps to foretell. Take an earlier copy."
        )
    for name, array in net.parameters.items():
        if not np.isfinite(array).all():
            raise FileFormatError(
                f"The file's weights {name} hold NaN or infinity. Take an earlier copy."
            )
