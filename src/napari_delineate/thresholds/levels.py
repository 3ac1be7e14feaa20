"""Intensities in order, with how often each occurs: what thresholds are computed from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds.histograms import MOST_LEVELS, count_levels

__all__ = ["Levels", "finest_step", "intensity_levels", "least_cross_entropy"]

_FINEST_SHARE = 2.0**-16


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
        return _from_table(count_levels(pixels), 0)
    if pixels.dtype.kind in "iu":
        low, high = int(pixels.min()), int(pixels.max())
        # A table is much faster than sorting.
        if high - low < MOST_LEVELS:
            # Below 2**16 as unsigned numbers, also where the signed difference overflows.
            unsigned = (pixels - pixels.dtype.type(low)).view(f"u{pixels.dtype.itemsize}")
            return _from_table(count_levels(unsigned.astype(np.uint16)), low)
    values = np.sort(pixels).astype(np.float64, copy=False)
    return Levels(values, np.broadcast_to(1.0, len(values)))


def _from_table(table: NDArray[np.intp], first: int) -> Levels:
    present = np.flatnonzero(table)
    return Levels((present + first).astype(np.float64), table[present].astype(np.float64))


def finest_step(levels: Levels) -> float:
    """Return the smallest step between intensities, but no less than 2**-16 of their range."""
    steps = np.diff(levels.values)
    least = (levels.values[-1] - levels.values[0]) * _FINEST_SHARE
    return float(max(steps[steps > 0].min(initial=np.inf), least))


def least_cross_entropy(levels: Levels, tolerance: float) -> float:
    """Return Li's threshold, found by the iteration of `skimage.filters.threshold_li`.

    Parameters
    ----------
    levels : Levels
        Intensities that are not all equal.
    tolerance : float
        The iteration ends where the threshold moves no more than this.

    Returns
    -------
    float
        The threshold.

    References
    ----------
    .. [1] Li and Tam, "An iterative algorithm for minimum cross entropy thresholding",
           Pattern Recognition Letters 19 (1998), 771-776,
           https://doi.org/10.1016/S0167-8655(98)00057-9
    """
    lowest = levels.values[0]
    values = levels.values - lowest
    numbers = np.cumsum(levels.counts)
    sums = np.cumsum(levels.counts * values)
    before, level = -np.inf, sums[-1] / numbers[-1]
    while abs(level - before) > tolerance:
        before = level
        last = np.searchsorted(values, level, side="right") - 1
        dark = sums[last] / numbers[last]
        bright = (sums[-1] - sums[last]) / (numbers[-1] - numbers[last])
        if dark == 0:
            break
        level = (dark - bright) / (np.log(dark) - np.log(bright))
    return float(level + lowest)
