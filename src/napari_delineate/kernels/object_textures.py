"""Describe by Haralick's numbers how often grey levels lie next to each other in objects."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["FEATURES", "add_haralick"]

FEATURES = (
    "angular_second_moment",
    "contrast",
    "correlation",
    "variance",
    "inverse_difference_moment",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "entropy",
    "difference_variance",
    "difference_entropy",
    "information_measure_1",
    "information_measure_2",
)
"""The numbers in the order of Haralick's paper."""


@numba.njit(cache=True, nogil=True)
def add_haralick(
    labels: Any, grey: Any, starts: Any, places: Any, offsets: Any, levels: int, result: Any
) -> None:
    """Find the numbers of each object in each direction.

    `labels` and `grey` (levels from 1) are (Z, Y, X), `offsets` (D, 3), `result` (N, D, 13)
    holds NaN: it stays where an object has no two pixels at an offset.
    """
    depth, height, width = labels.shape
    # A table for all pairs of levels of which only those that occur are ever visited.
    counts = np.zeros((levels + 1, levels + 1), np.int64)
    most = 0
    for number in range(starts.size - 1):
        most = max(most, starts[number + 1] - starts[number])
    seen = np.empty((min(2 * most, (levels + 1) ** 2), 2), np.int64)
    single = np.zeros(levels + 1)
    total = np.zeros(2 * levels + 1)
    apart = np.zeros(levels + 1)
    for number in range(starts.size - 1):
        for direction in range(len(offsets)):
            pairs = 0
            known = 0
            for place in range(starts[number], starts[number + 1]):
                flat = places[place]
                x = flat % width
                y = flat // width % height
                z = flat // (width * height)
                k = z + offsets[direction, 0]
                j = y + offsets[direction, 1]
                i = x + offsets[direction, 2]
                if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                    continue
                if labels[k, j, i] != labels[z, y, x]:
                    continue
                one, other = grey[z, y, x], grey[k, j, i]
                pairs += 1
                for turn in range(2):
                    a = one if turn == 0 else other
                    b = other if turn == 0 else one
                    if counts[a, b] == 0:
                        seen[known, 0], seen[known, 1] = a, b
                        known += 1
                    counts[a, b] += 1
            if pairs > 0:
                share = 0.5 / pairs
                _describe(
                    counts, seen[:known], share, single, total, apart, result[number, direction]
                )
            for entry in range(known):
                counts[seen[entry, 0], seen[entry, 1]] = 0


@numba.njit(cache=True, nogil=True)
def _describe(
    counts: Any, seen: Any, share: float, single: Any, total: Any, apart: Any, result: Any
) -> None:
    single[:] = 0
    total[:] = 0
    apart[:] = 0
    result[:] = 0
    for entry in range(len(seen)):
        a, b = seen[entry]
        p = counts[a, b] * share
        away = abs(a - b)
        single[a] += p
        total[a + b] += p
        apart[away] += p
        result[0] += p * p
        result[2] += p * a * b
        result[4] += p / (1 + away * away)
        result[8] -= p * np.log2(p)
    mean, squares, single_entropy = 0.0, 0.0, 0.0
    for a in range(single.size):
        mean += a * single[a]
    for a in range(single.size):
        if single[a] > 0:
            squares += single[a] * (a - mean) ** 2
            single_entropy -= single[a] * np.log2(single[a])
    for away in range(apart.size):
        if apart[away] > 0:
            result[1] += away * away * apart[away]
            result[9] += away * apart[away]
            result[10] -= apart[away] * np.log2(apart[away])
    result[9] = result[1] - result[9] ** 2
    for both in range(total.size):
        if total[both] > 0:
            result[5] += both * total[both]
            result[7] -= total[both] * np.log2(total[both])
    for both in range(total.size):
        if total[both] > 0:
            result[6] += total[both] * (both - result[5]) ** 2
    result[2] = (result[2] - mean * mean) / squares if squares > 0 else 1.0
    result[3] = squares
    shared = max(2 * single_entropy - result[8], 0.0)
    result[11] = -shared / single_entropy if single_entropy > 0 else 0.0
    result[12] = np.sqrt(1 - np.exp(-2 * shared))
