"""Activations and their slopes as curves; the slopes are derived from the formulas."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet import graph as g
from glassnet.errors import SettingError
from glassnet.nn.activation import as_layer
from glassnet.nn.activations import ACTIVATIONS
from glassnet.nn.init import Draw

_POINTS = 1201  # of one curve
_COLUMNS = 3  # of panels
_LETTERS = 50  # of a line below a title
_JUMP = 0.05  # share of a curve's height that it climbs between two points only where it breaks


def activations(
    *functions: Any,
    between: tuple[float, float] = (-6.0, 6.0),
    path: str | Path | None = None,
) -> Any:
    """Each activation with its slope, side by side; returns matplotlib's Figure.

    functions  names ("relu"), functions of your own in graph ops, or layers such as gn.PReLU()
    between    the first and the last z
    path       where to save the picture, if anywhere

    >>> import glassnet as gn
    >>> figure = gn.plots.activations("sigmoid", "relu", lambda z: z * gn.graph.sigmoid(z))
    """
    low, high = between
    if not functions or not low < high:
        raise SettingError(
            "activations(...) draws one or more functions between two numbers that rise, as in "
            "activations('sigmoid', 'relu', between=(-6, 6))."
        )
    rows, columns = -(-len(functions) // _COLUMNS), min(len(functions), _COLUMNS)
    picture = look.figure(3.6 * columns, 3.3 * rows)
    panels = picture.subplots(rows, columns, squeeze=False).ravel()
    z = np.linspace(low, high, _POINTS)
    for axes, function in zip(panels, functions, strict=False):
        _draw(axes, function, z)
    for axes in panels[len(functions) :]:
        axes.remove()
    picture.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=2,
                   frameon=False, fontsize=look.TEXT, labelcolor=look.INK)  # fmt: skip
    return look.finish(picture, path)


def _draw(axes: Any, function: Any, z: Any) -> None:
    a, slope = curves(function, z)
    axes.axhline(0, color=look.QUIET, linewidth=0.8)
    axes.axvline(0, color=look.QUIET, linewidth=0.8)
    axes.plot(z, _broken(a), color=look.BLUE, linewidth=2.4, label="activation")
    axes.plot(z, _broken(slope), color=look.ORANGE, linewidth=1.8, linestyle=(0, (4, 1.5)),
              label="its slope")  # fmt: skip
    axes.set_xlabel("z")
    axes.set_xlim(z[0], z[-1])
    axes.locator_params(nbins=7)
    look.frame(axes, _name(function), _formula(function))


def curves(function: Any, z: Any) -> tuple[Any, Any]:
    """The activation and its slope at each number of z (n,), by way of the graph."""
    x = g.input("z", ("B", 1), "float64")
    layer = as_layer(function)
    own = {name: g.constant(p.init(p.sizes, Draw(0, 0)), "float64")
           for name, p in layer.parameters(x.spec).items()}  # fmt: skip
    a = layer.formula(x, **own)
    (slope,) = g.gradients(g.sum(a), [x])
    if any(node.op.kind in {"reduce", "contract"} for node in g.in_order([a])):
        raise SettingError(
            f"The activation {_name(function)!r} takes several numbers of a row together, so it "
            "is no curve. Draw one that works number by number."
        )
    found = g.evaluate([a, slope], {x: np.reshape(z, (-1, 1))}, len(z))
    a_values, slopes = (np.broadcast_to(v, (len(z), 1))[:, 0].astype(float) for v in found)
    return a_values, slopes


def _broken(curve: Any) -> Any:
    """The same curve with a gap where it jumps, as the slope of relu does at 0."""
    height = np.ptp(curve[np.isfinite(curve)]) if np.isfinite(curve).any() else 0.0
    broken = curve.copy()
    broken[1:][np.abs(np.diff(curve)) > _JUMP * height] = np.nan
    return broken


def _name(function: Any) -> str:
    if isinstance(function, str):
        return function
    name = getattr(function, "__name__", type(function).__name__)
    return "activation" if name == "<lambda>" else str(name)


def _formula(function: Any) -> str:
    """The first sentence of its docstring, where the formula stands, as far as there is room."""
    documented = ACTIVATIONS.get(function) if isinstance(function, str) else function
    text = (getattr(documented, "__doc__", None) or "").strip()
    sentence = re.split(r"\.(?:\s|$)", text, maxsplit=1)[0]
    return textwrap.shorten(sentence, _LETTERS, placeholder=" ...")
