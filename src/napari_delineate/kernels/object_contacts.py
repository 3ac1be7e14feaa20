"""Find which objects lie near each other, and where they touch."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled
from napari_delineate.kernels.object_pixels import Pixels

__all__ = ["contacts", "pairs_near"]


def pairs_near(
    labels: NDArray[np.int32], edges: Pixels, offsets: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the objects at some offsets from the edge of each object.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int32
        Objects numbered from 1 without gaps.
    edges : Pixels
        The pixels at their edges.
    offsets : (K, 3) ndarray of int64
        Where to look, in voxels.

    Returns
    -------
    pairs : (M, 2) ndarray of int64
        Numbers of objects and of others near them, each pair once in both orders.
    touching : (N,) ndarray of int64
        How many edge pixels of each object are near another one.
    """
    touching = np.zeros(edges.starts.size - 1, np.int64)
    seen = np.zeros(edges.starts.size, np.int64)
    pairs = _pairs_near(labels, edges.starts, edges.places, offsets, seen, touching)
    return pairs, touching


@numba.njit(cache=True, nogil=True)
def _pairs_near(
    labels: Any, starts: Any, places: Any, offsets: Any, seen: Any, touching: Any
) -> Any:
    depth, height, width = labels.shape
    found = np.empty(1024, np.int64)
    count = 0
    for number in range(starts.size - 1):
        for place in range(starts[number], starts[number + 1]):
            flat = places[place]
            x = flat % width
            y = flat // width % height
            z = flat // (width * height)
            touches = False
            for n in range(len(offsets)):
                k, j, i = z + offsets[n, 0], y + offsets[n, 1], x + offsets[n, 2]
                if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                    continue
                other = labels[k, j, i]
                if other == 0 or other == number + 1:
                    continue
                touches = True
                if seen[other] != number + 1:
                    seen[other] = number + 1
                    if count + 2 > found.size:
                        found = doubled(found)
                    found[count], found[count + 1] = number + 1, other
                    count += 2
            touching[number] += touches
    return found[:count].reshape(-1, 2).copy()


def contacts(labels: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """List all faces of voxels between two objects.

    Parameters
    ----------
    labels : (Z, Y, X) ndarray of int32
        Labelled objects.

    Returns
    -------
    pairs : (2, M) ndarray of int64
        The two objects of each face, the smaller number first.
    axes : (M,) ndarray of int64
        The axis across each face.
    """
    found = _contacts(labels)
    return found[:, :2].T, found[:, 2]


@numba.njit(cache=True, nogil=True)
def _contacts(labels: Any) -> Any:
    depth, height, width = labels.shape
    found = np.empty(1024, np.int64)
    count = 0
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                label = labels[z, y, x]
                if label == 0:
                    continue
                for axis in range(3):
                    k, j, i = z + (axis == 0), y + (axis == 1), x + (axis == 2)
                    if k == depth or j == height or i == width:
                        continue
                    other = labels[k, j, i]
                    if other == 0 or other == label:
                        continue
                    if count + 3 > found.size:
                        found = doubled(found)
                    found[count] = min(label, other)
                    found[count + 1] = max(label, other)
                    found[count + 2] = axis
                    count += 3
    return found[:count].reshape(-1, 3).copy()
