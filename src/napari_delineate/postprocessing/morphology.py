"""Change the shape of labelled objects."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks, object_numbers, outlines
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object, hulls
from napari_delineate.types import (
    Labels,
    Length,
    Range,
    Size,
    Spacing,
    length_in_units,
    length_per_axis,
    size_in_units,
    voxels,
)

__all__ = [
    "expand_labels",
    "shrink_labels",
    "smooth_labels",
    "open_labels",
    "close_labels",
    "fill_holes_in_labels",
    "convex_hulls",
]


def _expand_halo(*, spacing: Any, distance: Length) -> tuple[int, ...]:
    # A pixel within the distance of a label has it within the distance; one more for ties.
    return tuple(int(np.ceil(entry)) + 1 for entry in length_per_axis(distance, spacing))


@operation(locality=_expand_halo, opencl=True)
def expand_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Grow objects into the background by a distance, without overlap.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    distance : float or Voxels
        How far objects grow, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    expanded_labels : ndarray of int32 or int64, same shape
        Each background pixel within the distance of an object gets the label of the
        nearest one.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `distance` is negative, or the image is empty.

    Notes
    -----
    The OpenCL version covers the same pixels. It grows octagons, so where objects meet,
    border pixels can go to the other object. On anisotropic voxels, where octagons of voxels
    mean nothing, it computes what the CPU does, on the CPU.

    References
    ----------
    .. [1] `skimage.segmentation.expand_labels`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.expand_labels(np.array([[1, 0, 0, 0, 0, 2]]), distance=2)
    array([[1, 1, 1, 2, 2, 2]], dtype=int32)
    """
    return building_blocks.expanded(labels, length_in_units(distance, spacing), spacing)


