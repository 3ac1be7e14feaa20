"""Find the convex hulls of planar objects, how long and wide they are, and circles around them.

Rows of all results are the labels themselves; those of labels that do not occur are NaN.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["enclosing_circles", "feret_diameters"]


@numba.njit(cache=True, nogil=True)
def _row_ends(labels: Any, tops: Any, starts: Any, first: Any, last: Any) -> None:
    """Find the first and the last pixel of every label in each of its rows."""
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            label = labels[y, x]
            if label != 0:
                row = starts[label] + y - tops[label]
                first[row] = min(first[row], x)
                last[row] = max(last[row], x)


@numba.njit(cache=True, nogil=True)
def _rows_of(labels: Any, tops: Any, bottoms: Any) -> tuple[Any, Any, Any]:
    """Return where the rows of each label start in two lists, and the lists of their ends."""
    starts = np.zeros(tops.size + 1, np.int64)
    for label in range(tops.size):
        starts[label + 1] = starts[label] + max(bottoms[label] - tops[label], 0)
    first = np.full(starts[-1], labels.shape[1], np.int64)
    last = np.full(starts[-1], -1, np.int64)
    _row_ends(labels, tops, starts, first, last)
    return starts, first, last


@numba.njit(cache=True, nogil=True)
def _chain(lines: Any, places: Any, count: int, hull: Any, size: int, base: int, side: int) -> int:
    """Add the points of one side of a hull that are corners of it; return how many it has."""
    for number in range(count):
        y, x = lines[number], places[number]
        while size - base >= 2:
            up = hull[size - 1, 0] - hull[size - 2, 0]
            across = hull[size - 1, 1] - hull[size - 2, 1]
            turn = up * (x - hull[size - 1, 1]) - across * (y - hull[size - 1, 0])
            if side * turn < 0:
                break
            size -= 1
        hull[size, 0], hull[size, 1] = y, x
        size += 1
    return size


@numba.njit(cache=True, nogil=True)
def _hull(lines: Any, left: Any, right: Any, count: int, hull: Any) -> int:
    """Find the corners of the hull of points given line by line; return how many there are."""
    size = _chain(lines, right, count, hull, 0, 0, 1)
    base = size
    size = _chain(lines, left, count, hull, size, base, -1)
    # Down the right side, and up the left one.
    low, high = base, size - 1
    while low < high:
        for axis in range(2):
            kept = hull[low, axis]
            hull[low, axis] = hull[high, axis]
            hull[high, axis] = kept
        low += 1
        high -= 1
    return int(size)


def feret_diameters(
    labels: NDArray[np.int32], boxes: NDArray[np.int64], spacing: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the length and the least width of every object, from the corners of its pixels.

    Parameters
    ----------
    labels : (Y, X) ndarray of int32
        Labelled objects.
    boxes : (N, 2) ndarray of int64
        The first row of each label, and that behind the last.
    spacing : tuple of float
        Size of a pixel along each axis.

    Returns
    -------
    (N, 2) ndarray of float64
        The largest distance of two corners, and the least distance between two parallel
        lines that hold the object between them.
    """
    result = np.full((len(boxes), 2), np.nan)
    _feret(labels, boxes[:, 0], boxes[:, 1], np.asarray(spacing), result)
    return result


@numba.njit(cache=True, nogil=True)
def _feret(labels: Any, tops: Any, bottoms: Any, spacing: Any, result: Any) -> None:
    starts, first, last = _rows_of(labels, tops, bottoms)
    width = labels.shape[1]
    most = 0
    for label in range(tops.size):
        most = max(most, starts[label + 1] - starts[label])
    lines = np.empty(most + 1, np.int64)
    left = np.empty(most + 1, np.int64)
    right = np.empty(most + 1, np.int64)
    hull = np.empty((2 * most + 2, 2), np.int64)
    for label in range(1, tops.size):
        begin = starts[label]
        rows = starts[label + 1] - begin
        if rows == 0:
            continue
        count = 0
        for line in range(rows + 1):  # between rows
            near, far = width, -1
            if line > 0:
                near, far = first[begin + line - 1], last[begin + line - 1]
            if line < rows:
                near = min(near, first[begin + line])
                far = max(far, last[begin + line])
            if far >= 0:
                lines[count], left[count], right[count] = line, near, far + 1
                count += 1
        size = _hull(lines, left, right, count, hull)
        longest, narrowest = 0.0, np.inf
        for one in range(size):
            after = (one + 1) % size
            up = (hull[after, 0] - hull[one, 0]) * spacing[0]
            across = (hull[after, 1] - hull[one, 1]) * spacing[1]
            length = np.hypot(up, across)
            reach = 0.0
            for other in range(size):
                y = (hull[other, 0] - hull[one, 0]) * spacing[0]
                x = (hull[other, 1] - hull[one, 1]) * spacing[1]
                longest = max(longest, y * y + x * x)
                reach = max(reach, abs(up * x - across * y))
            if length > 0:
                narrowest = min(narrowest, reach / length)
        result[label, 0], result[label, 1] = np.sqrt(longest), narrowest


