"""Find which object each part of the background is enclosed by.

Filling the holes of every object on its own, as other programs do, takes time in proportion
to the number of objects; this takes one look at the neighbours of each background pixel.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["enclosing"]


@numba.njit(cache=True, nogil=True)
def enclosing(labels: NDArray[Any], parts: NDArray[Any], number: int) -> NDArray[Any]:
    """Return the only object that each part touches over faces, 0 where there is none.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    parts : (Z, Y, X) ndarray of int
        Connected parts of the background, numbered from 1, 0 in objects.
    number : int
        How many parts there are.

    Returns
    -------
    (number + 1,) ndarray
        The object around each part; 0 if it touches several, or the border of the image
        along an axis of more than one pixel.
    """
    depth, height, width = labels.shape
    owner = np.zeros(number + 1, labels.dtype)
    is_open = np.zeros(number + 1, np.bool_)
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                part = parts[z, y, x]
                if part == 0 or is_open[part]:
                    continue
                for axis in range(3):
                    size = depth if axis == 0 else height if axis == 1 else width
                    at = z if axis == 0 else y if axis == 1 else x
                    if size == 1:
                        continue
                    if at == 0 or at == size - 1:
                        is_open[part] = True
                        break
                    for step in (-1, 1):
                        if axis == 0:
                            label = labels[z + step, y, x]
                        elif axis == 1:
                            label = labels[z, y + step, x]
                        else:
                            label = labels[z, y, x + step]
                        if label == 0:
                            continue
                        if owner[part] == 0:
                            owner[part] = label
                        elif owner[part] != label:
                            is_open[part] = True
    for part in range(number + 1):
        if is_open[part]:
            owner[part] = 0
    return owner
