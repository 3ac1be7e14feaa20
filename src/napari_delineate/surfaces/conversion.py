"""Turn surfaces into masks, labels and points, and score how much volume they share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.scoring import SHARE
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Points,
    Range,
    Score,
    Spacing,
    Surface,
    length_in_units,
    voxels,
)

__all__ = ["surface_to_mask", "surface_to_labels", "surface_to_points", "volume_overlap"]

_MOST_VOXELS = 2**29
"""Voxels that surfaces are compared on, at most."""


@operation
def surface_to_mask(surface: Surface, image: Image, *, spacing: Spacing = 1.0) -> Mask:
    """Mark the pixels inside of a closed surface, on the grid of an image.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), closed, positions in physical units.
    image : (Y, X) or (Z, Y, X) ndarray
        An image of the shape that the mask gets; its intensities do not matter. A 2D image
        is the slice at depth 0.
    spacing : float or tuple of float
        Voxel size of the image, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, the shape of the image
        True where the centre of a pixel lies inside.

    Raises
    ------
    TypeError
        If the surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, or the surface has holes.

    Notes
    -----
    A surface that `labels_to_surface` made gives back exactly its voxels.

    References
    ----------
    .. [1] Kaufman, "Efficient algorithms for 3D scan-conversion of parametric curves,
           surfaces, and volumes", SIGGRAPH (1987), 171-179,
           https://doi.org/10.1145/37401.37423; inside is what the surface winds round.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> mask = np.random.default_rng(0).random((6, 7, 8)) > 0.5
    >>> surface = surfaces.mask_to_surface(mask)
    >>> bool((surfaces.surface_to_mask(surface, mask) == mask).all())
    True
    """
    return _inside(surface, image.shape, spacing)


@operation(version=2)
def surface_to_labels(surface: Surface, image: Image, *, spacing: Spacing = 1.0) -> Labels:
    """Fill every object of a surface with its number, on the grid of an image.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), closed, positions in physical units. The values are whole
        numbers and say which object a vertex belongs to; those of 0 or less are left out.
    image : (Y, X) or (Z, Y, X) ndarray
        An image of the shape that the labels get; its intensities do not matter. A 2D image
        is the slice at depth 0.
    spacing : float or tuple of float
        Voxel size of the image, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, the shape of the image
        The value of the object that the centre of each pixel lies in, 0 outside; where
        objects overlap, the largest. int64 if numbers do not fit.

    Raises
    ------
    TypeError
        If the surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, an object has holes, or values are not whole numbers.

    References
    ----------
    .. [1] Kaufman, "Efficient algorithms for 3D scan-conversion of parametric curves,
           surfaces, and volumes", SIGGRAPH (1987), 171-179,
           https://doi.org/10.1145/37401.37423

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.random.default_rng(0).integers(0, 4, (6, 7, 8))
    >>> surface = surfaces.labels_to_surface(labels)
    >>> bool((surfaces.surface_to_labels(surface, labels) == labels).all())
    True
    """
    if (surface.values != np.round(surface.values)).any():
        raise ValueError(
            "surface has values that are not whole numbers, so they do not say which object a "
            "vertex belongs to; number its parts with surfaces.number_parts"
        )
    largest = int(surface.values.max(initial=0))
    result = np.zeros(image.shape, label_dtype(largest))
    for part in meshes.groups_of_values(surface, surface.values):
        value = meshes.value_of(part)
        if value > 0:
            box, inside = _inside_box(part, image.shape, spacing, f"the object {value}")
            result[box][inside] = value
    return result


def _inside(surface: Surface, shape: tuple[int, ...], spacing: Spacing) -> NDArray[np.bool_]:
    box, inside = _inside_box(surface, shape, spacing, "surface")
    mask = np.zeros(shape, bool)
    mask[box] = inside
    return mask


def _inside_box(
    surface: Surface, shape: tuple[int, ...], spacing: Spacing, name: str
) -> tuple[tuple[slice, ...], NDArray[np.bool_]]:
    """Return a box of pixels around a surface, and which of them lie inside."""
    from napari_delineate.kernels.scan_conversion import voxelise

    per_axis = np.broadcast_to(spacing, len(shape)).astype(float)
    flat = len(shape) == 2
    if flat:
        shape, per_axis = (1, *shape), np.append(per_axis.min(), per_axis)
    if len(surface.faces) and not meshes.edges_of(surface.faces).are_closed:
        raise ValueError(
            f"{name} has holes, so it has no inside; close them with fill_surface_holes"
        )
    vertices = surface.vertices / per_axis
    used = vertices[surface.faces].reshape(-1, 3)
    sizes = np.array(shape)
    low = np.clip(np.floor(used.min(axis=0, initial=np.inf)), 0, sizes)
    high = np.clip(np.ceil(used.max(axis=0, initial=-np.inf)) + 1, low, sizes)
    first, last = low.astype(int), high.astype(int)
    size = tuple((last - first).tolist())
    inside = voxelise(vertices - first, surface.faces, size)
    box = tuple(slice(start, stop) for start, stop in zip(first, last, strict=True))
    return (box[1:], np.asarray(inside.any(axis=0))) if flat else (box, inside)


@operation
def surface_to_points(
    surface: Surface,
    *,
    places: Literal["vertices", "centres of faces", "centroids", "random"] = "vertices",
    number: Annotated[int, Range(1, 10_000_000)] = 1000,
    seed: Annotated[int, Range(0)] = 0,
) -> Points:
    """Put points on a surface.

    Parameters
    ----------
    surface : Surface
        (vertices, faces, values), positions in physical units.
    places : {"vertices", "centres of faces", "centroids", "random"}
        Where the points lie: on all vertices, in the middle of all faces, at the centroid
        of each connected part, or anywhere on the surface, as many per area everywhere.
    number : int
        Number of random points.
    seed : int
        Seed of the random numbers; the same seed gives the same points.

    Returns
    -------
    points : (N, 3) ndarray of float
        Positions in physical units, in the order (z, y, x).

    Raises
    ------
    TypeError, ValueError
        If the surface is not (vertices, faces, values), vertices are not finite, or a
        setting is out of range.

    References
    ----------
    .. [1] Osada et al., "Shape distributions", ACM TOG 21 (2002), 807-832,
           https://doi.org/10.1145/571647.571648, for random points

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((9, 9, 9), int); labels[2:7, 2:7, 2:7] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> surfaces.surface_to_points(surface, places="centroids").round(6)
    array([[4., 4., 4.]])
    """
    from napari_delineate.surfaces.measurement import measure_surface

    if places == "vertices":
        return surface.vertices.copy()
    corners = surface.vertices[surface.faces]
    if places == "centres of faces":
        return np.asarray(corners.mean(axis=1))
    if places == "centroids":
        table = measure_surface(surface, each="part")
        columns = [f"centroid-{axis}" for axis in range(3)]
        return np.asarray(table[columns], np.float64).reshape(-1, 3)
    areas = meshes.face_areas(surface)
    if not areas.sum():
        return np.zeros((0, 3))
    random = np.random.default_rng(seed)
    chosen = corners[random.choice(len(areas), number, p=areas / areas.sum())]
    # Uniform in a triangle: the root keeps points from crowding at the first corner.
    away, turn = np.sqrt(random.random((number, 1))), random.random((number, 1))
    return np.asarray(
        (1 - away) * chosen[:, 0] + away * (1 - turn) * chosen[:, 1] + away * turn * chosen[:, 2]
    )


@operation(scores={"score": SHARE})
def volume_overlap(
    reference: Surface,
    surface: Surface,
    *,
    measure: Literal["dice", "jaccard"] = "dice",
    resolution: Annotated[Length, Range(0)] = voxels(0.5),
    spacing: Spacing = 1.0,
) -> Score:
    """Score how much volume two closed surfaces share.

    From 0 (nothing) to 1 (all); higher is better; no unit. Two empty surfaces score 1.

    Parameters
    ----------
    reference : Surface
        (vertices, faces, values) of one surface, closed.
    surface : Surface
        The other, closed.
    measure : {"dice", "jaccard"}
        Twice the shared volume by the sum of both, or the shared volume by that of both
        together.
    resolution : float or Voxels
        Width of the cubes that the volumes are counted in, in the units of `spacing` or as
        `voxels(n)`.
    spacing : float or tuple of float
        Voxel size of the images that the surfaces were made of.

    Returns
    -------
    score : float
        The overlap, 0 to 1.

    Raises
    ------
    TypeError
        If a surface is not (vertices, faces, values).
    ValueError
        If vertices are not finite, a surface has holes, the resolution is 0, or so fine
        that there are more than half a billion cubes.

    References
    ----------
    .. [1] Dice, "Measures of the amount of ecologic association between species", Ecology
           26 (1945), 297-302, https://doi.org/10.2307/1932409

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import surfaces
    >>> labels = np.zeros((12, 12, 12), int); labels[2:10, 2:10, 2:10] = 1
    >>> surface = surfaces.labels_to_surface(labels)
    >>> surfaces.volume_overlap(surface, surface)
    1.0
    """
    step = length_in_units(resolution, spacing)
    if step == 0:
        raise ValueError("resolution must be more than 0; got 0")
    both = (reference, surface)
    places: list[NDArray[Any]] = [one.vertices[one.faces].reshape(-1, 3) for one in both]
    every = np.concatenate(places)
    if not len(every):
        return 1.0
    low = every.min(axis=0)
    count = np.floor(np.ptp(every, axis=0) / step) + 1
    if count.prod() > _MOST_VOXELS:
        raise ValueError(
            f"resolution is so fine that there would be {count.prod():.3g} cubes, more than "
            f"{_MOST_VOXELS}; give a larger one"
        )
    shape = tuple(int(size) for size in count)
    # The centre of the first cube lies half a cube inside of the box.
    masks = [
        _inside_box(one._replace(vertices=one.vertices - low - step / 2), shape, (step,) * 3, name)
        for one, name in zip(both, ("reference", "surface"), strict=True)
    ]
    filled = []
    for box, inside in masks:
        mask = np.zeros(shape, bool)
        mask[box] = inside
        filled.append(mask)
    shared = int((filled[0] & filled[1]).sum())
    total = sum(int(mask.sum()) for mask in filled)
    if measure == "jaccard":
        total -= shared
        return shared / total if total else 1.0
    return 2 * shared / total if total else 1.0
