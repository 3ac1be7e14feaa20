"""Count labels and replace them through a table, one step per pixel.

`numpy.bincount` and indexing copy the labels to 64 bits first, hash tables take several times
as long. Both need labels that are not much larger than the image.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["count", "replace"]


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
def replace(labels: NDArray[Any], table: NDArray[Any], result: NDArray[Any]) -> None:
    """Write `table[label]` for every label; all are flat, labels unsigned."""
    for place in range(len(labels)):
        result[place] = table[labels[place]]
