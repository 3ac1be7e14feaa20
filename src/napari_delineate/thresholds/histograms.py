"""Histograms that keep what an image holds: one bin per grey level wherever that is possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_LEVELS", "Histogram", "count_levels", "histogram_of"]

MOST_LEVELS = 2**16
"""Whole numbers that span no more get one bin per level."""
BINS = 256
"""Number of bins for everything else."""
_PART = 2**18


@dataclass(frozen=True)
class Histogram:
    """Hold how many pixels have which intensity; the outermost bins are not empty.

    Attributes
    ----------
    counts : ndarray of int64
        Pixels per bin.
    centres : ndarray
        Intensity at the centre of each bin, in steps of equal width, possibly shifted and
        scaled.
    erased : tuple of float
        Intensities, in the same range, that mark what was cut out or is saturated.
    """

    counts: NDArray[np.int64]
    centres: NDArray[Any]
    erased: tuple[float, float]


def histogram_of(pixels: NDArray[Any]) -> Histogram:
    """Return the histogram of pixels that are not all equal.

    Parameters
    ----------
    pixels : (N,) ndarray
        Whole numbers that span fewer than `MOST_LEVELS`, not below 0; or floats, neither so
        far apart nor so close that their bins or squares do not fit.

    Returns
    -------
    Histogram
        One bin per level for whole numbers, 256 for floats.
    """
    if pixels.dtype.kind == "f":
        from napari_delineate.kernels.tables import count_in_bins

        edges = np.histogram_bin_edges(np.array([pixels.min(), pixels.max()]), BINS)
        counts = count_in_bins(np.ascontiguousarray(pixels), edges)
        centres = (edges[:-1] + edges[1:]) / 2
        return Histogram(counts, centres, (float(centres[0]), float(centres[-1])))
    table = count_levels(pixels)
    low, high = np.flatnonzero(table)[[0, -1]]
    # Bytes have a range that all know: 0 and 255 are special, other extremes need not be.
    erased = (0, 255) if pixels.dtype == np.uint8 else (int(low), int(high))
    return Histogram(table[low : high + 1], np.arange(low, high + 1), erased)


def count_levels(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """Count whole numbers from 0 to `MOST_LEVELS` - 1."""
    table = np.zeros(MOST_LEVELS, np.int64)
    # In parts, because bincount copies them as 64 bits.
    for start in range(0, pixels.size, _PART):
        part = np.bincount(pixels[start : start + _PART])
        table[: len(part)] += part
    return table
