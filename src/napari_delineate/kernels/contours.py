"""Mark the pixels of objects that touch something else over an edge (a face of a voxel)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["add_nearest", "mark_contours"]


@numba.njit(cache=True, nogil=True)
def mark_contours(labels: Any, region: Any, flat: bool, contours: Any) -> None:
    """Mark pixels of objects that have a neighbour of another number or lie at the border.

    All are (Z, Y, X). Where `region` is not empty, pixels outside it are neither marked nor
    looked at. In a `flat` image, nothing is beyond its one slice.
    """
    depth, height, width = labels.shape
    everywhere = region.size == 0
    for z in range(depth):
        for y in range(height):
            edge = y == 0 or y == height - 1 or (not flat and (z == 0 or z == depth - 1))
            for x in range(width):
                label = labels[z, y, x]
                if label == 0 or not (everywhere or region[z, y, x]):
                    continue
                found = edge or x == 0 or x == width - 1
                for step in range(6):
                    if found:
                        break
                    if flat and step >= 4:
                        break
                    near_z, near_y, near_x = z, y, x
                    if step == 0:
                        near_x -= 1
                    elif step == 1:
                        near_x += 1
                    elif step == 2:
                        near_y -= 1
                    elif step == 3:
                        near_y += 1
                    elif step == 4:
                        near_z -= 1
                    else:
                        near_z += 1
                    if labels[near_z, near_y, near_x] != label:
                        found = everywhere or region[near_z, near_y, near_x]
                contours[z, y, x] = found


@numba.njit(cache=True, nogil=True)
def add_nearest(one: Any, other: Any, from_one: Any, from_other: Any) -> None:
    """Find how far each point is from the nearest of others, and those from it.

    `one` (N, D) and `other` (M, D) are points, the results (N,) and (M,) infinite at first.
    """
    for i in range(len(one)):
        for j in range(len(other)):
            square = 0.0
            for axis in range(one.shape[1]):
                square += (one[i, axis] - other[j, axis]) ** 2
            if square < from_one[i]:
                from_one[i] = square
            if square < from_other[j]:
                from_other[j] = square
    for distances in (from_one, from_other):
        for place in range(distances.size):
            distances[place] = np.sqrt(distances[place])
