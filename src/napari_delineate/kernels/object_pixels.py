"""List the pixels of every object, and those at its edge."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Pixels", "distances_to", "edges_of", "grouped"]

_MOST_WORK = 1_000_000
"""So many distances of points from pixels of one object are computed one by one."""


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
        x, y, z, before = 0, 0, 0, -2
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            x += 1
            if flat != before + 1 or x == width:  # divisions take longer than all else
                x = flat % width
                y = flat // width % height
                z = flat // (width * height)
            before = flat
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
    from scipy.spatial import cKDTree

    result = np.full(len(points), np.inf)
    sizes = np.diff(pixels.starts)
    # Of few points or pixels, to look at all is sooner than to build a tree.
    work = sizes * np.bincount(rows, minlength=len(sizes))
    few = np.flatnonzero(work[rows] <= _MOST_WORK)
    found = np.full(len(few), np.inf)
    _nearest(pixels.starts, pixels.places, shape, spacing, points[few], rows[few], found)
    result[few] = np.sqrt(found)
    for row in np.flatnonzero(work > _MOST_WORK):
        places = pixels.places[pixels.starts[row] : pixels.starts[row + 1]]
        tree = cKDTree(np.stack(np.unravel_index(places, shape), axis=1) * spacing)
        own = np.flatnonzero(rows == row)
        result[own] = tree.query(points[own])[0]
    result[np.isinf(result)] = np.nan
    return result


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
