"""Correlate lines of pixels with weights that are equal, or opposite, on both sides."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["across_lines", "along_lines"]

_BUFFER = 2**16
"""Numbers that are filtered together, few enough for the cache of a core."""


@numba.njit(cache=True, nogil=True)
def _weigh(
    pixels: NDArray[Any],
    centre: int,
    step: int,
    weights: NDArray[Any],
    sign: float,
    sums: NDArray[Any],
) -> None:
    """Add up the weighted pairs around each of several pixels, the outermost pair first.

    This is the order of `scipy.ndimage.correlate1d`, so that the sums are equal to the last
    bit. Four pairs at a time leave the sums in registers.
    """
    size = sums.size
    reach = weights.size - 1
    middle = pixels[centre : centre + size]
    weight = weights[reach]
    for x in range(size):
        sums[x] = middle[x] * weight
    pair = reach
    while pair >= 4:
        low, high = centre - pair * step, centre + pair * step
        low_1, high_1 = pixels[low : low + size], pixels[high : high + size]
        low, high = low + step, high - step
        low_2, high_2 = pixels[low : low + size], pixels[high : high + size]
        low, high = low + step, high - step
        low_3, high_3 = pixels[low : low + size], pixels[high : high + size]
        low, high = low + step, high - step
        low_4, high_4 = pixels[low : low + size], pixels[high : high + size]
        weight_1, weight_2 = weights[reach - pair], weights[reach - pair + 1]
        weight_3, weight_4 = weights[reach - pair + 2], weights[reach - pair + 3]
        for x in range(size):
            total = sums[x] + (low_1[x] + sign * high_1[x]) * weight_1
            total += (low_2[x] + sign * high_2[x]) * weight_2
            total += (low_3[x] + sign * high_3[x]) * weight_3
            sums[x] = total + (low_4[x] + sign * high_4[x]) * weight_4
        pair -= 4
    while pair >= 1:
        low, high = centre - pair * step, centre + pair * step
        low_1, high_1 = pixels[low : low + size], pixels[high : high + size]
        weight_1 = weights[reach - pair]
        for x in range(size):
            sums[x] += (low_1[x] + sign * high_1[x]) * weight_1
        pair -= 1


@numba.njit(cache=True, nogil=True)
def across_lines(
    image: NDArray[Any],
    scale: float,
    weights: NDArray[Any],
    sign: float,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Filter columns `start` to `stop` of (rows, columns) along the first axis.

    `weights` runs from the outermost to the centre; those of the other side are the same,
    times `sign`. Beyond the borders the image continues with the nearest pixel. `result` may
    be the memory of `image`.
    """
    rows = image.shape[0]
    reach = weights.size - 1
    width = min(max(64, _BUFFER // (rows + 2 * reach)), stop - start)
    step = width + 8  # rows that lie a power of two apart would share places of the cache
    pixels = np.empty((rows + 2 * reach) * step)
    sums = np.empty(width)
    for left in range(start, stop, width):
        size = min(width, stop - left)
        for row in range(rows + 2 * reach):
            source = image[min(max(row - reach, 0), rows - 1), left : left + size]
            target = pixels[row * step : row * step + size]
            for x in range(size):
                target[x] = np.float64(source[x]) * scale
        part = sums[:size]
        for row in range(rows):
            _weigh(pixels, (row + reach) * step, step, weights, sign, part)
            line = result[row, left : left + size]
            for x in range(size):
                line[x] = part[x]


@numba.njit(cache=True, nogil=True)
def along_lines(
    image: NDArray[Any],
    scale: float,
    weights: NDArray[Any],
    sign: float,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Filter rows `start` to `stop` of (rows, columns) along the last axis."""
    size = image.shape[1]
    reach = weights.size - 1
    pixels = np.empty(size + 2 * reach)
    middle = pixels[reach : reach + size]
    sums = np.empty(size)
    for row in range(start, stop):
        source = image[row]
        for x in range(size):
            middle[x] = np.float64(source[x]) * scale
        for x in range(reach):
            pixels[x] = middle[0]
            pixels[reach + size + x] = middle[size - 1]
        _weigh(pixels, reach, 1, weights, sign, sums)
        line = result[row]
        for x in range(size):
            line[x] = sums[x]
