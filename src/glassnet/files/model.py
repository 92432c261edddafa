"""Model files: weights and architecture in one safetensors file. Loading runs no code from it.

The architecture is JSON: layers by the names of their classes, with their fields; how they are
connected; the network's seed and kind of number. Only classes from the closed registry are built,
plus those that the caller hands over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from glassnet.errors import FileFormatError, GlassnetError, UnknownNameError
from glassnet.files import bundle, fitted
from glassnet.files.architecture import describe, rebuild
from glassnet.files.text import clipped
from glassnet.nn.fitted import Fitted
from glassnet.nn.model import Model
from glassnet.nn.topology import Topology
from glassnet.philox import check_seed
from glassnet.spec import FLOATS

FORMAT = 1


def save(net: Model, path: str | Path, extra: Mapping[str, Any] | None = None) -> None:
    """Write the network to `path`; `extra` is kept beside it, as JSON."""
    net.topology.check_arrays({name: array.shape for name, array in net.parameters.items()})
    text: dict[str, Any] = {"format": FORMAT, "network": describe(net), "extra": dict(extra or {})}
    text |= {"losses": fitted.describe(net.fitted)} if net.fitted else {}
    text |= {"unset": sorted(net.unset)} if net.unset else {}
    bundle.write(path, dict(net.parameters), text)


@dataclass(frozen=True)
class SavedModel:
    """What a model file holds: all that makes a network, and what was kept beside it."""

    topology: Topology
    arrays: dict[str, Any]
    seed: int
    dtype: str
    extra: dict[str, Any]
    fitted: tuple[Fitted, ...] = ()
    unset: tuple[str, ...] = ()
    name: str = ""


def read_model(path: str | Path, custom: Mapping[str, Any] | None = None) -> SavedModel:
    """What `save` wrote; FileFormatError for anything else.

    custom  your own layers, activations and the like by name: {"Scale": Scale, "swish": swish}
    """
    arrays, text = bundle.read(path)
    try:
        return _model(text, arrays, dict(custom or {}))
    except UnknownNameError:  # what the caller can hand over
        raise
    except (GlassnetError, LookupError, TypeError, AttributeError, ValueError, ArithmeticError,
            RecursionError) as error:  # fmt: skip
        reason = str(error).rstrip(".") if isinstance(error, GlassnetError) else repr(error)
        raise FileFormatError(
            f"{path} does not describe a network: {clipped(reason)}. Was it written by another "
            "version of Glassnet, or by another program?"
        ) from error


def _model(whole: Any, arrays: Mapping[str, Any], custom: Mapping[str, Any]) -> SavedModel:
    """An architecture and its arrays; no other array is ever made."""
    if not isinstance(whole, dict) or not isinstance(whole.get("extra"), dict):
        raise FileFormatError("its text is not that of a model; a checkpoint is no model file")
    if whole["format"] != FORMAT:
        raise FileFormatError(f"its format is {whole['format']!r}, this Glassnet reads {FORMAT}")
    text = whole["network"]
    topology, dtype = rebuild(text, custom), text["dtype"]
    check_seed(text["seed"])
    if dtype not in FLOATS:
        raise FileFormatError(f"its numbers are of kind {dtype!r}, not one of {list(FLOATS)}")
    due = {f"{layer}.{array}": p.sizes for layer, array, p in topology.parameters()}
    _check_arrays(arrays, due, dtype)
    owned = {name: np.array(arrays[name]) for name in due}
    losses = fitted.rebuild(whole.get("losses", []), custom)
    if len(losses) not in {0, len(topology.outputs)}:
        raise FileFormatError(f"it has {len(losses)} losses for {len(topology.outputs)} outputs")
    unset = _unset(whole.get("unset", []), topology)
    name = text.get("name", "")  # files of before names were kept have none
    if not isinstance(name, str):
        raise FileFormatError(f"its network is called {name!r}, which is no text")
    return SavedModel(topology, owned, text["seed"], dtype, whole["extra"], losses, unset, name)


def _unset(names: Any, topology: Topology) -> tuple[str, ...]:
    """The statistics that no fit has found yet."""
    known = {f"{layer}.{array}" for layer, array, p in topology.parameters() if p.statistic}
    if not isinstance(names, list) or not all(isinstance(n, str) and n in known for n in names):
        raise FileFormatError(f"it has statistics that were not found, {names!r}")
    return tuple(names)


def _check_arrays(arrays: Mapping[str, Any], due: Mapping[str, Any], dtype: str) -> None:
    """Raise unless the file has exactly the arrays that the layers need."""
    missing, foreign = sorted(set(due) - set(arrays)), sorted(set(arrays) - set(due))
    if missing or foreign:
        raise FileFormatError(f"arrays are missing, {missing}, or belong to no layer, {foreign}")
    for name, sizes in due.items():
        found = arrays[name]
        if found.shape != sizes or found.dtype != dtype:
            raise FileFormatError(
                f"{name} is {found.shape} {found.dtype}, but the layers make it {sizes} {dtype}"
            )
