"""Which numbers of a row are loaded together: pieces of a register, which may overlap.

A row of 10 numbers is two pieces of 8 that share 6; one of 784 is 49 whole registers; one of 30 is
two, the second of which begins at number 14. So nothing is read from behind a row, and no numbers
are left that need a loop of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from glassnet.engines.native.codegen.layout import LANES


@dataclass(frozen=True)
class RowTile:
    """Up to sixteen numbers of each of sixteen rows.

    starts  where each piece of a row begins; width  numbers of a piece
    """

    starts: tuple[int, ...]
    width: int

    def columns(self) -> dict[int, int]:
        """Lane of a register -> the number of the row that it holds, each number once."""
        found: dict[int, int] = {}
        for piece, start in enumerate(self.starts):
            for i in range(self.width):
                found.setdefault(start + i, piece * self.width + i)
        return {lane: column for column, lane in found.items()}


def row_tile_of(count: int) -> RowTile:
    """The tile that goes over rows of so many numbers, in steps of sixteen.

    Beyond the last sixteen numbers it does not go: the last step is shorter.
    """
    if count >= LANES:
        return RowTile((0,), LANES)
    width = 1 << (count.bit_length() - 1)
    return RowTile((0,) if width == count else (0, count - width), width)
