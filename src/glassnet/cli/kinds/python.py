"""--show-code: the Python program that does what a command line does."""

from __future__ import annotations

import dataclasses
from typing import Any

from glassnet.cli.kinds.kind import Request

_PROGRAM = '''\
"""Train a network, and measure it on {unit}s held out."""

from glassnet import {modules}
{imports}
{reading}
settings = {module}.Settings({settings})
fit = {module}.find_fit(data, {asked}settings=settings)
fit.go({callbacks})
for name, (network, baseline) in fit.scores().items():
    print(f"{{name:24}}{{network:10.4f}}{{baseline:10.4f}}")
fit.model.save("model.safetensors")
print("weights", fit.history.hash)'''


def equivalent(request: Request) -> str:
    """A program that runs as it stands, and trains to the same weights."""
    limit, kind = request.time_limit, request.kind
    reading = kind.reading(request)
    modules = sorted({kind.name, *(["tables"] if "tables." in reading else [])})
    return _PROGRAM.format(
        unit=kind.unit,
        module=kind.name,
        modules=", ".join(modules),
        imports="" if limit is None else "from glassnet.callbacks import TimeLimit\n",
        reading=reading,
        settings=_changed(request.settings),
        asked="".join(
            f"{text(value)}, " if name == "target" else f"{name}={text(value)}, "
            for name, value in kind.arguments(request).items()
        ),
        callbacks="" if limit is None else f"[TimeLimit({limit!r})]",
    )  # fmt: skip


def read_arguments(request: Request) -> str:
    """How a CSV file is read, as further arguments."""
    return "".join(f", {name}={text(value)}" for name, value in request.csv.items())


def _changed(settings: Any) -> str:
    """The settings that are not the defaults."""
    default = type(settings)()
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    changed = {name: v for name, v in values.items() if v != getattr(default, name)}
    return ", ".join(f"{name}={text(v)}" for name, v in changed.items())


def text(value: object) -> str:
    """As repr; text stands in double quotes where that needs no more."""
    plain = repr(value)
    single = isinstance(value, str) and plain[0] == "'" and '"' not in value
    return f'"{plain[1:-1]}"' if single else plain
