"""Colours of objects and of measured values, the same in every picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DIVERGING",
    "SEQUENTIAL",
    "UNKNOWN",
    "colormap_of",
    "colours_of_numbers",
    "colours_of_values",
    "object_numbers",
    "range_of",
]

DIVERGING, SEQUENTIAL = "PiYG", "viridis"
"""The colours of values on both sides of 0, and of others, as matplotlib and napari call them."""

UNKNOWN = (0.5, 0.5, 0.5, 1.0)
"""The colour of what has no value: a grey that no colormap for values has."""

_SPREAD = (1, 99)
"""Percentiles between which colours vary: a few sharp edges would take them all."""

_MOST_OBJECTS = 100_000
_LARGEST = 2**53  # up to here floats count by ones
_FEW = 1000

_GOLDEN_RATIO = 0.618033988749895
_PALEST = 0.35
"""What the weakest of red, green and blue has, so that no colour is lost on black."""


def colours_of_numbers(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Return a clear colour for each number, far from those of the numbers next to it.

    Parameters
    ----------
    numbers : ndarray of int
        Numbers of objects, from 1 up.

    Returns
    -------
    (..., 3) ndarray of float
        Red, green and blue, 0 to 1.

    Examples
    --------
    >>> colours_of_numbers(np.array([1, 2, 3])).round(2).tolist()
    [[0.35, 0.54, 1.0], [0.73, 1.0, 0.35], [1.0, 0.35, 0.92]]
    """
    # Steps of the golden ratio keep the hues of neighbouring numbers far apart.
    hue = (np.asarray(numbers) * _GOLDEN_RATIO) % 1
    ramps = np.abs((hue[..., None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1
    return np.asarray(_PALEST + (1 - _PALEST) * np.clip(ramps, 0, 1))


def object_numbers(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers of objects that values are, in rising order.

    Parameters
    ----------
    values : ndarray
        Numbers of objects, or measured values.

    Returns
    -------
    ndarray of int64
        Each number once; none if values are not whole, too large for a float to count with,
        or too many to be those of objects.

    Examples
    --------
    >>> object_numbers(np.array([3.0, 1.0, 3.0])).tolist(), len(object_numbers(np.array([0.5])))
    ([1, 3], 0)
    """
    values, none = np.asarray(values), np.zeros(0, np.int64)
    if values.ndim != 1 or not len(values):
        return none
    if values.dtype.kind == "f":
        # Measured values say what they are among the first few.
        for some in (values[:_FEW], values):
            if not np.isfinite(some).all() or (some != np.round(some)).any():
                return none
    if values.dtype.kind != "b" and (values.min() < -_LARGEST or values.max() > _LARGEST):
        return none
    import fastremap

    numbers = np.sort(fastremap.unique(values.astype(np.int64)))
    return numbers if len(numbers) <= _MOST_OBJECTS else none


def range_of(values: NDArray[Any]) -> tuple[float, float]:
    """Return the range over which colours tell most; around 0 for values of both signs.

    Parameters
    ----------
    values : ndarray
        Measured values; those that are not finite are left out.

    Returns
    -------
    (float, float)
        The lowest and the highest value that get colours of their own.

    Examples
    --------
    >>> range_of(np.linspace(-1, 3, 101))
    (-2.96, 2.96)
    """
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not len(known):
        return 0.0, 1.0
    low, high = (float(one) for one in np.percentile(known, _SPREAD))
    if low < 0 < high:
        high = max(-low, high)
        low = -high
    if low == high:
        low, high = float(known.min()), float(known.max())
    return low, high if high > low else low + max(1.0, abs(low) / 1000)


def colormap_of(limits: tuple[float, float]) -> str:
    """Return the name of the colours for a range: two-sided for one around 0."""
    return DIVERGING if limits[0] == -limits[1] else SEQUENTIAL


def colours_of_values(
    values: NDArray[Any],
    colormap: str | None = None,
    limits: tuple[float, float] | None = None,
) -> NDArray[np.float64]:
    """Return the colours of measured values.

    Parameters
    ----------
    values : ndarray
        Measured values.
    colormap : str, optional
        Name of a colormap of matplotlib; by default that for the limits.
    limits : (float, float), optional
        The values of the first and the last colour; by default the range that tells most.

    Returns
    -------
    (..., 4) ndarray of float
        Red, green, blue and opacity, 0 to 1; grey where a value is missing (NaN).

    Examples
    --------
    >>> colours_of_values(np.array([0.0, np.nan]), "gray", (0, 1)).tolist()
    [[0.0, 0.0, 0.0, 1.0], [0.5, 0.5, 0.5, 1.0]]
    """
    import matplotlib

    numbers = np.asarray(values, float)
    low, high = range_of(numbers) if limits is None else limits
    colours = matplotlib.colormaps[colormap or colormap_of((low, high))]
    # Halves, because the difference of two large limits may be none that is finite.
    shares = (np.clip(numbers, min(low, high), max(low, high)) / 2 - low / 2) / (
        (high / 2 - low / 2) or 1
    )
    found = np.asarray(colours(np.nan_to_num(shares)))
    found[np.isnan(numbers)] = UNKNOWN
    return found
