"""Average lines of pixels in a running window, with the digits of `scipy.ndimage`."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["average_across", "average_along"]

_BUFFER = 2**16
"""Numbers that are averaged together, few enough for the cache of a core."""


@numba.njit(cache=True, nogil=True)
def average_across(
    image: NDArray[Any],
    places: NDArray[np.int64],
    size: int,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Average columns `start` to `stop` of (rows, columns) along the first axis.

    `places` names the row that stands at each place of the image continued at both ends.
    `result` may be the memory of `image`.
    """
    rows = image.shape[0]
    width = min(max(64, _BUFFER // rows), stop - start)
    pixels = np.empty((rows, width + 8))  # rows a power of two apart share places of the cache
    sums = np.empty(width)
    for left in range(start, stop, width):
        count = min(width, stop - left)
        for row in range(rows):
            for x in range(count):
                pixels[row, x] = image[row, left + x]
        sums[:] = 0
        for place in places[:size]:
            line = pixels[place]
            for x in range(count):
                sums[x] += line[x]
        for x in range(count):
            result[0, left + x] = sums[x] / size
        for row in range(1, rows):
            first = pixels[places[row + size - 1]]
            last = pixels[places[row - 1]]
            target = result[row, left : left + count]
            for x in range(count):
                sums[x] += first[x] - last[x]
                target[x] = sums[x] / size


@numba.njit(cache=True, nogil=True)
def average_along(
    image: NDArray[Any],
    places: NDArray[np.int64],
    size: int,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Average rows `start` to `stop` of (rows, columns) along the last axis."""
    columns = image.shape[1]
    pixels = np.empty(places.size)
    for row in range(start, stop):
        line = image[row]
        for x in range(places.size):
            pixels[x] = line[places[x]]
        target = result[row]
        total = 0.0
        for x in range(size):
            total += pixels[x]
        target[0] = total / size
        for x in range(1, columns):
            total += pixels[x + size - 1] - pixels[x - 1]
            target[x] = total / size
