"""What a forecast is made of besides dense layers: the seasonal naive one, and a window's own size.

A network for series of very different sizes looks at each window in units of its own: less its
mean, by its deviation. It learns how far the seasonal naive forecast will be off, in these units.
"""

from __future__ import annotations

from glassnet import graph as g
from glassnet.errors import ShapeError
from glassnet.graph import Node
from glassnet.nn.layer import Layer, check_units
from glassnet.spec import shape_text

_STILL = 1e-3  # of the mean: a window that hardly moves is no smaller than this
_LEAST = 1e-30  # of a square: at 0 nothing can be divided by the root


class SeasonalNaive(Layer, library=True):
    """The values of one season ago, again and again: y_h = x_(W - season + h % season).

    x (B, W), the last W values of a series; result (B, horizon). A season of 1 is the naive
    forecast, the last value. (Hyndman and Athanasopoulos, 'Forecasting: principles and practice',
    section 5.2.)

    >>> import glassnet as gn
    >>> net = gn.Network([gn.SeasonalNaive(horizon=5, season=3)], input_shape=(4,))
    >>> net.predict([[9.0, 1.0, 2.0, 3.0]]).tolist()
    [[1.0, 2.0, 3.0, 1.0, 2.0]]
    """

    horizon: int
    season: int = 1

    def __post_init__(self) -> None:
        check_units(self, "horizon", self.horizon)
        check_units(self, "season", self.season)

    def formula(self, x: Node) -> Node:
        """The last season, repeated and cut."""
        width = _width(x)
        if self.season > width:
            raise ShapeError(f"a season of {self.season} is longer than a window of {width}")
        first, whole, rest = width - self.season, *divmod(self.horizon, self.season)
        parts = [x[:, first:]] * whole + ([x[:, first : first + rest]] if rest else [])
        naive = g.concatenate(*parts, axis=-1) if len(parts) > 1 else parts[0]
        return naive.named("naive")


class WindowDeviation(Layer, library=True):
    """s = sqrt(mean((x - m)^2) + (0.001 m)^2), m = mean(x): how much a window moves.

    x (B, W), result (B, 1). The second term keeps windows that hardly move from becoming noise when
    they are divided by s.

    >>> import glassnet as gn
    >>> net = gn.Network([gn.WindowDeviation()], input_shape=(2,))
    >>> net.predict([[-1.0, 1.0], [1000.0, 1000.0]]).round(3).tolist()
    [[1.0], [1.0]]
    """

    def formula(self, x: Node) -> Node:
        """sqrt(mean((x - m)^2) + (0.001 m)^2)."""
        _width(x)
        m = g.mean(x, axis=-1, keepdims=True).named("m")
        variance = g.mean((x - m) ** 2, axis=-1, keepdims=True).named("variance")
        return g.sqrt(variance + (_STILL * m) ** 2 + _LEAST).named("s")


class ScaledWindow(Layer, library=True):
    """(x - mean(x)) / s: a window in units of its own. x (B, W), s (B, 1), result (B, W).

    >>> import glassnet as gn
    >>> x = gn.Input((2,))
    >>> net = gn.Network(inputs=x, outputs=gn.ScaledWindow()(x, gn.WindowDeviation()(x)))
    >>> net.predict([[10.0, 30.0]]).round(2).tolist()
    [[-1.0, 1.0]]
    """

    def formula(self, x: Node, s: Node) -> Node:
        """(x - m) / s."""
        _width(x)
        if tuple(s.shape[1:]) != (1,):
            raise ShapeError(f"s must be (B, 1), one number for each window, got {s.shape}")
        m = g.mean(x, axis=-1, keepdims=True).named("m")
        return ((x - m) / s).named("scaled")


def _width(x: Node) -> int:
    if x.ndim != 2:
        raise ShapeError(f"a window is (B, W), got {shape_text(x.shape)}. Flatten it first.")
    return int(x.shape[-1])
