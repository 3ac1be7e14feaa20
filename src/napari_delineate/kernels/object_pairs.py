"""Compare the intensities of two images in every object."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["COLUMNS", "compare"]

COLUMNS = (
    "correlation",
    "slope",
    "manders_1",
    "manders_2",
    "rank_weighted_1",
    "rank_weighted_2",
    "overlap",
    "overlap_1",
    "overlap_2",
    "costes_1",
    "costes_2",
)
"""What `compare` finds, in order."""


@numba.njit(cache=True, nogil=True)
def compare(
    starts: Any, places: Any, one: Any, other: Any, share: float, levels: Any, result: Any
) -> None:
    """Find the numbers of each object.

    `one` and `other` are flat, `share` is that of the brightest pixel of an object that is a
    threshold there, `levels` are thresholds for all objects; `result` (N, 11) holds NaN,
    which stays where something is not defined.
    """
    most = 0
    for number in range(starts.size - 1):
        most = max(most, starts[number + 1] - starts[number])
    first, second = np.empty(most), np.empty(most)
    ranks = np.empty((2, most), np.int64)
    for number in range(starts.size - 1):
        count = starts[number + 1] - starts[number]
        for place in range(count):
            first[place] = one[places[starts[number] + place]]
            second[place] = other[places[starts[number] + place]]
        x, y = first[:count], second[:count]
        found = result[number]
        _correlate(x, y, found)
        highest = max(_rank(x, ranks[0]), _rank(y, ranks[1])) + 1
        _overlap(x, y, ranks, highest, share * x.max(), share * y.max(), found)
        _shares(x, y, levels[0], levels[1], found)


@numba.njit(cache=True, nogil=True)
def _correlate(x: Any, y: Any, found: Any) -> None:
    mean_x, mean_y = 0.0, 0.0
    for place in range(x.size):
        mean_x += x[place] / x.size
        mean_y += y[place] / x.size
    square_x, square_y, product = 0.0, 0.0, 0.0
    for place in range(x.size):
        square_x += (x[place] - mean_x) ** 2
        square_y += (y[place] - mean_y) ** 2
        product += (x[place] - mean_x) * (y[place] - mean_y)
    # A mean that is rounded leaves constant values a little apart from it.
    tiny = 1e-12
    varies_x = square_x > x.size * (tiny * mean_x) ** 2
    if varies_x:
        found[1] = product / square_x
        if square_y > x.size * (tiny * mean_y) ** 2:
            found[0] = product / np.sqrt(square_x * square_y)


@numba.njit(cache=True, nogil=True)
def _rank(values: Any, ranks: Any) -> int:
    """Give values numbers in their order, equal ones alike, from 0; return the last one."""
    order = np.argsort(values, kind="mergesort")
    rank = 0
    for place in range(values.size):
        if place > 0 and values[order[place]] != values[order[place - 1]]:
            rank += 1
        ranks[order[place]] = rank
    return rank


@numba.njit(cache=True, nogil=True)
def _overlap(
    x: Any, y: Any, ranks: Any, highest: int, low_x: float, low_y: float, found: Any
) -> None:
    all_x, all_y, both_x, both_y, weighted_x, weighted_y = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    product, square_x, square_y = 0.0, 0.0, 0.0
    for place in range(x.size):
        if x[place] >= low_x:
            all_x += x[place]
        if y[place] >= low_y:
            all_y += y[place]
        if x[place] >= low_x and y[place] >= low_y:
            weight = 1 - abs(ranks[0, place] - ranks[1, place]) / highest
            both_x += x[place]
            both_y += y[place]
            weighted_x += x[place] * weight
            weighted_y += y[place] * weight
            product += x[place] * y[place]
            square_x += x[place] ** 2
            square_y += y[place] ** 2
    if all_x > 0:
        found[2], found[4] = both_x / all_x, weighted_x / all_x
    if all_y > 0:
        found[3], found[5] = both_y / all_y, weighted_y / all_y
    if square_x > 0 and square_y > 0:
        found[6] = product / np.sqrt(square_x * square_y)
    if square_x > 0:
        found[7] = product / square_x
    if square_y > 0:
        found[8] = product / square_y


@numba.njit(cache=True, nogil=True)
def _shares(x: Any, y: Any, low_x: float, low_y: float, found: Any) -> None:
    """Find which share of the intensity above a threshold lies where both are above theirs."""
    all_x, all_y, both_x, both_y = 0.0, 0.0, 0.0, 0.0
    for place in range(x.size):
        if x[place] >= low_x:
            all_x += x[place]
        if y[place] >= low_y:
            all_y += y[place]
        if x[place] >= low_x and y[place] >= low_y:
            both_x += x[place]
            both_y += y[place]
    if all_x > 0:
        found[9] = both_x / all_x
    if all_y > 0:
        found[10] = both_y / all_y
