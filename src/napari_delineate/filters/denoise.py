"""Remove noise by averaging over a neighbourhood, or by its frequency."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import (
    as_float,
    noise_level,
    norm_of_difference,
    spline_weights,
)
from napari_delineate.halos import blur_halo, window_halo
from napari_delineate.separable import correlate
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["gaussian", "median", "percentile", "mean", "butterworth", "wavelet_denoising"]


@operation(locality=blur_halo, opencl=True)
def gaussian(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Blur an image with a Gaussian.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1 (uint8 is divided by
        255, uint16 by 65535), as scikit-image does; floats keep their range.
    sigma : float or Voxels
        Standard deviation of the Gaussian, the same physical length along every axis, in
        the units of `spacing` or as `voxels(n)`. 0 leaves the image as it is.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    blurred : ndarray of float, same shape
        The blurred image. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    median : Keeps edges sharper.

    Notes
    -----
    Beyond its borders the image continues with the nearest pixel; the Gaussian ends at
    four sigmas. The OpenCL version computes in float32: it agrees to about 1e-6 of the
    largest value.

    References
    ----------
    .. [1] `skimage.filters.gaussian`, whose results these are, to the last digit.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5)); image[2, 2] = 1
    >>> float(filters.gaussian(image, sigma=1)[2, 2].round(3))
    0.159
    """
    return building_blocks.gaussian(image, length_per_axis(sigma, spacing))


