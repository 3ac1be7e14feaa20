"""Even out contrast and make structures stand out."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import as_float, as_volume, weighted_moments
from napari_delineate.halos import blur_halo
from napari_delineate.separable import derivative_halo, in_threads
from napari_delineate.shear import integrated_along_shear
from napari_delineate.types import (
    Image,
    Length,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = [
    "adaptive_histogram_equalization",
    "unsharp_mask",
    "local_normalization",
    "enhance_dark_holes",
    "enhance_circles",
    "enhance_dic",
]


@operation
def adaptive_histogram_equalization(
    image: Image,
    *,
    window: Annotated[Length, Range(0)] = voxels(64),
    clip_limit: Annotated[float, Range(0, 1)] = 0.01,
    spacing: Spacing = 1.0,
) -> Image:
    """Give every part of the image the same contrast, but not to noise (CLAHE).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    window : float or Voxels
        Width of the parts whose histograms are made even, some times the width of an object,
        in the units of `spacing` or as `voxels(n)`; never wider than the image.
    clip_limit : float
        Larger values give more contrast, 0 to 1; 0 does the same as 1, which has no limit.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    equalized : ndarray of float, same shape
        From 0 to 1; all 0 for a constant image. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If `window` is negative or `clip_limit` not from 0 to 1, or the image is empty or
        holds NaN or infinity.

    See Also
    --------
    local_normalization : Looks no farther than its window.

    References
    ----------
    .. [1] Zuiderveld, "Contrast limited adaptive histogram equalization", Graphics Gems IV
           (1994), 474-485.
    .. [2] `skimage.exposure.equalize_adapthist`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.random.default_rng(0).normal(100, 1, (64, 64)); image[32:] *= 5
    >>> equalized = filters.adaptive_histogram_equalization(image, window=16)
    >>> float(equalized.min()), float(equalized.max())
    (0.0, 1.0)
    """
    from skimage.exposure import equalize_adapthist

    dtype = np.float32 if image.dtype == np.float32 else np.float64
    low, high = image.min(), image.max()
    if low == high:
        return np.zeros(image.shape, dtype)
    pixels = image
    if image.dtype not in (np.uint8, np.uint16):  # scikit-image cuts off what is below 0
        pixels = image / max(abs(float(low)), abs(float(high)))
        pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min())
    size = [
        max(1, min(round(entry), length))
        for entry, length in zip(length_per_axis(window, spacing), image.shape, strict=True)
    ]
    return np.asarray(equalize_adapthist(pixels, size, clip_limit), dtype)


@operation(locality=blur_halo, opencl=True)
def unsharp_mask(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    amount: Annotated[float, Range(0, 100)] = 1.0,
    spacing: Spacing = 1.0,
) -> Image:
    """Sharpen an image by adding what a blur takes away.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        Standard deviation of the blur, in the units of `spacing` or as `voxels(n)`.
    amount : float
        How much is added, 0 to 100; 0 changes nothing.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    sharpened : ndarray of float, same shape
        The sharpened image, at edges darker and brighter than before. float32 stays
        float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a number is out of its range, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    Notes
    -----
    Beyond its borders the image continues with the nearest pixel. Nothing is cut off at 0
    and 1, as `skimage.filters.unsharp_mask` does.

    References
    ----------
    .. [1] Petrou and Petrou, "Image Processing: The Fundamentals" (2010), page 357,
           https://doi.org/10.1002/9781119994398

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((9, 9)); image[:, 5:] = 1
    >>> filters.unsharp_mask(image)[4, 4:6].round(2)
    array([-0.3,  1.3])
    """
    pixels = as_float(image)
    blurred = building_blocks.gaussian(image, length_per_axis(sigma, spacing))
    sharper = building_blocks.difference(pixels, blurred)
    sharper *= amount
    sharper += pixels
    return building_blocks.fitting(sharper)


@operation(locality=blur_halo)
def local_normalization(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(10),
    spacing: Spacing = 1.0,
) -> Image:
    """Count intensities from their surroundings' mean, in their standard deviations.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    sigma : float or Voxels
        Standard deviation of the Gaussian that says what the surroundings are, some times
        the radius of an object, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    normalized : ndarray of float, same shape
        About -3 to 3; 0 where all around is the same. float32 stays float32, all else
        becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN, infinity or numbers too
        large to add up.

    See Also
    --------
    adaptive_histogram_equalization : Gives intensities from 0 to 1.

    Notes
    -----
    Beyond its borders the image continues with the nearest pixel. Deviations below a
    millionth of the intensity count as none.

    References
    ----------
    .. [1] Sage and Unser, "Teaching image-processing programming in Java", IEEE Signal
           Processing Magazine 20 (2003), 43-52, https://doi.org/10.1109/MSP.2003.1253553

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.random.default_rng(0).normal(100, 1, (64, 64)); image[:, 32:] *= 5
    >>> normalized = filters.local_normalization(image, sigma=4)
    >>> bool(0.8 < normalized[:, :16].std() < 1.2), bool(0.8 < normalized[:, 48:].std() < 1.2)
    (True, True)
    """
    per_axis = length_per_axis(sigma, spacing)
    pixels = as_float(image)
    wide = pixels.astype(np.float64, copy=False)
    mean, variance = weighted_moments(wide, per_axis)
    variance[variance == 0] = np.inf
    return np.asarray((wide - mean) / np.sqrt(variance), pixels.dtype)


@operation
def enhance_dark_holes(
    image: Image,
    *,
    minimum_radius: Annotated[Length, Range(0)] = voxels(1),
    maximum_radius: Annotated[Length, Range(0)] = voxels(5),
    spacing: Spacing = 1.0,
) -> Image:
    """Keep dark holes between two sizes that are bright all around, remove everything else.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    minimum_radius : float or Voxels
        Radius of the largest ball that still does not fit into the smallest holes that
        count, in the units of `spacing` or as `voxels(n)`.
    maximum_radius : float or Voxels
        Radius of a ball that does not fit into the largest holes; at least `minimum_radius`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    holes : ndarray, same shape and dtype
        How much darker the holes are than the darkest place of their rim, 0 elsewhere;
        float16 becomes float32.

    Raises
    ------
    ValueError
        If a radius is negative or far beyond the size of the image, `maximum_radius` is less
        than `minimum_radius`, or the image is empty or holds NaN, infinity or numbers too
        large to subtract.

    Notes
    -----
    The image is closed by reconstruction with balls of both radii; this is the difference.
    A closing by reconstruction fills a hole wholly or not at all, so that holes keep their
    outlines. CellProfiler tries every radius between with a diamond instead of a ball.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis", IEEE
           Transactions on Image Processing 2 (1993), 176-201,
           https://doi.org/10.1109/83.217222
    .. [2] CellProfiler, EnhanceOrSuppressFeatures, "Dark holes".

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((40, 40), 9); image[5:8, 5:8] = 2; image[10:35, 10:35] = 2
    >>> holes = filters.enhance_dark_holes(image)
    >>> int(holes[6, 6]), int(holes[20, 20])
    (7, 0)
    """
    low = building_blocks.radius_per_axis(minimum_radius, spacing, image.shape, "minimum_radius")
    high = building_blocks.radius_per_axis(maximum_radius, spacing, image.shape, "maximum_radius")
    if max(low) > max(high):
        raise ValueError(
            f"maximum_radius must be at least minimum_radius ({minimum_radius}); "
            f"got {maximum_radius}"
        )
    pixels = image.view(np.uint8) if image.dtype == bool else image
    holes = building_blocks.difference(_closed(pixels, high), _closed(pixels, low))
    return np.asarray(holes, image.dtype)


def _closed(image: NDArray[Any], radius: tuple[float, ...]) -> NDArray[Any]:
    """Fill the dark holes into which no ball fits, and leave all else as it is."""
    dilated = building_blocks.flat_extremum(image, radius, "ball", "maximum")
    return building_blocks.reconstructed(dilated, image, "full", "erosion")


def _circles_halo(*, spacing: Any, radius: Length, sigma: Length) -> tuple[int, ...]:
    blur = length_per_axis(sigma, spacing)
    return tuple(
        int(entry + 3 * width + 1e-9) + reach
        for entry, width, reach in zip(
            length_per_axis(radius, spacing), blur, derivative_halo(blur), strict=True
        )
    )


@operation(locality=_circles_halo)
def enhance_circles(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(10),
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Image:
    """Show the centres of circles or balls of one size by the edges around them.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    radius : float or Voxels
        Radius of the circles, in the units of `spacing` or as `voxels(n)`.
    sigma : float or Voxels
        How far edges may lie off, as a standard deviation, more than 0; the Gaussian before
        the search for edges has the same.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    centres : ndarray of float, same shape
        The mean steepness on the circle around every pixel, times sigma: bright in the
        middle of circles, whether they are bright or dark. float32 stays float32, all else
        becomes float64.

    Raises
    ------
    ValueError
        If `radius` is negative, `sigma` is not more than 0, one of them is far beyond the size
        of the image, or the image is empty or holds NaN, infinity or numbers too large to add
        up.

    Notes
    -----
    This is the Hough transform for one radius, with the steepness as weights. No edges are
    assumed beyond the borders of the image.

    References
    ----------
    .. [1] Duda and Hart, "Use of the Hough transformation to detect lines and curves in
           pictures", Communications of the ACM 15 (1972), 11-15,
           https://doi.org/10.1145/361237.361242
    .. [2] CellProfiler, module EnhanceOrSuppressFeatures, "Circles".

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> y, x = np.mgrid[:50, :60]; disk = (y - 20) ** 2 + (x - 30) ** 2 <= 10**2
    >>> centres = filters.enhance_circles(disk)
    >>> [int(index) for index in np.unravel_index(np.argmax(centres), disk.shape)]
    [20, 30]
    """
    from scipy import signal

    from napari_delineate.filters.edges import gradient_magnitude

    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    blur = building_blocks.positive(
        building_blocks.radius_per_axis(sigma, spacing, image.shape, "sigma"), "sigma"
    )
    edges = gradient_magnitude(image, sigma=sigma, spacing=spacing)
    squares: Any = 0.0
    for axis, (entry, width) in enumerate(zip(per_axis, blur, strict=True)):
        steps = int(entry + 3 * width + building_blocks.ROUNDING)
        along = np.arange(-steps, steps + 1) / width  # in sigmas, the same along every axis
        squares = squares + (along**2).reshape([-1 if i == axis else 1 for i in range(image.ndim)])
    off = np.sqrt(squares) - per_axis[0] / blur[0]
    ring = np.where(np.abs(off) <= 3, np.exp(-(off**2) / 2), 0)
    ring /= ring.sum()
    found = signal.fftconvolve(edges, ring.astype(edges.dtype), mode="same")
    return building_blocks.fitting(np.asarray(found, edges.dtype))


@operation
def enhance_dic(
    image: Image,
    *,
    angle: Annotated[float, Range(-360, 360)] = 0.0,
    decay_length: Annotated[Length, Range(0)] = voxels(20),
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Make objects bright that a DIC image shows as reliefs, by integrals along its shear.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, those of differential interference contrast: the slope
        of what they show. Integers are scaled to 0..1, as in `gaussian`.
    angle : float
        Where the slope goes up, in degrees from downwards to the right: 0 where objects are
        bright above and dark below, 90 where they are bright on the left.
    decay_length : float or Voxels
        Length on which the integral forgets what it has passed, down to 1/e, about the size
        of objects and more than 0, in the units of `spacing` or as `voxels(n)`.
    sigma : float or Voxels
        Standard deviation of a Gaussian across the shear, against streaks, in the units of
        `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    enhanced : ndarray of float, same shape
        The integrals, stretched to the range of the image; all 0 for a constant image.
        float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `angle` is not from -360 to 360, `decay_length` is not more than 0 or `sigma`
        negative or far beyond the size of the image, or the image is empty or holds NaN,
        infinity or numbers too large to add up.

    Notes
    -----
    The shear of a microscope lies in the plane of a slice: each slice of a volume is
    integrated on its own, from its own mean, and all are stretched together. Half the
    difference of the integrals from both ends counts. CellProfiler gives the decay as a
    factor per pixel: 0.95 is a length of -1 / log(0.95), 19.5 pixels.

    References
    ----------
    .. [1] CellProfiler, module EnhanceOrSuppressFeatures, "DIC", and `line_integration` of
           `centrosome.filter`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> y, x = np.mgrid[:50, :60]; bump = np.exp(-((y - 20) ** 2 + (x - 30) ** 2) / 50)
    >>> enhanced = filters.enhance_dic(np.gradient(bump, axis=1), angle=90)
    >>> [int(index) for index in np.unravel_index(np.argmax(enhanced), bump.shape)]
    [20, 30]
    """
    from scipy import special

    pixels = as_float(image)
    low, high = float(pixels.min()), float(pixels.max())
    if low == high:
        return np.zeros_like(pixels)
    plane = np.broadcast_to(spacing, image.ndim)[-2:]
    step = plane.min()
    fading = building_blocks.positive((length_in_units(decay_length, spacing),), "decay_length")
    kept = float(np.exp(-step / fading[0]))
    building_blocks.radius_per_axis(sigma, spacing, image.shape)
    width = length_in_units(sigma, spacing) / step
    # These are exact for right angles, which keep the pixels at the border in the plane.
    sine, cosine = special.sindg(angle), special.cosdg(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]]) * (step / plane)[:, None]
    result = np.empty(pixels.shape)
    given, found = as_volume(pixels), as_volume(result)

    def integrate_planes(start: int, stop: int) -> None:
        for index in range(start, stop):
            found[index] = integrated_along_shear(
                given[index].astype(np.float64), turn, kept, width
            )

    with np.errstate(over="ignore", invalid="ignore"):
        in_threads(integrate_planes, len(given), image.size)
        lowest, highest = result.min(), result.max()
        result -= lowest
        if lowest < highest:
            result *= (high - low) / (highest - lowest)
        result += low
    return building_blocks.fitting(result.astype(pixels.dtype, copy=False))
