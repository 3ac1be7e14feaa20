"""Describe the values that every object has, object by object."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["describe"]

_LEVELS = 2**16
"""Whole numbers of a range up to this may be sorted by counting."""
_FEW = 64
"""As many values as these are sorted by comparing."""

_SUMS = ("sum", "mean", "std", "min", "max")
_RANKS = ("lower", "median", "upper", "deviation")


def describe(
    values: NDArray[Any], starts: NDArray[np.int64], stops: NDArray[np.int64], ranks: bool = True
) -> dict[str, NDArray[np.float64]]:
    """Describe the values of every object.

    Parameters
    ----------
    values : (M,) ndarray
        Values, those of an object one after the other.
    starts, stops : (N,) ndarray of int64
        Where those of each object begin and end.
    ranks : bool
        Whether to find what takes sorting.

    Returns
    -------
    dict of str to (N,) ndarray of float64
        Sum, mean, std, min, and max; with ranks lower and upper quartile, median, and the
        median of the deviations from it; NaN, and a sum of 0, where there are no values.
    """
    names = _SUMS + _RANKS if ranks else _SUMS
    result = np.full((len(names), len(starts)), np.nan)
    _describe(values, starts, stops, values.dtype.kind != "f", ranks, result)
    return dict(zip(names, result, strict=True))


@numba.njit(cache=True, nogil=True)
def _describe(values: Any, starts: Any, stops: Any, whole: bool, ranks: bool, result: Any) -> None:
    most = 0
    for number in range(starts.size):
        most = max(most, stops[number] - starts[number])
    buffer = np.empty(most)
    keys = np.empty((2, most if ranks else 0), np.uint64)
    counts = np.zeros(_LEVELS if ranks else 0, np.int64)
    for number in range(starts.size):
        given = values[starts[number] : stops[number]]
        count = given.size
        if count == 0:
            result[0, number] = 0.0
            continue
        own = buffer[:count]
        total = 0.0
        low, high = np.inf, -np.inf
        for place in range(count):
            value = np.float64(given[place])
            own[place] = value
            total += value
            low, high = min(low, value), max(high, value)
        mean = total / count
        squares = 0.0
        for place in range(count):
            squares += (own[place] - mean) ** 2
        result[0, number], result[1, number] = total, mean
        result[2, number] = np.sqrt(squares / count)
        result[3, number], result[4, number] = low, high
        if ranks:
            _sort(own, low, high, whole, counts, keys)
            for quarter in range(1, 4):
                result[4 + quarter, number] = _between(own, quarter * (count - 1) / 4)
            result[8, number] = _deviation(own, result[6, number])


@numba.njit(cache=True, nogil=True)
def _sort(values: Any, low: float, high: float, whole: bool, counts: Any, keys: Any) -> None:
    """Sort values, by counting or by their bits, which is several times sooner."""
    size = values.size
    if whole and high - low < min(counts.size, 2 * size):
        levels = int(high - low) + 1
        for level in range(levels):
            counts[level] = 0
        for place in range(size):
            counts[int(values[place] - low)] += 1
        place = 0
        for level in range(levels):
            for _ in range(counts[level]):
                values[place] = low + level
                place += 1
    elif size <= _FEW:
        values.sort()
    elif whole and high - low < 2.0**52:
        for place in range(size):
            keys[0, place] = np.uint64(values[place] - low)
        found = keys[_sort_bits(keys, size, counts)]
        for place in range(size):
            values[place] = low + np.float64(found[place])
    else:
        # Of floats below 0 all bits are turned, of others the first: then their order is that
        # of whole numbers.
        first, bits = np.uint64(1) << np.uint64(63), values.view(np.uint64)
        for place in range(size):
            one = bits[place]
            keys[0, place] = ~one if one & first else one | first
        found = keys[_sort_bits(keys, size, counts)]
        for place in range(size):
            one = found[place]
            bits[place] = one & ~first if one & first else ~one


@numba.njit(cache=True, nogil=True)
def _sort_bits(keys: Any, size: int, counts: Any) -> int:
    """Sort the keys in the first of two rows, byte by byte; return the row where they are."""
    varying = np.uint64(0)
    for place in range(size):
        varying |= keys[0, place] ^ keys[0, 0]
    row = 0
    for number in range(8):
        shift = np.uint64(8 * number)
        if not (varying >> shift) & np.uint64(255):
            continue
        counts[:256] = 0
        for place in range(size):
            counts[(keys[row, place] >> shift) & np.uint64(255)] += 1
        ahead = 0
        for level in range(256):
            here = counts[level]
            counts[level] = ahead
            ahead += here
        for place in range(size):
            key = keys[row, place]
            level = (key >> shift) & np.uint64(255)
            keys[1 - row, counts[level]] = key
            counts[level] += 1
        row = 1 - row
    return row


@numba.njit(cache=True, nogil=True)
def _between(values: Any, place: float) -> float:
    """Return what lies at a place, perhaps between two, of sorted values."""
    below = int(place)
    share = place - below
    if share == 0:
        return float(values[below])
    return float(values[below] * (1 - share) + values[below + 1] * share)


@numba.njit(cache=True, nogil=True)
def _deviation(values: Any, median: float) -> float:
    """Return the median of the distances of sorted values from their median."""
    size = values.size
    right = np.searchsorted(values, median)
    one = _distance(values, median, right, (size - 1) // 2)
    if size % 2 == 1:
        return float(one)
    return float((one + _distance(values, median, right, size // 2)) / 2)


@numba.njit(cache=True, nogil=True)
def _distance(values: Any, median: float, right: int, rank: int) -> float:
    """Return the distance from the median that has a rank, from 0.

    Both ways from the median, to the left of the place `right` and from it on, distances grow.
    How many of the smallest ones lie to the left is found by halving.
    """
    lowest, highest = max(0, rank + 1 - (values.size - right)), min(rank + 1, right)
    while lowest < highest:
        left = (lowest + highest) // 2
        # One more from the left instead of the last one from the right, if that is farther.
        if values[right + rank - left] - median > median - values[right - 1 - left]:
            lowest = left + 1
        else:
            highest = left
    farthest = 0.0
    if lowest > 0:
        farthest = median - values[right - lowest]
    if rank + 1 - lowest > 0:
        farthest = max(farthest, values[right + rank - lowest] - median)
    return float(farthest)
