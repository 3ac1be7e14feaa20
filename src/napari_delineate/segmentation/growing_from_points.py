"""Segment the objects that points lie in: by a range of brightness around them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks, growing, holes
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Length,
    Mask,
    Points,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = ["connected_threshold", "local_threshold_at_points", "level_tracing"]


@operation
def connected_threshold(
    image: Image,
    points: Points,
    mask: Mask | None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark what is within a range of brightness and connected to a point.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    points : (N, 2) or (N, 3) ndarray
        Positions, in the units of `spacing`, in the order of the axes.
    mask : ndarray of bool, same shape as `image`, optional
        Where to look; everywhere without it.
    lower, upper : float or None
        Darkest and brightest intensity, both included, in the image's own range; None for
        no limit. If both are None, all that is brighter than Otsu's threshold.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape as `image`
        The regions that hold a point; a point outside of the range marks nothing, and no
        points mark nothing.

    Raises
    ------
    ValueError
        If the points have another number of axes than the image or lie outside of it,
        `upper` is below `lower`, the shapes differ, or the image is empty or holds NaN or
        infinity.

    See Also
    --------
    local_threshold_at_points : Cuts thin bridges to neighbours.

    Notes
    -----
    Pixels are connected over faces: 4 neighbours in 2D, 6 in 3D.

    References
    ----------
    .. [1] `itk::ConnectedThresholdImageFilter`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[9, 8, 1, 9, 9]])
    >>> segmentation.connected_threshold(image, [[0, 1]], lower=5)
    array([[ True,  True, False, False, False]])
    """
    places = growing.pixels_at(points, spacing, image.shape)
    inside = _in_range(image, lower, upper, mask)
    return _islands_at(places, building_blocks.connected_components(inside, "face"))


