"""Find the nearest triangle to a point, and the first triangle along a ray, in a tree of boxes.

The triangles lie in the order of the tree: the node `n` of a complete binary tree has the
children `2 n + 1` and `2 n + 2`, and each leaf holds the same number of triangles.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["Tree", "first_hits", "make_tree", "nearest_triangles"]

_LEAF = 8
"""Triangles of a leaf, at most."""

_SLACK = 1e-9
"""How far beyond its sides a triangle is met, so that no ray slips through an edge."""


class Tree(NamedTuple):
    """Hold triangles in boxes.

    Attributes
    ----------
    corners : (M, 3, 3) ndarray of float
        The corners of the triangles, in the order of the tree.
    order : (M,) ndarray of int
        Number of each triangle before it was sorted.
    low, high : (K, 3) ndarray of float
        The box of each node.
    starts : (K + 1,) ndarray of int
        Where the triangles of each leaf begin in the order; the leaves are the last nodes.
    leaves : int
        Number of leaves, a power of two.
    """

    corners: NDArray[Any]
    order: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]
    starts: NDArray[Any]
    leaves: int


@numba.njit(cache=True, nogil=True)
def _select(centres: Any, axis: int, order: Any, left: int, right: int, middle: int) -> None:
    """Sort a stretch of the order so far that nothing before the middle is behind it."""
    while left < right:
        pivot = centres[order[(left + right) // 2], axis]
        low, high = left, right
        while low <= high:
            while centres[order[low], axis] < pivot:
                low += 1
            while centres[order[high], axis] > pivot:
                high -= 1
            if low <= high:
                order[low], order[high] = order[high], order[low]
                low += 1
                high -= 1
        if middle <= high:
            right = high
        elif middle >= low:
            left = low
        else:
            return


@numba.njit(cache=True, nogil=True)
def _sort(corners: Any, centres: Any, leaves: int, order: Any, starts: Any) -> Any:
    """Sort triangles into leaves of the same size; return the box of each node."""
    least, most = np.empty(3), np.empty(3)
    starts[0], starts[leaves] = 0, len(order)
    width = leaves  # leaves that what is split now will have
    while width > 1:
        for leaf in range(0, leaves, width):
            start, stop = starts[leaf], starts[leaf + width]
            middle = (start + stop) // 2
            starts[leaf + width // 2] = middle
            if stop - start < 2:
                continue
            least[:], most[:] = np.inf, -np.inf
            for place in range(start, stop):
                for axis in range(3):
                    least[axis] = min(least[axis], centres[order[place], axis])
                    most[axis] = max(most[axis], centres[order[place], axis])
            _select(centres, int(np.argmax(most - least)), order, start, stop - 1, middle)
        width //= 2
    low = np.full((2 * leaves - 1, 3), np.inf)
    high = np.full((2 * leaves - 1, 3), -np.inf)
    for node in range(2 * leaves - 2, -1, -1):
        for axis in range(3):
            if node < leaves - 1:
                low[node, axis] = min(low[2 * node + 1, axis], low[2 * node + 2, axis])
                high[node, axis] = max(high[2 * node + 1, axis], high[2 * node + 2, axis])
                continue
            leaf = node - leaves + 1
            for place in range(starts[leaf], starts[leaf + 1]):
                for corner in range(3):
                    here = corners[order[place], corner, axis]
                    low[node, axis] = min(low[node, axis], here)
                    high[node, axis] = max(high[node, axis], here)
    return low, high


def make_tree(corners: NDArray[Any]) -> Tree:
    """Sort triangles (M, 3, 3), at least one, into a tree of boxes."""
    corners = np.ascontiguousarray(corners, np.float64)
    leaves = 1
    while leaves * _LEAF < len(corners):
        leaves *= 2
    order, starts = np.arange(len(corners)), np.empty(leaves + 1, np.int64)
    low, high = _sort(corners, corners.mean(axis=1), leaves, order, starts)
    return Tree(corners[order], order, low, high, starts, leaves)


@numba.njit(cache=True, nogil=True)
def _gap(point: Any, low: Any, high: Any) -> float:
    """Return the squared distance of a point to a box."""
    total = 0.0
    for axis in range(3):
        away = max(low[axis] - point[axis], 0.0, point[axis] - high[axis])
        total += away * away
    return total


@numba.njit(cache=True, nogil=True)
def _closest(point: Any, corners: Any, found: Any) -> int:
    """Write the point of a triangle that is closest; return what it lies on.

    0 is the inside; 1, 2, 3 the corners; 4, 5, 6 the sides from corner 1, 2, 3.
    """
    a, b, c = corners[0], corners[1], corners[2]
    d1 = d2 = d3 = d4 = d5 = d6 = 0.0
    for axis in range(3):
        ab, ac = b[axis] - a[axis], c[axis] - a[axis]
        d1 += ab * (point[axis] - a[axis])
        d2 += ac * (point[axis] - a[axis])
        d3 += ab * (point[axis] - b[axis])
        d4 += ac * (point[axis] - b[axis])
        d5 += ab * (point[axis] - c[axis])
        d6 += ac * (point[axis] - c[axis])
    part = 0
    along_b = along_c = 0.0
    va, vb, vc = d3 * d6 - d5 * d4, d5 * d2 - d1 * d6, d1 * d4 - d3 * d2
    if d1 <= 0 and d2 <= 0:
        part = 1
    elif d3 >= 0 and d4 <= d3:
        part, along_b = 2, 1.0
    elif d6 >= 0 and d5 <= d6:
        part, along_c = 3, 1.0
    elif vc <= 0 and d1 >= 0 and d3 <= 0 and d1 > d3:  # equal where a side has no length
        part, along_b = 4, d1 / (d1 - d3)
    elif vb <= 0 and d2 >= 0 and d6 <= 0 and d2 > d6:
        part, along_c = 6, d2 / (d2 - d6)
    elif va <= 0 and d4 - d3 >= 0 and d5 - d6 >= 0 and d4 - d3 + d5 - d6 > 0:
        part, along_c = 5, (d4 - d3) / ((d4 - d3) + (d5 - d6))
        along_b = 1 - along_c
    elif va + vb + vc > 0:
        along_b, along_c = vb / (va + vb + vc), vc / (va + vb + vc)
    else:  # all corners are at one place
        part = 1
    for axis in range(3):
        found[axis] = a[axis] + along_b * (b[axis] - a[axis]) + along_c * (c[axis] - a[axis])
    return part


@numba.njit(cache=True, nogil=True)
def _nearest(
    points: Any, corners: Any, low: Any, high: Any, starts: Any, leaves: int,
    found: Any, faces: Any, parts: Any,
) -> None:  # fmt: skip
    stack = np.empty(128, np.int64)
    place = np.empty(3)
    for index in range(len(points)):
        point = points[index]
        best = np.inf
        stack[0] = 0
        size = 1
        while size:
            size -= 1
            node = stack[size]
            if _gap(point, low[node], high[node]) >= best:
                continue
            if node < leaves - 1:
                first, second = 2 * node + 1, 2 * node + 2
                if _gap(point, low[first], high[first]) < _gap(point, low[second], high[second]):
                    first, second = second, first
                stack[size] = first  # the nearer child is taken first
                stack[size + 1] = second
                size += 2
                continue
            leaf = node - leaves + 1
            for face in range(starts[leaf], starts[leaf + 1]):
                part = _closest(point, corners[face], place)
                away = 0.0
                for axis in range(3):
                    away += (place[axis] - point[axis]) ** 2
                if away < best:
                    best = away
                    faces[index] = face
                    parts[index] = part
                    found[index] = place


@numba.njit(cache=True, nogil=True)
def _entry(start: Any, ray: Any, low: Any, high: Any, reach: float) -> float:
    """Return how far along a ray it enters a box, infinity if it does not within a distance."""
    first, last = 0.0, reach
    for axis in range(3):
        if ray[axis] == 0:
            if start[axis] < low[axis] or start[axis] > high[axis]:
                return np.inf
            continue
        one = (low[axis] - start[axis]) / ray[axis]
        two = (high[axis] - start[axis]) / ray[axis]
        first, last = max(first, min(one, two)), min(last, max(one, two))
    return first if first <= last else np.inf


@numba.njit(cache=True, nogil=True)
def _crossing(start: Any, ray: Any, corners: Any) -> float:
    """Return how far along a ray it leaves through a triangle, infinity if it does not."""
    a0, a1, a2 = corners[0, 0], corners[0, 1], corners[0, 2]
    one0, one1, one2 = corners[1, 0] - a0, corners[1, 1] - a1, corners[1, 2] - a2
    two0, two1, two2 = corners[2, 0] - a0, corners[2, 1] - a1, corners[2, 2] - a2
    across0 = ray[1] * two2 - ray[2] * two1
    across1 = ray[2] * two0 - ray[0] * two2
    across2 = ray[0] * two1 - ray[1] * two0
    # Negative where the triangle is met from behind, that is from inside.
    facing = one0 * across0 + one1 * across1 + one2 * across2
    if facing >= 0:
        return np.inf
    away0, away1, away2 = start[0] - a0, start[1] - a1, start[2] - a2
    u = (away0 * across0 + away1 * across1 + away2 * across2) / facing
    if u < -_SLACK or u > 1 + _SLACK:
        return np.inf
    other0 = away1 * one2 - away2 * one1
    other1 = away2 * one0 - away0 * one2
    other2 = away0 * one1 - away1 * one0
    v = (ray[0] * other0 + ray[1] * other1 + ray[2] * other2) / facing
    if v < -_SLACK or u + v > 1 + _SLACK:
        return np.inf
    return (two0 * other0 + two1 * other1 + two2 * other2) / facing  # type: ignore[no-any-return]


@numba.njit(cache=True, nogil=True)
def _first(
    points: Any, rays: Any, least: float, corners: Any, low: Any, high: Any, starts: Any,
    leaves: int, distances: Any,
) -> None:  # fmt: skip
    stack = np.empty(128, np.int64)
    for index in range(len(points)):
        best = np.inf
        stack[0] = 0
        size = 1
        while size:
            size -= 1
            node = stack[size]
            if _entry(points[index], rays[index], low[node], high[node], best) == np.inf:
                continue
            if node < leaves - 1:
                near, far = 2 * node + 1, 2 * node + 2
                one = _entry(points[index], rays[index], low[near], high[near], best)
                two = _entry(points[index], rays[index], low[far], high[far], best)
                if two < one:
                    near, far, one, two = far, near, two, one
                if two < np.inf:
                    stack[size] = far
                    size += 1
                if one < np.inf:
                    stack[size] = near  # taken first
                    size += 1
                continue
            leaf = node - leaves + 1
            for face in range(starts[leaf], starts[leaf + 1]):
                away = _crossing(points[index], rays[index], corners[face])
                if least < away < best:
                    best = away
        distances[index] = best


def nearest_triangles(
    tree: Tree, points: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the closest place on the triangles for each point, the triangle, and its part.

    Parameters
    ----------
    tree : Tree
        The triangles.
    points : (N, 3) ndarray of float
        Positions.

    Returns
    -------
    places : (N, 3) ndarray of float
        The closest positions.
    faces : (N,) ndarray of int
        The triangle that each lies on.
    parts : (N,) ndarray of int
        0 inside of it, 1 to 3 on that corner, 4 to 6 on the side from corner 1 to 3.
    """
    places = np.empty((len(points), 3))
    faces, parts = np.empty(len(points), np.int64), np.empty(len(points), np.int64)
    points = np.ascontiguousarray(points, np.float64)
    _nearest(
        points, tree.corners, tree.low, tree.high, tree.starts, tree.leaves, places, faces, parts
    )
    return places, tree.order[faces], parts


def first_hits(
    tree: Tree, points: NDArray[Any], rays: NDArray[Any], least: float
) -> NDArray[np.float64]:
    """Return how far each ray runs until it leaves through a triangle.

    Parameters
    ----------
    tree : Tree
        The triangles, their corners running so that their normals point outwards.
    points, rays : (N, 3) ndarray of float
        Where the rays start, and their directions of length 1.
    least : float
        Triangles up to this far away do not count.

    Returns
    -------
    (N,) ndarray of float
        Distances, infinity where nothing is met.
    """
    distances = np.empty(len(points))
    points, rays = (np.ascontiguousarray(part, np.float64) for part in (points, rays))
    _first(
        points, rays, least, tree.corners, tree.low, tree.high, tree.starts, tree.leaves, distances
    )
    return distances
