"""Separate foreground from background by brightness."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

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
    return np.asarray(pixels > find_level(pixels, method))


def find_level(image: NDArray[Any], method: str) -> float:
    """Return the threshold that a method of `threshold` finds.

    Parameters
    ----------
    image : ndarray
        Intensities that are not all equal, from `building_blocks.for_histogram`.
    method : str
        One of the methods of `threshold`.

    Returns
    -------
    float
        The highest intensity of the background.

    Raises
    ------
    ValueError
        If the method finds no threshold.
    """
    from skimage import filters

    find = _minimum if method == "minimum" else getattr(filters, f"threshold_{method}")
    try:
        # Flat, because scikit-image warns of colours where the last axis has 3 or 4 pixels.
        level: float = find(image.ravel())
    except RuntimeError as error:
        raise ValueError(
            f"method {method!r} finds no threshold in this image ({error}); "
            "try 'otsu', 'li' or 'triangle'"
        ) from error
    return level


def _minimum(image: NDArray[Any]) -> float:
    """Return the rarest level between the two modes of the smoothed histogram.

    `skimage.filters.threshold_minimum` returns the same, but looks for the modes level by
    level in Python, which takes it a minute for 16 bits.
    """
    from scipy import ndimage
    from skimage.exposure import histogram

    counts, levels = histogram(image, 256, source_range="image")
    smooth = counts.astype(np.float32)
    for _ in range(9_999):
        smooth = ndimage.uniform_filter1d(smooth, 3)
        steps = np.diff(smooth)
        changes = np.flatnonzero(steps)
        falls = steps[changes] < 0
        modes = changes[falls & np.append(True, ~falls)[:-1]]
        if len(modes) < 3:
            break
    if len(modes) != 2:
        raise RuntimeError("its histogram does not have two modes")
    level: float = levels[modes[0] + np.argmin(smooth[modes[0] : modes[1] + 1])]
    return level
