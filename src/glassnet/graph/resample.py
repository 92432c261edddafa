"""Images read between their pixels: turned, shifted, enlarged; and the way back.

    bilinear(x, rows, columns)           x (B, H, W, C) at places (B, H', W'), counted from 0;
                                         beside the image its border goes on
    bilinear_input(g, rows, columns)     the transpose: each number goes back to the four pixels
                                         that it was mixed of
    rotate(x, angle)                     turned counter-clockwise, angle (B, 1, 1) in radians
    translate(x, down, right)            shifted by so many pixels, each (B, 1, 1)
    zoom(x, tall, wide)                  each pixel shows what lies so many times as far from the
                                         middle: above 1 the image shrinks

and rotate_input, translate_input, zoom_input, their transposes. All are linear in x, so they are
closed under differentiation. Places have gradients; angles, shifts and zooms are drawn.

fill  what lies beside the image: "reflect" its mirror image (d c b a | a b c d | d c b a),
      "nearest" its border, or a number, with which pixels at the border are mixed
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glassnet.errors import SettingError, ShapeError
from glassnet.graph.elementwise import floor, logical_and, where
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.reduce import sum
from glassnet.graph.walk import in_order
from glassnet.spec import FLOATS, Shape, Spec, broadcast_shapes, shape_text

Fill = str | float

_IMAGE = 4  # axes


def check_images(x: Spec) -> None:
    """Raise unless x (B, H, W, C) are images of floats."""
    if x.rank != _IMAGE:
        raise ShapeError(f"images are arrays (B, H, W, C), got {shape_text(x.shape)}")
    if x.dtype not in FLOATS:
        raise ShapeError(f"images of floats are needed, got {x.dtype}; cast them, or rescale them")


def _places(x: Spec, rows: Spec, columns: Spec) -> Shape:
    """The common shape (B, H', W') of rows and columns."""
    check_images(x)
    shape = broadcast_shapes(rows.shape, columns.shape)
    if len(shape) != _IMAGE - 1 or shape[0] != x.shape[0]:
        raise ShapeError(f"rows and columns must be (B, H', W'), got {shape_text(shape)}")
    return shape


def _bilinear_spec(x: Spec, rows: Spec, columns: Spec) -> Spec:
    return x.with_shape((*_places(x, rows, columns), x.shape[-1]))


def _bilinear_input_spec(g: Spec, rows: Spec, columns: Spec, *, size: tuple[int, int]) -> Spec:
    if _places(g, rows, columns) != g.shape[:-1]:
        raise ShapeError("there must be a place for each number that goes back")
    return g.with_shape((g.shape[0], *size, g.shape[-1]))


def _moved_spec(x: Spec, *moves: Spec, fill: Fill) -> Spec:
    check_images(x)
    for move in moves:
        if move.shape != (x.shape[0], 1, 1):
            raise ShapeError(f"one number an image is needed, (B, 1, 1), got {move}")
    if isinstance(fill, str) and fill not in {"reflect", "nearest"}:
        raise ShapeError(f"fill is 'reflect', 'nearest' or a number, got {fill!r}")
    return x


def _writer(name: str) -> Any:
    def write(parts: list[str], settings: dict[str, Any], node: Node) -> str:
        fill = settings["fill"]
        said = f'"{fill}"' if isinstance(fill, str) else fill
        return f"{name}({', '.join(parts)}, fill={said})"

    return write


_NEIGHBOURS = '''\
def neighbours(places, count):
    """The pixels before and behind each place, and how far it lies between them."""
    places = np.clip(places, 0, count - 1)
    first = np.minimum(np.floor(places), max(count - 2, 0))
    second = np.minimum(first + 1, count - 1)
    return first.astype(int), second.astype(int), (places - first)[..., None]
'''
_BILINEAR = f'''\
{_NEIGHBOURS}

def bilinear(x, rows, columns):
    """Images x (B, H, W, C) read between pixels, at rows and columns (B, H', W') from 0."""
    n = np.arange(len(x))[:, None, None]
    i, i2, v = neighbours(rows, x.shape[1])
    j, j2, u = neighbours(columns, x.shape[2])
    above = x[n, i, j] + u * (x[n, i, j2] - x[n, i, j])
    below = x[n, i2, j] + u * (x[n, i2, j2] - x[n, i2, j])
    return above + v * (below - above)
'''
_BILINEAR_INPUT = f'''\
{_NEIGHBOURS}

def bilinear_input(g, rows, columns, size):
    """The transpose of bilinear: each number goes back to the four pixels it was mixed of."""
    dx = np.zeros((len(g), *size, g.shape[-1]), g.dtype)
    n = np.arange(len(g))[:, None, None]
    i, i2, v = neighbours(rows, size[0])
    j, j2, u = neighbours(columns, size[1])
    np.add.at(dx, (n, i, j), (1 - v) * (1 - u) * g)
    np.add.at(dx, (n, i, j2), (1 - v) * u * g)
    np.add.at(dx, (n, i2, j), v * (1 - u) * g)
    np.add.at(dx, (n, i2, j2), v * u * g)
    return dx
'''
# What lies beside an image, by the setting fill: helpers, and how x and g are read there.
_MIRRORED = '''\
def mirrored(places, count):
    """Places beside an image, as those at which its mirror image shows the same."""
    places = places + 0.5
    places = places - 2 * count * np.floor(places / (2 * count))
    return np.minimum(places, 2 * count - places) - 0.5
'''
_INSIDE = '''\
def inside(rows, columns, size):
    """How much of each place lies on the image: 1, at the border less, beside it 0."""
    v = np.clip(np.minimum(rows + 1, size[0] - rows), 0, 1)
    u = np.clip(np.minimum(columns + 1, size[1] - columns), 0, 1)
    return (v * u)[..., None]
'''
_BESIDE = {"reflect": _MIRRORED, "nearest": "", "number": _INSIDE}
_READ = {
    "reflect": "bilinear(x, mirrored(rows, x.shape[1]), mirrored(columns, x.shape[2]))",
    "nearest": "bilinear(x, rows, columns)",
    "number": "fill + inside(rows, columns, x.shape[1:3]) * (bilinear(x, rows, columns) - fill)",
}
_RETURNED = {
    "reflect": "bilinear_input(g, mirrored(rows, size[0]), mirrored(columns, size[1]), size)",
    "nearest": "bilinear_input(g, rows, columns, size)",
    "number": "bilinear_input(inside(rows, columns, size) * g, rows, columns, size)",
}
_FROM_MIDDLE = '''\
def from_middle(x):
    """Rows and columns of the pixels, counted from the middle of the images x (B, H, W, C)."""
    i, j = (np.arange(n, dtype=x.dtype) - (n - 1) / 2 for n in x.shape[1:3])
    return i[:, None], j
'''
_TO_MIDDLE = '''\
def to_middle(x, rows, columns):
    """Rows and columns that count from the middle of the images, as those that count from 0."""
    return rows + (x.shape[1] - 1) / 2, columns + (x.shape[2] - 1) / 2
'''
_ROTATED = '''\
def rotation(x, angle):
    """Where the pixels of the turned images lie in the images x."""
    i, j = from_middle(x)
    c, s = np.cos(angle), np.sin(angle)
    return to_middle(x, c * i + s * j, c * j - s * i)
'''
_TRANSLATED = '''\
def translation(x, down, right):
    """Where the pixels of the shifted images lie in the images x."""
    i, j = from_middle(x)
    return to_middle(x, i - down, j - right)
'''
_ZOOMED = '''\
def zooming(x, tall, wide):
    """Where the pixels of the zoomed images lie in the images x."""
    i, j = from_middle(x)
    return to_middle(x, tall * i, wide * j)
'''


def _cases(nodes: Sequence[Node]) -> list[str]:
    """What the calls of a program find beside an image; without any, all that there is."""
    fills = {node.settings["fill"] for node in nodes if node.op.name in MOVES}
    asked = {fill if isinstance(fill, str) else "number" for fill in fills}
    return [case for case in _BESIDE if not asked or case in asked]


def _by_fill(cases: Sequence[str], head: str, table: dict[str, str]) -> str:
    """A helper that looks at fill only where the calls of a program have several."""
    lines = [f'    if fill == "{case}":\n        return {table[case]}' for case in cases[:-1]]
    return "\n".join([head, *lines, f"    return {table[cases[-1]]}"]) + "\n"


def _helper(kernel: str, head: str, table: dict[str, str], *moving: str) -> Any:
    """What writes a move's helpers: how an image is read, then where."""

    def write(nodes: Sequence[Node]) -> str:
        cases = _cases(nodes)
        beside = [_BESIDE[case] for case in cases if _BESIDE[case]]
        parts = [kernel, *beside, _by_fill(cases, head, table), _FROM_MIDDLE, _TO_MIDDLE, *moving]
        return "\n\n".join(parts)

    return write