@operation(locality=window_halo, opencl=True)
def median(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(1),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the median of its neighbourhood.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`. Below one voxel along an axis, only that slice counts.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray, same shape and dtype
        The denoised image; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty
        or holds NaN or infinity.

    See Also
    --------
    gaussian : Faster, but blurs edges.

    Notes
    -----
    The OpenCL version gives the same up to rounding to float32; a ball whose radius is not
    whole voxels along each axis is computed on the processor.

    References
    ----------
    .. [1] `scipy.ndimage.median_filter`, which computes it (mode "reflect").

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5), np.uint8); image[2, 2] = 255
    >>> int(filters.median(image).max())
    0
    """
    from scipy import ndimage

    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    footprint = building_blocks.offsets_within(per_axis, shape)
    pixels = image.view(np.uint8) if image.dtype == bool else image
    return np.asarray(ndimage.median_filter(pixels, footprint=footprint), image.dtype)


@operation(locality=window_halo)
def percentile(
    image: Image,
    *,
    percentile: Annotated[float, Range(0, 100)] = 50.0,
    radius: Annotated[Length, Range(0)] = voxels(2),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by a percentile of its neighbourhood.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    percentile : float
        0 gives the minimum, 50 the median, 100 the maximum.
    radius : float or Voxels
        Distance from the centre of the neighbourhood to its edge, in the units of
        `spacing` or as `voxels(n)`. Below one voxel along an axis, only that slice counts.
    shape : {"ball", "box"}
        Shape of the neighbourhood: a disk or ball, or a square or cube.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray, same shape and dtype
        The filtered image, always a pixel of the neighbourhood; float16 becomes float32.

    Raises
    ------
    ValueError
        If `percentile` is not from 0 to 100, `radius` is negative or far beyond the size of
        the image, or the image is empty or holds NaN or infinity.

    See Also
    --------
    median : The same for 50.

    References
    ----------
    .. [1] `scipy.ndimage.percentile_filter`, which computes it (mode "reflect").

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5), np.uint8); image[2, 2] = 255
    >>> int(filters.percentile(image, percentile=100, radius=1).sum())
    1275
    """
    from scipy import ndimage

    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    footprint = building_blocks.offsets_within(per_axis, shape)
    pixels = image.view(np.uint8) if image.dtype == bool else image
    found = ndimage.percentile_filter(pixels, percentile, footprint=footprint)
    return np.asarray(found, image.dtype)


@operation(version=2, locality=window_halo, opencl=True)
def mean(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(1),
    shape: Literal["ball", "box"] = "ball",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace every pixel by the mean of its neighbourhood.

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
    denoised : ndarray of float, same shape
        The means. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty or
        holds NaN, infinity or numbers too large to add up.

    See Also
    --------
    gaussian : Has no preferred direction and no rim.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] `scipy.ndimage.correlate` with equal weights, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5)); image[2, 2] = 1
    >>> float(filters.mean(image)[2, 2].round(6))
    0.2
    """
    pixels = as_float(image)
    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    return building_blocks.fitting(
        building_blocks.window_mean(pixels, per_axis, shape, pixels.dtype)
    )


@operation
def butterworth(
    image: Image,
    *,
    kind: Literal["low pass", "high pass"] = "low pass",
    cutoff: Annotated[float, Range(0.0001, 0.5)] = 0.1,
    order: Annotated[float, Range(0.5, 20)] = 2.0,
    spacing: Spacing = 1.0,
) -> Image:
    """Keep coarse structures (low pass) or fine ones (high pass) by their frequency.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, in their own range.
    kind : {"low pass", "high pass"}
        Remove noise, or the background.
    cutoff : float
        Frequency in periods per finest voxel, 0.0001 to 0.5, at which half of the amplitude
        is left: 0.1 keeps or removes what repeats within 10 voxels or fewer.
    order : float
        How steep the cutoff is, 0.5 to 20.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    filtered : ndarray of float, same shape
        The filtered image, around 0 for a high pass. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If a number is out of its range, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    Notes
    -----
    The image is continued periodically, so that opposite borders influence each other.
    Frequencies along a coarse axis are counted per finest voxel as well.

    References
    ----------
    .. [1] Butterworth, "On the theory of filter amplifiers", Wireless Engineer 7 (1930),
           536-541.
    .. [2] `skimage.filters.butterworth`, whose results these are on isotropic voxels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((16, 16), 7.0); image[::2] = 9
    >>> filters.butterworth(image)[0, :2].round(2)
    array([8., 8.])
    """
    from scipy import fft

    pixels = image if image.dtype == np.float32 else image.astype(np.float64, copy=False)
    squares: Any = 0.0
    for axis, finest in enumerate(length_per_axis(voxels(1), spacing)):
        size = image.shape[axis]
        last = axis == image.ndim - 1
        frequencies = fft.rfftfreq(size) if last else fft.fftfreq(size)
        relative = (frequencies * finest / cutoff) ** 2
        squares = squares + relative.reshape([-1 if i == axis else 1 for i in range(image.ndim)])
    powers = np.asarray(squares, pixels.dtype)
    with np.errstate(over="ignore"):
        if order == 2:  # the default; the general power takes as long as a Fourier transform
            np.square(powers, out=powers)
        else:
            np.power(powers, pixels.dtype.type(order), out=powers)
    # Far above the cutoff powers may not fit; half of the largest number does as well.
    np.minimum(powers, np.finfo(powers.dtype).max / 2, out=powers)
    gain = powers + 1
    np.divide(1, gain, out=gain)
    if kind == "high pass":
        gain *= powers
    spectrum = fft.rfftn(pixels, workers=-1)
    spectrum *= gain
    filtered = fft.irfftn(spectrum, image.shape, workers=-1, overwrite_x=True)
    return building_blocks.fitting(filtered)


@operation
def wavelet_denoising(
    image: Image,
    *,
    threshold: Annotated[float, Range(0)] = 3.0,
    levels: Annotated[int, Range(1, 8)] = 4,
    kind: Literal["hard", "soft"] = "hard",
    noise: Annotated[float, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Image:
    """Remove details of every size that do not stand out from the noise.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    threshold : float
        Details weaker than so many standard deviations of the noise go; 0 keeps all.
    levels : int
        How many sizes of details are looked at, each twice as wide, 1 to 8; what is coarser
        stays.
    kind : {"hard", "soft"}
        Keep stronger details as they are, or weaken them by the threshold.
    noise : float or None
        Standard deviation of the noise in the range of the result. None estimates it from
        the image.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    denoised : ndarray of float, same shape
        The denoised image. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a number is out of its range, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    Notes
    -----
    The wavelets are the differences of blurs with B3 splines ("à trous", starlet), which
    have no direction and do not shift. A coarse axis is left alone at the levels that are
    finer than its voxels. Beyond its borders the image continues with the nearest pixel.

    References
    ----------
    .. [1] Starck, Fadili and Murtagh, "The undecimated wavelet decomposition and its
           reconstruction", IEEE Transactions on Image Processing 16 (2007), 297-309,
           https://doi.org/10.1109/TIP.2006.887733
    .. [2] Olivo-Marin, "Extraction of spots in biological images using multiscale products",
           Pattern Recognition 35 (2002), 1989-1996.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((19, 19)); image[9, 9] = 1; image[3, 3] = 0.1
    >>> denoised = filters.wavelet_denoising(image, noise=0.1)
    >>> float(denoised[3, 3].round(2)), bool(denoised[9, 9] > 0.9)
    (0.0, True)
    """
    pixels = as_float(image)
    level = noise_level(pixels) if noise is None else noise
    ratios = [1 / step for step in length_per_axis(voxels(1), spacing)]
    smooth = pixels
    result = np.zeros_like(pixels)
    blur: list[NDArray[np.float64]] = [np.ones(1)] * image.ndim
    for scale in range(levels):
        weights = [spline_weights(2**scale, ratio) for ratio in ratios]
        smoother = correlate(smooth, weights)
        blurrier = [
            old if one is None else np.convolve(old, one)
            for old, one in zip(blur, weights, strict=True)
        ]
        limit = threshold * level * norm_of_difference(blur, blurrier)
        detail = smooth - smoother
        size = np.abs(detail)
        if kind == "soft":
            detail = np.sign(detail) * np.maximum(size - limit, 0)
        else:
            detail[size < limit] = 0
        result += detail
        smooth, blur = smoother, blurrier
    result += smooth
    return building_blocks.fitting(result)
