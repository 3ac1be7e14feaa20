"""The most frequent label around each pixel."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["most_frequent"]

_OUTSIDE = -1
"""Marks what lies beyond the border of the image."""


def most_frequent(
    labels: NDArray[Any],
    footprint: NDArray[np.bool_],
    places_to_change: NDArray[np.bool_] | None = None,
) -> NDArray[Any]:
    """Give each pixel the most frequent label in a footprint.

    Parameters
    ----------
    labels : ndarray of int
        Labels from 0 up.
    footprint : ndarray of bool
        Which pixels count, as many before as after the middle along each axis, which it
        holds itself.
    places_to_change : ndarray of bool, optional
        Where labels may change; everywhere without it.

    Returns
    -------
    ndarray, same shape and dtype
        The labels. Of equally frequent ones the pixel's own wins, then the smallest.
    """
    half = np.array(footprint.shape) // 2
    padded = np.pad(labels, [(width, width) for width in half], constant_values=_OUTSIDE)
    steps = (np.argwhere(footprint) - half) @ (np.array(padded.strides) // padded.itemsize)
    # Only pixels that see another label can change.
    near = _sees_another(labels, footprint.shape)
    if places_to_change is not None:
        near &= places_to_change
    places = np.ravel_multi_index(
        tuple(axis + width for axis, width in zip(np.nonzero(near), half, strict=True)),
        padded.shape,
    )
    result = labels.copy()
    result[near] = _vote(padded.reshape(-1), places, steps)
    return result


def _sees_another(labels: NDArray[Any], size: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark pixels with more than one label in the box around them."""
    lowest = ndimage.minimum_filter(labels, size=size, mode="nearest")
    highest = ndimage.maximum_filter(labels, size=size, mode="nearest")
    return np.asarray(lowest != highest)


@numba.njit(cache=True, nogil=True)
def _vote(padded: Any, places: Any, steps: Any) -> Any:
    """Return the most frequent label around each place."""
    winners = np.empty(places.size, padded.dtype)
    # The labels met so far, the pixel's own first; they are few, so a list is searched.
    labels = np.empty(steps.size, padded.dtype)
    counts = np.empty(steps.size, np.int64)
    for number in range(places.size):
        place = places[number]
        labels[0] = padded[place]
        counts[0] = 0
        met = 1
        for step in steps:
            label = padded[place + step]
            if label == _OUTSIDE:
                continue
            entry = 0
            while entry < met and labels[entry] != label:
                entry += 1
            if entry == met:
                labels[entry] = label
                counts[entry] = 0
                met += 1
            counts[entry] += 1
        best = 0
        for entry in range(1, met):
            smaller = best > 0 and labels[entry] < labels[best]
            if counts[entry] > counts[best] or (counts[entry] == counts[best] and smaller):
                best = entry
        winners[number] = labels[best]
    return winners
