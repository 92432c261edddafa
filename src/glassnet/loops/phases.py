"""The gradient of a convolution with strides, as one without for each phase of its places.

A place of x is reached through every stride-th number of the kernel alone, so that places which lie
a stride apart make a convolution of their own, in which nothing is multiplied by zero. Of a kernel
of 3 with stride 2 and a padding of 1, along one axis of 8 places:

    dx[0, 2, 4, 6][m] = dz[m] * w[1]                              phase 1: places u = i + 1 are odd
    dx[1, 3, 5, 7][m] = dz[m] * w[2] + dz[m + 1] * w[0]           phase 0
"""

from __future__ import annotations

from typing import NamedTuple

from glassnet.graph.sliding import Sliding


class Phase(NamedTuple):
    """One phase along one axis.

    taps     which numbers of the kernel belong to it
    places   which places of x
    first    the first window of dz that the first of these places meets, below 0 in the padding
    length   how many places there are
    windows  how many windows each of them meets
    """

    taps: slice
    places: slice
    first: int
    length: int
    windows: int

    @property
    def end(self) -> int:
        """One behind the last window that the last place meets."""
        return self.first + self.length + self.windows - 1


def phases(slid: Sliding, axis: int, size: int) -> list[Phase]:
    """Those of an axis of so many places that any number of the kernel belongs to.

    >>> found = phases(Sliding.of(3, 1, stride=2, padding=1), 0, 8)
    >>> [(p.taps.start, p.places.start, p.length) for p in found]
    [(0, 1, 4), (1, 0, 4)]
    """
    wide, step, (before, _) = slid.size[axis], slid.stride[axis], slid.padding[axis]
    found = []
    for own in range(min(wide, step)):
        first = -((own - before) // step)  # u = first * step + own is place u - before of x
        last = (size - 1 + before - own) // step
        taps = slice(own, None, step)
        windows = len(range(own, wide, step))
        if first <= last:
            places = slice(first * step + own - before, None, step)
            found.append(Phase(taps, places, first - windows + 1, last - first + 1, windows))
    return found
