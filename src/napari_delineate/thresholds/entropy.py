"""Thresholds that weigh the information in both classes of a histogram.

Every function takes a `Histogram` and returns the intensity at the centre of the background's
highest bin. The sums over a class are differences of running sums, so that 65536 bins take
milliseconds.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds.histograms import BINS, Histogram

__all__ = ["max_entropy", "renyi_entropy", "shanbhag"]

_NEAR = 5
"""Thresholds of three entropies that lie no farther apart, in 256ths, agree."""
_TERMS = 30
"""Of the series of a logarithm: what is left out is below 1e-10."""


def max_entropy(histogram: Histogram) -> Any:
    """Return the threshold that leaves most information in the two classes together.

    References
    ----------
    .. [1] Kapur, Sahoo and Wong, "A new method for gray-level picture thresholding using the
           entropy of the histogram", Computer Vision, Graphics, and Image Processing 29
           (1985), 273-285, https://doi.org/10.1016/0734-189X(85)90125-2
    """
    return histogram.centres[_best_of_order_one(*_shares(histogram))]


def renyi_entropy(histogram: Histogram) -> Any:
    """Return a mean of the best thresholds for Renyi's entropies of the orders 1/2, 1 and 2.

    References
    ----------
    .. [1] Sahoo, Wilkins and Yeager, "Threshold selection using Renyi's entropy", Pattern
           Recognition 30 (1997), 71-84, https://doi.org/10.1016/S0031-3203(96)00065-9
    """
    share, dark, bright = _shares(histogram)
    best = [_best_of_order_one(share, dark, bright)]
    for order in (0.5, 2.0):
        powers = np.cumsum(share**order)
        product = powers[:-1] * (powers[-1] - powers[:-1]) / (dark * bright) ** order
        best.append(int(np.argmax(np.log(product) / (1 - order))))
    low, middle, high = sorted(best)
    near = _NEAR * max(1.0, len(share) / BINS)
    weights = {(True, True): (1, 2, 1), (True, False): (0, 1, 3)}
    weights |= {(False, True): (3, 1, 0), (False, False): (1, 2, 1)}
    first, second, third = weights[middle - low <= near, high - middle <= near]
    between = (dark[high] - dark[low]) / 4
    place = (
        low * (dark[low] + between * first)
        + middle * between * second
        + high * (bright[high] + between * third)
    )
    return histogram.centres[int(place)]


def shanbhag(histogram: Histogram) -> Any:
    """Return the threshold at which both classes are equally certain to be what they are.

    References
    ----------
    .. [1] Shanbhag, "Utilization of information measure as a means of image thresholding",
           CVGIP: Graphical Models and Image Processing 56 (1994), 414-419,
           https://doi.org/10.1006/cgip.1994.1037
    """
    share, dark, bright = _shares(histogram)
    dark_information = _uncertainty(share[:-1], np.concatenate([[0.0], dark[:-1]]), dark)
    # The same from the bright end: a class grows by one bin towards the dark.
    grown = bright[::-1]
    bright_information = _uncertainty(share[:0:-1], np.concatenate([[0.0], grown[:-1]]), grown)
    return histogram.centres[np.argmin(np.abs(dark_information - bright_information[::-1]))]


def _shares(
    histogram: Histogram,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the share of each bin, and of both classes for each threshold but the last."""
    total = histogram.counts.sum()
    until = np.cumsum(histogram.counts)[:-1]
    return histogram.counts / total, until / total, (total - until) / total


def _best_of_order_one(
    share: NDArray[np.float64], dark: NDArray[np.float64], bright: NDArray[np.float64]
) -> int:
    """Return the threshold that maximises the sum of Shannon's entropies of the classes."""
    terms = np.cumsum(share * np.log(np.where(share > 0, share, 1.0)))
    entropies = np.log(dark) - terms[:-1] / dark
    entropies += np.log(bright) - (terms[-1] - terms[:-1]) / bright
    return int(np.argmax(entropies))


def _uncertainty(
    share: NDArray[np.float64], before: NDArray[np.float64], until: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return -sum(share * log(1 - before / (2 * until))) / (2 * until) over growing classes.

    `until` differs for every class, so a running sum is possible for powers of `before` only:
    the logarithm is its series, whose argument is at most 1/2.
    """
    result = np.zeros(len(share))
    power = np.ones(len(share))
    for order in range(1, _TERMS + 1):
        power = power * before
        result += np.cumsum(share * power) / (until**order * (2.0**order * order))
    return result / (2 * until)
