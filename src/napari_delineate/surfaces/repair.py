"""Repair surfaces: holes, doubled vertices, faces that are turned round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Range, Spacing, Surface, length_in_units, voxels

__all__ = ["fill_surface_holes", "merge_vertices", "repair_normals", "flip_normals"]


@operation
def fill_surface_holes(
    surface: Surface,
    *,
    radius: Annotated[Length, Range(0)] = voxels(100),
    spacing: Spacing = 1.0,
) -> Surface:
    """Close holes with a fan of triangles.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    radius : float or Voxels
        Holes whose rim lies farther than this from its middle stay open; in the units of
        `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    filled_surface : Surface
        The surface with faces in its holes, turned as the faces around them. A hole with
        more than three sides gets a vertex in its middle, with the value of its rim's first
        vertex.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        radius is negative.

    Notes
    -----
    A sheet that is no closed object has its outer rim as a hole too. Rims are followed
    along the turn of the faces: run `repair_normals` before, if faces are turned round, and
    `merge_vertices`, if triangles have corners of their own.

    References
    ----------
    .. [1] vtkFillHolesFilter, https://vtk.org/doc/nightly/html/classvtkFillHolesFilter.html,
           for the size of a hole

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 8), int); labels[2:6, 2:6, 2:6] = 1
    >>> closed = surfaces.labels_to_surface(labels)
    >>> filled = surfaces.fill_surface_holes(closed._replace(faces=closed.faces[1:]))
    >>> len(closed.faces), len(filled.faces)
    (188, 188)
    """
    reach = length_in_units(radius, spacing) * (1 + building_blocks.ROUNDING)

    def is_small(rim: NDArray[np.int64]) -> bool:
        places = surface.vertices[rim]
        return bool(np.linalg.norm(places - places.mean(axis=0), axis=1).max() <= reach)

    return filled(surface, is_small)


def filled(surface: Surface, wanted: Callable[[NDArray[np.int64]], bool]) -> Surface:
    """Close the holes whose rims, given as numbers of vertices, are wanted."""
    vertices, faces, values = [surface.vertices], [surface.faces], [surface.values]
    count = len(surface.vertices)
    for rim in filter(wanted, _rims(surface.faces)):
        if len(rim) == 3:
            faces.append(rim[np.newaxis])
            continue
        faces.append(np.stack([rim, np.roll(rim, -1), np.full(len(rim), count)], axis=1))
        vertices.append(surface.vertices[rim].mean(axis=0)[np.newaxis])
        values.append(surface.values[rim[:1]])
        count += 1
    return Surface(np.concatenate(vertices), np.concatenate(faces), np.concatenate(values))


def _rims(faces: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the loops of vertices around holes, each as a face in it would run."""
    edges = meshes.edges_of(faces)
    is_rim = edges.counts[edges.of_sides] == 1
    sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)[is_rim]
    # The face in the hole runs along a side the other way than the one beside it.
    following: dict[int, list[int]] = {}
    for end, start in sides.tolist():
        following.setdefault(start, []).append(end)
    rims = []
    for first in sorted(following):
        while following[first]:
            path, place = [first], {first: 0}
            while following.get(path[-1]):
                following_vertex = following[path[-1]].pop()
                if following_vertex in place:  # a loop, perhaps with a tail before it
                    loop = path[place[following_vertex] :]
                    rims.append(np.array(loop))
                    for vertex in loop[1:]:
                        del place[vertex]
                    del path[place[following_vertex] + 1 :]
                else:
                    place[following_vertex] = len(path)
                    path.append(following_vertex)
    return [rim for rim in rims if len(rim) >= 3]


@operation
def merge_vertices(
    surface: Surface,
    *,
    distance: Annotated[Length, Range(0)] = voxels(0),
    spacing: Spacing = 1.0,
) -> Surface:
    """Merge vertices that lie at the same place, and remove those without faces.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    distance : float or Voxels
        Vertices up to this far apart are merged, in the units of `spacing` or as
        `voxels(n)`; 0 merges those at exactly the same place. Chains of near vertices
        become one.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    merged_surface : Surface
        The surface with the first of the vertices that were merged, and its value. Faces
        that have lost a corner are left out, and so are faces that occur twice.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        distance is negative.

    Notes
    -----
    Vertices with different values are not merged, so that objects that touch stay apart.

    References
    ----------
    .. [1] vtkCleanPolyData, https://vtk.org/doc/nightly/html/classvtkCleanPolyData.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> corners = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1.0]])
    >>> square = (corners, np.array([[0, 1, 2], [3, 4, 5]]), np.ones(6))
    >>> surfaces.merge_vertices(square).faces.tolist()
    [[0, 1, 2], [2, 1, 3]]
    """
    _, rank = np.unique(surface.values, return_inverse=True)
    keys = np.column_stack([rank.reshape(-1), surface.vertices])
    _, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    target = first[number.reshape(-1)]
    reach = length_in_units(distance, spacing)
    if reach > 0:
        target = _joined_within(surface, target, reach)
    faces = target[surface.faces]
    kept = (faces != np.roll(faces, 1, axis=1)).all(axis=1)
    # The same corners in the same turn, wherever the face begins.
    lowest = faces.argmin(axis=1)
    turned = faces[np.arange(len(faces))[:, np.newaxis], (lowest[:, np.newaxis] + [0, 1, 2]) % 3]
    once = np.zeros(len(faces), bool)
    once[np.unique(turned, axis=0, return_index=True)[1]] = True
    used, places = np.unique(faces[kept & once], return_inverse=True)
    return Surface(surface.vertices[used], places.reshape(-1, 3), surface.values[used])


def _joined_within(surface: Surface, target: NDArray[np.int64], reach: float) -> NDArray[np.int64]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    pairs = KDTree(surface.vertices).query_pairs(reach, output_type="ndarray")
    pairs = pairs[surface.values[pairs[:, 0]] == surface.values[pairs[:, 1]]]
    pairs = np.concatenate([pairs, np.stack([np.arange(len(target)), target], axis=1)])
    graph = coo_array((np.ones(len(pairs), bool), tuple(pairs.T)), shape=(len(target),) * 2)
    _, number = connected_components(graph, directed=False)
    _, first = np.unique(number, return_index=True)
    return np.asarray(first[number])


@operation
def repair_normals(surface: Surface) -> Surface:
    """Turn all faces of closed objects so that their normals point outwards.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.

    Returns
    -------
    repaired_surface : Surface
        The surface, its faces turned alike in each connected part, and outwards. A part
        inside of another one with the same value is the wall of a hollow: its normals point
        into the hollow. Parts that are open are turned as most of their faces were.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or a part
        has only one side (as a Möbius strip), so that no turn is right.

    References
    ----------
    .. [1] Jacobson et al., "Robust inside-outside segmentation using generalized winding
           numbers", ACM TOG 32 (2013), 33, https://doi.org/10.1145/2461912.2461916, for
           which part lies in which

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 8), int); labels[2:6, 2:6, 2:6] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> faces = surface.faces.copy(); faces[::3] = faces[::3, ::-1]
    >>> repaired = surfaces.repair_normals(surface._replace(faces=faces))
    >>> surfaces.measure_surface(repaired).equals(surfaces.measure_surface(surface))
    True
    """
    if not len(surface.faces):
        return surface
    part_of, is_turned = _turns(surface.faces)
    turned = np.where(is_turned[:, np.newaxis], surface.faces[:, ::-1], surface.faces)
    number = int(part_of.max()) + 1
    # An open part has no outside: most of its faces are right.
    reversed_ = np.bincount(part_of, is_turned, number) * 2 > np.bincount(part_of, None, number)
    parts = []
    for faces in np.split(
        turned[np.argsort(part_of, kind="stable")],
        np.cumsum(np.bincount(part_of, None, number))[:-1],
    ):
        used, places = np.unique(faces, return_inverse=True)
        parts.append(Surface(surface.vertices[used], places.reshape(-1, 3), surface.values[used]))
    closed = np.array([meshes.edges_of(part.faces).are_closed for part in parts])
    volumes = [
        meshes.closed_volume(part) if ok else 0.0 for part, ok in zip(parts, closed, strict=True)
    ]
    lows = np.array([part.vertices.min(axis=0) for part in parts])
    highs = np.array([part.vertices.max(axis=0) for part in parts])
    values = np.array([meshes.value_of(part) for part in parts])
    for place, part in enumerate(parts):
        if not closed[place]:
            continue
        point = part.vertices[part.faces[0]].mean(axis=0)
        holds = closed & (values == values[place])
        holds &= (lows <= lows[place]).all(axis=1) & (highs >= highs[place]).all(axis=1)
        holds[place] = False
        around = sum(abs(_winding(parts[one], point)) > 0.5 for one in np.flatnonzero(holds))
        reversed_[place] = (volumes[place] < 0) != (around % 2 == 1)
    faces = np.where(reversed_[part_of][:, np.newaxis], turned[:, ::-1], turned)
    return Surface(surface.vertices, np.ascontiguousarray(faces), surface.values)


def _turns(faces: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the part of each face, and which faces to turn so that those of a part agree.

    Each face is there twice, as it is and turned round. A side is shared by the copies that
    run along it in opposite directions, so that copies that agree are connected.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = meshes.edges_of(faces)
    size = len(faces)
    order = np.argsort(edges.of_sides, kind="stable")
    order = order[edges.counts[edges.of_sides[order]] == 2].reshape(-1, 2)
    one, two = order.T // 3
    differs = edges.is_forward[order[:, 0]] == edges.is_forward[order[:, 1]]
    ends = (
        np.concatenate([one, one + size]),
        np.concatenate([two + size * differs, two + size * ~differs]),
    )
    graph = coo_array((np.ones(len(ends[0]), bool), ends), shape=(2 * size,) * 2)
    _, copies = connected_components(graph, directed=False)
    if (copies[:size] == copies[size:]).any():
        raise ValueError(
            "surface has a part with only one side (as a Möbius strip), so its faces can not "
            "all be turned alike"
        )
    both = np.minimum(copies[:size], copies[size:])
    _, part_of = np.unique(both, return_inverse=True)
    return part_of.reshape(-1), copies[:size] != both


def _winding(surface: Surface, point: NDArray[np.float64]) -> float:
    """Return how often a closed surface winds round a point."""
    a, b, c = (surface.vertices[surface.faces[:, corner]] - point for corner in range(3))
    la, lb, lc = (np.linalg.norm(one, axis=1) for one in (a, b, c))
    above = (a * np.cross(b, c)).sum(axis=1)
    below = la * lb * lc + (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
    return float(np.arctan2(above, below).sum() / (2 * np.pi))


@operation
def flip_normals(surface: Surface) -> Surface:
    """Turn the surface inside out: all normals point the other way.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.

    Returns
    -------
    flipped_surface : Surface
        The surface, the corners of its faces in the opposite order.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite.

    See Also
    --------
    repair_normals : Finds out which faces to turn.

    References
    ----------
    .. [1] vtkReverseSense, https://vtk.org/doc/nightly/html/classvtkReverseSense.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> triangle = (np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    >>> surfaces.flip_normals(triangle).faces.tolist()
    [[2, 1, 0]]
    """
    return meshes.inside_out(surface)
