"""Even out shading and vignetting."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Length, Mask, Range, Spacing, length_per_axis, voxels

__all__ = ["correct_illumination", "correct_illumination_by_splines"]

_FEWEST = 0.01
"""Share of the pixels that must be left as background, as in CellProfiler."""


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

    See Also
    --------
    correct_illumination_by_splines : Finds the light in the background, without objects.

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


@operation
def correct_illumination_by_splines(
    image: Image,
    mask: Mask | None = None,
    *,
    points: Annotated[int, Range(4, 10)] = 5,
    objects: Literal["bright", "dark", "both"] = "bright",
    threshold: Annotated[float, Range(0.5, 10)] = 2.0,
    convergence: Annotated[float, Range(0, 1)] = 0.001,
    maximum_iterations: Annotated[int, Range(1, 1000)] = 40,
    correction: Literal["divide", "subtract"] = "divide",
) -> CorrectedIllumination:
    """Even out the light by a smooth surface of splines through the background.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Where background is looked for; all pixels by default. Where it holds no pixel, no
        light is found, and the image stays as it is.
    points : int
        Number of splines along each axis, 4 to 10: more follow quicker changes of the light.
    objects : {"bright", "dark", "both"}
        What is not background: pixels far above the surface, far below it, or both.
    threshold : float
        How far, in standard deviations of the background around the surface, 0.5 to 10.
    convergence : float
        Stop when the surface changes by less than this share of the range of the image, as a
        standard deviation, 0 to 1.
    maximum_iterations : int
        Stop after so many fits at the latest, 1 to 1000.
    correction : {"divide", "subtract"}
        "divide" for uneven lamps and vignetting, "subtract" for light that is added, such
        as haze.

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
        If a number is out of its range, less than 1 % of the pixels are left as background,
        or the image is empty or holds NaN, infinity or numbers too large to compute with.

    See Also
    --------
    correct_illumination : Finds the light in all pixels.

    Notes
    -----
    Least squares find the products of cubic B-splines, spread evenly over the image along
    each axis, that fit the background best; then what is far from them is taken out of the
    background, and so on. The size of voxels does not matter for that. Every fit sees every
    pixel.

    References
    ----------
    .. [1] Lindblad and Bengtsson, "A comparison of methods for estimation of intensity
           nonuniformities in 2D and 3D microscope images of fluorescence stained cells",
           Scandinavian Conference on Image Analysis (2001), 264-271.
    .. [2] CellProfiler, module CorrectIlluminationCalculate, "Splines", and
           `centrosome.bg_compensate.backgr`, whose light this is, in 3D too.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = 100 * np.linspace(1, 2, 50) * np.ones((50, 1)); image[20:30, 20:30] += 500
    >>> corrected, illumination = filters.correct_illumination_by_splines(image)
    >>> float(np.ptp(corrected[:20]).round(3)), float(corrected[0].mean().round(3))
    (0.0, 150.0)
    """
    single = image.dtype == np.float32
    # No sum of squares is too large on this scale.
    scale = max(abs(float(image.max())), abs(float(image.min()))) or 1.0
    pixels = image / np.float64(scale)
    counted = np.ones(image.shape, bool) if mask is None else mask
    enough = convergence * np.ptp(pixels) + building_blocks.ROUNDING
    bases = [_spline_basis(size, points) for size in image.shape]
    background = counted
    light = np.zeros(image.shape)
    for _ in range(maximum_iterations if counted.any() else 0):
        before, light = light, _fitted_splines(pixels, background, bases)
        if (light - before)[counted].std() < enough:
            break
        rest = pixels - light
        cut = threshold * rest[background].std()
        far = {"bright": rest, "dark": -rest, "both": np.abs(rest)}[objects]
        background = counted & (far < cut)
        if np.count_nonzero(background) < _FEWEST * np.count_nonzero(counted):
            raise ValueError(
                f"less than 1 % of the pixels are background with a threshold of {threshold:g}; "
                "choose a larger one, or other objects"
            )
    dtype = np.float32 if single else np.float64
    light *= scale
    return corrected_by(
        image.astype(dtype, copy=False), light.astype(dtype, copy=False), correction
    )


def _spline_basis(size: int, points: int) -> NDArray[np.float64]:
    """Return (size, points) cubic B-splines that lie evenly along an axis."""
    from scipy.interpolate import BSpline

    if size == 1:
        return np.ones((1, 1))
    pieces = points - 3
    knots = np.arange(-3.0, pieces + 4)
    places = np.linspace(0, pieces, size)
    return np.asarray(BSpline.design_matrix(places, knots, 3).toarray())


def _fitted_splines(
    image: NDArray[np.float64], background: NDArray[np.bool_], bases: list[NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the products of splines that fit the background of an image best."""
    ndim = image.ndim
    counts = tuple(basis.shape[1] for basis in bases)
    # Products of two splines are products along each axis, so no matrix with a row for every
    # pixel is needed.
    pairs = [(basis[:, :, None] * basis[:, None]).reshape(len(basis), -1) for basis in bases]
    products = _summed(background.astype(np.float64), pairs)
    products = products.reshape([count for count in counts for _ in range(2)])
    products = products.transpose([*range(0, 2 * ndim, 2), *range(1, 2 * ndim, 2)])
    wanted = _summed(image * background, bases).ravel()
    # Splines without background, or more than pixels, are free; the shortest solution is taken.
    found = np.linalg.lstsq(products.reshape(len(wanted), -1), wanted)[0]
    surface = found.reshape(counts)
    for basis in bases:
        surface = np.tensordot(surface, basis, (0, 1))
    return surface


def _summed(image: NDArray[np.float64], bases: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the sums of an image times the products of functions along each axis."""
    for basis in reversed(bases):
        image = np.tensordot(basis, image, (0, -1))
    return image
