"""Show texture: how much intensities vary around every pixel."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import (
    ROUNDING_OF_VARIANCES,
    as_float,
    weighted_moments,
)
from napari_delineate.halos import blur_halo, window_halo
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["standard_deviation", "weighted_standard_deviation"]


@operation(version=2, locality=window_halo, opencl=True)
def standard_deviation(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(2),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Show texture: the standard deviation of the neighbourhood of every pixel.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`. Below one voxel along an axis, only that slice counts.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube, which is quicker.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    texture : ndarray of float, same shape
        The standard deviations; its square is the variance. float32 stays float32, all else
        becomes float64.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty or
        holds NaN, infinity or numbers too large to multiply.

    Notes
    -----
    Beyond its borders the image is reflected.

    The OpenCL version agrees to about 1e-5 of the brightest pixel; a ball whose radius is
    not whole voxels along each axis is computed on the processor.

    References
    ----------
    .. [1] Haralick, "Statistical and structural approaches to texture", Proceedings of the
           IEEE 67 (1979), 786-804, https://doi.org/10.1109/PROC.1979.11328

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 2
    >>> filters.standard_deviation(image, radius=1, shape="box")[4, 3:6].round(3)
    array([0.   , 0.943, 0.943])
    """
    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    dtype = np.float32 if image.dtype == np.float32 else np.float64
    pixels = as_float(image).astype(np.float64, copy=False)
    with np.errstate(over="ignore", invalid="ignore"):
        squares = building_blocks.window_mean(pixels**2, per_axis, shape)
        variance = squares - building_blocks.window_mean(pixels, per_axis, shape) ** 2
    building_blocks.fitting(variance)
    variance[variance < ROUNDING_OF_VARIANCES * squares] = 0
    return np.asarray(np.sqrt(variance, out=variance), dtype)


@operation(locality=blur_halo)
def weighted_standard_deviation(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Show texture: the standard deviation around every pixel, in which near pixels count more.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        Standard deviation of the Gaussian that says how much a pixel counts, in the units of
        `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    texture : ndarray of float, same shape
        The standard deviations; 0 where all around is the same. float32 stays float32, all
        else becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN, infinity or numbers too
        large to multiply.

    See Also
    --------
    standard_deviation : All pixels within a radius count alike.

    Notes
    -----
    The square root of the blurred squares minus the square of the blurred intensities.
    Beyond its borders the image continues with the nearest pixel.

    References
    ----------
    .. [1] Bankhead et al., "QuPath: open source software for digital pathology image
           analysis", Scientific Reports 7 (2017), 16878, in which it is the weighted
           standard deviation, https://doi.org/10.1038/s41598-017-17204-5

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, ::2] = 2
    >>> float(filters.weighted_standard_deviation(image)[4, 4].round(2))
    1.0
    """
    pixels = as_float(image)
    wide = pixels.astype(np.float64, copy=False)
    _, variance = weighted_moments(wide, length_per_axis(sigma, spacing))
    return np.asarray(np.sqrt(variance, out=variance), pixels.dtype)
