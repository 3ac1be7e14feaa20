"""Give the slices of labels two by two, with a border of background around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["layers", "rows_of"]

_MOST_ROWS = 2**20
"""Labels below this number are rows of a table as they are."""


def rows_of(known: NDArray[Any]) -> NDArray[np.int64]:
    """Return the rows that the labels of an image, rising, have in the slices of `layers`."""
    if known.max(initial=0) < _MOST_ROWS:
        return known.astype(np.int64)
    return np.arange(1, len(known) + 1)


def layers(
    labels: NDArray[Any], known: NDArray[Any]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32], int]]:
    """Yield the slices below and above each layer of cubes, and the depth of the lower one.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    known : (L,) ndarray of int
        All labels but 0, rising.

    Yields
    ------
    below, above : (Y + 2, X + 2) ndarray of int32
        The rows of the labels, 0 for background. They hold until the next ones.
    z : int
        Depth of the lower slice, from -1.
    """
    depth, height, width = labels.shape
    slices = np.zeros((2, height + 2, width + 2), np.int32)
    are_rows = known.max(initial=0) < _MOST_ROWS
    every = np.concatenate([np.zeros(1, known.dtype), known])
    for z in range(-1, depth):
        below, above = slices[(z + 1) % 2], slices[z % 2]
        if z + 1 == depth:
            above[:] = 0
        elif are_rows:
            above[1:-1, 1:-1] = labels[z + 1]
        else:
            above[1:-1, 1:-1] = np.searchsorted(every, labels[z + 1])
        yield below, above, z
