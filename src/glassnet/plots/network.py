"""A network as a diagram: units and weights where it is a chain of dense layers, else boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from glassnet.network import Network
from glassnet.plots import boxes, units


def network(net: Network, path: str | Path | None = None) -> Any:
    """The network as a diagram; returns matplotlib's Figure.

    A chain of dense layers is drawn unit by unit: a circle for each (the middle of long layers is
    left out), a line for each weight, its colour the sign and its thickness the size. Any other
    network (branches, several inputs or outputs, layers of other kinds) is drawn as boxes and
    arrows.

    path  where to save the picture, if anywhere

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(1, "sigmoid")], input_shape=(3,))
    >>> figure = gn.plots.network(net)
    """
    columns = units.columns(net)
    return units.draw(net, columns, path) if columns else boxes.draw(net, path)
