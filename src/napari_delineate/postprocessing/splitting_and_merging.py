"""Cut objects that touch apart, or join them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    length_per_axis,
    voxels,
)

__all__ = ["split_touching_objects", "merge_touching"]


@operation
def split_touching_objects(
    mask: Mask,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(3.5),
    spacing: Spacing = 1.0,
) -> Labels:
    """Cut round objects that touch apart at their narrow places.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    sigma : float or Voxels
        Sigma of the Gaussian that smooths the distance to the background before its
        maxima become seeds: larger values cut less. In the units of `spacing` or as
        `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    split_labels : ndarray of int32, same shape
        The pieces, numbered from 1. Together they cover the mask.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `sigma` is negative, or the mask is empty.

    Notes
    -----
    A watershed of the smoothed distance to the background, similar to ImageJ's binary
    watershed. A piece of foreground in which smoothing leaves no maximum stays whole.

    References
    ----------
    .. [1] Soille, "Morphological Image Analysis", Springer (2003), chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> y, x = np.ogrid[:30, :50]
    >>> mask = ((y - 15)**2 + (x - 15)**2 < 100) | ((y - 15)**2 + (x - 33)**2 < 100)
    >>> int(postprocessing.split_touching_objects(mask).max())
    2
    """
    from skimage.morphology import local_maxima

    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = building_blocks.distance_inside(mask, spacing)
    smooth = building_blocks.gaussian(distance, length_per_axis(sigma, spacing))
    peaks = local_maxima(smooth) & mask
    pieces = building_blocks.connected_components(mask, "face")
    seeded = np.zeros(pieces.max() + 1, bool)
    seeded[pieces[peaks]] = True
    seeds = building_blocks.connected_components(peaks | (mask & ~seeded[pieces]))
    return building_blocks.watershed(-smooth, seeds, mask)


@operation
def merge_touching(labels: Labels) -> Labels:
    """Join objects that touch into one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    merged_labels : ndarray of int32, same shape
        Groups of objects that touch, also over corners, numbered from 1.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    References
    ----------
    .. [1] Haase et al., "CLIJ: GPU-accelerated image processing for everyone", Nature
           Methods 17 (2020), 5-6, https://doi.org/10.1038/s41592-019-0650-1

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.merge_touching(np.array([[1, 2, 0, 3]]))
    array([[1, 1, 0, 2]], dtype=int32)
    """
    return building_blocks.connected_components(labels > 0)
