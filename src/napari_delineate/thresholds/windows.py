"""Statistics of a box around every pixel, and levels that follow from them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import window_mean
from napari_delineate.separable import box_mean

__all__ = ["sauvola_levels", "window_deviation", "window_mean_and_deviation"]


def window_deviation(
    image: NDArray[Any],
    mean: NDArray[np.float64],
    radius: tuple[float, ...],
    shape: Literal["ball", "box"],
) -> NDArray[np.float64]:
    """Return the standard deviation of the ball or box around every pixel, from its mean."""
    squares = window_mean(np.square(image, dtype=np.float64), radius, shape)
    squares -= mean**2
    return np.asarray(np.sqrt(np.maximum(squares, 0, out=squares), out=squares))


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
    limited = [
        min(entry, 2 * length + 1) for entry, length in zip(sizes, pixels.shape, strict=True)
    ]
    return box_mean(pixels, limited, "mirror")
