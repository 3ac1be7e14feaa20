"""What all mesh formats share: what a file holds, its numbers, polygons cut into triangles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype

__all__ = [
    "GENERATOR",
    "Mesh",
    "as_floats",
    "as_places",
    "check_counts",
    "counts_in_words",
    "doubt_of_end",
    "numbers_in",
    "plain_values",
    "strips_to_triangles",
    "triangles",
]

GENERATOR = "napari-delineate"
"""The program that files say they were written by."""

_COUNTS = re.compile(rf"{GENERATOR}: (\d+) vertices, (\d+) faces(, values)?")


class Mesh(NamedTuple):
    """Hold what a mesh file holds: coordinates in its order (x, y, z), and what it states.

    `doubt` says why the file may be incomplete, where that is not certain.
    """

    vertices: NDArray[Any]
    faces: NDArray[Any]
    values: NDArray[Any] | None = None
    units: str | None = None
    doubt: str = ""


def as_floats(vertices: NDArray[Any]) -> NDArray[Any]:
    """Return coordinates as float32 where that is exact, else as float64."""
    with np.errstate(over="ignore"):
        single = vertices.astype(np.float32)
    return single if np.array_equal(single, vertices) else np.asarray(vertices, np.float64)


def plain_values(values: NDArray[Any]) -> NDArray[Any]:
    """Return numbers in a type that every program reads, without loss."""
    if values.dtype.kind in "biu" and label_dtype(int(values.max(initial=0))) is np.int32:
        return values.astype(np.int32)
    return values.astype(np.float32 if values.dtype == np.float32 else np.float64)


def counts_in_words(mesh: Mesh) -> str:
    """Return a text that says how much a file holds, for formats that do not."""
    text = f"{GENERATOR}: {len(mesh.vertices)} vertices, {len(mesh.faces)} faces"
    return text if mesh.values is None else f"{text}, values"


def check_counts(text: str, mesh: Mesh) -> bool:
    """Tell whether a text says how much a file holds; refuse one that holds something else."""
    stated = _COUNTS.search(text)
    if stated is None:
        return False
    vertices, faces = int(stated[1]), int(stated[2])
    if (len(mesh.vertices), len(mesh.faces)) != (vertices, faces):
        raise ValueError(
            f"it is incomplete: it holds {len(mesh.vertices)} of {vertices} vertices and "
            f"{len(mesh.faces)} of {faces} faces"
        )
    if stated[3] and mesh.values is None:
        raise ValueError("it is incomplete: the values of its vertices are missing")
    return True


def doubt_of_end(content: bytes) -> str:
    """Return a doubt about text whose last number may have been cut off."""
    whole = content.endswith((b"\n", b"\r", b" ", b"\t"))
    return "" if whole else "its last line does not end, so that it may have been cut off"


def numbers_in(words: Sequence[Any] | NDArray[Any], what: str, kind: str = "f8") -> NDArray[Any]:
    """Return words as numbers of a type."""
    try:
        numbers = np.array(words, dtype=np.float64)
    except ValueError:
        raise ValueError(f"something else than numbers stands for its {what}") from None
    if kind[0] == "f":
        with np.errstate(over="ignore"):
            return numbers.astype(kind)
    low, high = np.iinfo(kind).min, np.iinfo(kind).max
    is_whole = (numbers == np.rint(numbers)).all()
    if numbers.size and not (is_whole and low <= numbers.min() and numbers.max() <= high):
        raise ValueError(f"its {what} are not all whole numbers from {low} to {high}")
    return numbers.astype(kind)


def as_places(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Return numbers that point at something; refuse those that are not whole."""
    if numbers.dtype.kind not in "iu":
        raise ValueError(f"its faces are no whole numbers, their type is {numbers.dtype}")
    return numbers.astype(np.int64)


def strips_to_triangles(strips: Iterable[NDArray[Any]]) -> NDArray[np.int64]:
    """Return the triangles of strips, in which each corner makes one with the two before."""
    found = [np.zeros((0, 3), np.int64)]
    for strip in strips:
        faces = np.lib.stride_tricks.sliding_window_view(np.asarray(strip, np.int64), 3).copy()
        faces[1::2, :2] = faces[1::2, 1::-1]
        # Strips turn corners by triangles without area.
        distinct = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
        found.append(faces[distinct])
    return np.concatenate(found)


