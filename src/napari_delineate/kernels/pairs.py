"""Count which numbers stand at the same places of two arrays, with a hash table of the pairs.

Along a row a pair mostly repeats, so the table is asked once for each run of pixels. It grows
with the number of pairs, whatever the numbers are.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["count_pairs"]

_SMALLEST = 1024


@numba.njit(cache=True, nogil=True, inline="always")
def _place(first: Any, second: Any, table: Any) -> Any:
    """Return where a pair stands in the table, or the free place where it belongs."""
    mask = np.uint64(len(table) - 1)
    mixed = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= np.uint64(second) * np.uint64(0xC2B2AE3D27D4EB4F)
    place = (mixed >> np.uint64(32)) & mask
    while table[place, 2] and (table[place, 0] != first or table[place, 1] != second):
        place = (place + np.uint64(1)) & mask
    return place


@numba.njit(cache=True, nogil=True)
def _grown(table: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a table with the same rows and twice as many places."""
    larger = np.zeros((2 * len(table), 3), np.int64)
    for row in range(len(table)):
        if table[row, 2]:
            larger[_place(table[row, 0], table[row, 1], larger)] = table[row]
    return larger


@numba.njit(cache=True, nogil=True)
def count_pairs(first: NDArray[Any], second: NDArray[Any]) -> NDArray[np.int64]:
    """Count the pairs of two flat arrays of numbers; return rows of both numbers and a count."""
    table = np.zeros((_SMALLEST, 3), np.int64)
    used = 0
    place = 0
    while place < len(first):
        one, other = first[place], second[place]
        start = place
        place += 1
        while place < len(first) and first[place] == one and second[place] == other:
            place += 1
        row = _place(np.int64(one), np.int64(other), table)
        if table[row, 2] == 0:
            used += 1
            table[row, 0], table[row, 1] = one, other
        table[row, 2] += place - start
        if 2 * used > len(table):
            table = _grown(table)
    found: NDArray[np.int64] = table[table[:, 2] > 0]
    return found
