"""Statistics of a box around every pixel, and levels that follow from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["sauvola_levels", "window_mean_and_deviation"]


def window_mean_and_deviation(
    image: NDArray[Any], sizes: tuple[int, ...], mask: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of the box around every pixel.

    Parameters
    ----------
    image : ndarray
        Intensities of any real dtype.
    sizes : tuple of int
        Width of the box along each axis, odd.
    mask : ndarray of bool, optional
        Pixels that count. Where none of the box counts, the mean of all that do stands for
        it, without deviation.

    Returns
    -------
    mean, deviation : ndarray of float64, same shape
        Beyond its borders the image is mirrored without repeating the outermost pixels, as
        scikit-image does it. Boxes of more than twice the image are cut there.
    """
    counted = image if mask is None else image[mask]
    centre = counted.mean(dtype=np.float64)
    pixels = image.astype(np.float64)
    pixels -= centre  # squares of small numbers lose fewer digits
    if mask is None:
        mean, squares = _box_mean(pixels, sizes), _box_mean(pixels**2, sizes)
    else:
        pixels[~mask] = 0
        weight = _box_mean(mask.astype(np.float64), sizes)
        # A running sum leaves rounding errors where nothing counts.
        weight[weight < 0.5 / np.prod(sizes)] = np.inf
        mean, squares = _box_mean(pixels, sizes) / weight, _box_mean(pixels**2, sizes) / weight
    squares -= mean**2
    deviation = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
    mean += centre
    return mean, deviation


def sauvola_levels(
    mean: NDArray[np.float64], deviation: NDArray[np.float64], weight: float, full: float
) -> NDArray[np.float64]:
    """Return Sauvola's level, lower the less contrast the box around a pixel has."""
    return mean * (1 + weight * (deviation / full - 1))


def _box_mean(pixels: NDArray[np.float64], sizes: tuple[int, ...]) -> NDArray[np.float64]:
    from scipy import ndimage

    limited = [
        min(entry, 2 * length + 1) for entry, length in zip(sizes, pixels.shape, strict=True)
    ]
    return np.asarray(ndimage.uniform_filter(pixels, limited, mode="mirror"))
