"""Reconstruct an image by dilation: the hybrid of scans and a queue of Vincent (1993)."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["reconstruct"]


def reconstruct(seed: NDArray[Any], limit: NDArray[Any], full: bool) -> NDArray[Any]:
    """Dilate a seed again and again, never above the limit, until nothing changes.

    Parameters
    ----------
    seed, limit : (Y, X) or (Z, Y, X) ndarray
        Two images of the same shape and dtype.
    full : bool
        Whether pixels are neighbours that share only an edge or a corner.

    Returns
    -------
    ndarray
        The reconstruction.
    """
    result: NDArray[Any] = np.minimum(seed, limit)
    # Booleans are numbers to numba; a 2D image is one slice.
    as_number = result.view(np.uint8) if result.dtype == bool else result
    bound = limit.view(np.uint8) if limit.dtype == bool else limit
    stacked = as_number.reshape((1,) * (3 - limit.ndim) + limit.shape)
    index = np.int32 if limit.size < 2**31 else np.int64
    queue = np.empty(limit.size + 1, index)
    bound = np.ascontiguousarray(bound).reshape(stacked.shape)
    _reconstruct(stacked, bound, _neighbours_before(full, len(stacked) == 1), queue)
    return result


def _neighbours_before(full: bool, flat: bool) -> NDArray[np.int64]:
    """Return the steps (z, y, x) to the neighbours that a scan meets before a pixel."""
    steps = np.argwhere(ndimage.generate_binary_structure(3, 3 if full else 1)) - 1
    before = steps[: len(steps) // 2]
    return before[before[:, 0] == 0] if flat else before


@numba.njit(cache=True, nogil=True)
def _reconstruct(result: Any, limit: Any, before: Any, queue: Any) -> None:
    depth, height, width = result.shape
    # Away from the borders neighbours are steps in memory, and none needs a check.
    steps = (before[:, 0] * height + before[:, 1]) * width + before[:, 2]
    around = np.concatenate((steps, -steps))
    pixels, limits = result.reshape(-1), limit.reshape(-1)
    # Down: what the pixels before give.
    for z in range(depth):
        for y in range(height):
            inside = (z > 0 or depth == 1) and 0 < y < height - 1
            for x in range(width):
                highest = result[z, y, x]
                if inside and 0 < x < width - 1:
                    place = (z * height + y) * width + x
                    for step in steps:
                        highest = max(highest, pixels[place + step])
                else:
                    for n in range(len(before)):
                        k, j, i = z + before[n, 0], y + before[n, 1], x + before[n, 2]
                        if k >= 0 and 0 <= j < height and 0 <= i < width:
                            highest = max(highest, result[k, j, i])
                result[z, y, x] = min(highest, limit[z, y, x])
    # Up: what the pixels behind give; where more could flow on, a pixel is queued.
    waiting = np.zeros(result.shape, np.bool_)
    queued = waiting.reshape(-1)
    start, count, room = 0, 0, len(queue)
    for z in range(depth - 1, -1, -1):
        for y in range(height - 1, -1, -1):
            inside = (z < depth - 1 or depth == 1) and 0 < y < height - 1
            for x in range(width - 1, -1, -1):
                highest = result[z, y, x]
                if inside and 0 < x < width - 1:
                    place = (z * height + y) * width + x
                    for step in steps:
                        highest = max(highest, pixels[place - step])
                    own = min(highest, limits[place])
                    pixels[place] = own
                    for step in steps:
                        if (
                            pixels[place - step] < own
                            and pixels[place - step] < limits[place - step]
                        ):
                            queue[count] = place
                            waiting[z, y, x] = True
                            count += 1
                            break
                    continue
                for n in range(len(before)):
                    k, j, i = z - before[n, 0], y - before[n, 1], x - before[n, 2]
                    if k < depth and 0 <= j < height and 0 <= i < width:
                        highest = max(highest, result[k, j, i])
                own = min(highest, limit[z, y, x])
                result[z, y, x] = own
                for n in range(len(before)):
                    k, j, i = z - before[n, 0], y - before[n, 1], x - before[n, 2]
                    if (
                        k < depth
                        and 0 <= j < height
                        and 0 <= i < width
                        and result[k, j, i] < own
                        and result[k, j, i] < limit[k, j, i]
                    ):
                        queue[count] = (z * height + y) * width + x
                        waiting[z, y, x] = True
                        count += 1
                        break
    while count > 0:
        place = queue[start]
        start = start + 1 if start + 1 < room else 0
        count -= 1
        x = place % width
        y = place // width % height
        z = place // (width * height)
        waiting[z, y, x] = False
        own = result[z, y, x]
        deep = depth == 1 or 0 < z < depth - 1
        if deep and 0 < y < height - 1 and 0 < x < width - 1:
            for step in around:
                near = place + step
                if pixels[near] < own and pixels[near] < limits[near]:
                    pixels[near] = min(own, limits[near])
                    if not queued[near]:
                        queued[near] = True
                        end = start + count
                        queue[end - room if end >= room else end] = near
                        count += 1
            continue
        for n in range(2 * len(before)):
            sign = 1 if n < len(before) else -1
            m = n % len(before)
            k, j, i = z + sign * before[m, 0], y + sign * before[m, 1], x + sign * before[m, 2]
            if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                continue
            if result[k, j, i] < own and result[k, j, i] < limit[k, j, i]:
                result[k, j, i] = min(own, limit[k, j, i])
                if not waiting[k, j, i]:
                    waiting[k, j, i] = True
                    end = start + count
                    queue[end - room if end >= room else end] = (k * height + j) * width + i
                    count += 1
