"""Measure the outlines of objects from the few pixels around each of their points.

Rows of all results are the labels themselves. Outside of the image is background.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["add_convex_areas", "add_euler_numbers", "count_borders", "count_squares"]


@numba.njit(cache=True, nogil=True)
def count_squares(labels: Any, counts: Any) -> None:
    """Count for every label how often each pattern of 2 x 2 pixels occurs.

    `labels` are (Y, X), `counts` (labels, 16): a pixel counts 1, that above it 2, that at
    its left 4, the fourth 8. Patterns of one label only are left out.
    """
    height, width = labels.shape
    for y in range(height + 1):
        left: Any = 0
        above_left: Any = 0
        for x in range(width + 1):
            here = labels[y, x] if y < height and x < width else 0
            above = labels[y - 1, x] if y > 0 and x < width else 0
            if here == above and here == left and here == above_left:
                continue
            if here != 0:
                counts[here, _pattern(here, here, above, left, above_left)] += 1
            if above != 0 and above != here:
                counts[above, _pattern(above, here, above, left, above_left)] += 1
            if left != 0 and left != here and left != above:
                counts[left, _pattern(left, here, above, left, above_left)] += 1
            alone = above_left != here and above_left != above and above_left != left
            if above_left != 0 and alone:
                counts[above_left, 8] += 1
            left, above_left = here, above


@numba.njit(cache=True, nogil=True, inline="always")
def _pattern(label: Any, here: Any, above: Any, left: Any, above_left: Any) -> int:
    code = 0
    if here == label:
        code = 1
    if above == label:
        code += 2
    if left == label:
        code += 4
    if above_left == label:
        code += 8
    return code


@numba.njit(cache=True, nogil=True)
def add_euler_numbers(labels: Any, eighths: Any, totals: Any) -> None:
    """Add up, for every label, what each pattern of 2 x 2 x 2 voxels gives.

    `labels` are (Z, Y, X); `eighths` has an entry for each of the 256 patterns: a voxel
    counts 1, times 2 if it is before along y, times 4 along x and times 16 along z.
    """
    depth, height, width = labels.shape
    nothing = np.zeros(width, labels.dtype)
    window = np.zeros(8, labels.dtype)
    for z in range(depth + 1):
        for y in range(height + 1):
            # Places are bits: 1 is one back along y, 2 along x, 4 along z.
            row_0 = labels[z, y] if z < depth and y < height else nothing
            row_1 = labels[z, y - 1] if z < depth and y > 0 else nothing
            row_4 = labels[z - 1, y] if z > 0 and y < height else nothing
            row_5 = labels[z - 1, y - 1] if z > 0 and y > 0 else nothing
            window[:] = 0
            was_same = True
            for x in range(width + 1):
                inside = x < width
                first, one = row_0[x] if inside else 0, row_1[x] if inside else 0
                four, five = row_4[x] if inside else 0, row_5[x] if inside else 0
                same = first == one and first == four and first == five
                if same and was_same and first == window[0]:
                    continue
                window[2], window[3], window[6], window[7] = (
                    window[0],
                    window[1],
                    window[4],
                    window[5],
                )
                window[0], window[1], window[4], window[5] = first, one, four, five
                was_same = same
                _add_window(window, eighths, totals)


@numba.njit(cache=True, nogil=True, inline="always")
def _add_window(window: Any, eighths: Any, totals: Any) -> None:
    """Add up what 2 x 2 x 2 voxels give for each label among them."""
    left = 255  # the places whose label is to be counted
    for n in range(8):
        label = window[n]
        if label == 0 or not left & (1 << n):
            continue
        code = 0
        for m in range(8):
            code |= (window[m] == label) << m
        left &= ~code
        totals[label] += eighths[code]


@numba.njit(cache=True, nogil=True)
def count_borders(labels: Any, counts: Any) -> None:
    """Count the pixels on the border of every label by how the border goes on from there.

    `labels` are (Y, X), `counts` (labels, 5, 5): by the number of pixels of the border of
    the same label that share an edge, and of those over a corner.
    """
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            label = labels[y, x]
            if label == 0 or not _is_border(labels, y, x, label):
                continue
            edges = 0
            corners = 0
            for j in range(max(y - 1, 0), min(y + 2, height)):
                for i in range(max(x - 1, 0), min(x + 2, width)):
                    if labels[j, i] == label and _is_border(labels, j, i, label):
                        if j == y or i == x:
                            edges += 1
                        else:
                            corners += 1
            counts[label, edges - 1, corners] += 1


@numba.njit(cache=True, nogil=True, inline="always")
def _is_border(labels: Any, y: int, x: int, label: Any) -> bool:
    height, width = labels.shape
    return bool(
        y == 0
        or x == 0
        or y == height - 1
        or x == width - 1
        or labels[y - 1, x] != label
        or labels[y + 1, x] != label
        or labels[y, x - 1] != label
        or labels[y, x + 1] != label
    )


@numba.njit(cache=True, nogil=True)
def add_convex_areas(labels: Any, tops: Any, bottoms: Any, areas: Any) -> None:
    """Count the pixels whose centre is in the convex hull of every label.

    `labels` are (Y, X); `tops` and `bottoms` are the first row of each label and that
    behind the last. A pixel extends by half of one along each axis, so that all numbers are
    whole in halves of pixels: nothing is rounded.
    """
    height, width = labels.shape
    starts = np.zeros(areas.size + 1, np.int64)
    tallest = 0
    for label in range(areas.size):
        rows = max(bottoms[label] - tops[label], 0)
        starts[label + 1] = starts[label] + rows
        tallest = max(tallest, rows)
    # Beyond all pixels, where a row has none.
    first = np.full(starts[-1], width, np.int32)
    last = np.full(starts[-1], -1, np.int32)
    for y in range(height):
        for x in range(width):
            label = labels[y, x]
            if label != 0:
                row = starts[label] + y - tops[label]
                first[row] = min(first[row], x)
                last[row] = max(last[row], x)
    left = np.empty(tallest, np.int64)
    right = np.empty(tallest, np.int64)
    chain = np.empty((2 * tallest + 1, 2), np.int64)
    for label in range(1, areas.size):
        begin, end = starts[label], starts[label + 1]
        rows = end - begin
        if rows == 0:
            continue
        for row in range(rows):
            left[row] = first[begin + row]
            right[row] = -last[begin + row] if last[begin + row] >= 0 else width
        _leftmost(left[:rows], width, chain)
        _leftmost(right[:rows], width, chain)
        for row in range(rows):
            areas[label] += 1 - right[row] - left[row]


@numba.njit(cache=True, nogil=True)
def _leftmost(rows: Any, none: int, chain: Any) -> None:
    """Replace the first pixel of each row by the first one in the convex hull.

    A row that has none, given by a number beyond all pixels, gets one as well.
    """
    size = 0
    for line in range(-1, 2 * len(rows)):  # in halves of a row
        if line % 2 == 0:
            nearest = rows[line // 2]
            place = 2 * nearest - 1
        else:
            nearest = min(
                rows[line // 2] if line > 0 else none,
                rows[line // 2 + 1] if line // 2 + 1 < len(rows) else none,
            )
            place = 2 * nearest
        if nearest == none:
            continue
        while size >= 2:
            up = chain[size - 1, 0] - chain[size - 2, 0]
            across = chain[size - 1, 1] - chain[size - 2, 1]
            if up * (place - chain[size - 1, 1]) > across * (line - chain[size - 1, 0]):
                break
            size -= 1
        chain[size, 0] = line
        chain[size, 1] = place
        size += 1
    part = 0
    for row in range(len(rows)):
        while chain[part + 1, 0] < 2 * row:
            part += 1
        up = chain[part + 1, 0] - chain[part, 0]
        across = chain[part + 1, 1] - chain[part, 1]
        doubled = chain[part, 1] * up + across * (2 * row - chain[part, 0])
        rows[row] = -(-doubled // (2 * up))
