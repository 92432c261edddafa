"""The network of a forecast: the seasonal naive one, and how far that will be off."""

from __future__ import annotations

from glassnet.network import Network
from glassnet.nn import (
    Add,
    Concatenate,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    Multiply,
    ScaledWindow,
    SeasonalNaive,
    Standardize,
    Symbol,
    WindowDeviation,
)
from glassnet.series.description import Description
from glassnet.series.settings import Settings

_MOST_UNITS = 16  # of a group's learnt numbers


def series_network(description: Description, settings: Settings) -> Network:
    """Window and what is known ahead -> dense layers, beside a linear way -> all steps at once.

    p = naive + s * z: z is learnt, s the deviation of the window, so that series of every size, and
    those that grow, look alike to the dense layers. z starts at zero: training begins at the
    seasonal naive forecast.
    """
    d = description
    past = Input((d.window,), name="past")
    s = WindowDeviation()(past)
    scaled = ScaledWindow()(past, s)
    inputs, parts = _beside(d)
    h = Concatenate()(scaled, *parts) if parts else scaled
    for units in settings.hidden:
        h = Dense(units, "relu", weight_init="he_normal")(h)
        h = Dropout(settings.dropout)(h) if settings.dropout else h
    linear = Dense(d.horizon, use_bias=False, weight_init="zeros", name="linear")(scaled)
    z = Add()(Dense(d.horizon, weight_init="zeros")(h), linear)
    p = Add()(SeasonalNaive(d.horizon, d.season)(past), Multiply()(s, z))
    net = Network(inputs=[past, *inputs], outputs=p, seed=settings.seed, dtype=d.dtype)
    for name, numbers in _statistics(d).items():
        net.parameters[name] = numbers
    return net


def _beside(d: Description) -> tuple[list[Symbol], list[Symbol]]:
    """The inputs beside the target's window, and what the first dense layer gets of them."""
    inputs, parts = [], []
    if d.columns:
        columns = Input((d.window, len(d.columns)), name="columns")
        inputs.append(columns)
        parts.append(Flatten()(Standardize(name="standardize_columns")(columns)))
    if d.ahead_width:
        ahead = Input((d.horizon, d.ahead_width), name="ahead")
        inputs.append(ahead)
        parts.append(Flatten()(Standardize(name="standardize_ahead")(ahead)))
    if d.group:
        group = Input((), name="group", dtype="int64")
        inputs.append(group)
        parts.append(Embedding(len(d.scales), _units(len(d.scales)))(group))
    return inputs, parts


def _statistics(d: Description) -> dict[str, list[float]]:
    """Means and deviations of the training part; sines and cosines stay as they are."""
    found = {}
    if d.columns:
        found["standardize_columns.mean"] = [c.mean for c in d.columns]
        found["standardize_columns.scale"] = [c.scale for c in d.columns]
    if d.ahead_width:
        waves = 2 * len(d.calendar)
        found["standardize_ahead.mean"] = [*(c.mean for c in d.known_ahead), *[0.0] * waves]
        found["standardize_ahead.scale"] = [*(c.scale for c in d.known_ahead), *[1.0] * waves]
    return found


def _units(n_groups: int) -> int:
    """Learnt numbers for each of so many groups: 1.6 n^0.56 (fastai's rule), at most 16."""
    return min(_MOST_UNITS, max(1, int(1.6 * n_groups**0.56 + 0.5)))
