"""Remove what a camera or a detector adds: single wrong pixels and stripes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.denoising import as_float
from napari_delineate.halos import window_halo
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["remove_outliers", "suppress_stripes"]


@operation(locality=window_halo)
def remove_outliers(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(2),
    threshold: Annotated[float, Range(0)] = 50.0,
    which: Literal["bright", "dark", "both"] = "both",
    spacing: Spacing = 1.0,
) -> Image:
    """Replace pixels by the median around them if they differ much from it, and only those.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Radius of the ball of which the median is taken, in the units of `spacing` or as
        `voxels(n)`. Below one voxel along an axis, only that slice counts.
    threshold : float
        How much a pixel must differ from the median, in the image's own range; some times
        the noise.
    which : {"bright", "dark", "both"}
        Whether pixels brighter than the median are replaced, darker ones, or both.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    cleaned : ndarray, same shape and dtype
        The image without outliers; float16 becomes float32.

    Raises
    ------
    ValueError
        If `radius` is negative or far beyond the size of the image, `threshold` is negative,
        or the image is empty or holds NaN or infinity.

    See Also
    --------
    median : Replaces every pixel.

    Notes
    -----
    Beyond its borders the image is reflected.

    References
    ----------
    .. [1] ImageJ, Process > Noise > Remove Outliers, which looks for one side at a time.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.full((5, 5), 100, np.uint8); image[2, 2] = 255; image[0, 0] = 120
    >>> cleaned = filters.remove_outliers(image)
    >>> int(cleaned[2, 2]), int(cleaned[0, 0])
    (100, 120)
    """
    from scipy import ndimage

    per_axis = building_blocks.radius_per_axis(radius, spacing, image.shape)
    pixels = image.view(np.uint8) if image.dtype == bool else image
    middle = ndimage.median_filter(
        pixels, footprint=building_blocks.offsets_within(per_axis, "ball")
    )
    wrong = np.zeros(pixels.shape, bool)
    if which != "dark":
        wrong |= _exceeds(pixels, middle, threshold)
    if which != "bright":
        wrong |= _exceeds(middle, pixels, threshold)
    return np.asarray(np.where(wrong, middle, pixels), image.dtype)


def _exceeds(pixels: NDArray[Any], others: NDArray[Any], threshold: float) -> NDArray[np.bool_]:
    """Return where pixels are higher than others by more than a threshold."""
    with np.errstate(over="ignore"):
        above = pixels - others
    if pixels.dtype.kind == "i":
        # What wraps where the distance is large is right again without a sign.
        above = above.view(f"u{pixels.dtype.itemsize}")
    return np.asarray((pixels > others) & (above > threshold))


def _stripes_halo(
    *, spacing: Any, direction: str, width: Length, length: Length
) -> tuple[int, ...]:
    return building_blocks.gaussian_halo(
        tuple(map(max, *_sigmas(spacing, direction, width, length)))
    )


def _sigmas(
    spacing: Any, direction: str, width: Length, length: Length
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return sigmas in voxels of the blur along stripes, and of that across them."""
    thin, long = length_per_axis(width, spacing), length_per_axis(length, spacing)
    rest = (0.0,) * (len(thin) - 2)
    if direction == "horizontal":
        return (*rest, 0.0, long[-1]), (*rest, thin[-2], 0.0)
    return (*rest, long[-2], 0.0), (*rest, 0.0, thin[-1])


@operation(locality=_stripes_halo)
def suppress_stripes(
    image: Image,
    *,
    direction: Literal["horizontal", "vertical"] = "horizontal",
    width: Annotated[Length, Range(0)] = voxels(5),
    length: Annotated[Length, Range(0)] = voxels(50),
    spacing: Spacing = 1.0,
) -> Image:
    """Remove stripes that are thin and long, as scanning and sheets of light leave them.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    direction : {"horizontal", "vertical"}
        Along which axis stripes run: along X, or along Y.
    width : float or Voxels
        Sigma of the Gaussian across the stripes, more than their width: what is much wider
        is kept. In the units of `spacing` or as `voxels(n)`.
    length : float or Voxels
        Sigma of the Gaussian along the stripes, less than their length: what is much
        shorter is kept.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    cleaned : ndarray of float, same shape
        The image without stripes. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `width` or `length` is negative, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    See Also
    --------
    difference_of_gaussians : Keeps what lies between two sizes in every direction.

    Notes
    -----
    Stripes are what a blur along them leaves, minus what a blur across leaves of that. They
    are sought in every slice of a volume. Beyond its borders the image continues with the
    nearest pixel.

    References
    ----------
    .. [1] ImageJ, Process > FFT > Bandpass Filter, which suppresses stripes by frequency;
           the band pass that comes with it there is `difference_of_gaussians`.
    .. [2] Münch, Trtik, Marone and Stampanoni, "Stripe and ring artifact removal with
           combined wavelet-Fourier filtering", Optics Express 17 (2009), 8567-8591, which
           compares such filters, https://doi.org/10.1364/OE.17.008567

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.ones((64, 64)); image[::2] = 2
    >>> float(np.ptp(filters.suppress_stripes(image)[24:-24]).round(3))
    0.0
    """
    along, across = _sigmas(spacing, direction, width, length)
    pixels = as_float(image)
    blurred = building_blocks.gaussian(pixels, along)
    stripes = building_blocks.difference(blurred, building_blocks.gaussian(blurred, across))
    return building_blocks.difference(pixels, stripes)
