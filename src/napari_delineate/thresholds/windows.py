"""Statistics of a box around every pixel, and levels that follow from them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import ROUNDING, offsets_within
from napari_delineate.separable import box_mean

__all__ = ["sauvola_levels", "window_deviation", "window_mean", "window_mean_and_deviation"]


def window_mean(
    image: NDArray[Any], radius: tuple[float, ...], shape: Literal["ball", "box"]
) -> NDArray[np.float64]:
    """Return the mean of the ball or box around every pixel, reflected at borders.

    Parameters
    ----------
    image : ndarray
        Intensities of any real dtype.
    radius : tuple of float
        Radius in voxels along each axis.
    shape : {"ball", "box"}
        A box is separable. A ball is the union of runs along the last axis: one running mean
        per length of run, then one addition of whole images per run.

    Returns
    -------
    ndarray of float64
        The mean.
    """
    if shape == "box":
        sizes = [2 * int(np.floor(entry + ROUNDING)) + 1 for entry in radius]
        return box_mean(image, sizes)
    footprint = offsets_within(radius, "ball")
    half = [size // 2 for size in footprint.shape]
    widths = footprint.sum(axis=-1)
    total = np.zeros(image.shape)
    for width in np.unique(widths[widths > 0]):
        run = box_mean(image, (1,) * (image.ndim - 1) + (int(width),))
        run *= width / footprint.sum()
        run = np.pad(run, [(entry, entry) for entry in half[:-1]] + [(0, 0)], mode="symmetric")
        for offset in np.argwhere(widths == width):
            total += run[
                tuple(
                    slice(start, start + length)
                    for start, length in zip(offset, image.shape[:-1], strict=True)
                )
            ]
    return total


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
