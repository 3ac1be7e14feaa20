"""One threshold for an image: the level that a method finds, in the image's own range."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds import entropy, histogram_methods
from napari_delineate.thresholds.histograms import MOST_LEVELS, Histogram, histogram_of
from napari_delineate.thresholds.levels import finest_step, intensity_levels, least_cross_entropy

__all__ = ["above", "global_level"]


def global_level(
    image: NDArray[Any], method: str, mask: NDArray[np.bool_] | None = None
) -> float | None:
    """Return the threshold that a method finds.

    Parameters
    ----------
    image : ndarray
        Intensities of any real dtype.
    method : str
        One of the methods of `segmentation.threshold`.
    mask : ndarray of bool, same shape, optional
        Pixels that count; None takes all.

    Returns
    -------
    float or int or None
        The highest intensity of the background: a whole number for whole numbers, and a
        number of the image's dtype for floats. None where all pixels that count are equal,
        or none counts.

    Raises
    ------
    ValueError
        If the method finds no threshold in this image.
    """
    pixels = image.ravel() if mask is None else image[mask]
    if pixels.size == 0:
        return None
    low, high = pixels.min(), pixels.max()
    if low == high:
        return None
    if pixels.dtype.kind in "biu" and int(high) - int(low) < MOST_LEVELS:
        return _level_of_whole_numbers(pixels, int(low), method)
    if pixels.dtype.kind == "f" and _fits_bins(pixels.dtype, low, high):
        return _rounded_down(_level(pixels, method), pixels.dtype)
    even = pixels.astype(np.float64)
    if not _fits_bins(even.dtype, even.min(), even.max()):
        even = _scaled(even)
    # The same pixels are above it, whatever was lost on the way.
    highest: float = pixels[even <= _level(even, method)].max().item()
    return highest


def above(image: NDArray[Any], level: float | None) -> NDArray[np.bool_]:
    """Mark what is brighter than a level from `global_level`: nothing if there is none."""
    if level is None:
        return np.zeros(image.shape, bool)
    return np.asarray(image > level)


def _level_of_whole_numbers(pixels: NDArray[Any], low: int, method: str) -> int:
    shift = 0
    if pixels.dtype.kind == "b":
        pixels = pixels.view(np.uint8)
    elif pixels.dtype.kind == "i" or pixels.dtype.itemsize > 2:
        # Differences below 2**16 as unsigned numbers, also where the signed ones overflow.
        unsigned = (pixels - pixels.dtype.type(low)).view(f"u{pixels.dtype.itemsize}")
        pixels, shift = unsigned.astype(np.uint16), low
    return int(np.floor(_level(pixels, method))) + shift


def _level(pixels: NDArray[Any], method: str) -> Any:
    try:
        if method == "mean":
            return pixels.mean()
        if method == "li":
            levels = intensity_levels(pixels)
            step = 1.0 if pixels.dtype.kind == "u" else finest_step(levels)
            return least_cross_entropy(levels, step / 2)
        return _METHODS[method](histogram_of(pixels))
    except RuntimeError as error:
        raise ValueError(
            f"method {method!r} finds no threshold in this image ({error}); "
            "try 'otsu', 'li' or 'triangle'"
        ) from error


def _fits_bins(dtype: np.dtype[Any], low: Any, high: Any) -> bool:
    """Tell whether 256 bins between two floats have edges that differ, and squares that fit."""
    limits = np.finfo(dtype)
    largest = max(abs(low), abs(high))
    return bool(
        largest < limits.max**0.25
        and high - low > max(2**10 * np.spacing(largest), limits.tiny**0.25)
    )


def _scaled(pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pixels shifted and scaled to differences near 1, in the same order."""
    # A power of two changes no digit; the difference to the minimum has few enough.
    scaled = np.ldexp(pixels, -int(np.frexp(np.abs(pixels).max())[1]))
    return np.asarray(scaled - scaled.min())


def _rounded_down(level: Any, dtype: np.dtype[Any]) -> float:
    rounded = dtype.type(level)
    # Of the image's dtype, so that comparing converts nothing.
    result: float = np.nextafter(rounded, dtype.type(-np.inf)) if rounded > level else rounded
    return result


_METHODS: dict[str, Callable[[Histogram], Any]] = {
    "default": histogram_methods.default,
    "huang": histogram_methods.huang,
    "huang2": histogram_methods.huang2,
    "intermodes": histogram_methods.intermodes,
    "isodata": histogram_methods.isodata,
    "max_entropy": entropy.max_entropy,
    "min_error": histogram_methods.min_error,
    "minimum": histogram_methods.minimum,
    "moments": histogram_methods.moments,
    "otsu": histogram_methods.otsu,
    "percentile": histogram_methods.percentile,
    "renyi_entropy": entropy.renyi_entropy,
    "shanbhag": entropy.shanbhag,
    "triangle": histogram_methods.triangle,
    "yen": histogram_methods.yen,
}