def enclosing_circles(
    labels: NDArray[np.int32], boxes: NDArray[np.int64], spacing: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return the smallest circle around the centres of the pixels of every object.

    Parameters
    ----------
    labels : (Y, X) ndarray of int32
        Labelled objects.
    boxes : (N, 2) ndarray of int64
        The first row of each label, and that behind the last.
    spacing : tuple of float
        Size of a pixel along each axis.

    Returns
    -------
    (N, 3) ndarray of float64
        Centre (y, x) and radius, in the units of the spacing.
    """
    result = np.full((len(boxes), 3), np.nan)
    _circles(labels, boxes[:, 0], boxes[:, 1], np.asarray(spacing), result)
    return result


@numba.njit(cache=True, nogil=True)
def _circles(labels: Any, tops: Any, bottoms: Any, spacing: Any, result: Any) -> None:
    starts, first, last = _rows_of(labels, tops, bottoms)
    most = 0
    for label in range(tops.size):
        most = max(most, starts[label + 1] - starts[label])
    lines = np.empty(most, np.int64)
    left = np.empty(most, np.int64)
    right = np.empty(most, np.int64)
    hull = np.empty((2 * most, 2), np.int64)
    points = np.empty((2 * most, 2))
    for label in range(1, tops.size):
        begin = starts[label]
        rows = starts[label + 1] - begin
        count = 0
        for row in range(rows):
            if last[begin + row] >= 0:
                lines[count] = row + tops[label]
                left[count], right[count] = first[begin + row], last[begin + row]
                count += 1
        if count == 0:
            continue
        size = 0
        for corner in range(_hull(lines, left, right, count, hull)):
            y, x = hull[corner, 0] * spacing[0], hull[corner, 1] * spacing[1]
            if size == 0 or y != points[size - 1, 0] or x != points[size - 1, 1]:
                points[size, 0], points[size, 1] = y, x
                size += 1
        if size > 1 and points[0, 0] == points[size - 1, 0] and points[0, 1] == points[size - 1, 1]:
            size -= 1
        _circle(points, size, result[label])


@numba.njit(cache=True, nogil=True)
def _circle(points: Any, size: int, circle: Any) -> None:
    """Find the smallest circle around the corners of a polygon, after Chrystal and Peirce.

    Beginning with a side, the corner that sees it at the smallest angle decides: if that is
    a right one or wider, the side is a diameter; if the triangle is acute, the circle goes
    through its corners; otherwise the side across its widest angle takes the turn.
    """
    if size < 3:
        other = size - 1
        circle[0] = (points[0, 0] + points[other, 0]) / 2
        circle[1] = (points[0, 1] + points[other, 1]) / 2
        up, across = points[0, 0] - points[other, 0], points[0, 1] - points[other, 1]
        circle[2] = np.hypot(up, across) / 2
        return
    one, other = 0, 1
    for _turn in range(4 * size):
        corner, largest = -1, -2.0
        for third in range(size):
            if third not in (one, other):
                cosine = _cosine(points, third, one, other)
                if cosine > largest:
                    corner, largest = third, cosine
        if largest <= 0:
            circle[0] = (points[one, 0] + points[other, 0]) / 2
            circle[1] = (points[one, 1] + points[other, 1]) / 2
            up, across = points[one, 0] - points[other, 0], points[one, 1] - points[other, 1]
            circle[2] = np.hypot(up, across) / 2
            return
        if _cosine(points, one, corner, other) < 0:
            one = corner
        elif _cosine(points, other, corner, one) < 0:
            other = corner
        else:
            _through(points, one, other, corner, circle)
            return


@numba.njit(cache=True, nogil=True)
def _cosine(points: Any, at: int, one: int, other: int) -> float:
    """Return the cosine of the angle at a point between two others."""
    y, x = points[one, 0] - points[at, 0], points[one, 1] - points[at, 1]
    v, u = points[other, 0] - points[at, 0], points[other, 1] - points[at, 1]
    return float((y * v + x * u) / (np.hypot(y, x) * np.hypot(v, u)))


@numba.njit(cache=True, nogil=True)
def _through(points: Any, one: int, other: int, third: int, circle: Any) -> None:
    """Find the circle through three points."""
    y, x = points[other, 0] - points[one, 0], points[other, 1] - points[one, 1]
    v, u = points[third, 0] - points[one, 0], points[third, 1] - points[one, 1]
    twice = 2 * (y * u - x * v)
    first, second = y * y + x * x, v * v + u * u
    up = (u * first - x * second) / twice
    across = (y * second - v * first) / twice
    circle[0] = points[one, 0] + up
    circle[1] = points[one, 1] + across
    circle[2] = np.hypot(up, across)
