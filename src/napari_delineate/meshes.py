"""What operations on triangle meshes share: edges, areas, normals, parts, closedness."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Surface

__all__ = [
    "SIZES",
    "Edges",
    "average_size",
    "closed_volume",
    "connected_parts",
    "corner_angles",
    "edges_of",
    "face_areas",
    "face_vectors",
    "groups_of_values",
    "inside_out",
    "mean_of_faces",
    "part_of_vertices",
    "sizes_of",
    "value_of",
    "vertex_normals",
    "with_faces",
    "with_values",
    "without_pinches",
]


class Edges(NamedTuple):
    """Hold the edges of a mesh, each once.

    Attributes
    ----------
    ends : (E, 2) ndarray of int
        The vertices of each edge, the lower number first.
    of_sides : (3 * M,) ndarray of int
        The edge of each side of each face, in the order of the corners.
    is_forward : (3 * M,) ndarray of bool
        Whether the side runs from the lower number to the higher.
    counts : (E,) ndarray of int
        Number of faces at each edge.
    """

    ends: NDArray[Any]
    of_sides: NDArray[Any]
    is_forward: NDArray[Any]
    counts: NDArray[Any]

    @property
    def are_closed(self) -> bool:
        """Whether at every edge as many faces come as go."""
        turns = np.bincount(
            self.of_sides, np.where(self.is_forward, 1.0, -1.0), minlength=len(self.ends)
        )
        return len(self.ends) > 0 and not turns.any()


def edges_of(faces: NDArray[Any]) -> Edges:
    """Return the edges of faces."""
    from napari_delineate.kernels.edges import find_edges

    return Edges(*find_edges(faces))


def face_vectors(surface: Surface) -> NDArray[np.float64]:
    """Return a vector per face that points outwards, as long as twice the area."""
    first, second, third = (surface.vertices[surface.faces[:, corner]] for corner in range(3))
    return np.asarray(np.cross(second - first, third - first))


def face_areas(surface: Surface) -> NDArray[np.float64]:
    """Return the area of each face."""
    return np.asarray(np.linalg.norm(face_vectors(surface), axis=1) / 2)


def corner_angles(surface: Surface) -> NDArray[np.float64]:
    """Return the angles of each face in radians; those of a face without area add up to pi."""
    corners = surface.vertices[surface.faces]
    angles = np.empty(surface.faces.shape)
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        two = corners[:, (corner + 2) % 3] - corners[:, corner]
        across = np.linalg.norm(np.cross(one, two), axis=1)
        angles[:, corner] = np.arctan2(across, (one * two).sum(axis=1))
    return angles


def vertex_normals(surface: Surface) -> NDArray[np.float64]:
    """Return unit vectors outwards, weighted by the angles of the faces; 0 without faces."""
    vectors = face_vectors(surface)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    weighted = corner_angles(surface)[:, :, np.newaxis] * units[:, np.newaxis]
    normals = np.zeros_like(surface.vertices)
    for axis in range(3):
        normals[:, axis] = np.bincount(
            surface.faces.ravel(), weighted[..., axis].ravel(), minlength=len(normals)
        )
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    np.divide(normals, lengths, out=normals, where=lengths > 0)
    return normals


def mean_of_faces(surface: Surface, values: NDArray[Any]) -> NDArray[np.float64]:
    """Return for each vertex the mean of its faces' values; 0 without faces."""
    size = len(surface.vertices)
    corners = surface.faces.ravel()
    counts = np.bincount(corners, minlength=size)
    sums = np.bincount(corners, np.repeat(values, 3), minlength=size)
    return np.asarray(sums / np.maximum(counts, 1))


def average_size(surface: Surface) -> float:
    """Return the mean distance of the vertices of faces from their mean."""
    vertices = surface.vertices[np.unique(surface.faces)]
    if not len(vertices):
        return 0.0
    return float(np.linalg.norm(vertices - vertices.mean(axis=0), axis=1).mean())


def closed_volume(surface: Surface) -> float:
    """Return the volume inside a closed surface, negative if it is inside out."""
    if not len(surface.faces):
        return 0.0
    # Around the middle of its box, so that far away surfaces lose no digits.
    middle = (surface.vertices.min(axis=0) + surface.vertices.max(axis=0)) / 2
    centres = surface.vertices[surface.faces].mean(axis=1) - middle
    return float((centres * face_vectors(surface)).sum() / 6)


SIZES = MappingProxyType(
    {"area": 2, "volume": 3, "number_of_vertices": 0, "number_of_faces": 0, "is_closed": 0}
)
"""What `sizes_of` tells of a surface, with the power of the length in its unit."""


