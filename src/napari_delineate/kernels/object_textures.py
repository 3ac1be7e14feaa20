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
    shape: Any,
    starts: Any,
    places: Any,
    grey: Any,
    corners: Any,
    sizes: Any,
    offsets: Any,
    levels: int,
    result: Any,
) -> None:
    """Find the numbers of each object in each direction.

    `shape` is that of the image as (Z, Y, X), `grey` are the levels from 1 at the places of
    the pixels, `corners` and `sizes` (N, 3) the boxes of the objects, `offsets` (D, 3) steps
    that a scan goes forward, `result` (N, D, 13) holds NaN: it stays where an object has no
    two pixels at an offset.
    """
    height, width = shape[1], shape[2]
    # A table for all pairs of levels, the lower one first, of which only those that occur are
    # ever visited.
    counts = np.zeros((levels + 1, levels + 1), np.int64)
    most = 0
    for number in range(starts.size - 1):
        most = max(most, starts[number + 1] - starts[number])
    seen = np.empty((min(most, (levels + 1) ** 2), 2), np.int64)
    single = np.zeros(levels + 1, np.int64)
    total = np.zeros(2 * levels + 1, np.int64)
    apart = np.zeros(levels + 1, np.int64)
    # A pair counts in both orders.
    logarithms = np.zeros(2 * most + 1)
    for count in range(1, logarithms.size):
        logarithms[count] = np.log2(count)
    own_places = np.empty(most, np.int64)
    reach = np.zeros(3, np.int64)
    for number in range(starts.size - 1):
        begin, count = starts[number], starts[number + 1] - starts[number]
        for axis in range(3):
            reach[axis] = 0
            for direction in range(len(offsets)):
                step = abs(offsets[direction, axis])
                if step < sizes[number, axis]:
                    reach[axis] = max(reach[axis], step)
        # The object alone in its box, with nothing behind each row and slice as far as steps
        # reach: one that leaves the box ends there.
        row = sizes[number, 2] + reach[2]
        plane = (sizes[number, 1] + reach[1]) * row
        box = np.zeros((sizes[number, 0] + reach[0]) * plane + reach[1] * row + reach[2], np.uint16)
        for place in range(count):
            flat = np.int64(places[begin + place])
            line = flat // width
            x = flat - line * width - corners[number, 2]
            z = line // height
            y = line - z * height - corners[number, 1]
            own_places[place] = (z - corners[number, 0]) * plane + y * row + x
            box[own_places[place]] = grey[begin + place]
        for direction in range(len(offsets)):
            up, along, across = offsets[direction]
            if abs(up) > reach[0] or abs(along) > reach[1] or abs(across) > reach[2]:
                continue
            step = up * plane + along * row + across
            pairs = 0
            known = 0
            for place in range(count):
                other = box[own_places[place] + step]
                if other == 0:
                    continue
                one = grey[begin + place]
                a, b = min(one, other), max(one, other)
                pairs += 1
                if counts[a, b] == 0:
                    seen[known, 0], seen[known, 1] = a, b
                    known += 1
                counts[a, b] += 1
            if pairs > 0:
                found = result[number, direction]
                _describe(counts, seen[:known], 2 * pairs, single, total, apart, logarithms, found)
            for entry in range(known):
                counts[seen[entry, 0], seen[entry, 1]] = 0


@numba.njit(cache=True, nogil=True)
def _describe(
    counts: Any,
    seen: Any,
    pairs: int,
    single: Any,
    total: Any,
    apart: Any,
    logarithms: Any,
    result: Any,
) -> None:
    """Find the numbers from how often pairs of levels occur, in both orders `pairs` times."""
    result[:] = 0
    lowest, highest, widest = single.size, 0, 0
    for entry in range(len(seen)):
        a, b = seen[entry]
        lowest, highest, widest = min(lowest, a), max(highest, b), max(widest, b - a)
    single[lowest : highest + 1] = 0
    total[2 * lowest : 2 * highest + 1] = 0
    apart[: widest + 1] = 0
    for entry in range(len(seen)):
        a, b = seen[entry]
        # Both orders of two levels are two entries, of one level they are one.
        count = counts[a, b]
        single[a] += count
        single[b] += count
        total[a + b] += 2 * count
        apart[b - a] += 2 * count
        times = 2.0
        if a == b:
            count, times = 2 * count, 1.0
        result[0] += times * count * count
        result[2] += times * count * a * b
        result[8] += times * count * (logarithms[pairs] - logarithms[count])
    result[0] /= float(pairs) * pairs
    result[2] /= pairs
    result[8] /= pairs
    mean, squares, single_entropy = 0.0, 0.0, 0.0
    for a in range(lowest, highest + 1):
        mean += single[a] / pairs * a
    for a in range(lowest, highest + 1):
        count = single[a]
        squares += count / pairs * (a - mean) ** 2
        single_entropy += count / pairs * (logarithms[pairs] - logarithms[count])
    for away in range(widest + 1):
        count = apart[away]
        result[1] += count / pairs * away * away
        result[4] += count / pairs / (1 + away * away)
        result[9] += count / pairs * away
        result[10] += count / pairs * (logarithms[pairs] - logarithms[count])
    result[9] = result[1] - result[9] ** 2
    for both in range(2 * lowest, 2 * highest + 1):
        count = total[both]
        result[5] += count / pairs * both
        result[7] += count / pairs * (logarithms[pairs] - logarithms[count])
    for both in range(2 * lowest, 2 * highest + 1):
        result[6] += total[both] / pairs * (both - result[5]) ** 2
    result[2] = (result[2] - mean * mean) / squares if squares > 0 else 1.0
    result[3] = squares
    shared = max(2 * single_entropy - result[8], 0.0)
    result[11] = -shared / single_entropy if single_entropy > 0 else 0.0
    result[12] = np.sqrt(1 - np.exp(-2 * shared))