@operation(locality=balls.halo)
def smooth_labels(
    labels: Labels,
    *,
    radius: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Smooth outlines: each pixel takes the most frequent label in a ball around it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`. Parts of objects
        thinner than about the radius vanish.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    smoothed_labels : ndarray of int32 or int64, same shape
        The smoothed objects, with their numbers. Where labels are equally frequent, the
        pixel's own wins, then the smallest.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty.

    Notes
    -----
    Also known as mode or majority filter. Background counts like a label; beyond the
    borders there is none.

    References
    ----------
    .. [1] Huang, Yang and Tang, "A fast two-dimensional median filtering algorithm", IEEE
           Transactions on Acoustics, Speech, and Signal Processing 27 (1979), 13-18.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.zeros((5, 5), int); labels[2, 2] = 7
    >>> int(postprocessing.smooth_labels(labels).max())
    0
    """
    from napari_delineate.kernels.mode_filter import most_frequent

    per_axis = building_blocks.radius_per_axis(radius, spacing, labels.shape)
    return most_frequent(labels, building_blocks.offsets_within(per_axis, "ball"))


@operation(opencl=True)
def shrink_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Range(0)] = voxels(1),
    keep_a_pixel: bool = False,
    spacing: Spacing = 1.0,
) -> Labels:
    """Shrink objects from all sides by a distance, also where they touch.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    distance : float or Voxels
        How far objects shrink, in the units of `spacing` or as `voxels(n)`.
    keep_a_pixel : bool
        Whether an object that would vanish keeps its innermost pixel. With a large
        distance, every object shrinks to one pixel.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    shrunken_labels : ndarray of int32 or int64, same shape
        Pixels farther than the distance from everything that is not their object, with
        their numbers. Beyond the border of the image there is nothing.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `distance` is negative, or the image is empty.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module ExpandOrShrinkObjects,
           https://doi.org/10.1186/s12859-021-04344-9
    .. [2] https://github.com/seung-lab/euclidean-distance-transform-3d, which computes the
           distances inside all objects at once.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.shrink_labels(np.array([[0, 1, 1, 1, 2, 2, 2, 0]]))
    array([[0, 0, 1, 0, 0, 2, 0, 0]], dtype=int32)
    """
    reach = length_in_units(distance, spacing)
    if reach == 0:
        return labels.copy()
    near = balls.near_another(labels, reach, spacing)
    return shrunk(labels, near, keep_a_pixel, spacing)


def shrunk(
    labels: NDArray[Any], near: NDArray[np.bool_], keep_a_pixel: bool, spacing: Any
) -> NDArray[Any]:
    """Remove pixels near another object, but perhaps not the innermost of each object."""
    result = np.where(near, 0, labels)
    if keep_a_pixel:
        gone = np.setdiff1d(
            object_numbers.count_pixels(labels)[0], object_numbers.count_pixels(result)[0]
        )
        places = np.flatnonzero(np.isin(labels, gone[gone > 0]))
        owners = labels.reshape(-1)[places]
        squares = balls.squares_inside(labels, spacing)
        # By object, then innermost first, then in the order of a scan.
        order = np.lexsort((places, -squares.reshape(-1)[places], owners))
        first = np.append(True, owners[order][1:] != owners[order][:-1])[: len(order)]
        kept = places[order[first]]
        result.reshape(-1)[kept] = labels.reshape(-1)[kept]
    return object_numbers.narrowed(result)


@operation(locality=balls.halo_of_two, opencl=True)
def open_labels(
    labels: Labels, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Labels:
    """Remove thin parts of objects: keep what a ball covers that fits into its object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    opened_labels : ndarray of int32 or int64, same shape
        Each object opened on its own, with its number. Objects into which the ball does
        not fit vanish.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `radius` is negative, or the image is empty.

    See Also
    --------
    binary_opening : Does it with a mask.

    Notes
    -----
    The OpenCL version covers the same pixels. It grows octagons on isotropic voxels, so
    where objects meet, some pixels go to the other one.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.open_labels(np.array([[0, 1, 1, 1, 2, 2, 0]]))
    array([[0, 1, 1, 1, 0, 0, 0]], dtype=int32)
    """
    reach = length_in_units(radius, spacing)
    if reach == 0:
        return labels.copy()
    # A ball inside an object holds no pixel of another, so all grow back at once.
    inner = np.where(balls.near_another(labels, reach, spacing), 0, labels)
    return building_blocks.expanded(inner, reach, spacing)


@operation
def close_labels(
    labels: Labels, *, radius: Annotated[Length, Range(0)] = voxels(1), spacing: Spacing = 1.0
) -> Labels:
    """Fill gaps and narrow bays of objects that no ball reaches from outside of the object.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    closed_labels : ndarray of int32 or int64, same shape
        Each object closed on its own, with its number. Only background is filled, and of
        that nothing that several objects would fill.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `radius` is negative, or the image is empty.

    See Also
    --------
    binary_closing : Does it with a mask, and so joins objects.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), chapter 4.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.close_labels(np.array([[1, 1, 0, 1, 0, 2, 0, 2]]))
    array([[1, 1, 1, 1, 0, 2, 2, 2]], dtype=int32)
    """
    reach = length_in_units(radius, spacing)
    margin = [int(entry) + 1 for entry in length_per_axis(radius, spacing)]

    def closed(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return balls.eroded(balls.dilated(mask, reach, spacing), reach, spacing)

    return each_object.fill_background(labels, closed, margin)


@operation
def fill_holes_in_labels(
    labels: Labels,
    *,
    maximum_size: Annotated[Size, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Fill background that one object encloses, all or up to a size.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    maximum_size : float, Voxels or None
        Area (2D) or volume (3D) of the largest hole that is filled, in the units of
        `spacing` squared or cubed; `voxels(n)` counts squares or cubes as wide as the
        finest voxel size. None fills all.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    filled_labels : ndarray of int32 or int64, same shape
        The objects with their holes. Background between several objects stays, and so do
        objects that lie in others.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `maximum_size` is negative, or the image is empty.

    Notes
    -----
    A hole is background that no path over edges (in 3D faces) leads out of. A single
    slice of a stack is treated as 2D.

    See Also
    --------
    fill_holes : Does it with a mask.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), section 6.3.7.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[4, 4, 4, 2, 2], [4, 0, 4, 0, 2], [4, 4, 4, 2, 2]])
    >>> postprocessing.fill_holes_in_labels(labels)[1]
    array([4, 4, 4, 0, 2], dtype=int32)
    """
    if maximum_size is None:
        return outlines.fill_objects(labels)
    voxel = float(np.prod(np.broadcast_to(spacing, labels.ndim)))
    largest = size_in_units(maximum_size, spacing) / voxel
    return outlines.fill_objects(labels, largest * (1 + building_blocks.ROUNDING))


@operation
def convex_hulls(labels: Labels) -> Labels:
    """Fill objects up to their convex hulls, without overlap.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    hull_labels : ndarray of int32 or int64, same shape
        Each object with the background pixels whose centres lie in the convex hull of the
        centres of its pixels, with its number. What lies in several hulls stays
        background, other objects stay as they are.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    See Also
    --------
    convex_hull : Makes one hull of a mask.

    References
    ----------
    .. [1] Barber, Dobkin and Huhdanpaa, "The quickhull algorithm for convex hulls", ACM
           Transactions on Mathematical Software 22 (1996), 469-483,
           https://doi.org/10.1145/235815.235821; computed by `scipy.spatial.ConvexHull`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[1, 0, 0], [1, 0, 0], [1, 1, 1]])
    >>> postprocessing.convex_hulls(labels)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]], dtype=int32)
    """
    return each_object.fill_background(labels, hulls.convex_hull_of, [0] * labels.ndim)