def triangles(
    vertices: NDArray[Any], corners: NDArray[Any], counts: NDArray[Any]
) -> NDArray[np.int64]:
    """Cut polygons into triangles that cover them, also where they are not convex.

    Parameters
    ----------
    vertices : (N, 3) ndarray
        Positions.
    corners : ndarray of int
        The vertices of all polygons, one behind the other.
    counts : ndarray of int
        How many corners each polygon has.

    Returns
    -------
    (M, 3) ndarray of int64
        The triangles, in the order of the polygons.

    Raises
    ------
    ValueError
        If a polygon has less than three corners, or points at no vertex.
    """
    corners, counts = as_places(corners), as_places(counts)
    if len(counts) and counts.min() < 3:
        raise ValueError(f"it holds a face with {counts.min()} corners; faces have 3 or more")
    if not len(counts) or counts.max() == 3:
        return corners.reshape(-1, 3)
    if corners.min() < 0 or corners.max() >= len(vertices):
        raise ValueError(
            f"faces must point at vertices 0 to {len(vertices) - 1}, they reach from "
            f"{corners.min()} to {corners.max()}"
        )
    starts = np.cumsum(counts) - counts
    places = np.cumsum(counts - 2) - (counts - 2)
    result = np.empty((int((counts - 2).sum()), 3), np.int64)
    for size in np.unique(counts):
        chosen = counts == size
        polygons = corners[starts[chosen][:, np.newaxis] + np.arange(size)]
        cut = polygons[:, np.newaxis] if size == 3 else _cut(vertices, polygons)
        result[places[chosen][:, np.newaxis] + np.arange(size - 2)] = cut
    return result


def _cut(vertices: NDArray[Any], polygons: NDArray[Any]) -> NDArray[np.int64]:
    """Cut polygons of one size into fans where that covers them, else into ears."""
    size = polygons.shape[1]
    points = vertices[polygons].astype(np.float64)
    points -= points.mean(axis=1, keepdims=True)
    normals = np.cross(points, np.roll(points, -1, axis=1)).sum(axis=1)
    cut = np.zeros((len(polygons), size - 2, 3), np.int64)
    left = np.arange(len(polygons))
    for first in range(min(size, 8)):
        order = (first + np.arange(size)) % size
        fan = np.stack([np.full(size - 2, order[0]), order[1:-1], order[2:]], axis=1)
        one, two, three = (points[left][:, fan[:, corner]] for corner in range(3))
        turns = (np.cross(two - one, three - one) * normals[left, np.newaxis]).sum(axis=-1)
        # What lies in no plane, or on a line, may turn either way by rounding.
        room = 1e-9 * (normals[left] ** 2).sum(axis=-1, keepdims=True)
        covers = (turns >= -room).all(axis=1)
        cut[left[covers]] = polygons[left[covers]][:, fan]
        left = left[~covers]
        if not len(left):
            return cut
    for index in left:
        cut[index] = polygons[index][_ears(points[index], normals[index])]
    return cut


def _ears(points: NDArray[Any], normal: NDArray[Any]) -> NDArray[np.int64]:
    """Cut one polygon into triangles that hold no other corner, one after the other."""
    axis = int(np.argmax(np.abs(normal)))
    plane = np.delete(points, axis, axis=1) * (1.0, np.sign(normal[axis]) * (-1) ** axis)

    def turn(one: Any, two: Any, three: Any) -> Any:
        first, second = two - one, three - one
        return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]

    left, found, at, tried = list(range(len(points))), [], 0, 0
    while len(left) > 3:
        before, here, after = (left[(at + step) % len(left)] for step in (-1, 0, 1))
        one, two, three = plane[before], plane[here], plane[after]
        others = plane[[each for each in left if each not in (before, here, after)]]
        inside = (
            (turn(one, two, others) > 0)
            & (turn(two, three, others) > 0)
            & (turn(three, one, others) > 0)
        )
        is_ear = turn(one, two, three) > 0 and not inside.any()
        # A polygon that crosses itself has no ear at some point.
        if is_ear or tried > len(left):
            found.append((before, here, after))
            left.pop(at % len(left))
            at, tried = at % len(left), 0
        else:
            at, tried = (at + 1) % len(left), tried + 1
    return np.array([*found, tuple(left)], np.int64)
