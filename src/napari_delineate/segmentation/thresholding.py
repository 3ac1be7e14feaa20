"""Separate foreground from background by brightness."""

from __future__ import annotations

from typing import Literal

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import Scope, operation
from napari_delineate.types import Image, Mask

__all__ = ["threshold"]


@operation(locality=Scope.STATISTIC, opencl=True)
def threshold(
    image: Image,
    *,
    method: Literal["isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"] = "otsu",
) -> Mask:
    """Mark every pixel brighter than an automatic threshold.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright.
    method : {"isodata", "li", "mean", "minimum", "otsu", "triangle", "yen"}
        How the threshold is found. Otsu maximises the variance between the two classes;
        Li minimises cross entropy and keeps dim objects; triangle suits a large
        background; minimum needs a histogram with two modes.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than the threshold; False everywhere in a
        constant image.

    Raises
    ------
    ValueError
        If `method` is unknown or finds no threshold, or the image is empty or holds NaN
        or infinity.

    Notes
    -----
    Integers with up to 65536 grey levels get one bin per level, everything else 256 bins.
    The OpenCL version finds the same threshold, and compares in float32.

    References
    ----------
    .. [1] `skimage.filters.threshold_otsu` and its siblings, which find the thresholds.
    .. [2] Otsu, "A threshold selection method from gray-level histograms", IEEE
           Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.threshold(np.array([[1, 2, 9], [1, 8, 9]]))
    array([[False, False,  True],
           [False,  True,  True]])
    """
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    pixels = building_blocks.for_histogram(image)
    return np.asarray(pixels > building_blocks.threshold_level(pixels, method))
