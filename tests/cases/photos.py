"""Folders of images that tests draw themselves: discs and squares of any size."""

import numpy as np
from PIL import Image, ImageDraw

KINDS = "disc", "square"


def drawn(kind, size, seed, mode="RGB"):
    """A dark disc or square on a light ground."""
    rng = np.random.default_rng(seed)
    width, height = size
    light, dark = (tuple(rng.integers(*ends, 3).tolist()) for ends in ((170, 255), (0, 80)))
    picture = Image.new("RGB", size, light)
    radius = 0.3 * min(size) * rng.uniform(0.8, 1.2)
    x, y = (rng.uniform(radius, side - radius) for side in (width, height))
    box = (x - radius, y - radius, x + radius, y + radius)
    draw = ImageDraw.Draw(picture)
    (draw.ellipse if kind == "disc" else draw.rectangle)(box, fill=dark)
    return picture.convert(mode)


def folder(root, n=10, *, kinds=KINDS, size=(16, 16), mode="RGB", first=0, suffix="png"):
    """root/disc/0.png, root/square/0.png, ...; the folder."""
    for k, kind in enumerate(kinds):
        (root / kind).mkdir(parents=True, exist_ok=True)
        for i in range(first, first + n):
            picture = drawn("square" if k % 2 else "disc", size, 1000 * k + i, mode)
            picture.save(root / kind / f"{i}.{suffix}")
    return root


def arrays(n=40, size=12, seed=0):
    """Grey images (n, size, size) of bytes, and "disc" or "square" for each."""
    labels = [KINDS[i % 2] for i in range(n)]
    x = [np.asarray(drawn(kind, (size, size), seed + i, "L")) for i, kind in enumerate(labels)]
    return np.stack(x), labels
