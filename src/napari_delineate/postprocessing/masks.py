"""Clean masks up: fill holes, remove specks, smooth, make convex."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from napari_delineate import balls, building_blocks, holes, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import hulls
from napari_delineate.types import (
    Length,
    Mask,
    Range,
    Size,
    Spacing,
    size_in_units,
    voxels,
)

__all__ = [
    "fill_holes",
    "remove_small_objects",
    "keep_largest_components",
    "smooth_mask",
    "convex_hull",
]


@operation
def fill_holes(
    mask: Mask,
    *,
    maximum_size: Annotated[Size, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Mask:
    """Fill background that the foreground encloses, all or up to a size.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    maximum_size : float, Voxels or None
        Area (2D) or volume (3D) of the largest hole that is filled, in the units of
        `spacing` squared or cubed; `voxels(n)` counts squares or cubes as wide as the
        finest voxel size. None fills all.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    filled_mask : ndarray of bool, same shape
        The foreground with its holes.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `maximum_size` is negative, or the mask is empty.

    Notes
    -----
    A hole is background that no path over edges (in 3D faces) leads out of. In a stack,
    a hole that is open to a slice above or below is none; loop over Z to fill each slice.
    A single slice of a stack is treated as 2D.

    References
    ----------
    .. [1] `scipy.ndimage.binary_fill_holes`, whose results these are; computed by
           fill-voids, https://github.com/seung-lab/fill_voids

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> ring = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
    >>> int(postprocessing.fill_holes(ring).sum())
    9
    """
    if maximum_size is None:
        return holes.filled(mask)
    voxel = float(np.prod(np.broadcast_to(spacing, mask.ndim)))
    largest = size_in_units(maximum_size, spacing) / voxel
    return holes.filled_up_to(mask, largest * (1 + building_blocks.ROUNDING))


@operation(opencl=True)
def remove_small_objects(
    mask: Mask,
    *,
    minimum_size: Annotated[Size, Range(0)] = voxels(64),
    connectivity: Literal["full", "face"] = "full",
    spacing: Spacing = 1.0,
) -> Mask:
    """Remove connected groups of foreground pixels below a size.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    minimum_size : float or Voxels
        Area (2D) or volume (3D) of the smallest group that is kept, in the units of
        `spacing` squared or cubed; `voxels(n)` counts squares or cubes as wide as the
        finest voxel size.
    connectivity : {"full", "face"}
        Which neighbours are connected: all, also over corners, or those that share an
        edge in 2D or a face in 3D.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    cleaned_mask : ndarray of bool, same shape
        The foreground without what is small.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `minimum_size` is negative, `connectivity` is unknown, or the mask is empty.

    See Also
    --------
    filter_by_size : Does it with labelled objects.

    References
    ----------
    .. [1] `skimage.morphology.remove_small_objects`, with units; connected components by
           connected-components-3d.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[1, 0, 1, 1]])
    >>> postprocessing.remove_small_objects(mask, minimum_size=2).astype(int)
    array([[0, 0, 1, 1]])
    """
    parts = building_blocks.components_in_any_order(mask, connectivity)
    numbers, counts = object_numbers.count_pixels(parts)
    kept = (counts >= smallest_number(minimum_size, spacing)) & (numbers > 0)
    return object_numbers.where(parts, numbers[kept])


def smallest_number(minimum_size: Size, spacing: Spacing) -> float:
    """Return how many pixels an object must have at least to be of some size."""
    smallest = size_in_units(minimum_size, spacing) / float(np.prod(spacing))
    return smallest * (1 - building_blocks.ROUNDING)


@operation
def keep_largest_components(
    mask: Mask,
    *,
    number: Annotated[int, Range(1)] = 1,
    connectivity: Literal["full", "face"] = "full",
) -> Mask:
    """Keep the largest connected groups of foreground pixels.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    number : int
        How many groups are kept, at least 1. Of groups of one size, the first in a scan
        goes first.
    connectivity : {"full", "face"}
        Which neighbours are connected: all, also over corners, or those that share an
        edge in 2D or a face in 3D.

    Returns
    -------
    largest_mask : ndarray of bool, same shape
        The groups that are kept.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `number` is below 1, `connectivity` is unknown, or the mask is empty.

    See Also
    --------
    keep_largest_objects : Does it with labelled objects.

    References
    ----------
    .. [1] Legland, Arganda-Carreras and Andrey, "MorphoLibJ: integrated library and plugins
           for mathematical morphology with ImageJ", Bioinformatics 32 (2016), 3532-3534,
           https://doi.org/10.1093/bioinformatics/btw413

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.keep_largest_components(np.array([[1, 0, 1, 1]])).astype(int)
    array([[0, 0, 1, 1]])
    """
    parts = building_blocks.connected_components(mask, connectivity)
    numbers, counts = object_numbers.count_pixels(parts)
    numbers, counts = numbers[numbers > 0], counts[numbers > 0]
    return object_numbers.where(parts, numbers[np.argsort(-counts, kind="stable")[:number]])


@operation(locality=balls.halo, opencl=True)
def smooth_mask(
    mask: Mask, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Mask:
    """Smooth outlines: each pixel takes what the majority of a ball around it is.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`. Parts thinner
        than about the radius vanish.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    smoothed_mask : ndarray of bool, same shape
        True where more than half of the pixels of the ball that lie in the image are
        foreground; where it is exactly half, the pixel stays as it is.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `radius` is negative or far beyond the size of the image, or the mask is empty.

    Notes
    -----
    The median filter of a mask.

    See Also
    --------
    smooth_labels : Does it with labelled objects.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), section 4.4.5.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.zeros((5, 5), bool); mask[2, 2] = True
    >>> bool(postprocessing.smooth_mask(mask).any())
    False
    """
    per_axis = building_blocks.radius_per_axis(radius, spacing, mask.shape)
    balance = balls.balance(mask, building_blocks.offsets_within(per_axis, "ball"))
    return np.where(balance == 0, mask, balance > 0)


@operation
def convex_hull(mask: Mask) -> Mask:
    """Fill the foreground up to its convex hull.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.

    Returns
    -------
    hull_mask : ndarray of bool, same shape
        The pixels whose centres lie in the convex hull of the centres of all foreground
        pixels.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If the mask is empty.

    See Also
    --------
    convex_hulls : Makes one hull for each labelled object.

    References
    ----------
    .. [1] `skimage.morphology.convex_hull_image` without offsets of the coordinates.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> mask = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 1]])
    >>> postprocessing.convex_hull(mask).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return hulls.convex_hull_of(mask)
