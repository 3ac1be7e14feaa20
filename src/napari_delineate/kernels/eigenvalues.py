"""Compute the eigenvalues of a symmetric matrix at every pixel."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["eigenvalues_2", "eigenvalues_3"]


@numba.njit(cache=True, nogil=True)
def eigenvalues_2(elements: NDArray[Any], result: NDArray[Any], start: int, stop: int) -> None:
    """Write the eigenvalues of [[a, b], [b, c]] for (3, pixels), the larger first."""
    for i in range(start, stop):
        a, b, c = elements[0, i], elements[1, i], elements[2, i]
        middle = (a + c) / 2
        half = math.hypot((a - c) / 2, b)
        result[0, i] = middle + half
        result[1, i] = middle - half


@numba.njit(cache=True, nogil=True)
def eigenvalues_3(elements: NDArray[Any], result: NDArray[Any], start: int, stop: int) -> None:
    """Write those of [[a, b, c], [b, d, e], [c, e, f]] for (6, pixels), the largest first.

    Smith, "Eigenvalues of a symmetric 3 x 3 matrix", Communications of the ACM 4 (1961), 168.
    """
    for i in range(start, stop):
        a, b, c = np.float64(elements[0, i]), np.float64(elements[1, i]), np.float64(elements[2, i])
        d, e, f = np.float64(elements[3, i]), np.float64(elements[4, i]), np.float64(elements[5, i])
        mean = (a + d + f) / 3
        a -= mean
        d -= mean
        f -= mean
        spread = math.sqrt((a * a + d * d + f * f + 2 * (b * b + c * c + e * e)) / 6)
        cubed = spread * spread * spread
        if cubed == 0:
            result[0, i] = result[1, i] = result[2, i] = mean
            continue
        determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
        angle = math.acos(min(1.0, max(-1.0, determinant / (2 * cubed)))) / 3
        largest = 2 * spread * math.cos(angle)
        smallest = 2 * spread * math.cos(angle + 2 * math.pi / 3)
        result[0, i] = mean + largest
        result[1, i] = mean - largest - smallest
        result[2, i] = mean + smallest
