"""One step of the diffusion of Perona and Malik, which stops at edges."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["diffuse"]


@numba.njit(cache=True, nogil=True)
def _flow(difference: float, step: float, contrast: float) -> float:
    slope = difference * step
    return step * slope * math.exp(-((slope / contrast) ** 2))


@numba.njit(cache=True, nogil=True)
def diffuse(
    image: NDArray[Any],
    steps: NDArray[Any],
    contrast: float,
    time: float,
    result: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Write the rows `start` to `stop` of (Z, Y, X), counted through all planes.

    `steps` is one finest voxel in voxels of each axis. Nothing flows over the borders.
    """
    planes, rows, size = image.shape
    for row in range(start, stop):
        z, y = row // rows, row % rows
        for x in range(size):
            own = np.float64(image[z, y, x])
            flow = 0.0
            if z > 0:
                flow += _flow(image[z - 1, y, x] - own, steps[0], contrast)
            if z + 1 < planes:
                flow += _flow(image[z + 1, y, x] - own, steps[0], contrast)
            if y > 0:
                flow += _flow(image[z, y - 1, x] - own, steps[1], contrast)
            if y + 1 < rows:
                flow += _flow(image[z, y + 1, x] - own, steps[1], contrast)
            if x > 0:
                flow += _flow(image[z, y, x - 1] - own, steps[2], contrast)
            if x + 1 < size:
                flow += _flow(image[z, y, x + 1] - own, steps[2], contrast)
            result[z, y, x] = own + time * flow
