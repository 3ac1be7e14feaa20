"""Second derivatives of images: how much the intensities curve, along which directions."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.separable import derivative_halo, gaussian_derivative, in_threads

__all__ = ["eigenvalues_of", "hessian_eigenvalues"]

_SLAB = 2**22
"""Pixels whose matrices are held at a time."""


def hessian_eigenvalues(image: NDArray[Any], sigma: tuple[float, ...]) -> NDArray[Any]:
    """Return the eigenvalues of the scale-normalised Hessian matrix of the blurred image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities in a form that `napari_delineate.arrays` gives.
    sigma : tuple of float
        Standard deviation of the Gaussian in voxels per axis, more than 0.

    Returns
    -------
    (D, Y, X) or (D, Z, Y, X) ndarray of float
        The largest first. float32 stays float32, all else becomes float64.
    """
    dtype = np.float32 if image.dtype == np.float32 else np.float64
    result = np.empty((image.ndim, *image.shape), dtype)
    reach = derivative_halo(sigma)[0]
    planes = len(image)
    if image.ndim == 3 and image.size > _SLAB:  # a plane is never cut
        planes = max(1, _SLAB * len(image) // image.size)
    for start in range(0, len(image), planes):
        stop = min(start + planes, len(image))
        low = max(start - reach, 0)
        part = image[low : stop + reach]
        _eigenvalues(part, sigma, slice(start - low, stop - low), result[:, start:stop])
    return result


def _eigenvalues(
    image: NDArray[Any], sigma: tuple[float, ...], planes: slice, result: NDArray[Any]
) -> None:
    pairs = list(itertools.combinations_with_replacement(range(image.ndim), 2))
    shape = result.shape[1:]
    elements = np.empty((len(pairs), *shape), result.dtype)
    for element, pair in zip(elements, pairs, strict=True):
        orders = tuple(pair.count(axis) for axis in range(image.ndim))
        element[...] = gaussian_derivative(image, sigma, orders)[planes]
    result[...] = eigenvalues_of(elements)


def eigenvalues_of(elements: NDArray[Any]) -> NDArray[Any]:
    """Return the eigenvalues of symmetric matrices, the largest first.

    Parameters
    ----------
    elements : (3, Y, X) or (6, Z, Y, X) ndarray of float
        The matrix of each pixel: its first row, and what is new in each further row.

    Returns
    -------
    (2, Y, X) or (3, Z, Y, X) ndarray of float
        The eigenvalues.
    """
    from napari_delineate.kernels.eigenvalues import eigenvalues_2, eigenvalues_3

    flat = elements.reshape(len(elements), -1)
    ndim = elements.ndim - 1
    values = np.empty((ndim, flat.shape[1]), elements.dtype)
    kernel = eigenvalues_2 if ndim == 2 else eigenvalues_3
    in_threads(lambda start, stop: kernel(flat, values, start, stop), flat.shape[1], flat.shape[1])
    return values.reshape(ndim, *elements.shape[1:])