def sizes_of(surface: Surface) -> dict[str, Any]:
    """Return the `SIZES` of a surface: its volume is NaN if it is open, loose vertices are none."""
    is_closed = edges_of(surface.faces).are_closed
    numbers = [
        float(face_areas(surface).sum()),
        closed_volume(surface) if is_closed else np.nan,
        len(np.unique(surface.faces)),
        len(surface.faces),
        is_closed,
    ]
    return dict(zip(SIZES, numbers, strict=True))


def with_faces(surface: Surface, faces: NDArray[Any]) -> Surface:
    """Return the surface with some of its faces, and the vertices that they need."""
    used, places = np.unique(faces, return_inverse=True)
    return Surface(surface.vertices[used], places.reshape(-1, 3), surface.values[used])


def with_values(surface: Surface, values: NDArray[Any]) -> Surface:
    """Return the surface with other values, none of its arrays shared."""
    return Surface(surface.vertices.copy(), surface.faces.copy(), np.asarray(values))


def inside_out(surface: Surface) -> Surface:
    """Return the surface with all faces turned round."""
    return Surface(surface.vertices, surface.faces[:, ::-1].copy(), surface.values)


def part_of_vertices(surface: Surface) -> NDArray[np.int64]:
    """Give the parts that share no vertex numbers, in the order of their first vertex.

    A vertex without a face is no part: it has the number -1.
    """
    from napari_delineate.kernels.components import connected

    size = len(surface.vertices)
    one, two, three = surface.faces.T
    part_of = connected(size, np.concatenate([one, two]), np.concatenate([two, three]))
    used = np.zeros(size, bool)
    used[surface.faces] = True
    # Numbers of loose vertices are left out, so that the others follow one another.
    is_part = np.zeros(size, bool)
    is_part[part_of[used]] = True
    return np.where(used, (np.cumsum(is_part) - 1)[part_of], -1)


def connected_parts(surface: Surface) -> list[Surface]:
    """Split a surface into the parts that share no vertex, without loose vertices."""
    return groups_of_values(surface, part_of_vertices(surface))


def groups_of_values(surface: Surface, numbers: NDArray[Any]) -> list[Surface]:
    """Split a surface by a number per vertex, in rising order; a face has its first corner's.

    Where the numbers are the values, `value_of` tells that of each group.
    """
    of_faces = numbers[surface.faces[:, 0]]
    order = np.argsort(of_faces, kind="stable")
    starts = np.flatnonzero(np.diff(of_faces[order])) + 1
    parts = []
    for faces in np.split(surface.faces[order], starts) if len(order) else []:
        parts.append(with_faces(surface, faces))
    return parts


def value_of(group: Surface) -> Any:
    """Return the value of a group of `groups_of_values`, also where other vertices came along."""
    return group.values[group.faces[0, 0]]


def without_pinches(surface: Surface) -> Surface:
    """Separate sheets that meet in one edge, so that every edge has two faces again.

    A tunnel that became ever narrower ends as such an edge. Its faces get vertices of their
    own at the same place, in pairs that go on around a vertex.
    """
    from napari_delineate.kernels.components import connected

    # A side is known by its first corner, a corner by its place among all those of all faces.
    corners = np.arange(surface.faces.size).reshape(-1, 3)
    edges = edges_of(surface.faces)
    edge_of, counts, is_forward = edges.of_sides, edges.counts, edges.is_forward
    if (counts <= 2).all() or not edges.are_closed:
        return surface
    ends = np.stack([corners, np.roll(corners, -1, axis=1)], axis=-1).reshape(-1, 2)
    low = np.where(is_forward, ends[:, 0], ends[:, 1])
    high = np.where(is_forward, ends[:, 1], ends[:, 0])

    def joined(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
        """Return numbers of the corners, the same where two sides are one edge."""
        return np.asarray(
            connected(
                corners.size,
                np.concatenate([low[first], high[first]]),
                np.concatenate([low[second], high[second]]),
            )
        )

    def paired(sides: NDArray[Any], order: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Pair the forward sides of each edge with its backward ones, in some order."""
        sides = sides[np.lexsort((order[sides], edge_of[sides]))]
        return sides[is_forward[sides]], sides[~is_forward[sides]]

    every = np.arange(len(edge_of))
    plain = paired(every[counts[edge_of] == 2], every)
    around = joined(*plain)
    number_of = joined(*paired(every, np.where(counts[edge_of] == 2, 0, around[low])))
    _, first_corner = np.unique(number_of, return_index=True)
    old = surface.faces.reshape(-1)[first_corner]
    return Surface(surface.vertices[old], number_of.reshape(-1, 3), surface.values[old])
