"""Cover surfaces with triangles that are all alike."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Range, Spacing, Surface, length_in_units, voxels

__all__ = ["remesh"]

_MOST = 50_000_000
"""Faces that a surface gets, at most."""


@operation
def remesh(
    surface: Surface,
    *,
    edge_length: Annotated[Length, Range(0)] = voxels(2),
    iterations: Annotated[int, Range(1, 100)] = 10,
    spacing: Spacing = 1.0,
) -> Surface:
    """Replace the triangles by ones with sides about as long as wanted.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    edge_length : float or Voxels
        Length of the sides, in the units of `spacing` or as `voxels(n)`.
    iterations : int
        How often edges are split, collapsed and flipped, and vertices are moved, 1 to 100.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    remeshed_surface : Surface
        The surface with other vertices, which lie on the surface given, and their values
        from the nearest vertices of the same part. What is closed stays closed, with the
        same Euler number, and the rim of an open surface stays where it is.

    Raises
    ------
    TypeError
        If the surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, or the length is 0 or so small that there would be more
        than 50 million faces.

    See Also
    --------
    simplify : Keeps details, with triangles of all sizes.

    Notes
    -----
    Edges longer than 4/3 of the length are split and those shorter than 4/5 collapsed, unless
    a face would turn over. Edges and corners of an object, and parts thinner than the length,
    are rounded. Sides where more than two faces meet, or two that are turned against each
    other, stay as they are.

    References
    ----------
    .. [1] Botsch and Kobbelt, "A remeshing approach to multiresolution modeling", Symposium on
           Geometry Processing (2004), 185-192, https://doi.org/10.1145/1057432.1057457

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> ball = ((np.indices((25, 25, 25)) - 12) ** 2).sum(axis=0) <= 100
    >>> surface = surfaces.smooth(surfaces.mask_to_surface(ball))
    >>> coarse = surfaces.remesh(surface, edge_length=3)
    >>> sides = coarse.vertices[coarse.faces] - coarse.vertices[np.roll(coarse.faces, 1, axis=1)]
    >>> round(float(np.linalg.norm(sides, axis=2).mean()))
    3
    """
    length = length_in_units(edge_length, spacing)
    if length == 0:
        raise ValueError("edge_length must be more than 0; got 0")
    corners = surface.vertices[surface.faces]
    with np.errstate(over="ignore", invalid="ignore"):
        # Faces without area are split along their sides.
        sides = np.linalg.norm(np.roll(corners, 1, axis=1) - corners, axis=2).sum() / length
        expected = meshes.face_areas(surface).sum() / (np.sqrt(3) / 4) / length / length + sides
    if not expected <= _MOST:
        raise ValueError(
            f"edge_length is so small for this surface that there would be more than {_MOST} "
            "faces; give a larger one"
        )
    whole = (surface.faces != np.roll(surface.faces, 1, axis=1)).all(axis=1)
    clean = surface._replace(faces=surface.faces[whole])
    parts = meshes.connected_parts(clean)
    if not parts:
        return clean
    return building_blocks.join_surfaces([_remeshed(part, length, iterations) for part in parts])


class _Mesh(NamedTuple):
    """Hold what `napari_delineate.kernels.remeshing` works on."""

    vertices: NDArray[Any]
    corners: NDArray[Any]
    twins: NDArray[Any]
    leaving: NDArray[Any]
    is_fixed: NDArray[Any]


_ALONE, _CROWDED = -1, -2
"""What a side has for a twin if its face has no neighbour there, or several."""


def _remeshed(surface: Surface, length: float, iterations: int) -> Surface:
    """Remesh one connected part."""
    from scipy.spatial import KDTree

    from napari_delineate.kernels.remeshing import collapse_short, flip_edges, relaxed
    from napari_delineate.kernels.triangles import make_tree, nearest_triangles

    mesh, origin = _linked(surface)
    tree = make_tree(surface.vertices[surface.faces])
    for _ in range(iterations):
        mesh = _split(mesh, length)
        collapse_short(*mesh, length)
        mesh = _compact(mesh)
        flip_edges(*mesh)
        moved = relaxed(mesh.vertices, mesh.corners, mesh.is_fixed)
        places, _, _ = nearest_triangles(tree, moved)
        mesh = mesh._replace(vertices=np.where(mesh.is_fixed[:, np.newaxis], mesh.vertices, places))
    # Vertices on a rim are never removed, and the first ones: those of one vertex are joined.
    target = np.arange(len(mesh.vertices))
    _, first, copies = np.unique(origin, return_index=True, return_inverse=True)
    target[: len(origin)] = first[copies.reshape(-1)]
    used, corners = np.unique(target[mesh.corners], return_inverse=True)
    _, nearest = KDTree(surface.vertices).query(mesh.vertices[used])
    return Surface(mesh.vertices[used], corners.reshape(-1, 3), surface.values[nearest])


def _linked(surface: Surface) -> tuple[_Mesh, NDArray[Any]]:
    """Find the neighbours of all faces; each fan of faces gets a vertex of its own.

    Return also which vertices those on a rim, the first ones, were.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = meshes.edges_of(surface.faces)
    turns = np.bincount(edges.of_sides, np.where(edges.is_forward, 1, -1))
    is_inner = (edges.counts == 2) & (turns == 0)
    order = np.argsort(edges.of_sides, kind="stable")
    one, two = order[is_inner[edges.of_sides[order]]].reshape(-1, 2).T
    sides = np.arange(surface.faces.size)
    twins = np.where(edges.counts[edges.of_sides] == 1, _ALONE, _CROWDED)
    twins[one], twins[two] = two, one
    following = np.where(sides % 3 == 2, sides - 2, sides + 1)
    pairs = np.concatenate([one, two]), np.concatenate([following[two], following[one]])
    graph = coo_array((np.ones(len(pairs[0]), bool), pairs), shape=(len(sides),) * 2)
    number, fans = connected_components(graph, directed=False)
    is_rim = twins < 0
    is_fixed = np.zeros(number, bool)
    is_fixed[fans[is_rim]] = is_fixed[fans[following[is_rim]]] = True
    rank = np.empty(number, np.int64)
    rank[np.argsort(~is_fixed, kind="stable")] = np.arange(number)
    corners = rank[fans]
    leaving = np.zeros(number, np.int64)
    leaving[corners] = sides
    origin = surface.faces.reshape(-1)[leaving]
    count = int(is_fixed.sum())
    is_first = np.arange(number) < count
    mesh = _Mesh(surface.vertices[origin], corners, twins, leaving, is_first)
    return mesh, origin[:count]


