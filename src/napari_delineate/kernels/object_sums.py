"""Add up what objects consist of, run by run along the rows of a label image.

Rows of all results are the labels themselves; row 0, the background, holds nothing.
Coordinates count from the corner of an object's bounding box, so that their squares are
exact and lose nothing where the middle is subtracted.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["add_deviations", "add_intensities", "add_moments", "find_boxes"]


@numba.njit(cache=True, nogil=True)
def find_boxes(labels: Any, boxes: Any, counts: Any) -> None:
    """Find the first and the last pixel of every label along each axis, and count all.

    `labels` are (Z, Y, X), `boxes` (labels, 6): first along z, y, x, then behind the last.
    """
    depth, height, width = labels.shape
    for label in range(len(boxes)):
        boxes[label, :3] = max(depth, height, width)
        boxes[label, 3:] = 0
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
                counts[label] += x - start
                box = boxes[label]
                box[0] = min(box[0], z)
                box[1] = min(box[1], y)
                box[2] = min(box[2], start)
                box[3] = max(box[3], z + 1)
                box[4] = max(box[4], y + 1)
                box[5] = max(box[5], x)


@numba.njit(cache=True, nogil=True)
def add_moments(labels: Any, boxes: Any, first: Any, second: Any) -> None:
    """Add up coordinates (z, y, x) and their products (zz, zy, zx, yy, yx, xx)."""
    depth, height, width = labels.shape
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
                box = boxes[label]
                count = np.float64(x - start)
                middle = 0.5 * (start + x - 1) - box[2]
                at_z = np.float64(z - box[0])
                at_y = np.float64(y - box[1])
                first[label, 0] += count * at_z
                first[label, 1] += count * at_y
                first[label, 2] += count * middle
                second[label, 0] += count * at_z * at_z
                second[label, 1] += count * at_z * at_y
                second[label, 2] += count * at_z * middle
                second[label, 3] += count * at_y * at_y
                second[label, 4] += count * at_y * middle
                # The squares of a run are those of its middle and around it.
                around = count * (count * count - 1) / 12
                second[label, 5] += count * middle * middle + around


@numba.njit(cache=True, nogil=True)
def add_intensities(labels: Any, image: Any, sums: Any, lowest: Any, highest: Any) -> None:
    """Add up the intensities of every label, and find the extremes; all arrays are flat."""
    place = 0
    while place < labels.size:
        label = labels[place]
        if label == 0:
            place += 1
            continue
        total, low, high = sums[label], lowest[label], highest[label]
        while place < labels.size and labels[place] == label:
            pixel = np.float64(image[place])
            total += pixel
            low, high = min(low, pixel), max(high, pixel)
            place += 1
        sums[label], lowest[label], highest[label] = total, low, high


@numba.njit(cache=True, nogil=True)
def add_deviations(labels: Any, image: Any, means: Any, squares: NDArray[np.float64]) -> None:
    """Add up the squared distances from the mean of every label; all arrays are flat."""
    place = 0
    while place < labels.size:
        label = labels[place]
        if label == 0:
            place += 1
            continue
        total, mean = squares[label], means[label]
        while place < labels.size and labels[place] == label:
            away = np.float64(image[place]) - mean
            total += away * away
            place += 1
        squares[label] = total
