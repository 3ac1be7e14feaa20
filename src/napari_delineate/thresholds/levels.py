"""Intensities in order, with how often each occurs: what thresholds are computed from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Levels", "intensity_levels"]

_TABLE = 2**16
"""Whole numbers that span no more are counted in a table, a much faster way than sorting."""
_PART = 2**20


class Levels(NamedTuple):
    """Hold the intensities of an image in ascending order.

    Attributes
    ----------
    values : ndarray of float64
        Intensities; each whole number once, fractions as often as they occur.
    counts : ndarray of float64
        How many pixels have each intensity, at least 1.
    """

    values: NDArray[np.float64]
    counts: NDArray[np.float64]

    @property
    def is_constant(self) -> bool:
        """Tell whether all pixels are equal."""
        return bool(self.values[0] == self.values[-1])

    def histogram(self, bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how many pixels lie in each of some bins of equal width, and their centres."""
        edges = np.linspace(self.values[0], self.values[-1], bins + 1)
        below = np.concatenate([[0.0], np.cumsum(self.counts)])
        places = np.searchsorted(self.values, edges)
        places[-1] = len(self.values)
        return np.diff(below[places]), (edges[1:] + edges[:-1]) / 2


def intensity_levels(image: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> Levels:
    """Return the intensities of an image, or of its pixels inside a mask.

    Parameters
    ----------
    image : ndarray
        Intensities of any real dtype.
    mask : ndarray of bool, optional
        Pixels that count, at least one; None takes all.

    Returns
    -------
    Levels
        The intensities in ascending order.
    """
    pixels = image.ravel() if mask is None else image[mask]
    if pixels.dtype.kind in "bu" and pixels.dtype.itemsize <= 2:
        return _from_table(_count(pixels), 0)
    if pixels.dtype.kind in "iu":
        low, high = int(pixels.min()), int(pixels.max())
        if high - low < _TABLE:
            # Below 2**16 as unsigned numbers, also where the signed difference overflows.
            unsigned = (pixels - pixels.dtype.type(low)).view(f"u{pixels.dtype.itemsize}")
            return _from_table(_count(unsigned.astype(np.uint16)), low)
    values = np.sort(pixels).astype(np.float64, copy=False)
    return Levels(values, np.ones(len(values)))


def _count(pixels: NDArray[Any]) -> NDArray[np.intp]:
    """Count whole numbers below 2**16, in parts because `bincount` copies them as 64 bits."""
    table = np.zeros(_TABLE, np.intp)
    for start in range(0, pixels.size, _PART):
        part = np.bincount(pixels[start : start + _PART])
        table[: len(part)] += part
    return table


def _from_table(table: NDArray[np.intp], first: int) -> Levels:
    present = np.flatnonzero(table)
    return Levels((present + first).astype(np.float64), table[present].astype(np.float64))
