"""Find seeds and grow objects from them."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Points,
    Range,
    Spacing,
    length_per_axis,
    voxels,
)

__all__ = ["seeded_watershed", "local_minima_seeded_watershed", "local_maxima"]


@operation
def seeded_watershed(image: Image, seeds: Labels) -> Labels:
    """Grow labelled seeds over an image until they meet on its bright ridges.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, bright between the objects, such as membranes.
    seeds : ndarray of int, same shape
        A label for each object that is to grow, 0 elsewhere.

    Returns
    -------
    labels : ndarray of int32 or int64, same shape
        The seeds, grown until they fill the image; all 0 if there is no seed.

    Raises
    ------
    TypeError
        If the seeds are not whole numbers.
    ValueError
        If the shapes differ, or the image is empty or holds NaN or infinity.

    See Also
    --------
    local_minima_seeded_watershed : Finds the seeds as well.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).
    .. [2] `skimage.segmentation.watershed`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[0, 1, 9, 1, 0]] * 2)
    >>> seeds = np.array([[1, 0, 0, 0, 2]] * 2)
    >>> segmentation.seeded_watershed(image, seeds)[0]
    array([1, 1, 1, 2, 2], dtype=int32)
    """
    return building_blocks.watershed(image, seeds)


@operation
def local_minima_seeded_watershed(
    image: Image,
    *,
    spot_sigma: Annotated[Length, Range(0)] = voxels(10),
    outline_sigma: Annotated[Length, Range(0)] = voxels(0),
    minimum_intensity: float | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Find cells between bright membranes: seeds at dark places, grown to the membranes.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, bright on the membranes.
    spot_sigma : float or Voxels
        Sigma of the Gaussian before the darkest places are searched, about half the radius
        of a cell: larger values give fewer cells. In the units of `spacing` or `voxels(n)`.
    outline_sigma : float or Voxels
        Sigma of the Gaussian before the seeds grow: larger values give smoother outlines.
    minimum_intensity : float or None
        Remove cells whose mean intensity in `image` is this or less, in the image's own
        range, and renumber the rest; None keeps all.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, same shape
        Cells numbered from 1. Without `minimum_intensity` they fill the image; a constant
        image has none.

    Raises
    ------
    ValueError
        If a sigma is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    seeded_watershed : With seeds of your own.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((21, 41)); image[:, 20] = 1
    >>> labels = segmentation.local_minima_seeded_watershed(image, spot_sigma=4)
    >>> int(labels.max())
    2
    """
    from scipy import ndimage
    from skimage.morphology import local_minima

    dark = local_minima(building_blocks.gaussian(image, length_per_axis(spot_sigma, spacing)))
    seeds = building_blocks.connected_components(dark)
    ridges = building_blocks.gaussian(image, length_per_axis(outline_sigma, spacing))
    labels = building_blocks.watershed(ridges, seeds)
    if minimum_intensity is None or not labels.any():
        return labels
    numbers = np.arange(1, labels.max() + 1)
    keep = np.asarray(ndimage.mean(image, labels, numbers)) > minimum_intensity
    table = np.concatenate([[0], np.where(keep, np.cumsum(keep), 0)]).astype(np.int32)
    return np.asarray(table[labels])


class LocalMaxima(NamedTuple):
    """Hold the places found by `local_maxima`."""

    points: Points
    labels: Labels


@operation
def local_maxima(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> LocalMaxima:
    """Find pixels that are brighter than all around them, as points and as seeds.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    sigma : float or Voxels
        Sigma of the Gaussian before the search: larger values give fewer maxima. In the
        units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    points : (N, 2) or (N, 3) ndarray of float64
        Centre of each maximum in physical units, in the order of the axes.
    labels : ndarray of int32, same shape as `image`
        The pixels of each maximum: row i of the points has the label i + 1. A plateau is
        one maximum; a constant image has none.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `skimage.morphology.local_maxima`, which finds them.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((9, 9)); image[2, 3] = image[6, 7] = 1
    >>> segmentation.local_maxima(image).points
    array([[2., 3.],
           [6., 7.]])
    """
    from skimage.morphology import local_maxima as brighter_than_neighbours

    blurred = building_blocks.gaussian(image, length_per_axis(sigma, spacing))
    labels = building_blocks.connected_components(brighter_than_neighbours(blurred))
    coordinates = np.nonzero(labels)
    numbers = labels[coordinates]
    counts = np.bincount(numbers)[1:]
    points = np.stack(
        [np.bincount(numbers, axis)[1:] / counts for axis in coordinates], axis=1
    ) * np.asarray(spacing)
    return LocalMaxima(points, labels)
