"""Where the boxes of a graph stand: each below all that it needs, with few crossings.

(Sugiyama, Tagawa & Toda, 1981: ranks by the longest way, stops where an arrow passes a rank,
an order by the middle of the neighbours, and then room to the sides.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]  # (across, rank)
Arrow = tuple[int, int]

_SWEEPS = 12
_STOP = 0.55  # the room that an arrow needs, when a box needs 1


@dataclass(frozen=True)
class Diagram:
    """at: the place of each box. routes: for each arrow, its stops between ranks."""

    at: list[Point]
    routes: dict[Arrow, list[Point]]

    @property
    def stops(self) -> list[Point]:
        """Every stop of every arrow."""
        return [point for stops in self.routes.values() for point in stops]


def layout(count: int, arrows: Sequence[Arrow]) -> Diagram:
    """Places for the boxes 0 .. count - 1; every arrow goes from a lower number to a higher."""
    rank = _ranks(count, arrows)
    stops: dict[Arrow, list[int]] = {}
    links: list[Arrow] = []
    for a, b in dict.fromkeys(arrows):
        passed = list(range(len(rank), len(rank) + rank[b] - rank[a] - 1))
        rank += range(rank[a] + 1, rank[b])
        stops[a, b] = passed
        way = [a, *passed, b]
        links += pairwise(way)
    rows = _ordered(rank, links)
    across = _spread(rows, links, count)
    return Diagram(
        [(across[i], rank[i]) for i in range(count)],
        {arrow: [(across[i], rank[i]) for i in passed] for arrow, passed in stops.items()},
    )


def _ranks(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """The longest way to each box; what nothing leads to stands just above its first use."""
    rank = [0] * count
    for a, b in sorted(arrows, key=lambda arrow: arrow[1]):
        rank[b] = max(rank[b], rank[a] + 1)
    for i in set(range(count)) - {b for _, b in arrows}:
        rank[i] = min((rank[b] for a, b in arrows if a == i), default=1) - 1
    return rank


def _neighbours(n: int, links: Sequence[Arrow]) -> tuple[list[list[int]], list[list[int]]]:
    above: list[list[int]] = [[] for _ in range(n)]
    below: list[list[int]] = [[] for _ in range(n)]
    for a, b in links:
        above[b].append(a)
        below[a].append(b)
    return above, below


def _ordered(rank: Sequence[int], links: Sequence[Arrow]) -> list[list[int]]:
    """The boxes and stops of each rank from left to right."""
    rows = [[i for i, r in enumerate(rank) if r == k] for k in range(max(rank) + 1)]
    above, below = _neighbours(len(rank), links)
    for sweep in range(_SWEEPS):
        near = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            place = {i: k for each in rows for k, i in enumerate(each)}
            middle = {i: _mean([place[j] for j in near[i]], place[i]) for i in row}
            row.sort(key=middle.__getitem__)
    return rows


def _spread(rows: list[list[int]], links: Sequence[Arrow], boxes: int) -> dict[int, float]:
    """How far to the right each stands: below what it needs, and clear of those beside it."""
    above, _ = _neighbours(sum(map(len, rows)), links)
    across: dict[int, float] = {}
    for row in rows:
        wished = []
        for k, i in enumerate(row):
            straight = [j for j in above[i] if j < boxes]  # the main way stays straight
            wished.append(_mean([across[j] for j in straight or above[i]], float(k)))
        across |= zip(row, _apart(wished, [i < boxes for i in row]), strict=True)
    return across


def _apart(wished: Sequence[float], boxes: Sequence[bool]) -> list[float]:
    """The wished places, pushed to the right until each has its room, then back: boxes first."""
    room = [1.0 if box else _STOP for box in boxes]
    found: list[float] = []
    for k, x in enumerate(wished):
        least = found[-1] + (room[k - 1] + room[k]) / 2 if found else x
        found.append(max(x, least))
    pushed = [f - w for f, w in zip(found, wished, strict=True)]
    back = _mean([p for p, box in zip(pushed, boxes, strict=True) if box] or pushed, 0.0)
    return [x - back for x in found]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
