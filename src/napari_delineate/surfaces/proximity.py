"""Find what is near to the vertices of a surface: other surfaces, its other side, labels."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Labels, Spacing, Surface

__all__ = ["distance_to_surface", "thickness", "nearest_label", "intensity_on_surface"]


class NearestPlace:
    """Hold the places of a surface (with faces) that are nearest to points."""

    def __init__(self, surface: Surface, points: NDArray[np.float64]) -> None:
        from napari_delineate.kernels.triangles import make_tree, nearest_triangles

        self._surface = surface
        self._points = points
        tree = make_tree(surface.vertices[surface.faces])
        self.places, self._faces, self._parts = nearest_triangles(tree, points)

    def outwards(self) -> NDArray[np.float64]:
        """Return for each place the vector whose side is the outside.

        On an edge that is the sum of the normals of its faces, on a corner their sum weighted
        by the angles. With the normal of only one of the faces, the sign would be wrong where
        the surface is bent.
        """
        surface = self._surface
        vectors = meshes.face_vectors(surface)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        units = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
        result = units[self._faces]
        on_corner = (self._parts >= 1) & (self._parts <= 3)
        corners = surface.faces[self._faces[on_corner], self._parts[on_corner] - 1]
        result[on_corner] = meshes.vertex_normals(surface)[corners]
        on_edge = self._parts >= 4
        edges = meshes.edges_of(surface.faces)
        of_edges = np.zeros((len(edges.ends), 3))
        np.add.at(of_edges, edges.of_sides, np.repeat(units, 3, axis=0))
        sides = 3 * self._faces[on_edge] + self._parts[on_edge] - 4
        result[on_edge] = of_edges[edges.of_sides[sides]]
        return np.asarray(result)


@operation(keeps_mesh=True)
def distance_to_surface(
    surface: Surface, other: Surface, *, sign: Literal["signed", "unsigned"] = "signed"
) -> Surface:
    """Give every vertex its distance to another surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    other : Surface
        The surface that distances are measured to.
    sign : {"signed", "unsigned"}
        Whether vertices inside of the other surface get negative distances.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the distances in physical units.

    Raises
    ------
    TypeError, ValueError
        If a surface is not (vertices, faces, values), or vertices are not finite; if the
        other surface has no faces, or has holes and distances are signed.

    Notes
    -----
    Distances are exact, from vertices to triangles.

    References
    ----------
    .. [1] Bærentzen and Aanæs, "Signed distance computation using the angle weighted
           pseudonormal", IEEE TVCG 11 (2005), 243-253,
           https://doi.org/10.1109/TVCG.2005.49

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((20, 20, 20), int); labels[2:18, 2:18, 2:18] = 1
    >>> outer = surfaces.labels_to_surface(labels)
    >>> inner = surfaces.labels_to_surface(np.roll(labels, 0) * (np.indices(labels.shape)[0] > 9))
    >>> float(surfaces.distance_to_surface(inner, outer).values.min())
    -7.5
    """
    if not len(other.faces):
        raise ValueError("other has no faces, so there is no distance to it")
    if sign == "signed" and not meshes.edges_of(other.faces).are_closed:
        raise ValueError(
            "other has holes, so it has no inside; close them with surfaces.fill_surface_holes, "
            'or set sign to "unsigned"'
        )
    nearest = NearestPlace(other, surface.vertices)
    away = surface.vertices - nearest.places
    distances = np.linalg.norm(away, axis=1)
    if sign == "signed":
        distances[(away * nearest.outwards()).sum(axis=1) < 0] *= -1
    return meshes.with_values(surface, distances)


@operation(version=2, keeps_mesh=True)
def thickness(surface: Surface) -> Surface:
    """Give every vertex the thickness of the object below it.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values) of closed objects, positions in physical units.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the thickness in physical units: how far a ray from the
        vertex straight into the object runs until it comes out. 0 for vertices without
        faces, and where it never does because faces are turned round.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or it has
        holes.

    Notes
    -----
    A surface that follows the steps of the voxels has normals that point here and there:
    run `smooth` before. Objects of different values do not see each other; values that are
    not whole numbers say no objects.

    References
    ----------
    .. [1] Shapira et al., "Consistent mesh partitioning and skeletonisation using the shape
           diameter function", The Visual Computer 24 (2008), 249-259,
           https://doi.org/10.1007/s00371-007-0197-5, with one ray

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 40, 40), int); labels[3:9, 5:35, 5:35] = 1
    >>> plate = surfaces.thickness(surfaces.labels_to_surface(labels))
    >>> float(np.median(plate.values))
    6.0
    """
    from napari_delineate.kernels.triangles import first_hits, make_tree

    result = np.zeros(len(surface.vertices))
    if not len(surface.faces):
        return meshes.with_values(surface, result)
    if not meshes.edges_of(surface.faces).are_closed:
        raise ValueError(
            "surface has holes, so it has no inside; close them with surfaces.fill_surface_holes"
        )
    normals = meshes.vertex_normals(surface)
    extent = float(np.ptp(surface.vertices, axis=0).max())
    values = surface.values
    if (values != np.round(values)).any():
        values = np.zeros(len(values))  # measured values say no objects
    of_faces = values[surface.faces[:, 0]]
    used = np.zeros(len(result), bool)
    used[surface.faces] = True
    # Sorted once: there may be thousands of objects.
    pointed = np.flatnonzero(used & normals.any(axis=1))
    pointed = pointed[np.argsort(values[pointed], kind="stable")]
    sorted_values = values[pointed]
    order = np.argsort(of_faces, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(of_faces[order])) + 1):
        value = of_faces[group[0]]
        tree = make_tree(surface.vertices[surface.faces[group]])
        start = np.searchsorted(sorted_values, value, "left")
        own = pointed[start : np.searchsorted(sorted_values, value, "right")]
        result[own] = first_hits(
            tree, surface.vertices[own], -normals[own], extent * building_blocks.ROUNDING
        )
    # Only where faces are turned wrongly does a ray into an object never come out.
    result[~np.isfinite(result)] = 0.0
    return meshes.with_values(surface, result)


@operation(keeps_mesh=True)
def nearest_label(surface: Surface, labels: Labels, *, spacing: Spacing = 1.0) -> Surface:
    """Give every vertex the label of the object nearest to it.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background. In a 2D image the depth of vertices does not
        count.
    spacing : float or tuple of float
        Voxel size of the labels, one number or one per axis.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the labels; 0 if there are none.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or the labels are not whole numbers
        from 0 up.

    References
    ----------
    .. [1] `scipy.spatial.KDTree`, which computes it, from the centres of the voxels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 20), int); labels[3:7, 3:7, 3:7] = 1
    >>> spots = np.zeros_like(labels); spots[5, 5, 1] = 8; spots[5, 5, 15] = 9
    >>> found = surfaces.nearest_label(surfaces.labels_to_surface(labels), spots)
    >>> np.unique(found.values).tolist()
    [8]
    """
    from scipy.spatial import KDTree
    from skimage.segmentation import find_boundaries

    per_axis = np.broadcast_to(spacing, labels.ndim)
    # A pixel of an object is its nearest one from outside only on its rim.
    inner = labels if min(labels.shape) == 1 else labels * find_boundaries(labels, mode="inner")
    inner = np.where(_on_border(labels.shape), labels, inner)
    places = np.argwhere(inner > 0)
    vertices = surface.vertices[:, 3 - labels.ndim :]
    if not len(places):
        return meshes.with_values(surface, np.zeros(len(vertices), labels.dtype))
    _, nearest = KDTree(places * per_axis).query(vertices)
    values = labels[tuple(places[nearest].T)]
    # Deep inside of an object the rim of another one can be as near.
    pixels = np.clip(np.floor(vertices / per_axis + 0.5), -1, labels.shape).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < labels.shape)).all(axis=1)
    own = labels[tuple(pixels[inside].T)]
    values[inside] = np.where(own > 0, own, values[inside])
    return meshes.with_values(surface, values)


def _on_border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    border = np.ones(shape, bool)
    border[(slice(1, -1),) * len(shape)] = False
    return border


@operation(keeps_mesh=True)
def intensity_on_surface(surface: Surface, image: Image, *, spacing: Spacing = 1.0) -> Surface:
    """Give every vertex the intensity of an image at its place.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities. In a 2D image the depth of vertices does not count.
    spacing : float or tuple of float
        Voxel size of the image, one number or one per axis.

    Returns
    -------
    measured_surface : Surface
        The surface, its values the intensities, interpolated between the centres of the
        pixels; beyond them that of the nearest pixel.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or the image holds NaN or infinity.

    References
    ----------
    .. [1] `scipy.ndimage.map_coordinates`, which computes it, linear.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((8, 8, 8), int); labels[2:6, 2:6, 2:6] = 1
    >>> ramp = np.broadcast_to(np.arange(8.0), (8, 8, 8))
    >>> shaded = surfaces.intensity_on_surface(surfaces.labels_to_surface(labels), ramp)
    >>> float(shaded.values.min()), float(shaded.values.max())
    (1.5, 5.5)
    """
    from scipy.ndimage import map_coordinates

    places = surface.vertices[:, 3 - image.ndim :] / np.broadcast_to(spacing, image.ndim)
    values = building_blocks.as_float(image)
    found = map_coordinates(values, places.T, np.float64, order=1, mode="nearest")
    return meshes.with_values(surface, found)
