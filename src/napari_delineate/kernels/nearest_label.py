"""Give every pixel the label of the nearest labelled pixel, with physical distances.

The squared distance is separable: nearest along one axis, then the lower envelope of one
parabola per pixel along each other axis. What scikit-image does with `scipy.ndimage`'s
feature transform needs three coordinates per voxel; this keeps one step count and one label.

References
----------
Maurer, Qi and Raghavan, "A linear time algorithm for computing exact Euclidean distance
transforms of binary images in arbitrary dimensions", IEEE Transactions on Pattern Analysis and
Machine Intelligence 25 (2003), 265-270. Felzenszwalb and Huttenlocher, "Distance transforms of
sampled functions", Theory of Computing 8 (2012), 415-428.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_label"]

_FAR = np.int32(2**31 - 1)


def nearest_label(labels: NDArray[Any], reach: float, spacing: tuple[float, ...]) -> NDArray[Any]:
    """Give every background pixel within a distance the label nearest to it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int32 or int64
        Labelled objects, 0 for background.
    reach : float
        The distance, in the units of the spacing.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    ndarray
        The grown labels. Of several nearest pixels the first along the last axis counts,
        then along the axis before it, as in `scipy.ndimage.distance_transform_edt`.
    """
    # A 2D image is a stack of its rows.
    result = np.array(labels[:, None, :] if labels.ndim == 2 else labels, order="C")
    dz, dy, dx = (spacing[0], 1.0, spacing[1]) if labels.ndim == 2 else spacing
    farthest = int(min(reach / dz, float(len(result))))
    steps = _along_first_axis(result, farthest)
    _across_slices(result, steps, reach * reach, dz, dy, dx)
    return result.reshape(labels.shape)


@numba.njit(cache=True, nogil=True)
def _along_first_axis(labels: NDArray[Any], farthest: int) -> NDArray[Any]:
    """Fill background with the nearest label along the first axis; return the steps to it."""
    depth, height, width = labels.shape
    steps = np.empty(labels.shape, np.int32)
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if labels[z, y, x] != 0:
                    steps[z, y, x] = 0
                elif z > 0 and steps[z - 1, y, x] < farthest:
                    steps[z, y, x] = steps[z - 1, y, x] + 1
                    labels[z, y, x] = labels[z - 1, y, x]
                else:
                    steps[z, y, x] = _FAR
    for z in range(depth - 2, -1, -1):
        for y in range(height):
            for x in range(width):
                behind = steps[z + 1, y, x]
                if behind < farthest and behind + 1 < steps[z, y, x]:
                    steps[z, y, x] = behind + 1
                    labels[z, y, x] = labels[z + 1, y, x]
    return steps


@numba.njit(cache=True, nogil=True)
def _across_slices(
    labels: NDArray[Any], steps: NDArray[Any], limit: float, dz: float, dy: float, dx: float
) -> None:
    """Finish each slice: the nearest along its columns, then along its rows."""
    depth, height, width = labels.shape
    squares = np.empty((height, width))
    longest = max(height, width)
    line = np.empty(longest)
    own = np.empty(longest, labels.dtype)
    sites = np.empty(longest, np.int64)
    starts = np.empty(longest)
    for z in range(depth):
        has_site = False
        for y in range(height):
            for x in range(width):
                if steps[z, y, x] == _FAR:
                    squares[y, x] = np.inf
                else:
                    has_site = True
                    squares[y, x] = (steps[z, y, x] * dz) ** 2
        if not has_site:
            continue
        if height > 1:
            for x in range(width):
                for y in range(height):
                    line[y] = squares[y, x]
                    own[y] = labels[z, y, x]
                count = _envelope(line[:height], sites, starts, dy)
                place = 0
                for y in range(height):
                    if line[y] == 0.0 or count == 0:
                        continue
                    while place + 1 < count and starts[place + 1] < y:
                        place += 1
                    site = sites[place]
                    square = ((y - site) * dy) ** 2 + line[site]
                    if square <= limit:
                        squares[y, x] = square
                        labels[z, y, x] = own[site]
                    else:
                        squares[y, x] = np.inf
        for y in range(height):
            for x in range(width):
                line[x] = squares[y, x]
                own[x] = labels[z, y, x]
            count = _envelope(line[:width], sites, starts, dx)
            place = 0
            for x in range(width):
                if line[x] == 0.0 or count == 0:
                    continue
                while place + 1 < count and starts[place + 1] < x:
                    place += 1
                site = sites[place]
                if ((x - site) * dx) ** 2 + line[site] <= limit:
                    labels[z, y, x] = own[site]
                else:
                    labels[z, y, x] = 0


@numba.njit(cache=True, nogil=True)
def _envelope(line: NDArray[Any], sites: NDArray[Any], starts: NDArray[Any], size: float) -> int:
    """Find the pixels that are nearest to some pixel of a line, and from where on they are."""
    count = 0
    length = len(line)
    for q in range(length):
        height = line[q]
        if height == np.inf:
            continue
        # Inside an object no pixel is nearest to another.
        if height == 0.0 and 0 < q < length - 1 and line[q - 1] == 0.0 and line[q + 1] == 0.0:
            continue
        start = -np.inf
        while count > 0:
            last = sites[count - 1]
            rise = (height - line[last]) / (size * size)
            start = (rise / (q - last) + (q + last)) / 2
            if start > starts[count - 1]:
                break
            count -= 1
        if count == 0:
            start = -np.inf
        sites[count] = q
        starts[count] = start
        count += 1
    return count