_RESAMPLE = '''\
def resample(x, rows, columns, fill):
    """The images x read at these places, and beside an image as fill says."""'''
_RESAMPLE_INPUT = '''\
def resample_input(g, rows, columns, fill):
    """The transpose of resample."""
    size = g.shape[1:3]'''
MOVES: set[str] = set()  # the names of the ops that move images


def _check_drawn(name: str, moves: Sequence[Node]) -> None:
    """Raise where a move is learnt: it is drawn, or known."""
    if any(node.op.name == "parameter" for node in in_order(moves)):
        raise SettingError(
            f"{name}: no gradient flows to how far images are moved. To learn that, compute rows "
            "and columns and read the images there: bilinear(x, rows, columns)."
        )


def _pair(name: str, moves: str, said: str, where: str) -> tuple[Op, Op]:
    """The op of a move, and its transpose; `where` is the helper that says where pixels lie."""
    places = where.partition("(")[0].removeprefix("def ")
    forward = f'''\
def {name}(x, {moves}, fill):
    """{said}"""
    return resample(x, *{places}(x, {moves}), fill)
'''
    backward = f'''\
def {name}_input(g, {moves}, fill):
    """The transpose of {name}: each gradient goes back to where its pixel came from."""
    return resample_input(g, *{places}(g, {moves}), fill)
'''

    def gradient(g: Node, y: Node, x: Node, *given: Node, fill: Fill) -> tuple[Node | None, ...]:
        _check_drawn(name, given)
        return back(g, *given, fill=fill), *[None] * len(given)

    def gradient_input(
        h: Node, y: Node, g: Node, *given: Node, fill: Fill
    ) -> tuple[Node | None, ...]:
        _check_drawn(name, given)
        return there(h, *given, fill=fill if isinstance(fill, str) else 0), *[None] * len(given)

    there = Op(name, _writer(name), _moved_spec, gradient, kind="gather", letter="h",
               helper=_helper(_BILINEAR, _RESAMPLE, _READ, where, forward))  # fmt: skip
    back = Op(f"{name}_input", _writer(f"{name}_input"), _moved_spec, gradient_input,
              kind="gather", letter="dx",
              helper=_helper(_BILINEAR_INPUT, _RESAMPLE_INPUT, _RETURNED, where, backward),
    )  # fmt: skip
    MOVES.update((there.name, back.name))
    return there, back


