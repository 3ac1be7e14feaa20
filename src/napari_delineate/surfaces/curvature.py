"""Colour a surface by how much it is curved."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Range, Spacing, Surface, length_in_units, voxels

__all__ = ["fitted_curvature", "discrete_curvature", "sphere_fitted_curvature"]

Quantities = Literal["mean", "gaussian", "maximum", "minimum", "shape index", "curvedness"]

_AT_ONCE = 2**15
"""Vertices that sheets and spheres are fitted to at a time."""

_FEWEST = 12
"""Neighbours of a vertex that a curved sheet is fitted to, at least."""


@operation(keeps_mesh=True)
def fitted_curvature(
    surface: Surface,
    *,
    quantity: Quantities = "mean",
    radius: Annotated[Length, Range(0)] = voxels(5),
    spacing: Spacing = 1.0,
) -> Surface:
    """Give every vertex the curvature of a curved sheet fitted to its neighbours.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    quantity : {"mean", "gaussian", "maximum", "minimum", "shape index", "curvedness"}
        What the values say. Mean, maximal and minimal curvature have the unit 1 / length,
        the Gaussian curvature 1 / length²; all are positive for a ball (bulges) and the
        mean is negative in dents. The shape index runs from -1 (a cup) over 0 (a saddle) to
        1 (a cap); the curvedness is the root mean square of the two principal curvatures.
    radius : float or Voxels
        Neighbours up to this far away are fitted, in the units of `spacing` or as
        `voxels(n)`, but at least the twelve nearest. A larger radius is less disturbed by
        the steps of the voxels and sees less detail.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the curvature; 0 for vertices without faces.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        radius is negative.

    See Also
    --------
    discrete_curvature : Looks at the adjoining triangles only.

    Notes
    -----
    Neighbours whose normals point away from that of the vertex lie on another side of the
    object and are left out.

    References
    ----------
    .. [1] Hamann, "Curvature approximation for triangulated surfaces", Computing Supplement
           8 (1993), 139-153, https://doi.org/10.1007/978-3-7091-6916-2_10
    .. [2] Koenderink and van Doorn, "Surface shape and curvature scales", Image and Vision
           Computing 10 (1992), 557-564, https://doi.org/10.1016/0262-8856(92)90076-F

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> ball = (np.indices((25, 25, 25)) - 12) ** 2
    >>> surface = surfaces.smooth(surfaces.labels_to_surface(ball.sum(axis=0) <= 100))
    >>> round(float(np.median(surfaces.fitted_curvature(surface).values)), 2)
    0.1
    """
    largest, smallest = principal_curvatures(surface, length_in_units(radius, spacing))
    return meshes.with_values(surface, derived_curvature(largest, smallest, quantity))


def principal_curvatures(surface: Surface, radius: float) -> NDArray[np.float64]:
    """Return the largest and smallest curvature at each vertex; 0 without faces."""
    normals = meshes.vertex_normals(surface)
    curvatures = np.zeros((2, len(normals)))
    own = np.flatnonzero(normals.any(axis=1))
    if len(own):
        curvatures[:, own] = _fitted(surface.vertices[own], normals[own], radius)
    return curvatures


def _fitted(
    points: NDArray[np.float64], normals: NDArray[np.float64], radius: float
) -> NDArray[np.float64]:
    """Return the largest and smallest curvature at each point."""
    from napari_delineate.kernels.neighbourhoods import find_neighbourhoods, sheet_sums

    # Two directions along the sheet: across the axis that the normal follows least.
    axis = np.eye(3)[np.argmin(np.abs(normals), axis=1)]
    first = np.cross(normals, axis)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(normals, first)
    result = np.zeros((2, len(points)))
    near = find_neighbourhoods(points, radius, _FEWEST)
    for start in range(0, len(points), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(points))
        matrix, right = np.empty((stop - start, 6, 6)), np.empty((stop - start, 6))
        # In lengths of the neighbourhood, so that all terms are about as large.
        scale = np.empty(stop - start)
        sheet_sums(points, normals, first, second, near, start, matrix, right, scale)
        # Where neighbours lie on a line, the smallest sheet through them is taken.
        solution = np.einsum("nij,nj->ni", np.linalg.pinv(matrix, 1e-9, hermitian=True), right)
        a, b, c, slope_u, slope_v, _ = solution.T
        result[:, start:stop] = _principal(a, b, c, slope_u, slope_v) / scale
    return result


def _principal(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64],
    slope_u: NDArray[np.float64], slope_v: NDArray[np.float64],
) -> NDArray[np.float64]:  # fmt: skip
    """Return the principal curvatures of height = a u²/2 + b u v + c v²/2 + slopes at 0."""
    steep = 1 + slope_u**2 + slope_v**2
    gaussian = (a * c - b * b) / steep**2
    mean = (1 + slope_v**2) * a - 2 * slope_u * slope_v * b + (1 + slope_u**2) * c
    mean = -mean / (2 * steep**1.5)  # a bulge falls away from its normal
    half = np.sqrt(np.maximum(mean**2 - gaussian, 0))
    return np.stack([mean + half, mean - half])


def derived_curvature(
    largest: NDArray[np.float64], smallest: NDArray[np.float64], quantity: Quantities
) -> NDArray[np.float64]:
    """Return a quantity that follows from the two principal curvatures."""
    if quantity == "mean":
        return (largest + smallest) / 2
    if quantity == "gaussian":
        return largest * smallest
    if quantity == "maximum":
        return largest
    if quantity == "minimum":
        return smallest
    if quantity == "curvedness":
        return np.asarray(np.sqrt((largest**2 + smallest**2) / 2))
    return np.asarray(2 / np.pi * np.arctan2(largest + smallest, largest - smallest))


@operation(keeps_mesh=True)
def discrete_curvature(
    surface: Surface, *, quantity: Literal["mean", "gaussian"] = "gaussian"
) -> Surface:
    """Give every vertex the curvature of the triangles that adjoin it.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    quantity : {"mean", "gaussian"}
        The mean curvature, in 1 / length, positive on bulges; or the Gaussian curvature, in
        1 / length²: what is missing from a full turn around the vertex, per area.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the curvature; 0 on the rim of an open surface and for
        vertices without faces.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite.

    See Also
    --------
    fitted_curvature : Looks farther, so that noise disturbs it less.

    Notes
    -----
    The Gaussian curvature times a third of the area of the adjoining triangles, added up over
    a closed surface, is 2 pi times its Euler number, whatever its shape (Gauss and Bonnet).

    References
    ----------
    .. [1] Meyer et al., "Discrete differential-geometry operators for triangulated
           2-manifolds", Visualization and Mathematics III (2003), 35-57,
           https://doi.org/10.1007/978-3-662-05105-4_2, with a third of the triangles' area

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((20, 20, 20), int); labels[3:17, 3:17, 3:17] = 1
    >>> box = surfaces.discrete_curvature(surfaces.labels_to_surface(labels))
    >>> float(np.median(box.values))
    0.0
    """
    size = len(surface.vertices)
    corners = surface.faces.ravel()
    areas = np.bincount(corners, np.repeat(meshes.face_areas(surface), 3) / 3, minlength=size)
    angles = meshes.corner_angles(surface)
    edges = meshes.edges_of(surface.faces)
    usable = areas > 0
    usable[edges.ends[edges.counts == 1]] = False
    values = np.zeros(size)
    if quantity == "gaussian":
        missing = 2 * np.pi - np.bincount(corners, angles.ravel(), minlength=size)
        values[usable] = missing[usable] / areas[usable]
        return meshes.with_values(surface, values)
    # A flat corner of a triangle without area would pull without limit.
    weights = 1 / np.tan(np.clip(angles, 1e-6, np.pi - 1e-6))
    pull = np.zeros((size, 3))
    for corner in range(3):
        one, two = surface.faces[:, (corner + 1) % 3], surface.faces[:, (corner + 2) % 3]
        side = (surface.vertices[one] - surface.vertices[two]) * weights[:, [corner]] / 2
        for axis in range(3):
            pull[:, axis] += np.bincount(one, side[:, axis], minlength=size)
            pull[:, axis] -= np.bincount(two, side[:, axis], minlength=size)
    along = (pull * meshes.vertex_normals(surface)).sum(axis=1)
    values[usable] = along[usable] / (2 * areas[usable])
    return meshes.with_values(surface, values)


@operation(version=2, keeps_mesh=True)
def sphere_fitted_curvature(
    surface: Surface,
    *,
    neighbours: Literal["radius", "fraction"] = "radius",
    radius: Annotated[Length, Range(0)] = voxels(10),
    fraction: Annotated[float, Range(0, 1)] = 0.1,
    spacing: Spacing = 1.0,
) -> Surface:
    """Give every vertex the curvature of the sphere that fits its neighbours best.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    neighbours : {"radius", "fraction"}
        Whether the vertices that are fitted lie within a radius, or within a share of the
        size of the surface.
    radius : float or Voxels
        Vertices up to this far away are fitted, in the units of `spacing` or as
        `voxels(n)`, but at least the twelve nearest.
    fraction : float
        The same as a share, 0 to 1, of the average size of the whole surface: the mean
        distance of its vertices from their mean.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    measured_surface : Surface
        The surface, its values one over the square of the radius of the sphere, in
        1 / length²: the Gaussian curvature of the sphere. 0 where the neighbours are flat.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        radius is negative.

    Notes
    -----
    The sphere minimises the sum of squares of |place - centre|² - radius². A bulge and a
    dent get the same number.

    References
    ----------
    .. [1] `napari-process-points-and-surfaces`, add_spherefitted_curvature,
           https://github.com/haesleinhuepf/napari-process-points-and-surfaces

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> ball = (np.indices((25, 25, 25)) - 12) ** 2
    >>> surface = surfaces.smooth(surfaces.labels_to_surface(ball.sum(axis=0) <= 100))
    >>> fitted = surfaces.sphere_fitted_curvature(surface)
    >>> round(float(np.median(fitted.values)) ** -0.5)
    10
    """
    from napari_delineate.kernels.neighbourhoods import find_neighbourhoods, sphere_sums

    result = np.zeros(len(surface.vertices))
    if not len(result):
        return meshes.with_values(surface, result)
    reach = length_in_units(radius, spacing)
    if neighbours == "fraction":
        reach = fraction * meshes.average_size(surface)
    near = find_neighbourhoods(surface.vertices, reach, _FEWEST)
    for start in range(0, len(result), _AT_ONCE):
        stop = min(start + _AT_ONCE, len(result))
        matrix, right = np.empty((stop - start, 4, 4)), np.empty((stop - start, 4))
        scale = np.empty(stop - start)
        sphere_sums(surface.vertices, near, start, matrix, right, scale)
        # In a plane the centre is undetermined: such fits have no curvature.
        is_flat = np.linalg.eigvalsh(matrix)[:, 0] < 1e-9 * matrix[:, 3, 3]
        matrix[is_flat] = np.eye(4)
        centre = np.linalg.solve(matrix, right[..., np.newaxis])[..., 0]
        radius_squared = centre[:, 3] + (centre[:, :3] ** 2).sum(axis=1)
        is_flat |= radius_squared <= 0
        fitted = 1 / (np.where(is_flat, 1.0, radius_squared) * scale**2)
        result[start:stop] = np.where(is_flat, 0.0, fitted)
    return meshes.with_values(surface, result)
