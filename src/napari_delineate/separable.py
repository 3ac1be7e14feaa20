"""Filters that are one weighted sum after the other, along each axis: Gaussians, derivatives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "box_mean",
    "check_reach",
    "correlate",
    "derivative_halo",
    "derivative_weights",
    "gaussian_derivative",
    "gaussian_weights",
    "in_threads",
    "is_far_wider",
]

_DERIVATIVE_ENDS = 5.0
"""Where derivatives of a Gaussian end, in sigmas: they fall off later than the Gaussian."""

_NARROWEST = 0.1
"""Sigma in voxels below which nothing is left of a Gaussian beside its centre."""

_WORTH_THREADS = 2**17
"""Pixels from which on starting threads costs less than it saves."""


def gaussian_weights(sigma: float, reach: int) -> NDArray[np.float64]:
    """Return the weights of a Gaussian, with the digits that scipy computes.

    Parameters
    ----------
    sigma : float
        Standard deviation in voxels, more than 0.
    reach : int
        How many voxels the weights extend on each side.

    Returns
    -------
    (2 * reach + 1,) ndarray of float64
        Weights whose sum is 1.
    """
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 / (sigma * sigma) * offsets**2)
    return np.asarray(weights / weights.sum())


def is_far_wider(reach: int, length: int) -> bool:
    """Tell whether weights reach so far beyond an axis that they would fill the memory."""
    return reach > 16 * length + 4096


def check_reach(sigma: Sequence[float], reach: Sequence[int], extent: Sequence[int]) -> None:
    """Refuse a Gaussian, given in voxels, whose weights would fill the memory."""
    if any(is_far_wider(*one) for one in zip(reach, extent, strict=True)):
        raise ValueError(
            f"a sigma of {max(sigma):g} voxels is far wider than the image; choose a smaller one"
        )


def correlate(image: NDArray[Any], weights: Sequence[NDArray[np.float64] | None]) -> NDArray[Any]:
    """Correlate an image with weights along each axis, the first axis first.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities in a form that `napari_delineate.arrays` gives. Integers are scaled to
        0..1 as scikit-image does.
    weights : sequence of ndarray or None
        For each axis an odd number of weights, the second half equal to the mirrored first
        or its negative; None leaves the axis as it is.

    Returns
    -------
    ndarray of float, same shape
        float32 stays float32, all else becomes float64. Beyond its borders the image
        continues with the nearest pixel.

    Notes
    -----
    The result equals that of `scipy.ndimage.correlate1d` along one axis after the other, bit
    for bit where the compiler of scipy did not fuse sums and products (which it does on ARM).
    """
    from napari_delineate.kernels.separable import across_lines, along_lines

    source, scale = _source(image)
    result = np.empty(image.shape, np.float32 if image.dtype == np.float32 else np.float64)
    given, flat = (array.reshape(len(array), -1) for array in (source, result))
    first, first_sign = _half(weights[0])

    def filter_first_axis(start: int, stop: int) -> None:
        across_lines(_frozen(given), scale, first, first_sign, flat, start, stop)

    last, last_sign = _half(weights[-1])

    def filter_rows(rows: NDArray[Any], start: int, stop: int) -> None:
        if weights[-1] is not None:
            along_lines(_frozen(rows), 1.0, last, last_sign, rows, start, stop)

    second, second_sign = _half(weights[1])

    def filter_planes(start: int, stop: int) -> None:
        for plane in result[start:stop]:
            if weights[1] is not None:
                across_lines(_frozen(plane), 1.0, second, second_sign, plane, 0, plane.shape[1])
            filter_rows(plane, 0, len(plane))

    in_threads(filter_first_axis, flat.shape[1], image.size)
    if image.ndim == 3:
        in_threads(filter_planes, len(result), image.size)
    else:
        in_threads(lambda start, stop: filter_rows(result, start, stop), len(result), image.size)
    return result


def box_mean(
    image: NDArray[Any],
    sizes: Sequence[int],
    mode: Literal["reflect", "mirror"] = "reflect",
    dtype: Any = np.float64,
) -> NDArray[Any]:
    """Return the mean of the box around every pixel.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Numbers of any real dtype.
    sizes : sequence of int
        Width of the box along each axis, odd.
    mode : {"reflect", "mirror"}
        How the image continues beyond its borders, in the words of scipy: with or without
        its outermost pixels again.
    dtype : dtype
        float64, or float32 to round to that after each axis.

    Returns
    -------
    ndarray of `dtype`, same shape
        The result equals that of `scipy.ndimage.uniform_filter` bit for bit.
    """
    result = np.empty(image.shape, dtype)
    source = np.ascontiguousarray(image.view(np.uint8) if image.dtype == bool else image)
    padding: Literal["symmetric", "reflect"] = "symmetric" if mode == "reflect" else "reflect"
    for axis, size in enumerate(sizes):
        if size > 1:
            places = np.pad(np.arange(image.shape[axis]), size // 2, padding)
            _average(source, axis, places, size, result)
            source = result
    if source is not result:
        result[...] = image
    return result


def _average(
    source: NDArray[Any], axis: int, places: NDArray[Any], size: int, result: NDArray[Any]
) -> None:
    """Average along one axis; the image continues at both ends as its places say."""
    from napari_delineate.kernels.running_means import average_across, average_along

    if axis == source.ndim - 1:
        rows, target = (array.reshape(-1, array.shape[-1]) for array in (source, result))
        in_threads(
            lambda start, stop: average_along(_frozen(rows), places, size, target, start, stop),
            len(rows),
            source.size,
        )
        return
    # Planes whose first axis is the one to average along.
    shape = (-1, *source.shape[1:]) if axis else (1, len(source), -1)
    planes, targets = source.reshape(shape), result.reshape(shape)
    columns = planes.shape[2]

    def average_columns(start: int, stop: int) -> None:
        for plane, target in zip(planes, targets, strict=True):
            average_across(_frozen(plane), places, size, target, start, stop)

    in_threads(average_columns, columns, source.size)


def derivative_halo(sigma: tuple[float, ...]) -> tuple[int, ...]:
    """Return how far a derivative of a Gaussian looks along each axis, in voxels."""
    return tuple(max(1, int(_DERIVATIVE_ENDS * entry + 0.5)) for entry in sigma)


def gaussian_derivative(
    image: NDArray[Any], sigma: tuple[float, ...], orders: tuple[int, ...]
) -> NDArray[Any]:
    """Return a derivative of the blurred image, times sigma to the power of its order.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities in a form that `napari_delineate.arrays` gives. Integers are scaled to
        0..1 as scikit-image does.
    sigma : tuple of float
        Standard deviation in voxels per axis, more than 0.
    orders : tuple of int
        0, 1 or 2 for each axis.

    Returns
    -------
    ndarray of float, same shape
        float32 stays float32, all else becomes float64. Times sigma, a derivative is the
        same number whatever the unit of length, and as large for a large object as for a
        small one of the same contrast.

    Raises
    ------
    ValueError
        If a sigma is far wider than the image.
    """
    return correlate(image, derivative_weights(sigma, orders, image.shape))


def derivative_weights(
    sigma: tuple[float, ...], orders: tuple[int, ...], extent: tuple[int, ...]
) -> list[NDArray[np.float64]]:
    """Return the weights of `gaussian_derivative` along each axis of an image."""
    reaches = derivative_halo(sigma)
    check_reach(sigma, reaches, extent)
    return [
        _derivative_weights(entry, order, reach)
        for entry, order, reach in zip(sigma, orders, reaches, strict=True)
    ]


def _derivative_weights(sigma: float, order: int, reach: int) -> NDArray[np.float64]:
    """Return weights that are exact for parabolas, however coarse the voxels are.

    Samples of a Gaussian's derivative are not: those that scipy takes see an edge in a
    constant image (order 2), and almost nothing where sigma is less than half a voxel. These
    become the differences of neighbours there.
    """
    bell = gaussian_weights(max(sigma, _NARROWEST), reach)
    if order == 0:
        return bell
    squares = np.arange(-reach, reach + 1.0) ** 2
    if order == 1:
        bell = bell * np.arange(-reach, reach + 1.0)
        return np.asarray(bell * (sigma / (bell * np.arange(-reach, reach + 1.0)).sum()))
    bell = bell * (squares - (squares * bell).sum())
    return np.asarray(bell * (2 * sigma**2 / (squares * bell).sum()))


def in_threads(function: Callable[[int, int], None], stop: int, pixels: int) -> None:
    """Call a function for parts of a range, side by side where that is quicker.

    Parameters
    ----------
    function : callable
        Works on the numbers from its first argument up to its second, and lets other
        threads run meanwhile.
    stop : int
        End of the range, which starts at 0.
    pixels : int
        How many pixels the whole range has.
    """
    count = min(os.cpu_count() or 1, stop) if pixels >= _WORTH_THREADS else 1
    if count == 1:
        function(0, stop)
        return
    edges = [stop * part // count for part in range(count + 1)]
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(function, edges[:-1], edges[1:]))


def _source(image: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Return pixels and the factor that makes them what `skimage.util.img_as_float` gives."""
    if image.dtype == bool:
        return image.view(np.uint8), 1.0
    if image.dtype in (np.uint8, np.uint16):  # what microscopes give needs no copy
        return image, 1.0 / np.iinfo(image.dtype).max
    if image.dtype.kind == "f":
        return image, 1.0
    from skimage.util import img_as_float

    return img_as_float(image), 1.0


def _half(weights: NDArray[np.float64] | None) -> tuple[NDArray[np.float64], float]:
    """Return the weights from the first to the centre, and the sign of the others."""
    if weights is None:
        return np.ones(1), 1.0
    reach = len(weights) // 2
    return weights[: reach + 1].copy(), 1.0 if weights[0] == weights[-1] else -1.0


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that can not be written to: numba compiles each form on its own."""
    view = array.view()
    view.flags.writeable = False
    return view