def _slopes(g: Node, x: Node, rows: Node, columns: Node) -> tuple[Node, Node]:
    """What g, times how steep the images x are at their places, says of rows and columns."""
    return _slope(g, x, 1, rows, columns), _slope(g, x, 2, columns, rows)


def _slope(g: Node, x: Node, axis: int, places: Node, others: Node) -> Node:
    """Between two pixels the slope is their difference; beside the image it is 0."""
    size = int(x.shape[axis])
    if size == 1:
        return 0 * places
    before = (slice(None),) * axis
    steps = x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]
    pair = (floor(places), others) if axis == 1 else (others, floor(places))
    inside = logical_and(places > 0, places < size - 1)
    return where(inside, sum(g * bilinear(steps, *pair), axis=-1), 0)


bilinear: Op = Op(
    "bilinear", "bilinear({0}, {1}, {2})", _bilinear_spec,
    lambda g, y, x, rows, columns: (
        bilinear_input(g, rows, columns, size=(x.shape[1], x.shape[2])),
        *_slopes(g, x, rows, columns)),
    kind="gather", letter="h", helper=_BILINEAR,
)  # fmt: skip
bilinear_input: Op = Op(
    "bilinear_input", "bilinear_input({0}, {1}, {2}, {size})", _bilinear_input_spec,
    lambda h, y, g, rows, columns, size: (
        bilinear(h, rows, columns), *_slopes(g, h, rows, columns)),
    kind="gather", letter="dx", helper=_BILINEAR_INPUT,
)  # fmt: skip
rotate, rotate_input = _pair(
    "rotate", "angle", "Each image turned counter-clockwise by its angle (B, 1, 1) in radians.",
    _ROTATED,
)  # fmt: skip
translate, translate_input = _pair(
    "translate", "down, right", "Each image shifted by its numbers of pixels, each (B, 1, 1).",
    _TRANSLATED,
)  # fmt: skip
zoom, zoom_input = _pair(
    "zoom", "tall, wide",
    "Each pixel shows what lies tall or wide times as far from the middle, each (B, 1, 1).",
    _ZOOMED,
)  # fmt: skip
