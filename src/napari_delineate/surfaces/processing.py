"""Smooth and simplify surfaces."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Range, Surface

__all__ = ["smooth", "simplify"]

_FEWEST = 4
"""Fewest faces of a closed surface."""


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
    # A vertex without a face has no neighbours to move towards, and trimesh divides by their
    # number.
    used, faces = np.unique(surface.faces, return_inverse=True)
    mesh = trimesh.Trimesh(surface.vertices[used], faces.reshape(-1, 3), process=False)
    trimesh.smoothing.filter_taubin(mesh, iterations=iterations)
    vertices = surface.vertices.copy()
    vertices[used] = mesh.vertices
    return Surface(vertices, surface.faces, surface.values)


@operation
def simplify(surface: Surface, *, fraction: Annotated[float, Range(0, 1)] = 0.5) -> Surface:
    """Reduce the number of triangles while keeping the shape.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), as `labels_to_surface` makes it.
    fraction : float
        Share of the faces that is kept, 0 to 1, in each part that is not connected to
        others.

    Returns
    -------
    simplified_surface : Surface
        A surface with about `fraction` of the faces; each vertex keeps the value of a
        vertex that was merged into it. A small object keeps four faces even where the
        fraction asks for fewer, so none disappears.

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
    if fraction == 1 or not len(surface.faces):
        return surface
    # One by one, because merging is cheapest, and soon complete, in small objects.
    parts = [_reduced(part, fraction) for part in meshes.connected_parts(surface)]
    return building_blocks.join_surfaces(parts)


def _reduced(surface: Surface, fraction: float) -> Surface:
    """Reduce the faces of a connected surface, but not to less than a tetrahedron."""
    target = max(_FEWEST, int(fraction * len(surface.faces)))
    while len(surface.faces) > target:
        simpler = _simplified(surface, target)
        if len(simpler.faces) < _FEWEST:  # folded flat
            target += 2
        elif len(simpler.faces) == len(surface.faces):
            break
        else:  # a pass stops early where cheap merges run out; the next one finds more
            surface = simpler
    return surface


def _simplified(surface: Surface, target: int) -> Surface:
    """Merge vertices of a connected surface once, until it has few enough faces."""
    import fast_simplification

    # fast-simplification refuses read-only memory.
    before, faces = surface.vertices.copy(), surface.faces.astype(np.int32)
    vertices, new_faces, collapses = fast_simplification.simplify(
        before, faces, target_count=target, return_collapses=True
    )
    # The replay rounds to single precision, which throws vertices of flat parts far away. It
    # is asked only which vertices were merged into which.
    _, _, merged_into = fast_simplification.replay_simplification(before, faces, collapses)
    values = np.zeros(len(vertices), surface.values.dtype)
    values[merged_into[::-1]] = surface.values[::-1]
    # The best place for a vertex can lie a little outside of what was there.
    vertices = np.clip(vertices, before.min(axis=0), before.max(axis=0))
    simpler = Surface(vertices, np.asarray(new_faces, np.int64), values)
    return meshes.without_pinches(building_blocks.without_folds(simpler))
