"""Collect the values that every object has in an image, in one scan, and say where they are.

A scan meets the rows of labels and image as they lie in memory, which takes a fraction of the
time of looking up the pixels of one object after the other.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["collect", "collect_with_places", "starts_of"]


def starts_of(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the values of each object begin, one object after the other; and the end."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


@numba.njit(cache=True, nogil=True)
def collect(labels: Any, image: Any, ends: Any, values: Any) -> None:
    """Write the values of each label to its place among all, in the order of a scan.

    `labels` and `image` are flat; `ends` (labels) is where the next value of each belongs.
    """
    for place in range(labels.size):
        label = labels[place]
        if label != 0:
            values[ends[label]] = image[place]
            ends[label] += 1


@numba.njit(cache=True, nogil=True)
def collect_with_places(
    labels: Any,
    image: Any,
    ends: Any,
    edge_ends: Any,
    values: Any,
    at_edge: Any,
    sums: Any,
    weighted: Any,
    brightest: Any,
) -> None:
    """Collect values, those at the edges of labels, and where they are.

    `labels` and `image` are (Z, Y, X). What is at an edge shares a face with a pixel of
    something else in the image; its values go to the same places of an array of their own.
    `sums`, `weighted` and `brightest` (labels, 3), in voxels: the places are added up, those
    weighted by the image too, and the first of the brightest found.
    """
    depth, height, width = labels.shape
    highest = np.full(ends.size, -np.inf)
    for z in range(depth):
        for y in range(height):
            row, pixels = labels[z, y], image[z, y]
            # Where the image ends, the row itself stands for what is beside it.
            up, down = labels[z, max(y - 1, 0)], labels[z, min(y + 1, height - 1)]
            front, back = labels[max(z - 1, 0), y], labels[min(z + 1, depth - 1), y]
            x = 0
            while x < width:
                label = row[x]
                start = x
                x += 1
                while x < width and row[x] == label:
                    x += 1
                if label == 0:
                    continue
                end, edge_end = ends[label], edge_ends[label]
                total, along, high = 0.0, 0.0, highest[label]
                first = start if start > 0 else -1
                last = x - 1 if x < width else -1
                for place in range(start, x):
                    pixel = pixels[place]
                    values[end] = pixel
                    end += 1
                    # All are looked at: to branch at each would take longer.
                    if (
                        (up[place] != label)
                        | (down[place] != label)
                        | (front[place] != label)
                        | (back[place] != label)
                        | (place == first)
                        | (place == last)
                    ):
                        at_edge[edge_end] = pixel
                        edge_end += 1
                    value = np.float64(pixel)
                    total += value
                    along += value * place
                    if value > high:
                        high = value
                        brightest[label, 0] = z
                        brightest[label, 1] = y
                        brightest[label, 2] = place
                ends[label], edge_ends[label], highest[label] = end, edge_end, high
                count = x - start
                sums[label, 0] += count * z
                sums[label, 1] += count * y
                sums[label, 2] += count * 0.5 * (start + x - 1)
                weighted[label, 0] += total * z
                weighted[label, 1] += total * y
                weighted[label, 2] += along
