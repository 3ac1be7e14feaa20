"""Wrap labels, surfaces and points in hulls."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.surfaces.creation import labels_to_surface
from napari_delineate.types import (
    Labels,
    Length,
    Points,
    Range,
    Spacing,
    Surface,
    length_in_units,
    voxels,
)

__all__ = [
    "labels_to_convex_hulls",
    "surface_to_convex_hull",
    "points_to_convex_hull",
    "points_to_surface",
]

_ON_A_LINE = "points must be three or more that are not all on one line, to have a hull"

_IN_A_PLANE = "surface has all its vertices in one plane, so that its hull has no inside"


@operation
def labels_to_convex_hulls(labels: Labels, *, spacing: Spacing = 1.0) -> Surface:
    """Make the convex hull around every object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background. A 2D image counts as one slice as thick as the
        finest voxel size.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): the hull of each object's surface, in physical units,
        with outward normals and the label of each vertex. Hulls of neighbours can overlap.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    References
    ----------
    .. [1] Barber et al., "The quickhull algorithm for convex hulls", ACM TOMS 22 (1996),
           469-483, https://doi.org/10.1145/235815.235821; computed by
           `scipy.spatial.ConvexHull`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((9, 9, 9), int); labels[2:7, 2:7, 2] = labels[2:7, 2, 2:7] = 3
    >>> hull = surfaces.labels_to_convex_hulls(labels)
    >>> float(surfaces.measure_surface(hull)["solidity"].round(6)[0])
    1.0
    """
    surface = labels_to_surface(labels, spacing=spacing)
    parts = meshes.groups_of_values(surface, surface.values)
    return building_blocks.join_surfaces([_hull_of(part) for part in parts]) if parts else surface


@operation
def surface_to_convex_hull(surface: Surface) -> Surface:
    """Make the convex hull of a surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.

    Returns
    -------
    hull_surface : Surface
        One hull around all vertices with faces, with outward normals; vertices keep their
        values. Empty if there are no faces.

    Raises
    ------
    TypeError
        If the surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, or all lie in one plane.

    See Also
    --------
    labels_to_convex_hulls : One hull for each object.

    References
    ----------
    .. [1] Barber et al., "The quickhull algorithm for convex hulls", ACM TOMS 22 (1996),
           469-483, https://doi.org/10.1145/235815.235821; computed by
           `scipy.spatial.ConvexHull`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((9, 9, 20), int); labels[2:7, 2:7, 2:5] = labels[2:7, 2:7, 15:18] = 1
    >>> hull = surfaces.surface_to_convex_hull(surfaces.labels_to_surface(labels))
    >>> float(np.ptp(hull.vertices[:, 2]))
    16.0
    """
    if not len(surface.faces):
        return surface
    used, faces = np.unique(surface.faces, return_inverse=True)
    return _hull_of(Surface(surface.vertices[used], faces.reshape(-1, 3), surface.values[used]))


@operation
def points_to_convex_hull(points: Points) -> Surface:
    """Make the convex hull of points.

    Parameters
    ----------
    points : (N, D) ndarray of float
        Positions in physical units, in the order of the axes. Points with two coordinates
        lie at depth 0. Points in one plane give a flat surface.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): the points on the hull, in physical units, triangles with
        outward normals, and 1 for each vertex.

    Raises
    ------
    TypeError
        If the points are no numbers.
    ValueError
        If points are not finite, fewer than three, or all on one line.

    References
    ----------
    .. [1] Barber et al., "The quickhull algorithm for convex hulls", ACM TOMS 22 (1996),
           469-483, https://doi.org/10.1145/235815.235821; computed by
           `scipy.spatial.ConvexHull`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> corners = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    >>> hull = surfaces.points_to_convex_hull(np.append(corners, [[0.5, 0.5, 0.5]], axis=0))
    >>> len(hull.vertices), len(hull.faces)
    (8, 12)
    """
    if not len(points):
        raise ValueError(_ON_A_LINE)
    flat = _in_plane(points)
    if flat is not None:
        return _flat(points, flat, np.inf)
    return _hull_of(Surface(points.astype(np.float64), np.zeros((0, 3), np.int64), _ones(points)))


@operation
def points_to_surface(
    points: Points,
    *,
    radius: Annotated[Length, Range(0)] = voxels(10),
    spacing: Spacing = 1.0,
) -> Surface:
    """Wrap points in the surface that a ball can not pass (alpha shape).

    Parameters
    ----------
    points : (N, D) ndarray of float
        Positions in physical units, in the order of the axes. Points with two coordinates
        lie at depth 0. Points in one plane give a flat surface.
    radius : float or Voxels
        Radius of the ball that is rolled over the points, in the units of `spacing` or as
        `voxels(n)`: gaps that it falls into are left open. Twice the distance between
        neighbouring points is a good start; a very large one gives the convex hull.
    spacing : float or tuple of float
        Voxel size of the image that the points were found in.

    Returns
    -------
    surface : Surface
        (vertices, faces, values): those points that lie on the surface, triangles with
        outward normals, and 1 for each vertex. In 3D it is closed; empty if the ball passes
        everywhere.

    Raises
    ------
    TypeError
        If the points are no numbers.
    ValueError
        If points are not finite, fewer than three, or all on one line, or the radius is
        negative.

    References
    ----------
    .. [1] Edelsbrunner and Mücke, "Three-dimensional alpha shapes", ACM TOG 13 (1994),
           43-72, https://doi.org/10.1145/174462.156635; on the tetrahedra of
           `scipy.spatial.Delaunay`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> corners = np.array([[z, y, x] for z in (0, 1) for y in (0, 1) for x in (0, 1)])
    >>> len(surfaces.points_to_surface(corners, radius=2).faces)
    12
    """
    reach = length_in_units(radius, spacing) * (1 + building_blocks.ROUNDING)
    if not len(points):
        raise ValueError(_ON_A_LINE)
    flat = _in_plane(points)
    if flat is not None:
        return _flat(points, flat, reach)
    simplices = _delaunay(points)
    corners = points[simplices].astype(np.float64)
    simplices = simplices[_circumradius(corners) <= reach]
    corners = points[simplices].astype(np.float64)
    # Each side of a tetrahedron, turned so that its normal points away from the fourth corner.
    sides = simplices[:, [[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]]]
    edges = corners[:, 1:] - corners[:, :1]
    is_left = np.linalg.det(edges) < 0
    sides[is_left] = sides[is_left][..., ::-1]
    sides = sides.reshape(-1, 3)
    _, number, counts = np.unique(
        np.sort(sides, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    faces = sides[counts[number.reshape(-1)] == 1]
    used, places = np.unique(faces, return_inverse=True)
    surface = Surface(
        points[used].astype(np.float64), places.reshape(-1, 3).astype(np.int64), _ones(used)
    )
    return meshes.without_pinches(surface)


def _ones(points: NDArray[Any]) -> NDArray[np.int32]:
    return np.ones(len(points), np.int32)


def _circumradius(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the radius of the sphere through the corners of each simplex."""
    edges = corners[:, 1:] - corners[:, :1]
    squares = (edges**2).sum(axis=2, keepdims=True) / 2
    # Of a simplex without volume it is the circle in its plane.
    return np.asarray(np.linalg.norm(np.linalg.pinv(edges, 1e-9) @ squares, axis=(1, 2)))


