"""Walk along the edges of pixels around objects, and fill what such walks enclose.

Both are exact opposites: rings that are traced and filled again give the same pixels.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

from napari_delineate.kernels.buffers import doubled

__all__ = ["fill_rings", "fill_runs", "trace_rings"]


@numba.njit(cache=True, nogil=True)
def trace_rings(parts: Any) -> Any:
    """Trace the outlines of connected parts along the edges of their pixels.

    `parts` are (Y, X) unsigned integers of 32 bits, 0 for background, each number one part
    that is connected over edges. Returns the corners of all rings, (N, 2) as (x, y), where
    each ring ends, and the index of a pixel of the part that each belongs to. A ring has its
    part on the right as it is drawn (y down), is not closed by repeating its first corner
    and visits no corner twice: where pixels of a part touch over a corner only, rings touch.
    """
    height, width = parts.shape
    seen = np.zeros((height, width), np.bool_)  # edges above pixels; each ring has one
    # Where corners that a ring may visit twice stand on the stack, counted from 1.
    place = np.zeros((height + 1) * (width + 1), np.int32)
    stack = np.empty(1024, np.int64)
    corners = np.empty(4096, np.int64)
    ends = np.empty(256, np.int64)
    owners = np.empty(256, np.int64)
    number_of_corners, number_of_rings = 0, 0
    for top in range(height):
        for left in range(width):
            part = parts[top, left]
            if part == 0 or seen[top, left] or (top > 0 and parts[top - 1, left] == part):
                continue
            y, x, heading, depth = top, left, 0, 0  # 0 is right, then clockwise
            doubtful = False
            if top > 0 and left > 0:
                doubtful = parts[top, left - 1] != part and parts[top - 1, left - 1] == part
            is_closed = False
            while True:
                key = y * (width + 1) + x
                cut = 0 if is_closed else place[key] - 1 if doubtful else -1
                if cut >= 0:
                    # Back at a corner: what lies between is a ring of its own.
                    for step in range(cut, depth):
                        if number_of_corners == corners.size:
                            corners = doubled(corners)
                        corners[number_of_corners] = stack[step]
                        number_of_corners += 1
                        if step > cut or is_closed:
                            place[stack[step]] = 0
                    if number_of_rings == ends.size:
                        ends, owners = doubled(ends), doubled(owners)
                    ends[number_of_rings] = number_of_corners
                    owners[number_of_rings] = top * width + left
                    number_of_rings += 1
                    depth = cut + 1
                    if is_closed:
                        break
                else:
                    if depth == stack.size:
                        stack = doubled(stack)
                    stack[depth] = key
                    depth += 1
                    if doubtful:
                        place[key] = depth
                while True:
                    if heading == 0:
                        seen[y, x] = True
                        x += 1
                        left_y, left_x, right_y, right_x = y - 1, x, y, x
                    elif heading == 1:
                        y += 1
                        left_y, left_x, right_y, right_x = y, x, y, x - 1
                    elif heading == 2:
                        x -= 1
                        left_y, left_x, right_y, right_x = y, x - 1, y - 1, x - 1
                    else:
                        y -= 1
                        left_y, left_x, right_y, right_x = y - 1, x - 1, y - 1, x
                    right = (
                        0 <= right_y < height
                        and 0 <= right_x < width
                        and parts[right_y, right_x] == part
                    )
                    ahead = (
                        0 <= left_y < height
                        and 0 <= left_x < width
                        and parts[left_y, left_x] == part
                    )
                    if not right:
                        heading = (heading + 1) % 4
                        doubtful = ahead
                        break
                    if ahead:
                        heading = (heading + 3) % 4
                        doubtful = False
                        break
                is_closed = y == top and x == left and heading == 0
    result = np.empty((number_of_corners, 2), np.int64)
    for row in range(number_of_corners):
        result[row, 0] = corners[row] % (width + 1)
        result[row, 1] = corners[row] // (width + 1)
    return result, ends[:number_of_rings], owners[:number_of_rings]


@numba.njit(cache=True, nogil=True)
def fill_rings(
    labels: Any, corners: Any, ends: Any, last_rings: Any, numbers: Any, several: Any
) -> Any:
    """Fill polygons, each given by rings; what an odd number of its rings enclose is inside.

    `labels` are (Y, X), `corners` (N, 2) float as (x, y), where pixel centres lie at halves.
    `ends` say where each ring ends, `last_rings` with which ring each polygon does. Later
    polygons lie on top; pixels in which one hides another number are marked in `several`.
    Returns how many pixels each polygon has.
    """
    height, width = labels.shape
    crossed = np.zeros(1024, np.bool_)
    sizes = np.zeros(len(numbers), np.int64)
    first_ring = 0
    for polygon in range(len(numbers)):
        last_ring = last_rings[polygon]
        start = ends[first_ring - 1] if first_ring > 0 else 0
        stop = ends[last_ring - 1] if last_ring > 0 else 0
        low_x, low_y, high_x, high_y = np.inf, np.inf, -np.inf, -np.inf
        for row in range(start, stop):
            low_x, high_x = min(low_x, corners[row, 0]), max(high_x, corners[row, 0])
            low_y, high_y = min(low_y, corners[row, 1]), max(high_y, corners[row, 1])
        if start == stop or high_x < 0 or high_y < 0 or low_x > width or low_y > height:
            first_ring = last_ring
            continue
        top, bottom = max(0, math.ceil(low_y - 0.5)), min(height, math.ceil(high_y - 0.5))
        left, right = max(0, math.ceil(low_x - 0.5)), min(width, math.ceil(high_x - 0.5))
        columns = right - left + 1  # the last one takes what is crossed behind the image
        while crossed.size < (bottom - top) * columns:
            crossed = np.zeros(2 * crossed.size, np.bool_)
        for ring in range(first_ring, last_ring):
            begin = ends[ring - 1] if ring > 0 else 0
            previous = ends[ring] - 1
            for row in range(begin, ends[ring]):
                x0, y0 = corners[previous, 0], corners[previous, 1]
                x1, y1 = corners[row, 0], corners[row, 1]
                previous = row
                if y0 > y1:
                    x0, y0, x1, y1 = x1, y1, x0, y0
                slope = (x1 - x0) / (y1 - y0) if y1 > y0 else 0.0
                for y in range(max(top, math.ceil(y0 - 0.5)), min(bottom, math.ceil(y1 - 0.5))):
                    x = min(max(math.ceil(x0 + (y + 0.5 - y0) * slope - 0.5), left), right)
                    at = (y - top) * columns + x - left
                    crossed[at] = not crossed[at]
        number = numbers[polygon]
        for y in range(top, bottom):
            inside = False
            for x in range(left, right + 1):
                at = (y - top) * columns + x - left
                if crossed[at]:
                    inside = not inside
                    crossed[at] = False
                if inside and x < right:
                    if labels[y, x] != 0 and labels[y, x] != number:
                        several[y, x] = True
                    labels[y, x] = number
                    sizes[polygon] += 1
        first_ring = last_ring
    return sizes


@numba.njit(cache=True, nogil=True)
def fill_runs(labels: Any, runs: Any, number: Any, several: Any) -> int:
    """Fill every other run of pixels, of those that go down the columns one after another.

    `runs` are lengths that fit the (Y, X) labels, the first of pixels outside. Pixels that
    had another number are marked in `several`. Returns how many pixels are filled.
    """
    height = labels.shape[0]
    at, filled = 0, 0
    for run in range(len(runs)):
        if run % 2 == 1:
            for pixel in range(at, at + runs[run]):
                y, x = pixel % height, pixel // height
                if labels[y, x] != 0 and labels[y, x] != number:
                    several[y, x] = True
                labels[y, x] = number
            filled += runs[run]
        at += runs[run]
    return filled
