"""List the pixels of every object, and describe the values there, object by object."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Pixels", "add_places", "describe", "distances_to", "edges_of", "grouped"]

_LEVELS = 2**16
"""Whole numbers of a range up to this are sorted by counting."""

_NAMES = ("sum", "mean", "std", "min", "max", "lower", "median", "upper", "deviation")


class Pixels(NamedTuple):
    """Hold the places of the pixels of objects.

    Attributes
    ----------
    starts : (N + 1,) ndarray of int64
        Where the pixels of each object begin in `places`; those of the last one end there.
    places : (M,) ndarray of int32 or int64
        Flat indices, of each object in the order of a scan.
    """

    starts: NDArray[np.int64]
    places: NDArray[Any]


def grouped(labels: NDArray[np.int32], rows: NDArray[Any], counts: NDArray[np.int64]) -> Pixels:
    """List the pixels of every object.

    Parameters
    ----------
    labels : ndarray of int32
        Labelled objects.
    rows : (N,) ndarray of int
        Their numbers, sorted.
    counts : (N,) ndarray of int64
        How many pixels each has.

    Returns
    -------
    Pixels
        In the order of the numbers.
    """
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    ends = np.zeros(int(rows.max(initial=0)) + 1, np.int64)
    ends[rows] = starts[:-1]
    small = labels.size <= np.iinfo(np.int32).max
    places = np.empty(int(starts[-1]), np.int32 if small else np.int64)
    _fill(labels.reshape(-1), ends, places)
    return Pixels(starts, places)


@numba.njit(cache=True, nogil=True)
def _fill(labels: Any, ends: Any, places: Any) -> None:
    for place in range(labels.size):
        label = labels[place]
        if label != 0:
            places[ends[label]] = place
            ends[label] += 1


def edges_of(labels: NDArray[np.int32], pixels: Pixels, border: bool = False) -> Pixels:
    """Keep the pixels that share a face with a pixel of something else, inside of the image.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int32
        Labelled objects.
    pixels : Pixels
        Their pixels.
    border : bool
        Whether pixels at the border of the image are kept as well; an axis of one pixel has
        no border.

    Returns
    -------
    Pixels
        Those at the edges of the objects.
    """
    kept = np.zeros(pixels.places.size, bool)
    counts = np.zeros(pixels.starts.size - 1, np.int64)
    _mark_edges(labels, pixels.starts, pixels.places, border, kept, counts)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Pixels(starts, pixels.places[kept])


@numba.njit(cache=True, nogil=True)
def _mark_edges(
    labels: Any, starts: Any, places: Any, border: bool, kept: Any, counts: Any
) -> None:
    depth, height, width = labels.shape
    for number in range(counts.size):
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            x = flat % width
            y = flat // width % height
            z = flat // (width * height)
            label = labels[z, y, x]
            if (
                (labels[z, y, x - 1] != label if x > 0 else border and width > 1)
                or (labels[z, y, x + 1] != label if x < width - 1 else border and width > 1)
                or (labels[z, y - 1, x] != label if y > 0 else border and height > 1)
                or (labels[z, y + 1, x] != label if y < height - 1 else border and height > 1)
                or (labels[z - 1, y, x] != label if z > 0 else border and depth > 1)
                or (labels[z + 1, y, x] != label if z < depth - 1 else border and depth > 1)
            ):
                kept[place] = True
                counts[number] += 1


def distances_to(
    pixels: Pixels,
    shape: tuple[int, ...],
    spacing: NDArray[np.float64],
    points: NDArray[np.float64],
    rows: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Return the distance of points from the nearest pixel of the object of each.

    Parameters
    ----------
    pixels : Pixels
        Pixels of objects.
    shape : tuple of int
        Shape of the image as (Z, Y, X).
    spacing : (3,) ndarray of float64
        Voxel size per axis.
    points : (M, 3) ndarray of float64
        Positions in physical units.
    rows : (M,) ndarray of int64
        The object of each.

    Returns
    -------
    (M,) ndarray of float64
        Distances in physical units; NaN where an object has no pixels.
    """
    result = np.full(len(points), np.inf)
    _nearest(pixels.starts, pixels.places, shape, spacing, points, rows, result)
    result[np.isinf(result)] = np.nan
    return np.asarray(np.sqrt(result))


