"""Split, collapse and flip edges of a mesh until all are about as long.

A side of a face is known by its place: the side `3 * face + k` runs from corner `k` of the
face to the next. `corners` holds the vertex that each side begins at, -1 for faces that are
gone, and `twins` the side of the neighbouring face, -1 on a rim, -2 on a rim that is not to be
split. `leaving` holds one side that begins at each vertex, and `is_fixed` which vertices lie
on a rim: they stay. Around each vertex lies one fan of faces.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["collapse_short", "flip_edges", "relaxed", "split_long"]

_LARGEST_TURN = 0.5
"""Cosine of the angle that a face is turned by at most when an edge is flipped or collapsed."""

_SHORTEST, _LONGEST = 4 / 5, 4 / 3
"""Lengths of edges that are neither collapsed nor split, by the length that is wanted."""


@numba.njit(cache=True, nogil=True)
def _next(side: int) -> int:
    return side - 2 if side % 3 == 2 else side + 1


@numba.njit(cache=True, nogil=True)
def _before(side: int) -> int:
    return side + 2 if side % 3 == 0 else side - 1


@numba.njit(cache=True, nogil=True)
def _square(vertices: NDArray[Any], one: int, two: int) -> float:
    total = 0.0
    for axis in range(3):
        total += (vertices[one, axis] - vertices[two, axis]) ** 2
    return total


@numba.njit(cache=True, nogil=True)
def _normal(one: NDArray[Any], two: NDArray[Any], three: NDArray[Any]) -> tuple[Any, Any, Any]:
    a0, a1, a2 = two[0] - one[0], two[1] - one[1], two[2] - one[2]
    b0, b1, b2 = three[0] - one[0], three[1] - one[1], three[2] - one[2]
    return a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0


@numba.njit(cache=True, nogil=True)
def _agree(old: tuple[Any, Any, Any], new: tuple[Any, Any, Any]) -> bool:
    """Tell whether a face looks about where it did; one without area looks nowhere."""
    own = old[0] ** 2 + old[1] ** 2 + old[2] ** 2
    other = new[0] ** 2 + new[1] ** 2 + new[2] ** 2
    along = old[0] * new[0] + old[1] * new[1] + old[2] * new[2]
    if own == 0:
        return True
    return bool(other > 0 and along > 0 and along * along > _LARGEST_TURN**2 * own * other)


@numba.njit(cache=True, nogil=True)
def _around(vertex: int, twins: NDArray[Any], leaving: NDArray[Any], ring: list[int]) -> None:
    """List the sides that begin at a vertex, one of each face around it."""
    ring.clear()
    first = leaving[vertex]
    side = first
    while True:
        ring.append(side)
        side = twins[_before(side)]
        if side == first:
            return
        if side < 0:
            break
    side = twins[first]
    while side >= 0:  # a rim: what lies on the other side of the first one
        side = _next(side)
        ring.append(side)
        side = twins[side]


@numba.njit(cache=True, nogil=True)
def _longest(vertices: NDArray[Any], corners: NDArray[Any], side: int) -> float:
    """Return the square of the longest of the other sides of a face."""
    one, two, three = corners[side], corners[_next(side)], corners[_before(side)]
    return float(max(_square(vertices, one, three), _square(vertices, two, three)))


@numba.njit(cache=True, nogil=True)
def split_long(
    vertices: NDArray[Any],
    corners: NDArray[Any],
    twins: NDArray[Any],
    leaving: NDArray[Any],
    is_fixed: NDArray[Any],
    size: int,
    faces: int,
    length: float,
) -> tuple[int, int]:
    """Split long edges, as far as the arrays have room; return the new sizes.

    Only the longest side of both its faces is split, so that no slivers arise.
    """
    limit = (_LONGEST * length) ** 2
    unchanged, side = 0, -1
    while size < len(vertices) and 3 * faces + 6 <= len(corners):
        if unchanged == 3 * faces:  # once round all sides
            break
        unchanged += 1
        side = (side + 1) % (3 * faces)
        twin = twins[side]
        after, last = _next(side), _before(side)
        one, two, third = corners[side], corners[after], corners[last]
        own = _square(vertices, one, two)
        if twin == -2 or own <= limit or own < _longest(vertices, corners, side):
            continue
        if twin >= 0 and own < _longest(vertices, corners, twin):
            continue
        unchanged = 0
        middle = size
        size += 1
        for axis in range(3):
            vertices[middle, axis] = vertices[one, axis] / 2 + vertices[two, axis] / 2
        is_fixed[middle] = twin < 0
        # The face keeps the first half of the edge, a new one gets the second.
        new = 3 * faces
        faces += 1
        corners[new], corners[new + 1], corners[new + 2] = middle, two, third
        corners[after] = middle
        beyond, twins[new] = twins[after], -1
        twins[after], twins[new + 2] = new + 2, after
        leaving[middle], leaving[two] = after, new + 1
        if twin >= 0:
            twin_last = _before(twin)
            new_twin = 3 * faces
            faces += 1
            corners[new_twin], corners[new_twin + 1] = two, middle
            corners[new_twin + 2] = corners[twin_last]
            corners[twin] = middle
            twin_beyond = twins[twin_last]
            if beyond == twin_last:  # both faces have the same corners
                beyond, twin_beyond = new_twin + 2, new + 1
            twins[new], twins[new_twin] = new_twin, new
            twins[twin_last], twins[new_twin + 1] = new_twin + 1, twin_last
            twins[new_twin + 2] = twin_beyond
            if twin_beyond >= 0:
                twins[twin_beyond] = new_twin + 2
        twins[new + 1] = beyond
        if beyond >= 0:
            twins[beyond] = new + 1
    return size, faces


@numba.njit(cache=True, nogil=True)
def _keeps_faces(
    place: NDArray[Any],
    ring: list[int],
    removed: tuple[int, int],
    vertices: NDArray[Any],
    corners: NDArray[Any],
    limit: float,
) -> bool:
    """Tell whether the faces around a vertex look the same, and are small, if it moves."""
    for side in ring:
        face = side // 3
        if face == removed[0] or face == removed[1]:
            continue
        two, three = vertices[corners[_next(side)]], vertices[corners[_before(side)]]
        old = _normal(vertices[corners[side]], two, three)
        if not _agree(old, _normal(place, two, three)):
            return False
        for other in (two, three):
            away = 0.0
            for axis in range(3):
                away += (other[axis] - place[axis]) ** 2
            if away > limit:
                return False
    return True


@numba.njit(cache=True, nogil=True)
def collapse_short(
    vertices: NDArray[Any],
    corners: NDArray[Any],
    twins: NDArray[Any],
    leaving: NDArray[Any],
    is_fixed: NDArray[Any],
    length: float,
) -> None:
    """Collapse short edges where no face turns over and the surface stays what it is."""
    shortest, longest = (_SHORTEST * length) ** 2, (_LONGEST * length) ** 2
    ring, other_ring = [0], [0]
    met = np.full(len(vertices), -1)
    place = np.empty(3)
    for first in range(len(corners)):
        twin = twins[first]
        if corners[first] < 0 or twin < 0:
            continue
        side = first
        if is_fixed[corners[twin]]:  # the vertex that goes must not lie on a rim
            side, twin = twin, first
        kept, gone = corners[side], corners[twin]
        if is_fixed[gone] or kept == gone or _square(vertices, kept, gone) >= shortest:
            continue
        third, fourth = corners[_before(side)], corners[_before(twin)]
        if third == fourth:
            continue
        _around(kept, twins, leaving, ring)
        _around(gone, twins, leaving, other_ring)
        # Both may have no more neighbours in common than the two faces at the edge say: else
        # the surface would touch itself afterwards.
        for one in ring:
            met[corners[_next(one)]] = first
            met[corners[_before(one)]] = first
        common = 0
        for one in other_ring:
            common += met[corners[_next(one)]] == first
        if common != 2:
            continue
        for axis in range(3):
            place[axis] = vertices[kept, axis]
            if not is_fixed[kept]:
                place[axis] = place[axis] / 2 + vertices[gone, axis] / 2
        removed = (side // 3, twin // 3)
        if not _keeps_faces(place, other_ring, removed, vertices, corners, longest):
            continue
        if not is_fixed[kept] and not _keeps_faces(
            place, ring, removed, vertices, corners, longest
        ):
            continue
        # The two other corners lose an edge: a fan of three is the least.
        _around(third, twins, leaving, ring)
        if len(ring) <= 3 and not is_fixed[third]:
            continue
        _around(fourth, twins, leaving, ring)
        if len(ring) <= 3 and not is_fixed[fourth]:
            continue
        # What was the side of a face that goes is now that of the face beyond it.
        beyond, last = twins[_next(side)], twins[_before(side)]
        twin_beyond, twin_last = twins[_next(twin)], twins[_before(twin)]
        if last < 0 and twin_beyond < 0:  # only those two faces hold the vertex that is kept
            continue
        for one in other_ring:
            corners[one] = kept
        for axis in range(3):
            vertices[kept, axis] = place[axis]
        twins[beyond] = last
        if last >= 0:
            twins[last] = beyond
        twins[twin_last] = twin_beyond
        if twin_beyond >= 0:
            twins[twin_beyond] = twin_last
        leaving[kept] = twin_last
        leaving[third] = beyond
        leaving[fourth] = _next(twin_last)
        leaving[gone] = -1
        for face in removed:
            for corner in range(3):
                corners[3 * face + corner] = -1
                twins[3 * face + corner] = -1


@numba.njit(cache=True, nogil=True)
def flip_edges(
    vertices: NDArray[Any],
    corners: NDArray[Any],
    twins: NDArray[Any],
    leaving: NDArray[Any],
    is_fixed: NDArray[Any],
) -> None:
    """Flip edges where that brings the numbers of neighbours nearer to six, four on a rim."""
    degree = np.zeros(len(vertices), np.int64)
    for side in range(len(corners)):
        if corners[side] >= 0:
            degree[corners[side]] += 1
            if twins[side] < 0:
                degree[corners[_next(side)]] += 1
    ring = [0]
    for side in range(len(corners)):
        twin = twins[side]
        if corners[side] < 0 or twin < 0:
            continue
        after, last = _next(side), _before(side)
        twin_after, twin_last = _next(twin), _before(twin)
        one, two, three, four = corners[side], corners[twin], corners[last], corners[twin_last]
        if three == four or degree[one] <= 3 or degree[two] <= 3:
            continue
        gain = 0
        for vertex, change in ((one, -1), (two, -1), (three, 1), (four, 1)):
            excess = degree[vertex] - (4 if is_fixed[vertex] else 6)
            gain += abs(excess) - abs(excess + change)
        if gain <= 0:
            continue
        old = _normal(vertices[one], vertices[two], vertices[three])
        other = _normal(vertices[two], vertices[one], vertices[four])
        new = _normal(vertices[one], vertices[four], vertices[three])
        new_other = _normal(vertices[two], vertices[three], vertices[four])
        if not (_agree(old, new) and _agree(other, new) and _agree(new, new_other)):
            continue
        if not (_agree(old, new_other) and _agree(other, new_other)):
            continue
        _around(three, twins, leaving, ring)
        adjacent = False
        for entry in ring:
            adjacent |= corners[_next(entry)] == four or corners[_before(entry)] == four
        if adjacent:
            continue
        of_after, of_last = twins[after], twins[last]
        of_twin_after, of_twin_last = twins[twin_after], twins[twin_last]
        corners[side], corners[after], corners[last] = four, three, one
        corners[twin], corners[twin_after], corners[twin_last] = three, four, two
        for place, neighbour in (
            (after, of_last),
            (last, of_twin_after),
            (twin_after, of_twin_last),
            (twin_last, of_after),
        ):
            twins[place] = neighbour
            if neighbour >= 0:
                twins[neighbour] = place
        leaving[one], leaving[two] = last, twin_last
        leaving[three], leaving[four] = after, twin_after
        degree[one] -= 1
        degree[two] -= 1
        degree[three] += 1
        degree[four] += 1


@numba.njit(cache=True, nogil=True)
def relaxed(
    vertices: NDArray[Any], corners: NDArray[Any], is_fixed: NDArray[Any]
) -> NDArray[np.float64]:
    """Return vertices moved to the mean of their neighbours, but only along the surface."""
    sums, normals = np.zeros_like(vertices), np.zeros_like(vertices)
    counts = np.zeros(len(vertices))
    for first in range(0, len(corners), 3):
        if corners[first] < 0:
            continue
        normal = _normal(
            vertices[corners[first]], vertices[corners[first + 1]], vertices[corners[first + 2]]
        )
        for side in range(first, first + 3):
            vertex, following = corners[side], corners[_next(side)]
            counts[vertex] += 1
            for axis in range(3):
                normals[vertex, axis] += normal[axis]
                sums[vertex, axis] += vertices[following, axis]
    result = vertices.copy()
    for vertex in range(len(vertices)):
        length = 0.0
        for axis in range(3):
            length += normals[vertex, axis] ** 2
        if is_fixed[vertex] or counts[vertex] == 0 or length == 0:
            continue
        along = 0.0
        for axis in range(3):
            mean = sums[vertex, axis] / counts[vertex]
            along += (mean - vertices[vertex, axis]) * normals[vertex, axis]
        for axis in range(3):
            mean = sums[vertex, axis] / counts[vertex]
            result[vertex, axis] = mean - along / length * normals[vertex, axis]
    return result
