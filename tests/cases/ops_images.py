"""Rows of the table of ops: images that are read between their pixels, moved, cut and mixed."""

from cases.op_row import Leaf, row, whole

from glassnet import graph as g

B = "B"


def places(*shape):
    """Places in and beside images of four rows."""
    return Leaf(shape, -1.0, 4.0)


def number_an_image(low, high):
    """One number for each image."""
    return Leaf(("B", 1, 1), low, high)


def drawn(x, low, high, stream=1):
    """One for each image that no gradient flows to."""
    return g.random_between(
        7, 1, low=low, high=high, stream=stream, shape=("B", 1, 1), dtype=x.dtype
    )


# fmt: off
IMAGES = [
    # Images read between their pixels, moved, cut and filled.
    row("bilinear", "", g.bilinear, (B, 3, 4, 2), places(B, 2, 3), places(B, 2, 3)),
    row("bilinear", "rows and columns apart",
        g.bilinear, (B, 4, 3, 1), places(B, 2, 1), places(B, 1, 3)),
    row("bilinear", "one row of pixels",
        g.bilinear, (B, 1, 4, 2), places(B, 2, 2), places(B, 2, 2)),
    row("bilinear_input", "", lambda dz, i, j: g.bilinear_input(dz, i, j, size=(3, 4)),
        (B, 2, 3, 2), places(B, 2, 3), places(B, 2, 3)),
    row("bilinear_input", "rows and columns apart",
        lambda dz, i, j: g.bilinear_input(dz, i, j, size=(4, 1)),
        (B, 2, 3, 1), places(B, 2, 1), places(B, 1, 3)),
    *(row(f"{name}{end}", f"beside it {fill}",
          lambda x, op=op, fill=fill, moves=moves: op(
              x, *(drawn(x, *move, stream=i) for i, move in enumerate(moves)), fill=fill),
          (B, 3, 4, 2))
      for fill in ("reflect", "nearest", 0, 0.5)
      for name, there, back, moves in (
          ("rotate", g.rotate, g.rotate_input, ((-1, 1),)),
          ("translate", g.translate, g.translate_input, ((-2, 2), (-2, 2))),
          ("zoom", g.zoom, g.zoom_input, ((0.5, 2), (0.5, 2))),
      )
      for end, op in (("", there), ("_input", back))),
    row("crop", "", lambda x, i, j: g.crop(x, i, j, size=(2, 3)),
        (B, 4, 5, 2), whole(3, B, 1, 1), whole(3, B, 1, 1)),
    row("crop", "by floats", lambda x: g.crop(
        x, g.floor(drawn(x, 0, 3)), g.floor(drawn(x, 0, 3)), size=(2, 2)), (B, 4, 4, 1)),
    row("crop_input", "", lambda dz, i, j: g.crop_input(dz, i, j, size=(4, 5)),
        (B, 2, 3, 2), whole(3, B, 1, 1), whole(3, B, 1, 1)),
    row("erase", "", lambda x, i, j, h, w: g.erase(x, i, j, h, w, fill=0.5), (B, 4, 5, 2),
        *[number_an_image(0, 3)] * 4),

    # Rows that meet their neighbours.
    row("roll", "", lambda x: g.roll(x, shift=1), (B, 3)),
    row("roll", "the other way", lambda x: g.roll(x, shift=-1), (B, 2, 2)),
    row("roll", "whole numbers", lambda i: g.roll(i, shift=1), whole(4, B)),
    row("mix", "", g.mix, (B, 2, 3), Leaf((B,), 0, 0.5)),
    row("mix", "single numbers", g.mix, (B,), Leaf((B,), 0, 0.5)),
]
# fmt: on
