"""Smooth and simplify surfaces."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.types import Range, Surface

__all__ = ["smooth", "simplify"]


@operation
def smooth(surface: Surface, *, iterations: Annotated[int, Range(0, 1000)] = 10) -> Surface:
    """Smooth a surface without shrinking it.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), as `labels_to_surface` makes it.
    iterations : int
        Number of steps, alternately shrinking and growing; 0 to 1000.

    Returns
    -------
    smoothed_surface : Surface
        The surface with moved vertices; faces and values stay.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), faces point at vertices that do
        not exist, vertices are not finite, or `iterations` is out of range.

    References
    ----------
    .. [1] Taubin, "A signal processing approach to fair surface design", SIGGRAPH (1995),
           351-358, https://doi.org/10.1145/218380.218473; computed by trimesh, with its
           factors 0.5 and 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 10), int); labels[2:8, 2:8, 2:8] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> moved = surfaces.smooth(surface).vertices - surface.vertices
    >>> bool(np.abs(moved).max() > 0)
    True
    """
    import trimesh

    if not len(surface.faces):
        return surface
    mesh = trimesh.Trimesh(surface.vertices.copy(), surface.faces, process=False)
    used = np.unique(surface.faces)
    if len(used) < len(surface.vertices):
        # A vertex without a face has no neighbours to move towards.
        pinned = np.setdiff1d(np.arange(len(surface.vertices)), used)
        laplacian = trimesh.smoothing.laplacian_calculation(mesh, pinned_vertices=pinned.tolist())
    else:
        laplacian = trimesh.smoothing.laplacian_calculation(mesh)
    trimesh.smoothing.filter_taubin(mesh, iterations=iterations, laplacian_operator=laplacian)
    return Surface(np.asarray(mesh.vertices), surface.faces, surface.values)


@operation
def simplify(surface: Surface, *, fraction: Annotated[float, Range(0, 1)] = 0.5) -> Surface:
    """Reduce the number of triangles while keeping the shape.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), as `labels_to_surface` makes it.
    fraction : float
        Share of the faces that is kept, 0 to 1.

    Returns
    -------
    simplified_surface : Surface
        A surface with about `fraction` of the faces; each vertex keeps the value of a
        vertex that was merged into it. A small object keeps a few faces even where the
        fraction asks for fewer.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), faces point at vertices that do
        not exist, vertices are not finite, or `fraction` is out of range.

    References
    ----------
    .. [1] Garland and Heckbert, "Surface simplification using quadric error metrics",
           SIGGRAPH (1997), 209-216, https://doi.org/10.1145/258734.258849; computed by
           fast-simplification.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((10, 10, 10), int); labels[1:9, 1:9, 1:9] = 1
    >>> simple = surfaces.simplify(surfaces.labels_to_surface(labels), fraction=0.25)
    >>> len(simple.faces)
    190
    """
    import fast_simplification

    target = int(fraction * len(surface.faces))
    if target == len(surface.faces):
        return surface
    faces = surface.faces.astype(np.int32)
    _, _, collapses = fast_simplification.simplify(
        surface.vertices, faces, target_count=target, return_collapses=True
    )
    vertices, new_faces, merged_into = fast_simplification.replay_simplification(
        surface.vertices, faces, collapses
    )
    values = np.zeros(len(vertices), surface.values.dtype)
    values[merged_into[::-1]] = surface.values[::-1]
    return Surface(np.asarray(vertices, np.float64), np.asarray(new_faces, np.int64), values)
