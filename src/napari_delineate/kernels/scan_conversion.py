"""Fill the voxels inside of a closed triangle mesh."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["voxelise"]


@numba.njit(cache=True, nogil=True)
def _turns(vertices: Any, faces: Any, turns: Any) -> None:
    """Add to each column how often the surface is crossed, above the place of the crossing.

    Along each row of voxel centres a triangle covers what lies between two of its sides. A
    side is computed from its lower end, whichever triangle it belongs to, and covers the
    half-open range, so that each column is crossed by exactly one of two neighbours.
    """
    depth, height, width = turns.shape
    places = np.empty((2, 2))
    for face in range(len(faces)):
        lowest, highest = np.inf, -np.inf
        for corner in range(3):
            lowest = min(lowest, vertices[faces[face, corner], 1])
            highest = max(highest, vertices[faces[face, corner], 1])
        first = max(0, math.ceil(lowest))
        last = min(height - 1, math.floor(highest))
        for row in range(first, last + 1):
            found = 0
            upward = 0
            for corner in range(3):
                start, end = faces[face, corner], faces[face, (corner + 1) % 3]
                if (vertices[start, 1] <= row) == (vertices[end, 1] <= row):
                    continue
                rises = vertices[start, 1] <= row
                low, high = (start, end) if rises else (end, start)
                share = (row - vertices[low, 1]) / (vertices[high, 1] - vertices[low, 1])
                places[found, 0] = vertices[low, 2] + share * (vertices[high, 2] - vertices[low, 2])
                places[found, 1] = vertices[low, 0] + share * (vertices[high, 0] - vertices[low, 0])
                if rises:
                    upward = found
                found += 1
            if found < 2:
                continue
            left = 0 if places[0, 0] <= places[1, 0] else 1
            span = places[1 - left, 0] - places[left, 0]
            sign = 1 if left == upward else -1
            begin = max(0, math.ceil(places[left, 0]))
            stop = min(width, math.ceil(places[1 - left, 0]))
            for column in range(begin, stop):
                share = (column - places[left, 0]) / span
                crossing = places[left, 1] + share * (places[1 - left, 1] - places[left, 1])
                plane = max(0, math.ceil(crossing))
                if plane < depth:
                    turns[plane, row, column] += sign


def voxelise(
    vertices: NDArray[Any], faces: NDArray[Any], shape: tuple[int, int, int]
) -> NDArray[np.bool_]:
    """Mark the voxels whose centres lie inside of a closed mesh.

    Parameters
    ----------
    vertices : (N, 3) ndarray of float
        Positions in voxels, (z, y, x).
    faces : (M, 3) ndarray of int
        Triangles of a closed mesh; which way round they run does not matter, but all the
        same way.
    shape : tuple of int
        Shape of the grid.

    Returns
    -------
    (Z, Y, X) ndarray of bool
        True where the mesh winds round the centre of a voxel.
    """
    turns = np.zeros(shape, np.int16)
    _turns(np.ascontiguousarray(vertices, np.float64), np.ascontiguousarray(faces), turns)
    np.cumsum(turns, axis=0, out=turns)
    return np.asarray(turns != 0)
