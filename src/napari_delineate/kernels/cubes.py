"""March through labelled voxels once and make the triangles around every object.

Eight neighbouring voxels are a cube. Which of its corners belong to an object decides what
triangles the object has there; as voxels are in or out, all vertices lie in the middle of an
edge of a cube, or in the middle of the cube. The triangles for each of the 256 cases are
asked of scikit-image, so that those of an object are the same, in the same order, as when its
voxels alone are given to `skimage.measure.marching_cubes`.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.layers import layers, rows_of

__all__ = ["Cases", "Triangles", "cases", "march"]

_MIDDLE = 12
"""The place in the middle of a cube, after those of its twelve edges."""

_MOST_TRIANGLES = 12


class Cases(NamedTuple):
    """Hold the triangles in a cube for each of 256 cases.

    A corner (z, y, x) of the cube is bit `4 * z + 2 * y + x` of the case, set where it
    belongs to the object. The edge along an axis, 0 for z, that starts at a corner is
    `4 * axis` plus its two other coordinates, the first counting twice.

    Attributes
    ----------
    counts : (256,) ndarray of int
        Number of triangles.
    places : (256, 12, 3) ndarray of int
        The edges, or the middle, where the corners of each triangle lie.
    is_flat : (256, 12) ndarray of bool
        Whether a triangle lies in a side of the cube.
    has_middle : (256,) ndarray of bool
        Whether there is a vertex in the middle.
    """

    counts: NDArray[Any]
    places: NDArray[Any]
    is_flat: NDArray[Any]
    has_middle: NDArray[Any]


class Triangles(NamedTuple):
    """Hold the triangles around all objects, one object after the other.

    Attributes
    ----------
    places : (N, 3) ndarray of float
        Vertices in voxels, from the first voxel of the image.
    faces : (M, 3) ndarray of int
        Vertices of each triangle, normals outwards.
    flat : (K,) ndarray of int
        Triangles that lie in a side of a cube: only these can lie back to back.
    number_of_vertices : (L,) ndarray of int
        How many vertices each object has.
    """

    places: NDArray[np.float64]
    faces: NDArray[np.int64]
    flat: NDArray[np.int64]
    number_of_vertices: NDArray[np.int64]


@cache
def cases() -> Cases:
    """Ask scikit-image for the triangles of all cases."""
    from skimage.measure import marching_cubes

    found = Cases(
        np.zeros(256, np.int64),
        np.zeros((256, _MOST_TRIANGLES, 3), np.int64),
        np.zeros((256, _MOST_TRIANGLES), bool),
        np.zeros(256, bool),
    )
    for case in range(1, 255):
        cube = (case >> np.arange(8).reshape(2, 2, 2) & 1).astype(np.uint8)
        vertices, faces, _, _ = marching_cubes(cube, 0.5)
        along = vertices == 0.5
        axis = along.argmax(axis=1)
        ends = vertices.astype(int)
        first = np.where(axis == 0, ends[:, 1], ends[:, 0])
        second = np.where(axis == 2, ends[:, 1], ends[:, 2])
        place = np.where(along.all(axis=1), _MIDDLE, 4 * axis + 2 * first + second)
        size = len(faces)
        corners = vertices[faces]
        found.counts[case] = size
        found.places[case, :size] = place[faces[:, ::-1]]  # scikit-image winds them inwards
        in_plane = (np.ptp(corners, axis=1) == 0) & (corners[:, 0] != 0.5)
        found.is_flat[case, :size] = in_plane.any(axis=1)
        found.has_middle[case] = (place == _MIDDLE).any()
    return found


@numba.njit(cache=True, nogil=True, inline="always")
def _look(below: Any, above: Any, y: int, x: int, cube: Any) -> bool:
    """Read the labels at the corners of a cube; tell whether they differ."""
    cube[0], cube[1] = below[y, x], below[y, x + 1]
    cube[2], cube[3] = below[y + 1, x], below[y + 1, x + 1]
    cube[4], cube[5] = above[y, x], above[y, x + 1]
    cube[6], cube[7] = above[y + 1, x], above[y + 1, x + 1]
    differs = False
    for corner in range(1, 8):
        differs |= cube[corner] != cube[0]
    return differs


@numba.njit(cache=True, nogil=True, inline="always")
def _case(cube: Any, corner: int) -> int:
    """Return the case of the label at a corner, 0 if it is background or came before."""
    label = cube[corner]
    if label == 0:
        return 0
    case = 0
    for other in range(8):
        if cube[other] == label:
            if other < corner:
                return 0
            case |= 1 << other
    return case


@numba.njit(cache=True, nogil=True)
def _count(
    below: Any, above: Any, counts: Any, has_middle: Any, flat_of: Any,
    vertices: Any, faces: Any, flat: Any,
) -> None:  # fmt: skip
    """Add the numbers of vertices, faces and flat faces of each label between two slices."""
    cube = np.empty(8, np.int32)
    for y in range(below.shape[0] - 1):
        for x in range(below.shape[1] - 1):
            if not _look(below, above, y, x, cube):
                continue
            for end in (1, 2, 4):
                if cube[0] != cube[end]:
                    vertices[cube[0]] += 1
                    vertices[cube[end]] += 1
            for corner in range(8):
                case = _case(cube, corner)
                if case:
                    faces[cube[corner]] += counts[case]
                    flat[cube[corner]] += flat_of[case]
                    vertices[cube[corner]] += has_middle[case]


@numba.njit(cache=True, nogil=True)
def _fill(
    below: Any, above: Any, z: int, counts: Any, places: Any, is_flat: Any, known: Any,
    next_vertex: Any, next_face: Any, next_flat: Any, vertices: Any, faces: Any, flat: Any,
) -> None:  # fmt: skip
    """Write the triangles between two slices, each at the next place of its label.

    `known` (3, 2, Y, X, 2) remembers the vertices on edges along each axis, from the slices of
    even and odd depth, of the labels at both ends; -1 is none.
    """
    cube = np.empty(8, np.int32)
    corner_of = np.empty(3, np.int64)  # the first corner of an edge, along each axis
    for y in range(below.shape[0] - 1):
        for x in range(below.shape[1] - 1):
            if not _look(below, above, y, x, cube):
                continue
            for corner in range(8):
                case = _case(cube, corner)
                if not case:
                    continue
                label = cube[corner]
                middle = -1
                for triangle in range(counts[case]):
                    face = next_face[label]
                    next_face[label] += 1
                    if is_flat[case, triangle]:
                        flat[next_flat[label]] = face
                        next_flat[label] += 1
                    for turn in range(3):
                        place = places[case, triangle, turn]
                        axis, first, second = place // 4, place // 2 % 2, place % 2
                        if place == _MIDDLE:
                            vertex = middle
                            corner_of[:] = 0
                        else:
                            corner_of[0] = 0 if axis == 0 else first
                            corner_of[1] = first if axis == 0 else 0 if axis == 1 else second
                            corner_of[2] = 0 if axis == 2 else second
                            low = 4 * corner_of[0] + 2 * corner_of[1] + corner_of[2]
                            layer = (z + corner_of[0]) % 2
                            row, column = y + corner_of[1], x + corner_of[2]
                            end = 1 - (case >> low & 1)
                            vertex = known[axis, layer, row, column, end]
                        if vertex < 0:
                            vertex = next_vertex[label]
                            next_vertex[label] += 1
                            vertices[vertex, 0] = z + corner_of[0]
                            vertices[vertex, 1] = y + corner_of[1]
                            vertices[vertex, 2] = x + corner_of[2]
                            if place == _MIDDLE:
                                middle = vertex
                                for every in range(3):
                                    vertices[vertex, every] += 0.5
                            else:
                                known[axis, layer, row, column, end] = vertex
                                vertices[vertex, axis] += 0.5
                        faces[face, turn] = vertex


def march(labels: NDArray[Any], known: NDArray[Any]) -> Triangles:
    """Make triangles around objects; beyond the border of the image is background.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    known : (L,) ndarray of int
        All labels but 0, rising.

    Returns
    -------
    Triangles
        The triangles of each, in that order.
    """
    table, rows = cases(), rows_of(known)
    height, width = labels.shape[1:]
    totals = np.zeros((3, int(rows.max(initial=0)) + 1), np.int64)
    flat_of = table.is_flat.sum(axis=1)
    for below, above, _ in layers(labels, known):
        _count(below, above, table.counts, table.has_middle, flat_of, *totals)
    totals[:, 0] = 0
    starts = np.cumsum(totals, axis=1) - totals
    vertices, faces, flat = totals.sum(axis=1)
    result = Triangles(
        np.empty((vertices, 3)),
        np.empty((faces, 3), np.int64),
        np.empty(flat, np.int64),
        totals[0, rows],
    )
    # Two thousand million vertices would fill 50 GB.
    found = np.full((3, 2, height + 2, width + 2, 2), -1, np.int32)
    for below, above, z in layers(labels, known):
        found[0, z % 2] = -1
        found[1:, (z + 1) % 2] = -1
        _fill(
            below, above, z, table.counts, table.places, table.is_flat, found,
            *starts, result.places, result.faces, result.flat,
        )  # fmt: skip
    result.places[:, 1:] -= 1  # the border
    return result