def _split(mesh: _Mesh, length: float) -> _Mesh:
    """Split edges until none is long."""
    from napari_delineate.kernels.remeshing import split_long

    size, faces = len(mesh.vertices), len(mesh.corners) // 3
    while True:
        room = len(mesh.vertices) + 2 * faces, len(mesh.corners) + 4 * 3 * faces
        mesh = _Mesh(
            *(
                _longer(part, room[name in ("corners", "twins")])
                for name, part in mesh._asdict().items()
            )
        )
        size, faces = split_long(*mesh, size, faces, length)
        if size < room[0] and 3 * faces + 6 <= room[1]:
            return _Mesh(
                mesh.vertices[:size],
                mesh.corners[: 3 * faces],
                mesh.twins[: 3 * faces],
                mesh.leaving[:size],
                mesh.is_fixed[:size],
            )


def _longer(array: NDArray[Any], length: int) -> NDArray[Any]:
    result = np.zeros((length, *array.shape[1:]), array.dtype)
    result[: len(array)] = array
    return result


def _compact(mesh: _Mesh) -> _Mesh:
    """Leave out faces and vertices that are gone."""
    kept = mesh.corners >= 0
    # The last two are for sides without a twin.
    place = np.append(np.cumsum(kept) - 1, [_CROWDED, _ALONE])
    used, corners = np.unique(mesh.corners[kept], return_inverse=True)
    return _Mesh(
        mesh.vertices[used],
        corners.reshape(-1),
        place[mesh.twins[kept]],
        place[mesh.leaving[used]],
        mesh.is_fixed[used],
    )