@operation(version=2)
def local_threshold_at_points(
    image: Image,
    points: Points,
    mask: Mask | None = None,
    *,
    lower: float | None = None,
    upper: float | None = None,
    minimum_diameter: Annotated[Length, Range(0)] = voxels(3),
    method: Literal["growcut", "watershed", "masking"] = "growcut",
    sigma: Annotated[Length, Range(0)] = voxels(3),
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark the object around each point, cut off from others where bridges are thin.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    points : (N, 2) or (N, 3) ndarray
        Positions, in the units of `spacing`, in the order of the axes.
    mask : ndarray of bool, same shape as `image`, optional
        Where to look; everywhere without it.
    lower, upper : float or None
        Darkest and brightest intensity, both included, in the image's own range; None for
        no limit. If both are None, all that is brighter than Otsu's threshold.
    minimum_diameter : float or Voxels
        Thinner bridges between objects are cut, to within a voxel, in the units of
        `spacing` or as `voxels(n)`; 0 cuts nothing.
    method : {"growcut", "watershed", "masking"}
        How objects get the rim back that the cut took off: growcut compares brightness,
        watershed looks for edges, masking takes what is near.
    sigma : float or Voxels
        Size of features for watershed: sigma of the Gaussian before edges are searched.
        The other methods do not use it.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape as `image`
        The objects; a point farther than `minimum_diameter` from all that is left after
        the cut marks nothing.

    Raises
    ------
    ValueError
        If the points have another number of axes than the image or lie outside of it,
        a length is negative, `upper` is below `lower`, the shapes differ, or the image is
        empty or holds NaN or infinity.

    See Also
    --------
    connected_threshold : Cuts nothing.

    Notes
    -----
    What is in the range is eroded by half of the diameter, which makes islands. The islands
    nearest to the points are seeds, all others are seeds of the rest; then the seeds grow
    back. Thresholds of a neighbourhood are something else, despite the name.

    References
    ----------
    .. [1] "Local Threshold" of the Segment Editor Extra Effects of 3D Slicer,
           https://github.com/lassoan/SlicerSegmentEditorExtraEffects

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((9, 17)); image[1:8, 1:7] = image[1:8, 10:16] = image[4, 6:11] = 1
    >>> mask = segmentation.local_threshold_at_points(image, [[4, 3]])
    >>> bool(mask[4, 3]), bool(mask[4, 13])
    (True, False)
    """
    places = growing.pixels_at(points, spacing, image.shape)
    inside = _in_range(image, lower, upper, mask)
    diameter = length_in_units(minimum_diameter, spacing)
    depth = building_blocks.distance_inside(inside, spacing)
    thick = inside & (depth >= diameter / 2 * (1 - building_blocks.DISTANCE_ROUNDING))
    islands = building_blocks.connected_components(thick, "face")
    chosen = _islands_at(_nearest(places, thick, diameter, spacing), islands)
    if not chosen.any():
        return chosen
    if method == "masking":
        near = inside & balls.dilated(chosen, diameter, spacing)
        return _islands_at(np.nonzero(chosen), building_blocks.connected_components(near, "face"))
    seeds = np.where(chosen, 1, np.where(thick, 2, 0)).astype(np.int32)
    if method == "growcut":
        return np.asarray(growing.grow_cut(image, seeds, spacing, inside) == 1)
    seeds[~inside] = 3
    steepness = growing.gradient_magnitude(image, length_per_axis(sigma, spacing), spacing)
    return np.asarray(building_blocks.watershed(steepness, seeds, mask) == 1)


@operation(version=2)
def level_tracing(
    image: Image,
    points: Points,
    *,
    side: Literal["brighter", "darker"] = "brighter",
    spacing: Spacing = 1.0,
) -> Mask:
    """Fill the contour of equal brightness through each point.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    points : (N, 2) or (N, 3) ndarray
        Positions on the rims of objects, in the units of `spacing`, in the
        order of the axes.
    side : {"brighter", "darker"}
        What the contour encloses: all that is as bright as the pixel at the point or
        brighter, or as dark or darker.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape as `image`
        What is connected to a point at its level, with holes filled.

    Raises
    ------
    ValueError
        If the points have another number of axes than the image or lie outside of it,
        or the image is empty or holds NaN or infinity.

    See Also
    --------
    connected_threshold : With limits of your own.

    Notes
    -----
    Pixels are connected over faces: 4 neighbours in 2D, 6 in 3D. 3D images are traced in
    all three directions at once, not slice by slice. A single slice of a stack is treated as
    2D.

    References
    ----------
    .. [1] "Level tracing" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[0, 0, 0, 0, 0], [0, 5, 9, 5, 0], [0, 5, 5, 5, 0], [0, 0, 0, 0, 0]])
    >>> int(segmentation.level_tracing(image, [[1, 1]]).sum())
    6
    """
    places = growing.pixels_at(points, spacing, image.shape)
    result = np.zeros(image.shape, bool)
    for level in np.unique(image[places]):
        here = tuple(axis[image[places] == level] for axis in places)
        inside = image >= level if side == "brighter" else image <= level
        islands = building_blocks.connected_components(inside, "face")
        result |= holes.filled(_islands_at(here, islands))
    return result


def _in_range(
    image: NDArray[Any], lower: float | None, upper: float | None, mask: NDArray[np.bool_] | None
) -> NDArray[np.bool_]:
    """Mark what lies within limits; without any, what is brighter than Otsu's threshold."""
    if lower is None and upper is None:
        bright = building_blocks.above_otsu(image)
        return bright if mask is None else bright & mask
    return growing.within(image, lower, upper, mask)


def _islands_at(places: tuple[NDArray[np.int64], ...], islands: NDArray[Any]) -> NDArray[np.bool_]:
    """Mark the islands that hold one of the pixels."""
    chosen = np.zeros(int(islands.max()) + 1, bool)
    chosen[islands[places]] = True
    chosen[0] = False
    return np.asarray(chosen[islands])


def _nearest(
    places: tuple[NDArray[np.int64], ...], mask: NDArray[np.bool_], reach: float, spacing: Spacing
) -> tuple[NDArray[np.int64], ...]:
    """Move pixels to the nearest one of a mask, and leave out those without one in reach."""
    reach *= 1 + building_blocks.ROUNDING
    steps = np.broadcast_to(spacing, mask.ndim)
    found = []
    for place in np.stack(places, axis=1):
        low = np.maximum(np.ceil(place - reach / steps), 0).astype(int)
        high = np.floor(np.minimum(place + reach / steps, mask.shape)).astype(int) + 1
        near = np.argwhere(mask[tuple(map(slice, low, high))]) + low
        distances = np.linalg.norm((near - place) * steps, axis=1)
        if len(near) and distances.min() <= reach:
            found.append(near[distances.argmin()])
    return tuple(np.array(found, int).reshape(-1, mask.ndim).T)
