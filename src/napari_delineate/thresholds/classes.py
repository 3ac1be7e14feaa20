"""Otsu's thresholds for several classes, by dynamic programming over the levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds.levels import Levels

__all__ = ["class_limits"]


def class_limits(levels: Levels, classes: int) -> NDArray[np.float64]:
    """Return the thresholds that maximise the variance between several classes.

    Parameters
    ----------
    levels : Levels
        Distinct intensities.
    classes : int
        Number of classes, at least 2.

    Returns
    -------
    ndarray of float64
        The highest intensity of every class but the brightest: one less than there are
        classes, or than there are intensities if those are fewer.

    Notes
    -----
    The best limit of a class never moves down when the classes below it grow, so that every
    limit is searched between those of its neighbours. All limits of an image with 65536 grey
    levels take seconds, where trying all combinations would take years.
    """
    # Fractions stand in it as often as they occur.
    distinct, places = np.unique(levels.values, return_inverse=True)
    counts = np.bincount(places, levels.counts)
    number = len(distinct)
    classes = min(classes, number)
    # Sums about the mean, so that the squares stay small.
    values = distinct - np.average(distinct, weights=counts)
    weights = np.concatenate([[0.0], np.cumsum(counts)])
    sums = np.concatenate([[0.0], np.cumsum(counts * values)])
    # best[i]: the largest sum of (sum of a class)**2 / (its weight) over the first i levels.
    with np.errstate(divide="ignore", invalid="ignore"):
        best = sums**2 / weights
    chosen: list[NDArray[np.intp]] = []
    for done in range(1, classes):
        best, starts = _one_more_class(best, weights, sums, done)
        chosen.append(starts)
    limits, end = [], number
    for starts in reversed(chosen):
        end = int(starts[end])
        limits.append(distinct[end - 1])
    return np.array(limits[::-1])


def _one_more_class(
    best: NDArray[np.float64], weights: NDArray[np.float64], sums: NDArray[np.float64], done: int
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the best value and the start of the last class for every number of levels."""
    number = len(best) - 1
    result = np.full(number + 1, -np.inf)
    starts = np.zeros(number + 1, np.intp)
    open_ends = [(done + 1, number, done, number - 1)]
    while open_ends:
        low, high, first, last = open_ends.pop()
        if low > high:
            continue
        middle = (low + high) // 2
        candidates = np.arange(first, min(last, middle - 1) + 1)
        values = best[candidates] + (sums[middle] - sums[candidates]) ** 2 / (
            weights[middle] - weights[candidates]
        )
        place = int(np.argmax(values))
        result[middle], starts[middle] = values[place], candidates[place]
        open_ends.append((low, middle - 1, first, int(candidates[place])))
        open_ends.append((middle + 1, high, int(candidates[place]), last))
    return result, starts
