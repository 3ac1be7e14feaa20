"""The most frequent label around each pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__: list[str] = []  # no operations

_GATHERED = 2**24
"""Most neighbours that are held at once, about 200 MB with the sort."""


def most_frequent(labels: NDArray[Any], footprint: NDArray[np.bool_]) -> NDArray[Any]:
    """Give each pixel the most frequent label in a footprint; its own, then the smallest first."""
    half = np.array(footprint.shape) // 2
    padded = np.pad(labels, [(width, width) for width in half], constant_values=-1)
    steps = (np.argwhere(footprint) - half) @ (np.array(padded.strides) // padded.itemsize)
    # Only pixels that see another label can change.
    near = _sees_another(labels, tuple(half.tolist()))
    places = np.ravel_multi_index(
        tuple(axis + width for axis, width in zip(np.nonzero(near), half, strict=True)),
        padded.shape,
    )
    flat, result = padded.ravel(), labels.copy()
    winners = np.empty(len(places), labels.dtype)
    chunk = max(1, _GATHERED // len(steps))
    for start in range(0, len(places), chunk):
        part = places[start : start + chunk]
        winners[start : start + chunk] = _most_frequent(flat[part[:, None] + steps], flat[part])
    result[near] = winners
    return result


def _sees_another(labels: NDArray[Any], half: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark pixels with more than one label in the box around them."""
    from scipy import ndimage

    size = [2 * width + 1 for width in half]
    lowest = ndimage.minimum_filter(labels, size=size, mode="nearest")
    highest = ndimage.maximum_filter(labels, size=size, mode="nearest")
    return np.asarray(lowest != highest)


def _most_frequent(neighbours: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
    """Return the most frequent number of each row, ignoring -1; `own` wins a tie."""
    neighbours.sort(axis=1)
    rows, columns = neighbours.shape
    last = np.ones((rows, columns), bool)
    last[:, :-1] = neighbours[:, 1:] != neighbours[:, :-1]
    # The length of each run of equal numbers, at the place where the run ends.
    position = np.broadcast_to(np.arange(1, columns + 1), last.shape)
    ends = np.where(last, position, 0)
    previous = np.zeros_like(ends)
    previous[:, 1:] = np.maximum.accumulate(ends, axis=1)[:, :-1]
    counts = np.where(last & (neighbours >= 0), ends - previous, 0)
    best = counts.max(axis=1)
    own_counts = np.where(neighbours == own[:, None], counts, 0).max(axis=1)
    winner = neighbours[np.arange(rows), counts.argmax(axis=1)]
    return np.where(own_counts == best, own, winner)
