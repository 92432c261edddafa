"""--show-code: the Python program that does what a command line does."""

from __future__ import annotations

import dataclasses

from glassnet.cli.request import Request
from glassnet.tables import Settings

_PROGRAM = '''\
"""Train a network on a table, and measure it on rows held out."""

from glassnet import tables
{imports}
frame = tables.read({data})
settings = tables.Settings({settings})
fit = tables.find_fit(frame, {target}, {task}settings=settings)
fit.go({callbacks})
for name, (network, baseline) in fit.scores().items():
    print(f"{{name:24}}{{network:10.4f}}{{baseline:10.4f}}")
fit.model.save("model.safetensors")
print("weights", fit.history.hash)'''


def equivalent(request: Request) -> str:
    """A program that runs as it stands, and trains to the same weights."""
    limit = request.time_limit
    csv = "".join(f", {name}={_text(value)}" for name, value in request.csv.items())
    return _PROGRAM.format(
        imports="" if limit is None else "from glassnet.callbacks import TimeLimit\n",
        data=_text(str(request.data)) + csv,
        settings=_arguments(request.settings),
        target=_text(request.target or ""),
        task="" if request.task is None else f"task={_text(request.task)}, ",
        callbacks="" if limit is None else f"[TimeLimit({limit!r})]",
    )


def _arguments(settings: Settings) -> str:
    """The settings that are not the defaults."""
    default = Settings()
    values = {field.name: getattr(settings, field.name) for field in dataclasses.fields(settings)}
    changed = {name: v for name, v in values.items() if v != getattr(default, name)}
    return ", ".join(f"{name}={_text(v)}" for name, v in changed.items())


def _text(value: object) -> str:
    """As repr; text stands in double quotes where that needs no more."""
    plain = repr(value)
    single = isinstance(value, str) and plain[0] == "'" and '"' not in value
    return f'"{plain[1:-1]}"' if single else plain
