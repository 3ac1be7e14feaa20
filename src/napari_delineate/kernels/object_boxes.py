"""Find where every object lies, block by block, in one pass."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["NUMBER", "PIXELS", "BLOCK", "LOW", "HIGH", "measure"]

NUMBER, PIXELS, BLOCK = 0, 1, 2
LOW, HIGH = slice(3, 6), slice(6, 9)
"""What the columns hold of an object in a block: see `measure`."""

_COLUMNS = 9


@numba.njit(cache=True, nogil=True)
def measure(
    labels: NDArray[Any], block: NDArray[np.int64], last: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the pixels of every object in every block, and find the corners of a box there.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of unsigned int
        The labels, in C order.
    block : (3,) ndarray of int64
        Pixels of a block along each axis.
    last : (N,) ndarray of int64
        Filled with -1, with an entry for every number; what it holds afterwards means nothing.

    Returns
    -------
    parts : (P, 9) ndarray of int64
        For each object in each block: its number, its pixels, the block in the order of a
        scan, and the first and the last place along each axis.
    along_z, along_y, along_x : ndarray of int64
        The pixels that are not 0 at each place along each axis.
    """
    depth, rows, columns = labels.shape
    along_z, along_y = np.zeros(depth, np.int64), np.zeros(rows, np.int64)
    steps = np.zeros(columns + 1, np.int64)
    parts = np.empty((1024, _COLUMNS), np.int64)
    count, rank = 0, -1
    for z0 in range(0, depth, block[0]):
        for y0 in range(0, rows, block[1]):
            for x0 in range(0, columns, block[2]):
                rank += 1
                first = count  # the parts of this block are those from here on
                stop = min(x0 + block[2], columns)
                for z in range(z0, min(z0 + block[0], depth)):
                    for y in range(y0, min(y0 + block[1], rows)):
                        x = x0
                        while x < stop:
                            number, start = labels[z, y, x], x
                            while x < stop and labels[z, y, x] == number:
                                x += 1
                            if number == 0:
                                continue
                            along_z[z] += x - start
                            along_y[y] += x - start
                            steps[start] += 1
                            steps[x] -= 1
                            k = last[number]
                            if k < first:
                                k = last[number] = count
                                count += 1
                                if count > len(parts):
                                    parts = np.concatenate((parts, np.empty_like(parts)))
                                ends = (z, y, start, z, y, x - 1)
                                parts[k] = np.array((np.int64(number), 0, rank, *ends))
                            part = parts[k]
                            part[1] += x - start
                            # Slices come in order: only within them it can go back.
                            part[4], part[5] = min(part[4], y), min(part[5], start)
                            part[6] = z
                            part[7], part[8] = max(part[7], y), max(part[8], x - 1)
    return parts[:count].copy(), along_z, along_y, np.cumsum(steps)[:columns]