def _delaunay(points: NDArray[Any]) -> NDArray[Any]:
    from scipy.spatial import Delaunay, QhullError

    try:
        return np.asarray(Delaunay(points - points.mean(axis=0)).simplices)
    except (QhullError, ValueError) as error:
        raise ValueError(_ON_A_LINE) from error


def _in_plane(points: NDArray[Any]) -> NDArray[np.float64] | None:
    """Return coordinates in the plane that all points lie in, None if they do not."""
    if points.shape[1] == 2:
        return points.astype(np.float64)
    away = points - points.mean(axis=0) if len(points) else points
    _, lengths, axes = np.linalg.svd(away, full_matrices=False)
    if len(points) > 3 and lengths[2] > building_blocks.ROUNDING * lengths[0]:
        return None
    return np.asarray(away @ axes[:2].T)


def _flat(points: NDArray[Any], flat: NDArray[np.float64], reach: float) -> Surface:
    """Return the triangles of points in a plane whose circles are small enough."""
    faces = _delaunay(flat)
    faces = faces[_circumradius(flat[faces]) <= reach]
    depth = np.zeros((len(points), 3 - points.shape[1]))
    vertices = np.concatenate([depth, points], axis=1).astype(np.float64)
    used, places = np.unique(faces, return_inverse=True)
    surface = Surface(vertices[used], places.reshape(-1, 3).astype(np.int64), _ones(used))
    # All turned alike: towards where the first coordinate that differs grows.
    vectors = meshes.face_vectors(surface)
    axis = np.abs(vectors).sum(axis=0).argmax()
    faces = np.where(vectors[:, [axis]] < 0, surface.faces[:, ::-1], surface.faces)
    return surface._replace(faces=faces)


def _hull_of(surface: Surface) -> Surface:
    """Return the convex hull of the vertices, which keep their values."""
    from scipy.spatial import ConvexHull, QhullError

    try:
        hull = ConvexHull(surface.vertices)
    except (QhullError, ValueError) as error:
        raise ValueError(_IN_A_PLANE) from error
    faces = hull.simplices.astype(np.int64)
    vectors = meshes.face_vectors(Surface(surface.vertices, faces, surface.values))
    inwards = (vectors * hull.equations[:, :3]).sum(axis=1) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    return meshes.with_faces(surface, faces)
