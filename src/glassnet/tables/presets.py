"""Presets: settings by name, for a first look or for patience.

quick     a small network and little patience: a first look, several times as fast as the default
default   what Settings() has: tuned on tables of 178 to 5,000 rows
thorough  a wider network, a smaller step and much patience: ten times as slow and more, for the
          last bit; where that was measured the gain was small, and on few rows there was none

>>> preset_named("quick")["hidden"]
(32,)
"""

from __future__ import annotations

from typing import Any

from glassnet.errors import UnknownNameError

PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"hidden": (32,), "epochs": 100, "learning_rate": 0.003, "patience": 10},
    "default": {},
    "thorough": {
        "hidden": (256, 128), "epochs": 3000, "learning_rate": 0.0003, "patience": 100,
    },
}  # fmt: skip


def preset_named(name: str) -> dict[str, Any]:
    """The settings that a preset changes; UnknownNameError for a name that is none."""
    if name not in PRESETS:
        raise UnknownNameError("preset", name, PRESETS)
    return dict(PRESETS[name])
