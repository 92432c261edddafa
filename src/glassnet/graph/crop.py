"""Parts of images that lie elsewhere in each: cut out, put back, and filled.

crop(x, top, left, size)           x (B, H, W, C), the part of this size (h, w) that begins there;
                                   top and left (B, 1, 1) are whole numbers, as floats or not
crop_input(g, top, left, size)     the transpose: zeros of size (H, W) around each part
erase(x, top, left, height, width) a rectangle of each image is filled: the pixels whose middle
                                   lies in it; all four (B, 1, 1), and need not be whole
"""

from __future__ import annotations

from typing import Any

from glassnet.errors import ShapeError
from glassnet.graph.node import Node
from glassnet.graph.op import Op
from glassnet.graph.resample import check_images
from glassnet.spec import Spec, shape_text

Size = tuple[int, int]


def _check_corner(x: Spec, *corner: Spec) -> None:
    for one in corner:
        if one.shape != (x.shape[0], 1, 1):
            raise ShapeError(f"one number an image is needed, (B, 1, 1), got {one}")


def _crop_spec(x: Spec, top: Spec, left: Spec, *, size: Size) -> Spec:
    check_images(x)
    _check_corner(x, top, left)
    if any(not 1 <= part <= int(whole) for part, whole in zip(size, x.shape[1:3], strict=True)):
        raise ShapeError(
            f"a part of {size[0]} x {size[1]} pixels cannot be cut out of images "
            f"{shape_text(x.shape)}"
        )
    return x.with_shape((x.shape[0], *size, x.shape[-1]))


def _crop_input_spec(g: Spec, top: Spec, left: Spec, *, size: Size) -> Spec:
    whole = g.with_shape((*g.shape[:1], *size, *g.shape[-1:]))
    _crop_spec(whole, top, left, size=(int(g.shape[1]), int(g.shape[2])))
    return whole


def _erase_spec(x: Spec, top: Spec, left: Spec, height: Spec, width: Spec, *, fill: float) -> Spec:
    check_images(x)
    _check_corner(x, top, left, height, width)
    return x


def _write_erase(parts: list[str], settings: dict[str, Any], node: Node) -> str:
    return f"erase({', '.join(parts)}, fill={settings['fill']})"


def _sizes(x: Node) -> Size:
    return int(x.shape[1]), int(x.shape[2])


_PLACES = '''\
def places_of(top, left, size):
    """The indices of the parts of this size that begin at top and left (B, 1, 1)."""
    i, j = np.arange(size[0])[:, None], np.arange(size[1])
    rows, columns = top.astype(int) + i, left.astype(int) + j
    return np.arange(len(top))[:, None, None], rows, columns
'''
crop: Op = Op(
    "crop", "crop({0}, {1}, {2}, {size})", _crop_spec,
    lambda g, y, x, top, left, size: (crop_input(g, top, left, size=_sizes(x)), None, None),
    kind="gather", letter="h", helper=f'''\
{_PLACES}

def crop(x, top, left, size):
    """Of each image (B, H, W, C) the part of this size that begins at its top and left."""
    return x[places_of(top, left, size)]
''')  # fmt: skip
crop_input: Op = Op(
    "crop_input", "crop_input({0}, {1}, {2}, {size})", _crop_input_spec,
    lambda h, y, g, top, left, size: (crop(h, top, left, size=_sizes(g)), None, None),
    kind="gather", letter="dx", helper=f'''\
{_PLACES}

def crop_input(g, top, left, size):
    """The transpose of crop: each part in an image of zeros of this size."""
    whole = np.zeros((len(g), *size, g.shape[-1]), g.dtype)
    whole[places_of(top, left, g.shape[1:3])] = g
    return whole
''')  # fmt: skip
erase: Op = Op(
    "erase", _write_erase, _erase_spec,
    lambda g, y, x, *part, fill: (erase(g, *part, fill=0), *[None] * len(part)),
    kind="gather", letter="h", helper='''\
def erase(x, top, left, height, width, fill):
    """Each image (B, H, W, C) with a rectangle filled: the pixels whose middle lies in it."""
    i, j = np.arange(x.shape[1])[:, None] + 0.5, np.arange(x.shape[2]) + 0.5
    rows = (i >= top) & (i < top + height)
    columns = (j >= left) & (j < left + width)
    return np.where((rows & columns)[..., None], x.dtype.type(fill), x)
''')  # fmt: skip
