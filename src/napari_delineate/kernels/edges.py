"""Find the edges of a mesh of triangles, and the neighbours of its vertices."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["find_edges", "neighbours", "step"]


@numba.njit(cache=True, nogil=True)
def _sort(keys: Any, others: Any, start: int, stop: int) -> None:
    """Sort some keys, with what belongs to them, by insertion at ever smaller distances."""
    gap = 1
    while 3 * gap + 1 < stop - start:
        gap = 3 * gap + 1
    while gap:
        for place in range(start + gap, stop):
            key, other = keys[place], others[place]
            back = place
            while back - gap >= start and keys[back - gap] > key:
                keys[back], others[back] = keys[back - gap], others[back - gap]
                back -= gap
            keys[back], others[back] = key, other
        gap //= 3


@numba.njit(cache=True, nogil=True)
def _find(faces: Any, size: int) -> Any:
    corners = faces.shape[1]
    number = faces.size
    is_forward = np.empty(number, np.bool_)
    starts = np.zeros(size + 1, np.int64)
    for side in range(number):
        face, corner = divmod(side, corners)
        one, two = faces[face, corner], faces[face, (corner + 1) % corners]
        is_forward[side] = one < two
        starts[min(one, two) + 1] += 1
    for vertex in range(size):
        starts[vertex + 1] += starts[vertex]
    # Sides by their lower vertex, then by their higher one.
    higher, sides = np.empty(number, np.int32), np.empty(number, np.int32)
    filled = starts[:-1].copy()
    for side in range(number):
        face, corner = divmod(side, corners)
        one, two = faces[face, corner], faces[face, (corner + 1) % corners]
        low = min(one, two)
        higher[filled[low]] = max(one, two)
        sides[filled[low]] = side
        filled[low] += 1
    edges = 0
    for low in range(size):
        _sort(higher, sides, starts[low], starts[low + 1])
        for place in range(starts[low], starts[low + 1]):
            if place == starts[low] or higher[place] != higher[place - 1]:
                edges += 1
    ends, counts = np.empty((edges, 2), np.int64), np.zeros(edges, np.int64)
    of_sides = np.empty(number, np.int64)
    edge = -1
    for low in range(size):
        for place in range(starts[low], starts[low + 1]):
            if place == starts[low] or higher[place] != higher[place - 1]:
                edge += 1
                ends[edge, 0], ends[edge, 1] = low, higher[place]
            counts[edge] += 1
            of_sides[sides[place]] = edge
    return ends, of_sides, is_forward, counts


def find_edges(
    faces: NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return each edge of faces (M, K) once, in the order of its lower and its higher vertex.

    Returns
    -------
    ends : (E, 2) ndarray of int
        The vertices of each edge, the lower number first.
    of_sides : (K * M,) ndarray of int
        The edge of each side of each face, in the order of the corners.
    is_forward : (K * M,) ndarray of bool
        Whether the side runs from the lower number to the higher.
    counts : (E,) ndarray of int
        Number of faces at each edge.
    """
    faces = np.ascontiguousarray(faces, np.int64)
    ends, of_sides, is_forward, counts = _find(faces, int(faces.max(initial=-1)) + 1)
    return ends, of_sides, is_forward, counts


@numba.njit(cache=True, nogil=True)
def neighbours(ends: Any, size: int) -> Any:
    """Return where the neighbours of each vertex start (size + 1,), and these, rising.

    `ends` (E, 2) are edges as `find_edges` returns them, each once and in order.
    """
    starts = np.zeros(size + 1, np.int64)
    for edge in range(len(ends)):
        starts[ends[edge, 0] + 1] += 1
        starts[ends[edge, 1] + 1] += 1
    for vertex in range(size):
        starts[vertex + 1] += starts[vertex]
    filled = starts[:-1].copy()
    found = np.empty(2 * len(ends), np.int32)
    for edge in range(len(ends)):
        one, two = ends[edge, 0], ends[edge, 1]
        found[filled[one]], found[filled[two]] = two, one
        filled[one] += 1
        filled[two] += 1
    return starts, found


@numba.njit(cache=True, nogil=True)
def step(vertices: Any, starts: Any, found: Any, factor: float, moved: Any) -> None:
    """Write vertices (N, 3) moved by a share of the way to the mean of their neighbours.

    Those without neighbours stay.
    """
    for vertex in range(len(vertices)):
        start, stop = starts[vertex], starts[vertex + 1]
        weight = 1.0 / max(stop - start, 1)
        for axis in range(3):
            here = vertices[vertex, axis]
            mean = 0.0
            for place in range(start, stop):
                mean += weight * vertices[found[place], axis]
            moved[vertex, axis] = here + factor * (mean - here) if stop > start else here