@numba.njit(cache=True, nogil=True)
def _nearest(
    starts: Any, places: Any, shape: Any, spacing: Any, points: Any, rows: Any, result: Any
) -> None:
    height, width = shape[1], shape[2]
    for point in range(len(points)):
        row = rows[point]
        for place in range(starts[row], starts[row + 1]):
            flat = places[place]
            x = flat % width * spacing[2] - points[point, 2]
            y = flat // width % height * spacing[1] - points[point, 1]
            z = flat // (width * height) * spacing[0] - points[point, 0]
            result[point] = min(result[point], x * x + y * y + z * z)


@numba.njit(cache=True, nogil=True)
def add_places(
    shape: Any, starts: Any, places: Any, image: Any, sums: Any, weighted: Any, brightest: Any
) -> None:
    """Add up places, those weighted by the image, and find the first of the brightest.

    `shape` is that of the image as (Z, Y, X), `image` flat, the results (N, 3) in voxels.
    """
    height, width = shape[1], shape[2]
    for number in range(starts.size - 1):
        highest = -np.inf
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            x = flat % width
            y = flat // width % height
            z = flat // (width * height)
            value = np.float64(image[flat])
            sums[number, 0] += z
            sums[number, 1] += y
            sums[number, 2] += x
            weighted[number, 0] += value * z
            weighted[number, 1] += value * y
            weighted[number, 2] += value * x
            if value > highest or place == starts[number]:
                highest = value
                brightest[number, 0] = z
                brightest[number, 1] = y
                brightest[number, 2] = x


def describe(pixels: Pixels, image: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """Describe the values of an image in every object.

    Parameters
    ----------
    pixels : Pixels
        The pixels of the objects.
    image : ndarray
        Values.

    Returns
    -------
    dict of str to (N,) ndarray of float64
        Sum, mean, std, min, max, lower and upper quartile, median, and the median of the
        deviations from it; NaN, and a sum of 0, where there are no pixels.
    """
    flat = np.ascontiguousarray(image).reshape(-1).view()
    flat.flags.writeable = False
    result = np.full((len(_NAMES), len(pixels.starts) - 1), np.nan)
    _describe(pixels.starts, pixels.places, flat, flat.dtype.kind != "f", result)
    return dict(zip(_NAMES, result, strict=True))


@numba.njit(cache=True, nogil=True)
def _describe(starts: Any, places: Any, image: Any, whole: bool, result: Any) -> None:
    most = 0
    counts = np.zeros(_LEVELS, np.int64)
    for number in range(starts.size - 1):
        most = max(most, starts[number + 1] - starts[number])
    buffer = np.empty(most)
    for number in range(starts.size - 1):
        count = starts[number + 1] - starts[number]
        if count == 0:
            result[0, number] = 0.0
            continue
        values = buffer[:count]
        total = 0.0
        for place in range(count):
            values[place] = image[places[starts[number] + place]]
            total += values[place]
        mean = total / count
        squares = 0.0
        for place in range(count):
            squares += (values[place] - mean) ** 2
        _sort(values, whole, counts)
        result[0, number], result[1, number] = total, mean
        result[2, number] = np.sqrt(squares / count)
        result[3, number], result[4, number] = values[0], values[count - 1]
        for quarter in range(1, 4):
            result[4 + quarter, number] = _between(values, quarter * (count - 1) / 4)
        result[8, number] = _deviation(values, result[6, number])


@numba.njit(cache=True, nogil=True)
def _sort(values: Any, whole: bool, counts: Any) -> None:
    """Sort values; whole numbers of a small range by counting, which is several times sooner."""
    low, high = values[0], values[0]
    for place in range(values.size):
        low, high = min(low, values[place]), max(high, values[place])
    if not whole or high - low >= min(counts.size, 8 * values.size):
        values.sort()
        return
    levels = int(high - low) + 1
    for level in range(levels):
        counts[level] = 0
    for place in range(values.size):
        counts[int(values[place] - low)] += 1
    place = 0
    for level in range(levels):
        for _ in range(counts[level]):
            values[place] = low + level
            place += 1


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
    """Return the median of the distances of sorted values from their median.

    Both ways from the median the distances grow: they are met in order.
    """
    count = values.size
    right = 0
    while right < count and values[right] < median:
        right += 1
    left = right - 1
    middle = (count - 1) // 2
    before = 0.0
    for rank in range(count // 2 + 1):
        if right == count or (left >= 0 and median - values[left] <= values[right] - median):
            away = median - values[left]
            left -= 1
        else:
            away = values[right] - median
            right += 1
        if rank == middle:
            before = away
    return float((before + away) / 2)
