"""Steps that operations share which grow regions from points and seeds."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import places
from napari_delineate.building_blocks import gaussian_halo
from napari_delineate.separable import check_reach
from napari_delineate.types import Spacing

__all__ = ["gradient_magnitude", "grow_cut", "pixels_at", "within"]

_LEAST_PENALTY = 1e-9
"""What a path pays per finest voxel, as a share of the intensity range.

Less than one of 65536 grey levels over paths of 10,000 voxels, so that it decides only where
intensities do not: in flat regions, where the nearest seed wins.
"""

_EXACT_IN_FLOAT32 = 2**24


def pixels_at(
    points: NDArray[np.float64], spacing: Spacing, shape: tuple[int, ...]
) -> tuple[NDArray[np.int64], ...]:
    """Return the pixels that points lie in, as one index array per axis.

    Parameters
    ----------
    points : (N, D) ndarray of float64
        Positions in physical units; the centre of the first pixel is the origin.
    spacing : float or tuple of float
        Voxel size per axis.
    shape : tuple of int
        Shape of the image.

    Returns
    -------
    tuple of ndarray of int64
        The index of each point along each axis.

    Raises
    ------
    ValueError
        If the points have another number of axes than the image, or one lies outside of it.

    Examples
    --------
    >>> pixels_at(np.array([[1.0, 1.2]]), (1.0, 0.5), (8, 8))
    (array([1]), array([2]))
    """
    pixels, inside = places.pixels_of(points, shape, spacing)
    if len(inside) < len(points):
        first = np.setdiff1d(np.arange(len(points)), inside)[0]
        place = ", ".join(f"{entry:g}" for entry in points[first])
        last = ", ".join(f"{entry:g}" for entry in (np.array(shape) - 1) * np.asarray(spacing))
        raise ValueError(
            f"points must lie inside the image, which ends at ({last}): "
            f"{len(points) - len(inside)} of {len(points)} do not, the first at ({place})"
        )
    return tuple(pixels.astype(np.int64).T)


def within(
    image: NDArray[Any],
    lower: float | None,
    upper: float | None,
    mask: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Mark the intensities from `lower` to `upper`, both included, inside of a mask.

    Parameters
    ----------
    image : ndarray
        Intensities.
    lower, upper : float or None
        The limits; None for no limit.
    mask : ndarray of bool or None
        Where to look; None for everywhere.

    Returns
    -------
    ndarray of bool
        What lies within.

    Raises
    ------
    ValueError
        If `upper` is below `lower`.

    Examples
    --------
    >>> within(np.array([[1, 2, 3]]), 2, None)
    array([[False,  True,  True]])
    """
    if lower is not None and upper is not None and upper < lower:
        raise ValueError(f"upper must be at least lower ({lower:g}); got {upper:g}")
    inside = np.ones(image.shape, bool) if mask is None else mask
    if lower is not None:
        inside = inside & (image >= lower)
    if upper is not None:
        inside = inside & (image <= upper)
    return inside


def gradient_magnitude(
    image: NDArray[Any], sigma: tuple[float, ...], spacing: Spacing
) -> NDArray[Any]:
    """Return how steep an image is after a Gaussian blur, in proportion.

    Parameters
    ----------
    image : ndarray
        Intensities.
    sigma : tuple of float
        Sigma of the Gaussian in voxels per axis; 0 for plain differences.
    spacing : float or tuple of float
        Voxel size per axis.

    Returns
    -------
    ndarray of float32 or float64
        Length of the gradient times some power of two; float64 for a float64 image.

    Raises
    ------
    ValueError
        If `sigma` is far wider than the image.

    Examples
    --------
    >>> ramp = np.arange(20.0) * np.ones((9, 1))
    >>> steepness = gradient_magnitude(ramp, (1, 1), (1.0, 1.0))
    >>> bool(np.allclose(steepness[:, 5:15], steepness[4, 10]))
    True
    """
    from scipy import ndimage

    check_reach(sigma, gaussian_halo(sigma), image.shape)
    pixels = _as_floats(image)
    squares = np.zeros_like(pixels)
    for axis, step in enumerate(_in_finest_voxels(spacing, image.ndim)):
        if image.shape[axis] == 1:
            continue
        if sigma[axis] > 0:
            order = [int(axis == other) for other in range(image.ndim)]
            slope = ndimage.gaussian_filter(pixels, sigma, order=order, mode="nearest")
        else:
            others = [entry if other != axis else 0 for other, entry in enumerate(sigma)]
            slope = np.gradient(ndimage.gaussian_filter(pixels, others, mode="nearest"), axis=axis)
        squares += np.square(slope / pixels.dtype.type(step))
    return np.asarray(np.sqrt(squares, out=squares))


