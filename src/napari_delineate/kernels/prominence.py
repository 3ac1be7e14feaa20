"""Find the maxima that stand out of an image by more than some prominence.

The prominence of a maximum is how far one must go down from it before one can go up to
something higher. Pixels are ordered by intensity, and by place where they are equal, so
that every pixel but the last has a way up.

1. Each pixel points to its highest neighbour; the ways up end on peaks.
2. Between the pixels that lead to different peaks run passes. A pass counts where it is
   no farther below the lower peak than the prominence asked for.
3. The passes join peaks, the highest pass first; of two joined groups the one with the
   lower peak ends there, and the height of the pass below its peak is its prominence.

Only comparisons decide, so the result is exact for floats too.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled
from napari_delineate.kernels.neighbours import bordered, inside, neighbour_offsets

__all__ = ["most_prominent_maxima", "prominent_maxima"]


def prominent_maxima(
    image: NDArray[Any], prominence: float, mask: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Find maxima and the area around each that lies within the prominence below it.

    Parameters
    ----------
    image : ndarray
        Finite intensities. Pixels that touch over corners are neighbours.
    prominence : float
        A maximum must stand out by more than this. The highest one always does.
    mask : ndarray of bool, optional
        Pixels elsewhere do not exist.

    Returns
    -------
    tops : (N,) ndarray of int64
        Flat index of one highest pixel of each maximum, the highest maximum first and
        equal ones in the order of a scan.
    areas : ndarray of int32, same shape
        Number i + 1 on all pixels that are connected with top i without going down by
        more than the prominence; 0 elsewhere.
    """
    levels, areas = _bordered(image, mask)
    flat, flat_areas = levels.reshape(-1), areas.reshape(-1)
    offsets = neighbour_offsets(levels.shape, image.ndim)
    peaks = _peaks(flat, flat_areas, offsets)
    heights, first, second = _passes(flat, peaks, offsets[offsets > 0], prominence)
    tops = np.flatnonzero(peaks == np.arange(peaks.size))
    order = np.argsort(-heights, kind="stable")
    tops = tops[_outlasts(flat, peaks, tops, heights, first, second, order, prominence)]
    tops = tops[np.lexsort((tops, -flat[tops]))]
    _spread(flat, flat_areas, tops, offsets, prominence)
    return _without_border(tops, levels.shape), areas[inside(image.ndim)].clip(0)


