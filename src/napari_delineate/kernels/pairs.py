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
def _place(first: Any, second: Any, keys: Any, counts: Any) -> Any:
    """Return where a pair stands in the table, or the free place where it belongs."""
    mask = len(counts) - 1
    mixed = np.uint64(first) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(29))) + np.uint64(second)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    place = np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(mask))
    while counts[place] and (keys[place, 0] != first or keys[place, 1] != second):
        place = (place + 1) & mask
    return place


@numba.njit(cache=True, nogil=True)
def count_pairs(
    first: NDArray[Any], second: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count the pairs of two flat arrays of numbers; return (M, 2) pairs and (M,) counts."""
    keys = np.empty((_SMALLEST, 2), np.int64)
    counts = np.zeros(_SMALLEST, np.int64)
    used = 0
    place = 0
    while place < len(first):
        one, other = first[place], second[place]
        start = place
        place += 1
        while place < len(first) and first[place] == one and second[place] == other:
            place += 1
        entry = _place(np.int64(one), np.int64(other), keys, counts)
        if not counts[entry]:
            used += 1
            keys[entry, 0], keys[entry, 1] = one, other
        counts[entry] += place - start
        if 2 * used > len(counts):
            old_keys, old_counts = keys, counts
            keys = np.empty((2 * len(counts), 2), np.int64)
            counts = np.zeros(2 * len(old_counts), np.int64)
            for old in range(len(old_counts)):
                if old_counts[old]:
                    entry = _place(old_keys[old, 0], old_keys[old, 1], keys, counts)
                    keys[entry] = old_keys[old]
                    counts[entry] = old_counts[old]
    filled = np.flatnonzero(counts)
    return keys[filled], counts[filled]
