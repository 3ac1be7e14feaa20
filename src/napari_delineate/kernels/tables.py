"""Count labels and replace them through a table, one step per pixel.

`numpy.bincount` and indexing copy the labels to 64 bits first, hash tables take several times
as long. Both need labels that are not much larger than the image.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["count", "count_in_bins", "number_as_met", "replace"]


@numba.njit(cache=True, nogil=True)
def count(labels: NDArray[Any], largest: int) -> NDArray[np.int64]:
    """Count the pixels of every label from 0 to the largest; labels are flat, unsigned."""
    # Neighbours mostly have one label, and additions to one place wait for each other.
    counts = np.zeros((4, largest + 1), np.int64)
    whole = len(labels) // 4 * 4
    for place in range(0, whole, 4):
        counts[0, labels[place]] += 1
        counts[1, labels[place + 1]] += 1
        counts[2, labels[place + 2]] += 1
        counts[3, labels[place + 3]] += 1
    for place in range(whole, len(labels)):
        counts[0, labels[place]] += 1
    total: NDArray[np.int64] = counts.sum(axis=0)
    return total


@numba.njit(cache=True, nogil=True)
def count_in_bins(pixels: NDArray[Any], edges: NDArray[Any]) -> NDArray[np.int64]:
    """Count flat pixels between edges that are evenly apart, as `numpy.histogram` does."""
    bins = len(edges) - 1
    low = np.float64(edges[0])
    scale = bins / (np.float64(edges[-1]) - low)
    counts = np.zeros((2, bins), np.int64)
    for place in range(len(pixels)):
        pixel = pixels[place]
        number = min(int((pixel - low) * scale), bins - 1)
        # The edges decide: what was just computed may be rounded to the bin beside.
        while pixel < edges[number]:
            number -= 1
        while number < bins - 1 and pixel >= edges[number + 1]:
            number += 1
        counts[place % 2, number] += 1
    total: NDArray[np.int64] = counts.sum(axis=0)
    return total


@numba.njit(cache=True, nogil=True)
def replace(labels: NDArray[Any], table: NDArray[Any], result: NDArray[Any]) -> None:
    """Write `table[label]` for every label; all are flat, labels unsigned."""
    for place in range(len(labels)):
        result[place] = table[labels[place]]


@numba.njit(cache=True, nogil=True)
def number_as_met(labels: NDArray[Any], table: NDArray[Any], result: NDArray[Any]) -> None:
    """Give labels new numbers from 1, in the order in which a scan meets them; 0 stays.

    All are flat, labels unsigned; the table is signed, with an entry up to the largest label.
    """
    table[:] = -1
    table[0] = 0
    met = 0
    for place in range(len(labels)):
        number = table[labels[place]]
        if number < 0:
            met += 1
            number = met
            table[labels[place]] = met
        result[place] = number
