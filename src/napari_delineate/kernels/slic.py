"""Give pixels to the nearest centre in space and intensity, for superpixels."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["assign", "centres_of"]


@numba.njit(cache=True, nogil=True)
def assign(
    image: Any,
    centres: Any,
    reach: Any,
    weights: Any,
    distances: Any,
    labels: Any,
    start: int,
    stop: int,
) -> None:
    """Find the nearest centre for the rows `start` to `stop`, counted through all planes.

    `image` are (Z, Y, X), `centres` (N, 4): z, y, x and intensity. A centre counts as far as
    `reach` along each axis. `weights` of z, y, x and intensity make squares of differences
    comparable. Pixels out of reach of all centres keep their label.
    """
    height = image.shape[1]
    first, last = np.empty(3, np.int64), np.empty(3, np.int64)
    for row in range(start, stop):
        distances[row // height, row % height] = np.inf
    for number in range(len(centres)):
        centre = centres[number]
        for axis in range(3):
            first[axis] = max(0, int(np.ceil(centre[axis] - reach[axis])))
            last[axis] = min(image.shape[axis], int(np.floor(centre[axis] + reach[axis])) + 1)
        for z in range(first[0], last[0]):
            above = weights[0] * (z - centre[0]) ** 2
            begin = max(first[1], start - z * height)
            for y in range(begin, min(last[1], stop - z * height)):
                beside = above + weights[1] * (y - centre[1]) ** 2
                pixels, nearest, found = image[z, y], distances[z, y], labels[z, y]
                for x in range(first[2], last[2]):
                    apart = beside + weights[2] * (x - centre[2]) ** 2
                    distance = apart + weights[3] * (pixels[x] - centre[3]) ** 2
                    if distance < nearest[x]:
                        nearest[x] = distance
                        found[x] = number + 1


@numba.njit(cache=True, nogil=True)
def centres_of(image: Any, labels: Any, centres: Any) -> None:
    """Move centres to the mean place and intensity of their pixels; those of none stay."""
    depth, height, width = image.shape
    sums = np.zeros(centres.shape)
    counts = np.zeros(len(centres))
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                number = labels[z, y, x] - 1
                counts[number] += 1
                sums[number, 0] += z
                sums[number, 1] += y
                sums[number, 2] += x
                sums[number, 3] += image[z, y, x]
    for number in range(len(centres)):
        if counts[number] > 0:
            centres[number] = sums[number] / counts[number]
