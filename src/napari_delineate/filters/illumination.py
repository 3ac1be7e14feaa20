"""Even out shading and vignetting."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["correct_illumination"]


class CorrectedIllumination(NamedTuple):
    """Hold an image without shading, and the light that was found.

    Attributes
    ----------
    corrected : ndarray of float
        The image as if it was lit evenly.
    illumination : ndarray of float
        The light, around 1 on average ("divide") or 0 ("subtract").
    """

    corrected: Image
    illumination: Image


@operation(opencl=True)
def correct_illumination(
    image: Image,
    *,
    method: Literal["gaussian", "polynomial"] = "gaussian",
    sigma: Annotated[Length, Range(0)] = voxels(50),
    correction: Literal["divide", "subtract"] = "divide",
    spacing: Spacing = 1.0,
) -> CorrectedIllumination:
    """Even out the light: find it as what changes slowly, and divide or subtract it.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    method : {"gaussian", "polynomial"}
        How the light is found: by blurring the image, or by fitting a polynomial of the
        second degree to it.
    sigma : float or Voxels
        Standard deviation of the Gaussian, much more than the size of objects, in the units
        of `spacing` or as `voxels(n)`. The polynomial does not use it.
    correction : {"divide", "subtract"}
        "divide" for uneven lamps and vignetting, "subtract" for light that is added, such
        as haze.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    corrected : ndarray of float, same shape
        The image as if it was lit evenly, with the same brightness on average as the light;
        float64, of float32 float32.
    illumination : ndarray of float, same shape
        The light, divided by its mean, or minus its mean. For "divide" it is at least 2 %
        of its maximum, so that dark corners do not become noise.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN, infinity or numbers too
        large to compute with.

    Notes
    -----
    The correction of many images should use one light for all; this one looks at one.

    The OpenCL version blurs on the device; the polynomial is fitted on the processor.

    References
    ----------
    .. [1] Jones et al., "Methods for high-content, high-throughput image-based cell
           screening", MIAAB Workshop Proceedings (2006), 65-72.
    .. [2] CellProfiler, CorrectIllumination,
           https://cellprofiler-manual.s3.amazonaws.com/CellProfiler-4.2.6/modules/imageprocessing.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> light = np.linspace(1, 2, 50) * np.ones((50, 1))
    >>> corrected, illumination = filters.correct_illumination(100 * light, method="polynomial")
    >>> float(np.ptp(corrected).round(6)), float(corrected.mean().round(6))
    (0.0, 150.0)
    """
    single = image.dtype == np.float32
    pixels = image.astype(np.float32 if single else np.float64, copy=False)
    if method == "gaussian":
        light = building_blocks.gaussian(pixels, length_per_axis(sigma, spacing))
    else:
        light = _fitted_polynomial(pixels)
    return corrected_by(pixels, light, correction)


def corrected_by(
    pixels: NDArray[Any], light: NDArray[Any], correction: str
) -> CorrectedIllumination:
    """Divide by the light, or subtract it, so that the mean stays what it was."""
    with np.errstate(over="ignore", invalid="ignore"):
        if correction == "subtract":
            light = light - light.mean(dtype=np.float64).astype(light.dtype)
            corrected = pixels - light
        else:
            highest = light.max()
            light = np.maximum(light, 0.02 * highest) if highest > 0 else np.ones_like(light)
            light = light / light.mean(dtype=np.float64).astype(light.dtype)
            corrected = pixels / light
    return CorrectedIllumination(building_blocks.fitting(corrected), building_blocks.fitting(light))


def _fitted_polynomial(image: NDArray[Any]) -> NDArray[Any]:
    """Return the polynomial of the second degree that fits an image best."""
    powers = [np.linspace(-1, 1, size)[:, None] ** np.arange(3) for size in image.shape]
    # Sums of the image times x^i y^j z^k, and of the products of two of these terms: both
    # come from sums along one axis after the other.
    moments: NDArray[Any] = image
    for power in powers:
        moments = np.tensordot(moments, power, (0, 0))
    terms = [term for term in np.ndindex(*[3] * image.ndim) if sum(term) <= 2]
    sums = [power.T @ power for power in powers]
    products = np.array(
        [
            [
                np.prod([own[i, j] for own, i, j in zip(sums, one, two, strict=True)])
                for two in terms
            ]
            for one in terms
        ]
    )
    wanted = np.array([moments[term] for term in terms])
    # Axes of one or two pixels do not tell all terms apart; the shortest solution is taken.
    found = np.linalg.lstsq(products, wanted)[0]
    factors = np.zeros([3] * image.ndim)
    for term, factor in zip(terms, found, strict=True):
        factors[term] = factor
    for power in powers:
        factors = np.tensordot(factors, power, (0, 1))
    return factors.astype(image.dtype, copy=False)
