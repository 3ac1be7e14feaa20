"""Move, turn, scale and cut surfaces."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, meshes
from napari_delineate.declaration import operation
from napari_delineate.types import Length, Range, Spacing, Surface, length_in_units, voxels

__all__ = ["scale_surface", "translate_surface", "rotate_surface", "clip_by_plane"]

Axis = Literal["z", "y", "x"]

_AXES = {"z": 0, "y": 1, "x": 2}


def _middle(surface: Surface) -> NDArray[np.float64]:
    """Return the middle of the box around a surface."""
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    return np.asarray(low / 2 + high / 2)


@operation
def scale_surface(
    surface: Surface,
    *,
    z: Annotated[float, Range(0.001, 1000)] = 1.0,
    y: Annotated[float, Range(0.001, 1000)] = 1.0,
    x: Annotated[float, Range(0.001, 1000)] = 1.0,
    about: Literal["middle", "origin"] = "middle",
) -> Surface:
    """Stretch or shrink a surface along each axis.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    z, y, x : float
        Factor along each axis, 0.001 to 1000.
    about : {"middle", "origin"}
        What stays in its place: the middle of the surface's box, or the origin.

    Returns
    -------
    scaled_surface : Surface
        The surface with moved vertices.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or a
        factor is out of range.

    References
    ----------
    .. [1] vtkTransformPolyDataFilter,
           https://vtk.org/doc/nightly/html/classvtkTransformPolyDataFilter.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> triangle = (np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    >>> surfaces.scale_surface(triangle, z=3, about="origin").vertices[0].tolist()
    [3.0, 0.0, 0.0]
    """
    if not len(surface.vertices):
        return surface
    fixed = _middle(surface) if about == "middle" else np.zeros(3)
    vertices = (surface.vertices - fixed) * (z, y, x) + fixed
    return Surface(vertices, surface.faces, surface.values)


@operation
def translate_surface(
    surface: Surface,
    *,
    z: Length = voxels(0),
    y: Length = voxels(0),
    x: Length = voxels(0),
    spacing: Spacing = 1.0,
) -> Surface:
    """Move a surface along each axis.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    z, y, x : float or Voxels
        How far, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size of the image that the surface was made of.

    Returns
    -------
    moved_surface : Surface
        The surface with moved vertices.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), or vertices are not finite.

    References
    ----------
    .. [1] vtkTransformPolyDataFilter,
           https://vtk.org/doc/nightly/html/classvtkTransformPolyDataFilter.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> triangle = (np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    >>> surfaces.translate_surface(triangle, y=2).vertices[0].tolist()
    [1.0, 2.0, 0.0]
    """
    away = [length_in_units(length, spacing) for length in (z, y, x)]
    return Surface(surface.vertices + away, surface.faces, surface.values)


@operation
def rotate_surface(
    surface: Surface,
    *,
    axis: Axis = "z",
    angle: Annotated[float, Range(-360, 360)] = 90.0,
    about: Literal["middle", "origin"] = "middle",
) -> Surface:
    """Turn a surface around an axis.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    axis : {"z", "y", "x"}
        The axis that it turns around.
    angle : float
        Angle in degrees, -360 to 360. Around z, positive angles turn the axis y towards x;
        around y, z towards x; around x, z towards y.
    about : {"middle", "origin"}
        What stays in its place: the middle of the surface's box, or the origin.

    Returns
    -------
    turned_surface : Surface
        The surface with moved vertices.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or the
        angle is out of range.

    References
    ----------
    .. [1] vtkTransformPolyDataFilter,
           https://vtk.org/doc/nightly/html/classvtkTransformPolyDataFilter.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> triangle = (np.eye(3), np.array([[0, 1, 2]]), np.ones(3))
    >>> surfaces.rotate_surface(triangle, about="origin").vertices[1].round(6).tolist()
    [0.0, 0.0, 1.0]
    """
    if not len(surface.vertices):
        return surface
    fixed = _middle(surface) if about == "middle" else np.zeros(3)
    first, second = (place for place in range(3) if place != _AXES[axis])
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    turn = np.eye(3)
    turn[[first, second], [first, second]] = cosine
    turn[second, first], turn[first, second] = sine, -sine
    vertices = (surface.vertices - fixed) @ turn.T + fixed
    return Surface(vertices, surface.faces, surface.values)


@operation
def clip_by_plane(
    surface: Surface,
    *,
    axis: Axis = "z",
    position: Annotated[float, Range(0, 1)] = 0.5,
    tilt: Annotated[float, Range(-90, 90)] = 0.0,
    keep: Literal["above", "below"] = "above",
    cap: bool = False,
) -> Surface:
    """Cut a surface by a plane and keep one side.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    axis : {"z", "y", "x"}
        The axis that the plane lies across.
    position : float
        Where the plane meets the axis through the middle of the surface, from 0 (its lower
        end) to 1 (its upper end).
    tilt : float
        Angle in degrees, -90 to 90, by which the plane is tilted towards the next axis (x
        towards z).
    keep : {"above", "below"}
        Which side is kept.
    cap : bool
        Close the cut with a flat lid. It is right where the cut is a single star-shaped
        outline, or several; rings of outlines in each other are each closed on their own.

    Returns
    -------
    clipped_surface : Surface
        The faces on one side; those that the plane meets are cut. A vertex on the cut has
        the value of the nearer end of the side that was cut.

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or a
        setting is out of range.

    References
    ----------
    .. [1] Sutherland and Hodgman, "Reentrant polygon clipping", CACM 17 (1974), 32-42,
           https://doi.org/10.1145/360767.360802

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 12), int); labels[2:10, 2:10, 2:10] = 1
    >>> half = surfaces.clip_by_plane(surfaces.labels_to_surface(labels), position=0.25)
    >>> float(half.vertices[:, 0].min())
    3.5
    """
    if not len(surface.faces):
        return surface
    low, high = surface.vertices.min(axis=0), surface.vertices.max(axis=0)
    point = _middle(surface)
    place = _AXES[axis]
    point[place] = low[place] + position * (high[place] - low[place])
    normal = np.zeros(3)
    normal[place] = np.cos(np.radians(tilt))
    normal[(place + 1) % 3] = np.sin(np.radians(tilt))
    height = (surface.vertices - point) @ normal
    height = height if keep == "above" else -height
    height[np.abs(height) <= building_blocks.ROUNDING * np.ptp(height)] = 0.0
    return _cut(surface, height, cap)


def _cut(surface: Surface, height: NDArray[np.float64], cap: bool) -> Surface:
    """Keep what is at height 0 or more."""
    sign = np.sign(height[surface.faces])
    whole = surface.faces[(sign >= 0).all(axis=1) & (sign > 0).any(axis=1)]
    mixed = (sign > 0).any(axis=1) & (sign < 0).any(axis=1)
    edges = meshes.edges_of(surface.faces)
    one, two = edges.ends.T
    crossed = np.flatnonzero(height[one] * height[two] < 0)
    one, two = one[crossed], two[crossed]
    share = height[one] / (height[one] - height[two])
    new = surface.vertices[one] + share[:, np.newaxis] * (
        surface.vertices[two] - surface.vertices[one]
    )
    number = np.full(len(edges.ends), -1)
    number[crossed] = len(surface.vertices) + np.arange(len(crossed))
    faces = [whole]
    cuts = []
    for face in np.flatnonzero(mixed):
        outline = []
        for corner in range(3):
            vertex = surface.faces[face, corner]
            if height[vertex] >= 0:
                outline.append(vertex)
            middle = number[edges.of_sides[3 * face + corner]]
            if middle >= 0:
                outline.append(middle)
        cuts += [(outline[0], b, c) for b, c in itertools.pairwise(outline[1:])]
    faces.append(np.array(cuts, np.int64).reshape(-1, 3))
    nearer = np.where(share < 0.5, one, two)
    joined = Surface(
        np.concatenate([surface.vertices, new]),
        np.concatenate(faces),
        np.concatenate([surface.values, surface.values[nearer]]),
    )
    at_cut = np.concatenate([height == 0, np.ones(len(new), bool)])
    if cap:
        joined = _capped(joined, at_cut)
    used, places = np.unique(joined.faces, return_inverse=True)
    return Surface(joined.vertices[used], places.reshape(-1, 3), joined.values[used])


def _capped(surface: Surface, at_cut: NDArray[np.bool_]) -> Surface:
    """Close the rims that lie on the cut."""
    from napari_delineate.surfaces.repair import filled

    return filled(surface, lambda rim: bool(at_cut[rim].all()))
