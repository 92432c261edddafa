"""Images in rows that have names: before and after, what was asked and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np

from glassnet import figure as look
from glassnet.errors import SettingError, ShapeError
from glassnet.spec import shape_text

_GREY, _COLOURS = 1, 3  # channels
_INCHES = 0.7  # of an image


def gallery(
    rows: Mapping[str, Any], *, most: int = 12, title: str = "", path: str | Path | None = None
) -> Any:
    """Rows of images, the first of each row below one another. Returns matplotlib's Figure.

    rows   name -> images (n, H, W), (n, H, W, 1) or, in colour, (n, H, W, 3): floats from 0, black,
           to 1, white (what lies outside is cut off), or bytes from 0 to 255
    most   images of a row at most
    path   where to save the picture, if anywhere

        gn.plots.gallery({"noisy": x, "freed": net.predict(x)}, path="after.png")
    """
    if not isinstance(rows, Mapping) or not rows:
        raise SettingError(
            "gallery: a dict of at least one row of images is needed, got "
            f"{type(rows).__name__} of {len(rows)}. Name the rows: gallery({{'before': x}})."
        )
    if isinstance(most, bool) or not isinstance(most, Integral) or most < 1:
        raise SettingError(f"gallery: most must be a whole number of at least 1, got {most!r}.")
    shown = {name: _images(name, images)[:most] for name, images in rows.items()}
    across = max(len(images) for images in shown.values())
    labels = 0.09 * max(map(len, shown)) + 0.1
    width, height = _INCHES * across + labels, _INCHES * len(shown)
    picture = look.figure(width + 0.2, height + (0.6 if title else 0.2))
    picture.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    panels = picture.subplots(len(shown), across, squeeze=False)
    for of_row, (name, images) in zip(panels, shown.items(), strict=True):
        _draw(of_row, name, images)
    if title:
        picture.suptitle(title, x=0.02, ha="left", fontsize=look.TITLE, color=look.INK)
    return look.finish(picture, path)


def _images(name: str, images: Any) -> Any:
    """(n, H, W) or (n, H, W, 3), from 0 to 1."""
    found = np.asarray(images)
    whole = found.dtype == np.uint8
    if found.ndim == 4 and found.shape[3] == _GREY:
        found = found[..., 0]
    drawable = found.ndim == 3 or (found.ndim == 4 and found.shape[3] == _COLOURS)
    if not drawable or not found.size:
        raise ShapeError(
            f"gallery: {name!r} must be images (n, H, W), (n, H, W, 1) or (n, H, W, 3), got "
            f"{shape_text(found.shape)}."
        )
    if found.dtype.kind not in "fiub":
        raise ShapeError(f"gallery: {name!r} holds numbers, got {found.dtype}.")
    return np.clip(found / 255 if whole else found.astype(float), 0, 1)


def _draw(panels: Any, name: str, images: Any) -> None:
    """One row; the name stands to the left of it."""
    for axes, image in zip(panels, images, strict=False):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    for axes in panels:
        axes.axis("off")
    panels[0].text(
        -0.1, 0.5, name, transform=panels[0].transAxes, ha="right", va="center",
        fontsize=look.SMALL, color=look.QUIET,
    )  # fmt: skip
