"""Show vessels, neurites and other tubes, thin or thick, bright or dark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.separable import derivative_halo
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["frangi", "sato", "meijering"]

_CHUNK = 2**16
"""Pixels that are combined at a time, so that what lies between stays in the cache."""

_ROUNDING = 1e3
"""Curvature below so many roundings of the brightest pixel is none."""


@operation
def frangi(
    image: Image,
    *,
    minimum_sigma: Annotated[Length, Range(0)] = voxels(1),
    maximum_sigma: Annotated[Length, Range(0)] = voxels(5),
    number_of_scales: Annotated[int, Range(1, 20)] = 3,
    objects: Literal["bright", "dark"] = "bright",
    plate_sensitivity: Annotated[float, Range(0.01, 10)] = 0.5,
    blob_sensitivity: Annotated[float, Range(0.01, 10)] = 0.5,
    spacing: Spacing = 1.0,
) -> Image:
    """Show how much every place looks like a tube, whatever its contrast (vesselness).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    minimum_sigma : float or Voxels
        Standard deviation of the finest Gaussian, more than 0, about half the radius of the
        thinnest tubes, in the units of `spacing` or as `voxels(n)`.
    maximum_sigma : float or Voxels
        That of the coarsest Gaussian, for the thickest tubes; at least `minimum_sigma`.
    number_of_scales : int
        How many sigmas are tried, evenly from the smallest to the largest, 1 to 20; one
        alone is the smallest. The best answer counts.
    objects : {"bright", "dark"}
        Whether the tubes are brighter or darker than what surrounds them.
    plate_sensitivity : float
        Alpha of the paper, 0.01 to 10: smaller values let sheets pass as well; only for
        images with (Z, Y, X).
    blob_sensitivity : float
        Beta of the paper, 0.01 to 10: larger values let spots pass as well.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    vesselness : ndarray of float, same shape
        From 0 to 1. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a sigma is not more than 0 or `maximum_sigma` is less than `minimum_sigma`, or the
        image is empty or holds NaN, infinity or numbers too large to add up.

    See Also
    --------
    sato : Keeps the contrast of the tubes.

    Notes
    -----
    Derivatives are physical, so that tubes along and across coarse axes look alike. The
    third constant of the paper is half the strongest curvature of the image at each scale,
    so that the result does not change with the intensities' unit. Beyond its borders the
    image continues with the nearest pixel.

    References
    ----------
    .. [1] Frangi et al., "Multiscale vessel enhancement filtering", MICCAI (1998), 130-137,
           https://doi.org/10.1007/BFb0056195
    .. [2] `skimage.filters.frangi`, which agrees on isotropic voxels within 1 % at one scale;
           at several it measures the others' strength by the first.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((41, 41)); image[19:22] = 1
    >>> vesselness = filters.frangi(image)
    >>> bool(vesselness[20, 20] > 0.8), float(vesselness[5, 20].round(3))
    (True, 0.0)
    """

    def combine(values: NDArray[Any], strongest: float) -> NDArray[Any]:
        if strongest == 0:
            return np.zeros(values.shape[1])
        order = np.argsort(np.abs(values), axis=0)
        values = np.take_along_axis(values, order, axis=0)
        norm = (values**2).sum(axis=0)
        strength = -np.expm1(-norm / (2 * (strongest / 2) ** 2))
        # A tube is brighter than its surroundings along all but one direction.
        is_tube = (values[1:] < 0).all(axis=0)
        across = np.where(is_tube, values[1:], -1.0)
        width = np.abs(across).prod(axis=0) ** (1 / len(across))
        result = strength * np.exp(-((values[0] / width) ** 2) / (2 * blob_sensitivity**2))
        if len(across) == 2:
            ratio = across[0] / across[1]
            result *= -np.expm1(-(ratio**2) / (2 * plate_sensitivity**2))
        return np.where(is_tube, result, 0)

    return _best(image, minimum_sigma, maximum_sigma, number_of_scales, objects, spacing, combine)


def _sato_halo(
    *, spacing: Any, maximum_sigma: Length, minimum_sigma: Length, number_of_scales: int, **_: Any
) -> tuple[int, ...]:
    largest = minimum_sigma if number_of_scales == 1 else maximum_sigma
    return derivative_halo(length_per_axis(largest, spacing))


@operation(locality=_sato_halo)
def sato(
    image: Image,
    *,
    minimum_sigma: Annotated[Length, Range(0)] = voxels(1),
    maximum_sigma: Annotated[Length, Range(0)] = voxels(5),
    number_of_scales: Annotated[int, Range(1, 20)] = 3,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Image:
    """Show tubes as bright as they stand out from what surrounds them (tubeness).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    minimum_sigma : float or Voxels
        Standard deviation of the finest Gaussian, more than 0, about half the radius of the
        thinnest tubes, in the units of `spacing` or as `voxels(n)`.
    maximum_sigma : float or Voxels
        That of the coarsest Gaussian, for the thickest tubes; at least `minimum_sigma`.
    number_of_scales : int
        How many sigmas are tried, evenly from the smallest to the largest, 1 to 20; one
        alone is the smallest. The best answer counts.
    objects : {"bright", "dark"}
        Whether the tubes are brighter or darker than what surrounds them.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    tubeness : ndarray of float, same shape
        The curvature across the tube (in 3D the geometric mean of two), times the square of
        sigma; 0 where there is none. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a sigma is not more than 0 or `maximum_sigma` is less than `minimum_sigma`, or the
        image is empty or holds NaN, infinity or numbers too large to add up.

    See Also
    --------
    frangi : Shows faint tubes as bright as strong ones, and no spots.

    Notes
    -----
    Derivatives are physical and scale-normalised. Beyond its borders the image continues
    with the nearest pixel.

    References
    ----------
    .. [1] Sato et al., "Three-dimensional multi-scale line filter for segmentation and
           visualization of curvilinear structures in medical images", Medical Image Analysis
           2 (1998), 143-168, https://doi.org/10.1016/S1361-8415(98)80009-1
    .. [2] `skimage.filters.sato`, which agrees on isotropic voxels within 1 %.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((41, 41)); image[19:22] = 1
    >>> tubeness = filters.sato(image)
    >>> bool(tubeness[20, 20] > 0.2), float(tubeness[5, 20].round(3))
    (True, 0.0)
    """

    def combine(values: NDArray[Any], _: float) -> NDArray[Any]:
        across = np.maximum(-values[1:], 0)
        return np.asarray(across.prod(axis=0) ** (1 / len(across)))

    return _best(image, minimum_sigma, maximum_sigma, number_of_scales, objects, spacing, combine)


@operation
def meijering(
    image: Image,
    *,
    minimum_sigma: Annotated[Length, Range(0)] = voxels(1),
    maximum_sigma: Annotated[Length, Range(0)] = voxels(5),
    number_of_scales: Annotated[int, Range(1, 20)] = 3,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Image:
    """Show neurites: long thin structures, also where they are faint (neuriteness).

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    minimum_sigma : float or Voxels
        Standard deviation of the finest Gaussian, more than 0, about half the radius of the
        thinnest neurites, in the units of `spacing` or as `voxels(n)`.
    maximum_sigma : float or Voxels
        That of the coarsest Gaussian, for the thickest neurites; at least `minimum_sigma`.
    number_of_scales : int
        How many sigmas are tried, evenly from the smallest to the largest, 1 to 20; one
        alone is the smallest. The best answer counts.
    objects : {"bright", "dark"}
        Whether the neurites are brighter or darker than what surrounds them.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    neuriteness : ndarray of float, same shape
        From 0 to 1, the strongest answer at each scale; all 0 in a constant image. float32
        stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If a sigma is not more than 0 or `maximum_sigma` is less than `minimum_sigma`, or the
        image is empty or holds NaN, infinity or numbers too large to add up.

    See Also
    --------
    sato : Does not scale the result to the strongest answer.

    Notes
    -----
    Derivatives are physical. Beyond its borders the image continues with the nearest pixel.

    References
    ----------
    .. [1] Meijering et al., "Design and validation of a tool for neurite tracing and analysis
           in fluorescence microscopy images", Cytometry 58A (2004), 167-176,
           https://doi.org/10.1002/cyto.a.20022
    .. [2] `skimage.filters.meijering`, which agrees on isotropic voxels within 1 %.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((41, 41)); image[19:22] = 1
    >>> neuriteness = filters.meijering(image)
    >>> float(neuriteness[20, 20].round(3))
    1.0
    """

    def combine(values: NDArray[Any], _: float) -> NDArray[Any]:
        # Flattens the filter along the neurite: (1 - alpha) own + alpha (sum of all).
        alpha = 1 / (len(values) + 1)
        mixed = (1 - alpha) * values + alpha * values.sum(axis=0)
        strongest = np.take_along_axis(mixed, np.abs(mixed).argmax(axis=0)[np.newaxis], axis=0)
        return np.asarray(np.maximum(-strongest[0], 0))

    return _best(
        image,
        minimum_sigma,
        maximum_sigma,
        number_of_scales,
        objects,
        spacing,
        combine,
        scaled=True,
    )


def _best(
    image: NDArray[Any],
    minimum_sigma: Length,
    maximum_sigma: Length,
    number_of_scales: int,
    objects: str,
    spacing: Any,
    combine: Callable[[NDArray[Any], float], NDArray[Any]],
    scaled: bool = False,
) -> NDArray[Any]:
    """Return the best answer over all scales.

    `combine` makes an answer of eigenvalues of bright objects, sorted from the largest, and
    of the strongest curvature of the image, 0 where that is rounding. Scaled answers are
    divided by their maximum.
    """
    from napari_delineate.curvature import hessian_eigenvalues

    floor = np.finfo(np.float32 if image.dtype == np.float32 else np.float64).eps
    floor *= _ROUNDING * _brightest(image)
    result: NDArray[Any] | None = None
    for sigma in _scales(minimum_sigma, maximum_sigma, number_of_scales, spacing):
        values = building_blocks.fitting(hessian_eigenvalues(image, sigma))
        if objects == "dark":
            np.negative(values[::-1], out=values)
        flat = values.reshape(len(values), -1)
        strongest = max(float(np.linalg.norm(part, axis=0).max()) for part in _chunks(flat))
        if strongest <= floor:  # rounding, which is not to be made as large as a tube
            strongest = 0.0
        answer = np.concatenate([combine(part, strongest) for part in _chunks(flat)])
        if scaled and strongest:
            answer /= answer.max() or 1.0
        elif scaled:
            answer[...] = 0
        answer = answer.astype(values.dtype, copy=False).reshape(image.shape)
        result = answer if result is None else np.maximum(result, answer, out=result)
    assert result is not None  # there is at least one scale
    return result


def _brightest(image: NDArray[Any]) -> float:
    """Return the largest intensity, of whatever sign, in the range of `gaussian`."""
    largest = max(abs(float(image.min())), abs(float(image.max())))
    return largest / np.iinfo(image.dtype).max if image.dtype.kind in "iu" else largest


def _scales(
    minimum_sigma: Length, maximum_sigma: Length, number_of_scales: int, spacing: Any
) -> list[tuple[float, ...]]:
    """Return the sigmas in voxels per axis, the smallest first."""
    low = building_blocks.positive(length_per_axis(minimum_sigma, spacing), "minimum_sigma")
    high = length_per_axis(maximum_sigma, spacing)
    if max(low) > max(high):
        raise ValueError(
            f"maximum_sigma must be at least minimum_sigma ({minimum_sigma}); got {maximum_sigma}"
        )
    return [tuple(map(float, one)) for one in np.linspace(low, high, number_of_scales)]


def _chunks(flat: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, flat.shape[1], _CHUNK):
        yield flat[:, start : start + _CHUNK]
