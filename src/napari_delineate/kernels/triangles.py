"""Find the nearest triangle to a point, and the first triangle along a ray, in a tree of boxes.

The triangles lie in the order of the tree: the node `n` of a complete binary tree has the
children `2 n + 1` and `2 n + 2`, and each leaf holds the same number of triangles.
"""

from __future__ import annotations

import itertools
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


def make_tree(corners: NDArray[Any]) -> Tree:
    """Sort triangles (M, 3, 3), at least one, into a tree of boxes."""
    centres = corners.mean(axis=1)
    leaves = 1
    while leaves * _LEAF < len(corners):
        leaves *= 2
    order = np.arange(len(corners))
    bounds = np.array([0, len(corners)])
    while len(bounds) <= leaves:
        middles = []
        for start, stop in itertools.pairwise(bounds):
            middle = (start + stop) // 2
            middles.append(middle)
            own = order[start:stop]
            if len(own) > 1:
                axis = np.argmax(np.ptp(centres[own], axis=0))
                order[start:stop] = own[np.argpartition(centres[own, axis], middle - start)]
        bounds = np.sort(np.concatenate([bounds, middles]))
    low = np.full((2 * leaves - 1, 3), np.inf)
    high = np.full((2 * leaves - 1, 3), -np.inf)
    leaf_of = np.repeat(np.arange(leaves), np.diff(bounds)) + leaves - 1
    np.minimum.at(low, leaf_of, corners[order].min(axis=1))
    np.maximum.at(high, leaf_of, corners[order].max(axis=1))
    for node in range(leaves - 2, -1, -1):
        low[node] = np.minimum(low[2 * node + 1], low[2 * node + 2])
        high[node] = np.maximum(high[2 * node + 1], high[2 * node + 2])
    return Tree(np.ascontiguousarray(corners[order], np.float64), order, low, high, bounds, leaves)


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
def _enters(start: Any, ray: Any, low: Any, high: Any, reach: float) -> bool:
    """Tell whether a ray meets a box before it has run a distance."""
    first, last = 0.0, reach
    for axis in range(3):
        if ray[axis] == 0:
            if start[axis] < low[axis] or start[axis] > high[axis]:
                return False
            continue
        one = (low[axis] - start[axis]) / ray[axis]
        two = (high[axis] - start[axis]) / ray[axis]
        first, last = max(first, min(one, two)), min(last, max(one, two))
    return first <= last


@numba.njit(cache=True, nogil=True)
def _crossing(start: Any, ray: Any, corners: Any) -> float:
    """Return how far along a ray it leaves through a triangle, infinity if it does not."""
    one, two = corners[1] - corners[0], corners[2] - corners[0]
    across = np.array(
        [
            ray[1] * two[2] - ray[2] * two[1],
            ray[2] * two[0] - ray[0] * two[2],
            ray[0] * two[1] - ray[1] * two[0],
        ]
    )
    # Negative where the triangle is met from behind, that is from inside.
    facing = one[0] * across[0] + one[1] * across[1] + one[2] * across[2]
    if facing >= 0:
        return np.inf
    away = start - corners[0]
    u = (away[0] * across[0] + away[1] * across[1] + away[2] * across[2]) / facing
    if u < -_SLACK or u > 1 + _SLACK:
        return np.inf
    other = np.array(
        [
            away[1] * one[2] - away[2] * one[1],
            away[2] * one[0] - away[0] * one[2],
            away[0] * one[1] - away[1] * one[0],
        ]
    )
    v = (ray[0] * other[0] + ray[1] * other[1] + ray[2] * other[2]) / facing
    if v < -_SLACK or u + v > 1 + _SLACK:
        return np.inf
    return (two[0] * other[0] + two[1] * other[1] + two[2] * other[2]) / facing  # type: ignore[no-any-return]


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
            if not _enters(points[index], rays[index], low[node], high[node], best):
                continue
            if node < leaves - 1:
                stack[size] = 2 * node + 1
                stack[size + 1] = 2 * node + 2
                size += 2
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
