"""Find the box and the size of every object in one pass."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["measure"]


@numba.njit(cache=True, nogil=True)
def measure(
    labels: NDArray[Any], counts: NDArray[Any], low: NDArray[Any], high: NDArray[Any]
) -> None:
    """Count the pixels of every object, and find the corners of its box.

    Parameters
    ----------
    labels : (T, Z, Y, X) ndarray of unsigned int
        The labels.
    counts : (N,) ndarray of int64
        Zeros, with an entry for every number; the pixels are counted here.
    low, high : (N, 4) ndarray of int64
        Get the first and the last place along each axis; of objects only.
    """
    for t in range(labels.shape[0]):
        for z in range(labels.shape[1]):
            for y in range(labels.shape[2]):
                x, end = 0, labels.shape[3]
                while x < end:
                    number = labels[t, z, y, x]
                    start = x
                    while x < end and labels[t, z, y, x] == number:
                        x += 1
                    if number == 0:
                        continue
                    if counts[number] == 0:
                        low[number] = (t, z, y, start)
                        high[number] = (t, z, y, x - 1)
                    else:
                        # Rows come in order: only the last two axes can go back.
                        high[number, 0] = t
                        low[number, 1] = min(low[number, 1], z)
                        high[number, 1] = max(high[number, 1], z)
                        low[number, 2] = min(low[number, 2], y)
                        high[number, 2] = max(high[number, 2], y)
                        low[number, 3] = min(low[number, 3], start)
                        high[number, 3] = max(high[number, 3], x - 1)
                    counts[number] += x - start


def box_arrays(entries: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return what `measure` fills: counts, first and last places."""
    return (
        np.zeros(entries, np.int64),
        np.zeros((entries, 4), np.int64),
        np.zeros((entries, 4), np.int64),
    )
