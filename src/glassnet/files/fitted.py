"""The losses of a network's last fit as JSON: a loss of Glassnet's by its class and settings.

One of the user's own goes by its name only, and is there again where it is handed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from glassnet import losses
from glassnet.errors import FileFormatError
from glassnet.losses.loss import find as find_loss
from glassnet.nn.fitted import Fitted

_PLAIN = (bool, int, float, str, type(None))
_ENTRIES = {"auto", "class", "name", "settings", "weight"}


def describe(fitted: Sequence[Fitted]) -> list[dict[str, Any]]:
    """One entry for each output."""
    return [_entry(one) for one in fitted]


def _entry(one: Fitted) -> dict[str, Any]:
    loss = one.loss
    if loss is None:
        return {"name" if one.lost else "auto": one.lost or True, "weight": one.weight}
    values = {f.name: (getattr(loss, f.name), f.default) for f in fields(loss)}
    settings = {name: value for name, (value, usual) in values.items() if value != usual}
    own = losses.LOSSES.get(loss.name) is type(loss) and _is_own(type(loss))
    if own and all(isinstance(value, _PLAIN) for value in settings.values()):
        return {"class": loss.name, "settings": settings, "weight": one.weight}
    return {"name": loss.name, "weight": one.weight}


def _is_own(kind: type) -> bool:
    """Whether the library defines this class."""
    return kind.__module__.startswith(f"{losses.__name__}.")


def rebuild(text: Any, custom: Mapping[str, Any]) -> tuple[Fitted, ...]:
    """What `describe` gave; FileFormatError for anything else."""
    if not isinstance(text, list):
        raise FileFormatError(f"its losses are {text!r}, not a list")
    return tuple(_fitted(one, custom) for one in text)


def _fitted(one: Any, custom: Mapping[str, Any]) -> Fitted:
    if not isinstance(one, dict) or not set(one) <= _ENTRIES:
        raise FileFormatError(f"it describes a loss by {one!r}")
    weight: Any = one.get("weight")
    if type(weight) not in {int, float} or not 0 <= weight < float("inf"):
        raise FileFormatError(f"a loss weighs {weight!r}")
    if "class" in one:
        return Fitted(_of_class(one["class"], one.get("settings")), weight)
    name = one.get("name", "")
    if not isinstance(name, str):
        raise FileFormatError(f"a loss is called {name!r}")
    return Fitted(find_loss(custom[name]), weight) if name in custom else Fitted(None, weight, name)


def _of_class(name: Any, settings: Any) -> losses.Loss:
    kind = losses.LOSSES.get(name) if isinstance(name, str) else None
    if kind is None or not _is_own(kind) or not isinstance(settings, dict):
        raise FileFormatError(f"it describes a loss by {name!r} and {settings!r}")
    if not all(isinstance(value, _PLAIN) for value in settings.values()):
        raise FileFormatError(f"a loss has the settings {settings!r}")
    return kind(**settings)
