"""Add up what sheets and spheres are fitted to, over the points near to each point.

Points lie sorted in a grid of cells at least as wide as the radius, so that those near to
one lie in its cell or in a cell beside it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbourhoods", "find_neighbourhoods", "sheet_sums", "sphere_sums"]

_CELLS = 4
"""Cells per point, at most."""


class Neighbourhoods(NamedTuple):
    """Hold what it takes to find the points within a radius, or the nearest ones.

    Attributes
    ----------
    radius : float
        Points up to this far away are near, and the point itself.
    low : (3,) ndarray of float
        Where the grid starts.
    width : float
        Width of its cells.
    starts : (A, B, C + 1) ndarray of int
        Where the points of each cell start in the order.
    order : (N,) ndarray of int
        The points, cell by cell.
    sorted_points : (N, 3) ndarray of float
        Their positions.
    row_of : (N,) ndarray of int
        The row of `nearest` that counts for a point instead, -1 if none does.
    nearest : (F, K) ndarray of int
        The nearest points of those that have too few within the radius.
    most : int
        Number of points near to one, at most.
    """

    radius: float
    low: NDArray[Any]
    width: float
    starts: NDArray[Any]
    order: NDArray[Any]
    sorted_points: NDArray[Any]
    row_of: NDArray[Any]
    nearest: NDArray[Any]
    most: int


@numba.njit(cache=True, nogil=True)
def _near(
    point: Any, radius: float, low: Any, width: float, starts: Any, order: Any,
    sorted_points: Any, found: Any,
) -> int:  # fmt: skip
    """Write the points within the radius of one, as far as there is room; return how many."""
    number = 0
    z, y, x = (
        int((point[0] - low[0]) / width),
        int((point[1] - low[1]) / width),
        int((point[2] - low[2]) / width),
    )
    depth, height, length = starts.shape[0], starts.shape[1], starts.shape[2] - 1
    for above in range(max(z - 1, 0), min(z + 2, depth)):
        for beside in range(max(y - 1, 0), min(y + 2, height)):
            first = starts[above, beside, max(x - 1, 0)]
            last = starts[above, beside, min(x + 2, length)]
            for place in range(first, last):
                away = 0.0
                for axis in range(3):
                    away += (sorted_points[place, axis] - point[axis]) ** 2
                if away <= radius * radius:
                    if number < len(found):
                        found[number] = order[place]
                    number += 1
    return number


@numba.njit(cache=True, nogil=True)
def _count(
    points: Any, radius: float, low: Any, width: float, starts: Any, order: Any,
    sorted_points: Any, counts: Any,
) -> None:  # fmt: skip
    none = np.empty(0, np.int64)
    for point in range(len(points)):
        counts[point] = _near(points[point], radius, low, width, starts, order, sorted_points, none)


def find_neighbourhoods(points: NDArray[Any], radius: float, fewest: int) -> Neighbourhoods:
    """Sort points (N, 3), at least one; near are those within a radius, or the `fewest` nearest."""
    from scipy.spatial import KDTree

    low = points.min(axis=0)
    extent = np.ptp(points, axis=0)
    # A little wider than the radius, so that rounding puts none two cells away.
    width = max(1.001 * radius, float(extent.max()) / 1000, float(np.finfo(np.float32).tiny))
    while np.prod(extent // width + 1) > _CELLS * len(points) + 1:
        width *= 1.2
    cells = ((points - low) / width).astype(np.int64)
    shape = tuple((cells.max(axis=0) + 1).tolist())
    keys = np.ravel_multi_index(tuple(cells.T), shape)
    order = np.argsort(keys, kind="stable")
    ends = np.cumsum(np.bincount(keys, minlength=int(np.prod(shape)))).reshape(shape)
    starts = np.empty((*shape[:2], shape[2] + 1), np.int64)
    starts[..., 1:] = ends
    starts[..., 0] = np.append(0, ends[..., -1].ravel()[:-1]).reshape(shape[:2])
    grid = (radius, low, width, starts, order, points[order])
    counts = np.empty(len(points), np.int64)
    _count(points, *grid, counts)
    few = np.flatnonzero(counts < fewest)
    row_of = np.full(len(points), -1, np.int64)
    row_of[few] = np.arange(len(few))
    enough = min(fewest, len(points))
    nearest = np.empty((len(few), enough), np.int64)
    if len(few):
        nearest[:] = KDTree(points).query(points[few], enough)[1].reshape(nearest.shape)
    return Neighbourhoods(*grid, row_of, nearest, max(int(counts.max()), fewest))


@numba.njit(cache=True, nogil=True)
def _members(point: int, points: Any, near: Any, found: Any) -> int:
    """Write the points near to a point; return how many."""
    row = near.row_of[point]
    if row < 0:
        return _near(  # type: ignore[no-any-return]
            points[point], near.radius, near.low, near.width, near.starts, near.order,
            near.sorted_points, found,
        )  # fmt: skip
    number = near.nearest.shape[1]
    found[:number] = near.nearest[row]
    return number  # type: ignore[no-any-return]


@numba.njit(cache=True, nogil=True)
def sheet_sums(
    points: Any, normals: Any, first: Any, second: Any, near: Any, start: int,
    matrices: Any, rights: Any, scales: Any,
) -> None:  # fmt: skip
    """Add up the normal equations of curved sheets, for some points from `start`.

    Points whose normals face away do not count. `first` and `second` are directions across
    the normals. The `scales` are the lengths that the equations are in.
    """
    found = np.empty(near.most, np.int64)
    terms = np.empty(6)
    terms[5] = 1.0
    for row in range(len(scales)):
        own = start + row
        number = _members(own, points, near, found)
        facing = 0
        squares = 0.0
        for place in range(number):
            other = found[place]
            along = 0.0
            for axis in range(3):
                along += normals[own, axis] * normals[other, axis]
            if along > 0:
                found[facing] = other
                facing += 1
                for axis in range(3):
                    squares += (points[other, axis] - points[own, axis]) ** 2
        scale = np.sqrt(squares / max(facing, 1))
        scales[row] = scale if scale > 0 else 1.0
        matrices[row] = 0.0
        rights[row] = 0.0
        for place in range(facing):
            u = v = height = 0.0
            for axis in range(3):
                away = (points[found[place], axis] - points[own, axis]) / scales[row]
                u += away * first[own, axis]
                v += away * second[own, axis]
                height += away * normals[own, axis]
            # The square of the height makes the sheet follow a sphere exactly, and not only
            # near the vertex, where it is as nothing.
            bend = height * height / 4
            terms[0], terms[1], terms[2] = u * u / 2 + bend, u * v, v * v / 2 + bend
            terms[3], terms[4] = u, v
            for one in range(6):
                rights[row, one] += terms[one] * height
                for two in range(one, 6):
                    matrices[row, one, two] += terms[one] * terms[two]
        for one in range(6):
            for two in range(one):
                matrices[row, one, two] = matrices[row, two, one]


@numba.njit(cache=True, nogil=True)
def sphere_sums(
    points: Any, near: Any, start: int, matrices: Any, rights: Any, scales: Any
) -> None:
    """Add up the normal equations of spheres, for some points from `start`.

    The last entry of a matrix is the number of points; the `scales` are the lengths that the
    equations are in.
    """
    found = np.empty(near.most, np.int64)
    terms = np.empty(4)
    terms[3] = 1.0
    for row in range(len(scales)):
        own = start + row
        number = _members(own, points, near, found)
        squares = 0.0
        for place in range(number):
            for axis in range(3):
                squares += (points[found[place], axis] - points[own, axis]) ** 2
        scale = np.sqrt(squares / number)
        scales[row] = scale if scale > 0 else 1.0
        matrices[row] = 0.0
        rights[row] = 0.0
        for place in range(number):
            square = 0.0
            for axis in range(3):
                away = (points[found[place], axis] - points[own, axis]) / scales[row]
                terms[axis] = 2 * away
                square += away * away
            for one in range(4):
                rights[row, one] += terms[one] * square
                for two in range(4):
                    matrices[row, one, two] += terms[one] * terms[two]
