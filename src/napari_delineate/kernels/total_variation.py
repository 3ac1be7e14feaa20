"""Chambolle's iteration for the image nearest to another with little total variation."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["follow_dual", "update_dual"]


@numba.njit(cache=True, nogil=True)
def follow_dual(
    image: NDArray[Any],
    dual: NDArray[Any],
    steps: NDArray[Any],
    result: NDArray[Any],
    energy: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Write the image minus the divergence of `dual` (3, Z, Y, X), and its squares per row."""
    rows, size = image.shape[1:]
    for row in range(start, stop):
        z, y = row // rows, row % rows
        total = 0.0
        for x in range(size):
            change = -(
                steps[0] * dual[0, z, y, x]
                + steps[1] * dual[1, z, y, x]
                + steps[2] * dual[2, z, y, x]
            )
            if z > 0:
                change += steps[0] * dual[0, z - 1, y, x]
            if y > 0:
                change += steps[1] * dual[1, z, y - 1, x]
            if x > 0:
                change += steps[2] * dual[2, z, y, x - 1]
            result[z, y, x] = image[z, y, x] + change
            total += change * change
        energy[row] = total


@numba.njit(cache=True, nogil=True)
def update_dual(
    result: NDArray[Any],
    dual: NDArray[Any],
    steps: NDArray[Any],
    weight: float,
    rate: float,
    energy: NDArray[Any],
    start: int,
    stop: int,
) -> None:
    """Move `dual` against the gradient of `result`; add its total variation per row."""
    planes, rows, size = result.shape
    for row in range(start, stop):
        z, y = row // rows, row % rows
        total = 0.0
        for x in range(size):
            own = np.float64(result[z, y, x])
            down = steps[0] * (result[z + 1, y, x] - own) if z + 1 < planes else 0.0
            ahead = steps[1] * (result[z, y + 1, x] - own) if y + 1 < rows else 0.0
            right = steps[2] * (result[z, y, x + 1] - own) if x + 1 < size else 0.0
            norm = math.sqrt(down * down + ahead * ahead + right * right)
            total += norm
            shrink = 1 / (1 + norm * rate / weight)
            dual[0, z, y, x] = (dual[0, z, y, x] - rate * down) * shrink
            dual[1, z, y, x] = (dual[1, z, y, x] - rate * ahead) * shrink
            dual[2, z, y, x] = (dual[2, z, y, x] - rate * right) * shrink
        energy[row] += weight * total
