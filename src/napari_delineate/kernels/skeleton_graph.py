"""Follow the lines of skeletons: which pixels end them, where they meet, how long they are."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["links_of"]


def links_of(
    labels: NDArray[np.int32], spacing: tuple[float, ...]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """List the links between pixels of lines one pixel wide.

    Pixels are linked to all neighbours of their object, but over a corner only where no
    way over edges (faces) leads there: so that a turn is no triangle.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int32
        Skeletons of objects.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    links : (M, 2) ndarray of int64
        Flat indices of both ends, each link once.
    lengths : (M,) ndarray of float64
        Their physical lengths.
    """
    before = np.argwhere(np.ones((3, 3, 3)))[:13] - 1
    lengths = np.linalg.norm(before * np.array(spacing), axis=1)
    count = _links(labels, before, np.zeros((0, 2), np.int64), np.zeros(0, np.int64))
    links, kinds = np.empty((count, 2), np.int64), np.empty(count, np.int64)
    _links(labels, before, links, kinds)
    return links, np.asarray(lengths[kinds])


@numba.njit(cache=True, nogil=True)
def _links(labels: Any, before: Any, links: Any, kinds: Any) -> int:
    """Count the links, and write them where there is room."""
    depth, height, width = labels.shape
    count = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                label = labels[z, y, x]
                if label == 0:
                    continue
                for n in range(len(before)):
                    a, b, c = before[n]
                    k, j, i = z + a, y + b, x + c
                    if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                        continue
                    if labels[k, j, i] != label or _has_detour(labels, z, y, x, a, b, c):
                        continue
                    if count < len(links):
                        links[count, 0] = (z * height + y) * width + x
                        links[count, 1] = (k * height + j) * width + i
                        kinds[count] = n
                    count += 1
    return count


@numba.njit(cache=True, nogil=True)
def _has_detour(labels: Any, z: int, y: int, x: int, a: int, b: int, c: int) -> bool:
    """Tell whether a pixel between both ends of a step over a corner is of the same object."""
    label = labels[z, y, x]
    for part in range(1, 7):
        u, v, w = a * (part & 1), b * (part >> 1 & 1), c * (part >> 2 & 1)
        if (u == 0 and v == 0 and w == 0) or (u == a and v == b and w == c):
            continue
        if labels[z + u, y + v, x + w] == label:
            return True
    return False