def grow_cut(
    image: NDArray[Any],
    seeds: NDArray[Any],
    spacing: Spacing,
    mask: NDArray[np.bool_] | None = None,
    locality: float = 0.0,
) -> NDArray[Any]:
    """Give every pixel of a mask to the seed with the cheapest path to it.

    Parameters
    ----------
    image : ndarray
        Intensities.
    seeds : ndarray of int, same shape
        A label for each object that is to grow, 0 elsewhere.
    spacing : float or tuple of float
        Voxel size per axis.
    mask : ndarray of bool or None
        Where labels may be; None for everywhere.
    locality : float
        What a path pays per finest voxel, as a share of the intensity range.

    Returns
    -------
    ndarray of int
        The labels; 0 outside of the mask and where no seed reaches.

    Examples
    --------
    >>> grow_cut(np.array([[0, 0, 9, 9]]), np.array([[1, 0, 0, 2]]), (1.0, 1.0))
    array([[1, 1, 2, 2]])
    """
    from napari_delineate.kernels.growcut import grow

    pixels = _as_floats(image)
    contrast = float(pixels.max()) - float(pixels.min()) or 1.0
    open_pixels = np.ones(image.shape, bool) if mask is None else mask
    # A frame of closed pixels spares the question whether a neighbour lies in the image.
    labels = np.pad(np.where(open_pixels, seeds, 0), 1)
    reached = np.pad(np.where(open_pixels, np.inf, -1.0), 1, constant_values=-1.0)
    reached[labels > 0] = 0.0
    steps = np.array(
        [step for step in itertools.product((-1, 0, 1), repeat=image.ndim) if any(step)]
    )
    lengths = np.linalg.norm(steps * _in_finest_voxels(spacing, image.ndim), axis=1)
    penalties = lengths * contrast * (locality + _LEAST_PENALTY)
    grow(
        np.pad(pixels, 1).ravel(),
        labels.ravel(),
        reached.ravel(),
        steps @ (np.array(reached.strides) // reached.itemsize),
        penalties,
        contrast + float(penalties.max()),
    )
    return np.ascontiguousarray(labels[(slice(1, -1),) * image.ndim])


def _in_finest_voxels(spacing: Spacing, ndim: int) -> NDArray[np.float64]:
    return np.broadcast_to(np.asarray(spacing, float) / np.min(spacing), ndim)


def _as_floats(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image as floats whose differences fit, as small as keeps its levels apart."""
    if image.dtype.kind == "b":
        return image.astype(np.float32)
    if image.dtype.kind in "iu":
        low, high = int(image.min()), int(image.max())
        if max(abs(low), abs(high)) < _EXACT_IN_FLOAT32:
            return image.astype(np.float32)
        # Of unsigned numbers, large ones can be close to each other.
        return (image - image.dtype.type(low) if low > 0 else image).astype(np.float64)
    largest = max(abs(float(image.min())), abs(float(image.max())))
    # A power of two changes no digit, and squares of the differences then fit, too.
    return np.asarray(np.ldexp(image, -int(np.frexp(largest)[1])))
