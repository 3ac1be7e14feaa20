"""Add up powers of coordinates, and Zernike polynomials, over all pixels of every object.

Rows of all results are the labels themselves; row 0, the background, holds nothing.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["add_powers", "add_zernike"]


@numba.njit(cache=True, nogil=True)
def add_powers(labels: Any, origins: Any, spacing: Any, sums: Any) -> None:
    """Add up products of powers 0 to 3 of the coordinates from an origin of each object.

    `labels` are (Z, Y, X), `origins` (labels, 3) in voxels, `sums` (labels, 4, 4, 4).
    """
    depth, height, width = labels.shape
    along = np.empty(4)
    for z in range(depth):
        for y in range(height):
            row = labels[z, y]
            x = 0
            while x < width:
                label = row[x]
                start = x
                x += 1
                while x < width and row[x] == label:
                    x += 1
                if label == 0:
                    continue
                along[:] = 0
                for place in range(start, x):
                    away = (place - origins[label, 2]) * spacing[2]
                    along[0] += 1
                    along[1] += away
                    along[2] += away * away
                    along[3] += away * away * away
                high = (z - origins[label, 0]) * spacing[0]
                up = (y - origins[label, 1]) * spacing[1]
                power = 1.0
                # Planes have powers 0 along z alone.
                for i in range(sums.shape[1]):
                    product = power
                    for j in range(4):
                        for k in range(4):
                            sums[label, i, j, k] += product * along[k]
                        product *= up
                    power *= high


@numba.njit(cache=True, nogil=True)
def add_zernike(
    labels: Any, circles: Any, spacing: Any, orders: Any, factors: Any, sums: Any
) -> None:
    """Add up Zernike polynomials of the place of each pixel in the circle around its object.

    `labels` are (Y, X), `circles` (labels, 3) centre and radius in physical units, `orders`
    (P, 2) degree and repetition, `factors` (P, terms) those of the radial polynomials from
    the highest power down, `sums` (labels, P, 2) real and imaginary part.
    """
    height, width = labels.shape
    real = np.empty(orders.max() + 1)
    imaginary = np.empty(orders.max() + 1)
    real[0], imaginary[0] = 1.0, 0.0
    for row in range(height):
        for column in range(width):
            label = labels[row, column]
            if label == 0 or not circles[label, 2] > 0:
                continue
            y = (row * spacing[0] - circles[label, 0]) / circles[label, 2]
            x = (column * spacing[1] - circles[label, 1]) / circles[label, 2]
            square = y * y + x * x
            for m in range(1, real.size):
                real[m] = real[m - 1] * y - imaginary[m - 1] * x
                imaginary[m] = real[m - 1] * x + imaginary[m - 1] * y
            for number in range(len(orders)):
                degree, repetition = orders[number]
                radial = 0.0
                for term in range((degree - repetition) // 2 + 1):
                    radial = radial * square + factors[number, term]
                sums[label, number, 0] += radial * real[repetition]
                sums[label, number, 1] += radial * imaginary[repetition]
