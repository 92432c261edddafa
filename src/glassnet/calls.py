"""Calls with settings that do not exist: the error names the nearest one, or its right place.

A function is checked where it is decorated with `checked`; so is the constructor of each class
derived from `Checked`, and, where that is a frozen dataclass, from `CheckedFields`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from numbers import Real
from typing import Any, ParamSpec, Self, TypeVar

from glassnet.errors import CallError
from glassnet.spelling import HOMES, SHORT, meant, nearest

_P = ParamSpec("_P")
_R = TypeVar("_R")
_C = TypeVar("_C")

# Where a setting belongs that was given to something else.
_PLACES = {
    "learning_rate": "It is the optimizer's: optimizer=gn.optim.Adam(learning_rate=0.01).",
    "momentum": "It is the optimizer's: optimizer=gn.optim.SGD(momentum=0.9).",
    "weight_decay": "It is the optimizer's: optimizer=gn.optim.AdamW(weight_decay=0.01).",
    "clip_norm": "It is the optimizer's: optimizer=gn.optim.Adam(clip_norm=1.0).",
    "patience": "It is a callback's: callbacks=[gn.callbacks.EarlyStopping(patience=10)].",
    "early_stopping": "It is a callback: callbacks=[gn.callbacks.EarlyStopping()].",
    "seed": "It is the network's: gn.Network([...], seed=0).",
    "dtype": "It is the network's: gn.Network([...], dtype='float64').",
    "input_shape": "It is the network's: gn.Network([...], input_shape=(10,)).",
    "loss": "It is fit's: net.fit(x, y, loss=...).",
    "optimizer": "It is fit's: net.fit(x, y, optimizer=...).",
    "metrics": "It is fit's: net.fit(x, y, metrics=...).",
    "epochs": "It is fit's: net.fit(x, y, epochs=...).",
    "batch_size": "It is fit's: net.fit(x, y, batch_size=...).",
}


def checked(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A function of which Python's refusal of a call is put into better words.

    A call that is right costs nothing: only a refusal is looked at, which is a TypeError that no
    line of the function has raised.
    """
    method = function.__name__ == "__init__"

    @functools.wraps(function)
    def call(*args: _P.args, **settings: _P.kwargs) -> _R:
        try:
            return function(*args, **settings)
        except TypeError as error:
            if error.__traceback__ is None or error.__traceback__.tb_next is None:
                what = type(args[0]).__name__ if method else function.__name__
                check_call(what, function, args, settings)
            raise

    return call


class Checked:
    """The base of classes whose constructors are checked."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        check_constructor(cls)


def check_constructor(cls: type[_C]) -> type[_C]:
    """Check the calls of the constructor that this class defines, if it does."""
    own = vars(cls).get("__init__")
    if own is not None and not hasattr(own, "__wrapped__"):
        cls.__init__ = checked(own)  # type: ignore[method-assign]
    return cls


class CheckedFields:
    """The base of frozen dataclasses whose fields all have defaults.

    Their constructors do not exist yet when the class is made, so it is `__new__` that looks.
    """

    def __new__(cls, *args: Any, **settings: Any) -> Self:
        """Called without arguments when an object is copied or unpickled."""
        if args or settings:
            check_call(cls.__name__, cls.__init__, (None, *args), settings)
        return super().__new__(cls)


@functools.lru_cache(maxsize=512)
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    if function is object.__init__:
        return inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)])
    return inspect.signature(function)


def check_call(
    what: str, function: Callable[..., Any], args: tuple[Any, ...], settings: dict[str, Any]
) -> None:
    """CallError unless the function takes these arguments; a method's `self` is the first."""
    signature = _signature(function)
    try:
        signature.bind(*args, **settings)
    except TypeError as error:
        raise CallError(_explained(what, signature, args, settings, str(error))) from None


def shown(given: object) -> str:
    """What was given in place of an object; of a class, that it lacks its brackets."""
    if not isinstance(given, type):
        return repr(given)
    own = _signature(vars(given).get("__init__", given)).parameters.values()
    needed = [p.name for p in own if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    needed = [name for name in needed if name != "self"]
    return f"the class {given.__name__} itself (write {given.__name__}({', '.join(needed)}))"


def _explained(
    what: str, signature: inspect.Signature, args: tuple[Any, ...], settings: dict[str, Any],
    reason: str,
) -> str:  # fmt: skip
    given = dict(signature.parameters)
    skipped = given.pop("self", None) is not None
    listed = f"It takes: {', '.join(given)}." if given else "It takes none."
    unknown = [name for name in settings if name not in given]
    if unknown:
        hint = _hint(unknown[0], given, listed, settings)
        return f"{what} has no setting {unknown[0]!r}. {hint}"
    places = [n for n, p in given.items() if p.kind is not inspect.Parameter.KEYWORD_ONLY]
    if len(args) - skipped > len(places):
        few = f"{len(places)} ({', '.join(places)})" if places else "none"
        return (
            f"{what} takes {few} by position, got {len(args) - skipped}. Give the others by name, "
            f"and what belongs together as a list. {listed}"
        )
    taken = {*places[: len(args) - skipped], *settings}
    lacking = [n for n, p in given.items() if p.default is p.empty and n not in taken]
    return f"{what} needs {' and '.join(lacking)}. {listed}" if lacking else f"{what}: {reason}."


def _of_optimizer(setting: str, value: object, optimizer: Any) -> str:
    """The optimizer that was asked for, with this setting and those that it has already."""
    if isinstance(optimizer, str):
        short = SHORT["optimizer"].get(optimizer.casefold(), optimizer.casefold())
        names = [one for one in HOMES["optim"].split() if one.casefold() == short]
        kind = names[0] if names else "Adam"
    else:
        kind = (optimizer if isinstance(optimizer, type) else type(optimizer)).__name__
    own = {}
    if is_dataclass(optimizer) and not isinstance(optimizer, type):
        known = [(field, getattr(optimizer, field.name)) for field in fields(optimizer)]
        own = {field.name: given for field, given in known if given != field.default}
    written = ", ".join(
        f"{name}={given if isinstance(given, bool | Real) else '...'}"
        for name, given in (own | {setting: value}).items()
    )
    home = "gn.optim." if kind in HOMES["optim"].split() else ""
    return f"It is the optimizer's: optimizer={home}{kind}({written})."


def _hint(name: str, given: dict[str, Any], listed: str, settings: dict[str, Any]) -> str:
    """The nearest setting, or where a setting of this name belongs."""
    ours = next((one for one in (name, *meant(name)) if one in _PLACES), "")
    place = _PLACES.get(ours, "")
    if ours in {"learning_rate", "clip_norm"}:
        place = _of_optimizer(ours, settings[name], settings.get("optimizer", "adam"))
    theirs = [one for one in meant(name) if one in given]
    if place and not theirs:
        return f"{place} {listed}"
    near = nearest(name, given)
    return f"Did you mean {near!r}? {listed}" if near else listed
