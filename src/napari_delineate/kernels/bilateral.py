"""Average over neighbours that are near and of similar intensity."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["bilateral"]


@numba.njit(cache=True, nogil=True)
def bilateral(
    padded: NDArray[Any],
    offsets: NDArray[Any],
    nearness: NDArray[Any],
    similarity: NDArray[Any],
    steps: float,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Filter the rows `start` to `stop` of (Z, Y, X), counted through all planes.

    `offsets` (N, 3) points from a pixel of the result into the padded image, once per
    neighbour, with the weights `nearness`. `similarity` holds weights for differences of
    0, 1 / steps, 2 / steps and so on, its last one 0.
    """
    rows, size = result.shape[1:]
    middle = offsets[offsets.shape[0] // 2]
    last = similarity.size - 1
    for row in range(start, stop):
        z, y = row // rows, row % rows
        own = padded[z + middle[0], y + middle[1], middle[2] : middle[2] + size]
        total = np.zeros(size)
        weights = np.zeros(size)
        for place in range(offsets.shape[0]):
            dz, dy, dx = offsets[place]
            other = padded[z + dz, y + dy, dx : dx + size]
            near = nearness[place]
            for x in range(size):
                step = abs(other[x] - own[x]) * steps + 0.5
                weight = near * similarity[int(min(step, np.float64(last)))]
                total[x] += weight * other[x]
                weights[x] += weight
        line = result[z, y]
        for x in range(size):
            line[x] = total[x] / weights[x]
