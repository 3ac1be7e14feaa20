"""Show edges and curvature: derivatives of the blurred image."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.separable import correlate, derivative_halo, gaussian_derivative
from napari_delineate.types import Image, Length, Range, Spacing, length_per_axis, voxels

__all__ = ["gradient_magnitude", "sobel", "laplacian_of_gaussian", "hessian_eigenvalues"]


def _derivative_halo(*, spacing: Any, sigma: Length, **_: Any) -> tuple[int, ...]:
    return derivative_halo(length_per_axis(sigma, spacing))


@operation(version=2, locality=_derivative_halo, opencl=True)
def gradient_magnitude(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Image:
    """Show how steep the intensities are: bright on edges, dark inside and outside.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        Standard deviation of the Gaussian that blurs before, more than 0, in the units of
        `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    edges : ndarray of float, same shape
        The length of the gradient, times sigma. float32 stays float32, all else becomes
        float64.

    Raises
    ------
    ValueError
        If `sigma` is not more than 0, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    See Also
    --------
    sobel : From the nearest neighbours alone.

    Notes
    -----
    Derivatives are physical, so that coarse axes count no less. They are multiplied by
    sigma (scale-normalised [1]_): the number is the rise of the intensity over one sigma,
    whatever the unit of length. The weights are exact for straight slopes; those of
    `scipy.ndimage.gaussian_gradient_magnitude` differ by 0.1 % and much more for a sigma
    below one voxel. Beyond its borders the image continues with the nearest pixel.

    References
    ----------
    .. [1] Lindeberg, "Feature detection with automatic scale selection", International
           Journal of Computer Vision 30 (1998), 79-116,
           https://doi.org/10.1023/A:1008045108935

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> slope = np.add.outer(np.zeros(40), 3.0 * np.arange(40))
    >>> float(filters.gradient_magnitude(slope, sigma=2)[20, 20].round(6))
    6.0
    """
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    slopes = (
        gaussian_derivative(image, per_axis, tuple(np.eye(image.ndim, dtype=int)[axis]))
        for axis in range(image.ndim)
    )
    return building_blocks.fitting(_length(slopes, image))


def _length(slopes: Iterable[NDArray[Any]], image: NDArray[Any]) -> NDArray[Any]:
    """Return the length of vectors from what they are along each axis of an image."""
    if image.dtype.kind == "f":
        limits = np.finfo(image.dtype)
        largest = float(np.abs(image).max())
        if not np.sqrt(limits.tiny) / limits.eps < largest < np.sqrt(limits.max) * limits.eps:
            return np.asarray(functools.reduce(np.hypot, slopes))  # squares do not fit
    squares: NDArray[Any] | None = None
    for slope in slopes:
        slope *= slope
        squares = slope if squares is None else np.add(squares, slope, out=squares)
    assert squares is not None  # an image has axes
    return np.asarray(np.sqrt(squares, out=squares))


def _sobel_halo(*, spacing: Any, **_: Any) -> tuple[int, ...]:
    return (1,) * len(spacing)


@operation(version=2, locality=_sobel_halo, opencl=True)
def sobel(image: Image, *, spacing: Spacing = 1.0) -> Image:
    """Show edges by the differences of neighbouring pixels.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    edges : ndarray of float, same shape
        Root mean square over the axes of the differences between the neighbours on both
        sides. float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If the image is empty or holds NaN, infinity or numbers too large to subtract.

    See Also
    --------
    gradient_magnitude : Blurs before, by the same physical length along every axis.

    Notes
    -----
    Differences along a coarse axis are divided by its length in finest voxels. Across the
    difference, three neighbours are averaged with the weights 1, 2, 1, whatever their size.

    References
    ----------
    .. [1] Sobel and Feldman, "A 3x3 isotropic gradient operator for image processing",
           Stanford Artificial Intelligence Project (1968).
    .. [2] `skimage.filters.sobel`, whose results these are on isotropic voxels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((5, 5)); image[:, 2:] = 1
    >>> filters.sobel(image)[2].round(3)
    array([0.   , 0.707, 0.707, 0.   , 0.   ])
    """
    length = _length((correlate(image, weights) for weights in sobel_weights(spacing)), image)
    return building_blocks.fitting(length / length.dtype.type(np.sqrt(image.ndim)))


@operation(locality=_derivative_halo, opencl=True)
def laplacian_of_gaussian(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Show spots of one size: below 0 in bright spots, above 0 in dark spots.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    sigma : float or Voxels
        Standard deviation of the Gaussian that blurs before, more than 0, in the units of
        `spacing` or as `voxels(n)`. Disks of the radius r answer most at r / 1.41, balls at
        r / 1.73.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    laplacian : ndarray of float, same shape
        The sum of the second derivatives, times the square of sigma. float32 stays float32,
        all else becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is not more than 0, or the image is empty or holds NaN, infinity or
        numbers too large to add up.

    See Also
    --------
    difference_of_gaussians : Nearly the same with the opposite sign.

    Notes
    -----
    Derivatives are physical and scale-normalised [2]_: times the square of sigma, so that
    the number does not depend on the unit of length, and spots of every size answer alike.
    `scipy.ndimage.gaussian_laplace` does not multiply; apart from that it differs by 0.1 %,
    because these weights give exactly 0 for constant images and straight slopes. Beyond
    its borders the image continues with the nearest pixel.

    References
    ----------
    .. [1] Marr and Hildreth, "Theory of edge detection", Proceedings of the Royal Society
           B 207 (1980), 187-217, https://doi.org/10.1098/rspb.1980.0020
    .. [2] Lindeberg, "Feature detection with automatic scale selection", International
           Journal of Computer Vision 30 (1998), 79-116,
           https://doi.org/10.1023/A:1008045108935

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((41, 41)); image[18:23, 18:23] = 1
    >>> lowest = np.argmin(filters.laplacian_of_gaussian(image))
    >>> [int(index) for index in np.unravel_index(lowest, image.shape)]
    [20, 20]
    """
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    total: Any = 0.0
    for axis in range(image.ndim):
        orders = tuple(2 * int(axis == other) for other in range(image.ndim))
        total = total + gaussian_derivative(image, per_axis, orders)
    return building_blocks.fitting(total)


@operation(locality=_derivative_halo, opencl=True)
def hessian_eigenvalues(
    image: Image,
    *,
    which: Literal["largest", "middle", "smallest"] = "smallest",
    sigma: Annotated[Length, Range(0)] = voxels(2),
    spacing: Spacing = 1.0,
) -> Image:
    """Show how strongly the intensities curve along the direction where they curve most.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. Integers are scaled to 0..1, as in `gaussian`.
    which : {"largest", "middle", "smallest"}
        The smallest is far below 0 on bright ridges and spots, the largest far above 0 on
        dark ones; the middle one, which only images with (Z, Y, X) have, tells tubes from
        sheets.
    sigma : float or Voxels
        Standard deviation of the Gaussian that blurs before, more than 0, in the units of
        `spacing` or as `voxels(n)`: about half the width of the ridges.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    curvature : ndarray of float, same shape
        That eigenvalue of the matrix of second derivatives, times the square of sigma.
        float32 stays float32, all else becomes float64.

    Raises
    ------
    ValueError
        If `sigma` is not more than 0, the middle one is wanted of an image with (Y, X), or
        the image is empty or holds NaN, infinity or numbers too large to add up.

    See Also
    --------
    sato, frangi : Combine the eigenvalues to one number for tubes.

    Notes
    -----
    Derivatives are physical and scale-normalised: times the square of sigma. Beyond its
    borders the image continues with the nearest pixel.

    The OpenCL version differentiates on the device; the eigenvalues are computed on the
    processor.

    References
    ----------
    .. [1] Lindeberg, "Edge detection and ridge detection with automatic scale selection",
           International Journal of Computer Vision 30 (1998), 117-156,
           https://doi.org/10.1023/A:1008097225773
    .. [2] `skimage.feature.hessian_matrix_eigvals`, which agrees within 0.1 %.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> image = np.zeros((41, 41)); image[20] = 1
    >>> curvature = filters.hessian_eigenvalues(image)
    >>> bool(curvature[20, 20] < -0.1)
    True
    """
    from napari_delineate.curvature import hessian_eigenvalues as all_eigenvalues

    place = place_of(which, image.ndim)
    per_axis = building_blocks.positive(length_per_axis(sigma, spacing), "sigma")
    return building_blocks.fitting(np.ascontiguousarray(all_eigenvalues(image, per_axis)[place]))


def sobel_weights(spacing: Any) -> list[list[NDArray[np.float64]]]:
    """Return for each difference the weights along each axis."""
    across = np.array([0.25, 0.5, 0.25])
    voxel = length_per_axis(voxels(1), spacing)  # the finest, along each axis
    return [
        [
            np.array([-1.0, 0.0, 1.0]) * step if axis == other else across
            for other in range(len(voxel))
        ]
        for axis, step in enumerate(voxel)
    ]


def place_of(which: str, ndim: int) -> int:
    """Return where an eigenvalue is among those of a pixel, the largest first."""
    if which == "middle" and ndim == 2:
        raise ValueError(
            "which must be 'largest' or 'smallest' for an image with (Y, X), which has two "
            "eigenvalues; got 'middle'"
        )
    return {"largest": 0, "middle": 1, "smallest": -1}[which]
