"""What the filters that remove noise share: how much noise there is, and wavelets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import fitting, gaussian
from napari_delineate.types import length_per_axis, voxels

__all__ = [
    "ROUNDING_OF_VARIANCES",
    "as_float",
    "as_volume",
    "finest_steps",
    "noise_level",
    "norm_of_difference",
    "spline_weights",
    "weighted_moments",
    "window_sums",
]

ROUNDING_OF_VARIANCES = 1e-13
"""Share of the mean square below which a variance is rounding."""


def as_float(image: NDArray[Any]) -> NDArray[Any]:
    """Return the image as float32 or float64, integers scaled to 0..1."""
    from skimage.util import img_as_float

    return np.asarray(img_as_float(image))


def as_volume(image: NDArray[Any]) -> NDArray[Any]:
    """Return a view with three axes."""
    return image if image.ndim == 3 else image[np.newaxis]


def weighted_moments(
    pixels: NDArray[np.float64], sigma: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance around every pixel, weighted by a Gaussian; refuse infinity."""
    with np.errstate(over="ignore"):
        squares = fitting(gaussian(pixels**2, sigma))
    mean = gaussian(pixels, sigma)
    variance = squares - mean**2
    variance[variance <= ROUNDING_OF_VARIANCES * squares] = 0
    return mean, variance


def finest_steps(spacing: Any) -> NDArray[np.float64]:
    """Return one finest voxel in voxels of each of three axes, 0 for one that is not there."""
    steps = length_per_axis(voxels(1), spacing)
    return np.array([0.0] * (3 - len(steps)) + list(steps))


def noise_level(pixels: NDArray[Any]) -> float:
    """Return the standard deviation of the noise of each pixel, 0 in smooth images.

    Second differences along two axes leave hardly anything else, and their median does not
    see the few edges (Immerkaer, "Fast noise variance estimation", 1996).
    """
    axes = [axis for axis in (-2, -1) if pixels.shape[axis] > 2]
    if not axes:
        return 0.0
    rest = pixels
    for axis in axes:
        rest = np.diff(rest, n=2, axis=axis)
    median = float(np.median(np.abs(rest)))
    return median / 0.6744897501960817 / 6 ** (len(axes) / 2)


def spline_weights(step: int, ratio: float) -> NDArray[np.float64] | None:
    """Return a B3 spline whose weights lie a step of finest voxels apart along an axis."""
    if ratio > step:
        return None
    apart = round(step / ratio)
    weights = np.zeros(4 * apart + 1)
    weights[::apart] = np.array([1, 4, 6, 4, 1]) / 16
    return weights


def norm_of_difference(first: Any, second: Any) -> float:
    """Return what the difference of two separable blurs makes of noise of 1."""

    def product(one: Any, other: Any) -> float:
        result = 1.0
        for a, b in zip(one, other, strict=True):
            short, long = sorted((a, b), key=len)
            margin = (len(long) - len(short)) // 2
            result *= float(short @ long[margin : margin + len(short)])
        return result

    squares = product(first, first) + product(second, second) - 2 * product(first, second)
    return float(np.sqrt(max(squares, 0.0)))


def window_sums(image: NDArray[Any], reach: Sequence[int]) -> NDArray[Any]:
    """Return sums over the boxes that begin at a pixel and reach some pixels further."""
    for axis, steps in enumerate(reach):
        size = image.shape[axis] - steps
        lines = np.moveaxis(image, axis, 0)
        total = lines[:size].copy()
        for step in range(1, steps + 1):
            total += lines[step : step + size]
        image = np.moveaxis(total, 0, axis)
    return image