def most_prominent_maxima(
    image: NDArray[Any], number: int, mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Find the maxima that stand out the most.

    Parameters
    ----------
    image : ndarray
        Finite intensities. Pixels that touch over corners are neighbours.
    number : int
        How many maxima to find.
    mask : ndarray of bool, optional
        Pixels elsewhere do not exist.

    Returns
    -------
    (N,) ndarray of int64
        Flat index of one highest pixel of each maximum, the most prominent first; fewer than
        `number` where there are no more. Of equally prominent ones the higher come first,
        then those that a scan meets first.
    """
    levels, areas = _bordered(image, mask)
    flat = levels.reshape(-1)
    offsets = neighbour_offsets(levels.shape, image.ndim)
    peaks = _peaks(flat, areas.reshape(-1), offsets)
    heights, first, second = _passes(flat, peaks, offsets[offsets > 0], np.inf)
    tops = np.flatnonzero(peaks == np.arange(peaks.size))
    order = np.argsort(-heights, kind="stable")
    stand_out = _prominences(flat, peaks, tops, heights, first, second, order)
    best = np.lexsort((tops, -flat[tops], -stand_out))[:number]
    return _without_border(tops[best], levels.shape)


def _bordered(
    image: NDArray[Any], mask: NDArray[np.bool_] | None
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return levels with a border, and -1 on the border and outside of the mask, 0 elsewhere."""
    small = image.dtype.itemsize <= (4 if image.dtype.kind == "f" else 2)
    free = np.zeros(image.shape, np.int32) if mask is None else mask - np.int32(1)
    return bordered(image, 0, np.float32 if small else np.float64), bordered(free, -1)


def _without_border(places: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return flat places in a bordered image as flat places in the image."""
    inner = tuple(np.stack(np.unravel_index(places, shape)) - 1)
    return np.asarray(np.ravel_multi_index(inner, tuple(size - 2 for size in shape)))


@numba.njit(cache=True, nogil=True)
def _peaks(levels: Any, areas: Any, offsets: Any) -> Any:
    """Return the peak to which each pixel leads, -1 outside."""
    above = np.full(levels.size, -1, np.int32)
    for place in range(levels.size):
        if areas[place] < 0:
            continue
        best = place
        for offset in offsets:
            neighbour = place + offset
            if areas[neighbour] >= 0 and (
                levels[neighbour] > levels[best]
                or (levels[neighbour] == levels[best] and neighbour > best)
            ):
                best = neighbour
        above[place] = best
    for place in range(levels.size):
        if above[place] < 0:
            continue
        top = above[place]
        while above[top] != top:
            top = above[top]
        step = place
        while above[step] != top:
            following = above[step]
            above[step] = top
            step = following
    return above


@numba.njit(cache=True, nogil=True)
def _passes(levels: Any, peaks: Any, offsets: Any, prominence: float) -> Any:
    """Return heights of passes that may end a peak, and the two peaks of each.

    A table of the passes met last keeps most pairs of peaks from being listed more than
    once; only their highest pass matters.
    """
    heights = np.empty(1024, levels.dtype)
    first = np.empty(1024, np.int32)
    second = np.empty(1024, np.int32)
    count = 0
    recent = np.full(2**16, -1, np.int32)
    for place in range(levels.size):
        peak = peaks[place]
        if peak < 0:
            continue
        for offset in offsets:
            other = peaks[place + offset]
            if other < 0 or other == peak:
                continue
            height = min(levels[place], levels[place + offset])
            # In double precision, so that the difference of two floats is not rounded.
            if np.float64(min(levels[peak], levels[other])) - height > prominence:
                continue
            low, high = min(peak, other), max(peak, other)
            slot = (low * 31 + high) & 0xFFFF
            known = recent[slot]
            if known >= 0 and first[known] == low and second[known] == high:
                heights[known] = max(heights[known], height)
                continue
            if count == heights.size:
                heights = doubled(heights)
                first = doubled(first)
                second = doubled(second)
            heights[count] = height
            first[count] = low
            second[count] = high
            recent[slot] = count
            count += 1
    return heights[:count], first[:count], second[:count]


@numba.njit(cache=True, nogil=True)
def _outlasts(
    levels: Any,
    peaks: Any,
    tops: Any,
    heights: Any,
    first: Any,
    second: Any,
    order: Any,
    prominence: float,
) -> Any:
    """Tell which tops stand out, by joining peaks over the passes in the order given.

    `peaks` then leads from each peak to a higher one of its group.
    """
    for number in order:
        one = _group(peaks, first[number])
        other = _group(peaks, second[number])
        if one == other:
            continue
        if levels[one] < levels[other] or (levels[one] == levels[other] and one < other):
            one, other = other, one
        if np.float64(levels[other]) - heights[number] <= prominence:
            peaks[other] = one
    return peaks[tops] == tops


@numba.njit(cache=True, nogil=True)
def _prominences(
    levels: Any, peaks: Any, tops: Any, heights: Any, first: Any, second: Any, order: Any
) -> Any:
    """Return how much each top stands out: infinitely, where nothing higher is connected."""
    found = np.full(levels.size, np.inf)
    for number in order:
        one = _group(peaks, first[number])
        other = _group(peaks, second[number])
        if one == other:
            continue
        if levels[one] < levels[other] or (levels[one] == levels[other] and one < other):
            one, other = other, one
        found[other] = np.float64(levels[other]) - heights[number]
        peaks[other] = one
    return found[tops]


@numba.njit(cache=True, nogil=True)
def _group(peaks: Any, peak: int) -> int:
    """Return the highest peak of a group, and shorten the way to it."""
    while peaks[peak] != peak:
        peaks[peak] = peaks[peaks[peak]]
        peak = peaks[peak]
    return peak


@numba.njit(cache=True, nogil=True)
def _spread(levels: Any, areas: Any, tops: Any, offsets: Any, prominence: float) -> None:
    """Give a number to the pixels that hang together with each top within the prominence."""
    waiting = np.empty(1024, np.int32)
    for number in range(tops.size):
        level = np.float64(levels[tops[number]])
        areas[tops[number]] = number + 1
        waiting[0] = tops[number]
        count = 1
        while count > 0:
            count -= 1
            place = np.int64(waiting[count])
            for offset in offsets:
                neighbour = place + offset
                if areas[neighbour] == 0 and level - levels[neighbour] <= prominence:
                    areas[neighbour] = number + 1
                    if count == waiting.size:
                        waiting = doubled(waiting)
                    waiting[count] = neighbour
                    count += 1
