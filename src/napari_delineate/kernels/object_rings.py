"""Cut every object into rings around its middle, and sum up intensities in them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["add_rings", "find_middles", "grow_distances"]


@numba.njit(cache=True, nogil=True)
def find_middles(starts: Any, places: Any, depths: Any, away: Any, middles: Any) -> None:
    """Find the pixel of each object that is farthest from its edge, the first in a scan.

    `depths` and `away` are flat; the latter becomes 0 there and infinite everywhere else.
    """
    for number in range(starts.size - 1):
        deepest = -1.0
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            away[flat] = np.inf
            if depths[flat] > deepest:
                deepest = depths[flat]
                middles[number] = flat
        if starts[number + 1] > starts[number]:
            away[middles[number]] = 0


@numba.njit(cache=True, nogil=True)
def grow_distances(
    labels: Any, starts: Any, places: Any, before: Any, lengths: Any, away: Any
) -> None:
    """Find how long the shortest way from the middle to each pixel is within its object.

    `before` (K, 3) are the steps to neighbours that a scan meets before, with `lengths`.
    Each object is swept forth and back until nothing changes: a few times if it is compact.
    """
    depth, height, width = labels.shape
    for number in range(starts.size - 1):
        begin, end = starts[number], starts[number + 1]
        changed = True
        while changed:
            changed = False
            for sweep in range(2):
                sign = 1 if sweep == 0 else -1
                for step in range(end - begin):
                    flat = places[begin + step if sweep == 0 else end - 1 - step]
                    x = flat % width
                    y = flat // width % height
                    z = flat // (width * height)
                    best = away[z, y, x]
                    for n in range(len(before)):
                        k = z + sign * before[n, 0]
                        j = y + sign * before[n, 1]
                        i = x + sign * before[n, 2]
                        if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                            continue
                        if labels[k, j, i] == labels[z, y, x]:
                            best = min(best, np.float32(away[k, j, i] + lengths[n]))
                    if best < away[z, y, x]:
                        away[z, y, x] = best
                        changed = True


@numba.njit(cache=True, nogil=True)
def add_rings(
    shape: Any,
    starts: Any,
    places: Any,
    middles: Any,
    spacing: Any,
    depths: Any,
    away: Any,
    image: Any,
    sums: Any,
    counts: Any,
) -> None:
    """Add up intensities and pixels of each ring and sector of it.

    `shape` is that of the image as (Z, Y, X), `depths`, `away` and `image` are flat, `sums`
    and `counts` (N, rings, 8). Sectors are the octants around the middle of an object; in a
    plane those on both sides of its diagonals and axes.
    """
    depth, height, width = shape
    rings = sums.shape[1]
    for number in range(starts.size - 1):
        middle = middles[number]
        x0 = middle % width
        y0 = middle // width % height
        z0 = middle // (width * height)
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            if not away[flat] < np.inf:  # a part of an object without a way to its middle
                continue
            share = away[flat] / (away[flat] + depths[flat])
            ring = min(int(share * rings), rings - 1)
            x = flat % width - x0
            y = flat // width % height - y0
            z = flat // (width * height) - z0
            sector = (x > 0) + 2 * (y > 0)
            if depth > 1:
                sector += 4 * (z > 0)
            else:
                sector += 4 * (abs(y) * spacing[1] > abs(x) * spacing[2])
            sums[number, ring, sector] += np.float64(image[flat])
            counts[number, ring, sector] += 1
