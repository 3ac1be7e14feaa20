"""Find the cheapest paths from one pixel to all others, for live wires.

Costs are whole numbers, so that what waits lies in buckets of one cost each: pixels come out of
them in the order of their costs, without any sorting. As no step costs more than there are
buckets, they are used again in turn.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from napari_delineate.kernels.buffers import doubled

__all__ = ["CLOSED", "DIRECTIONS", "LENGTHS", "cheapest_paths", "describe_edges"]

CLOSED = 0
"""The cost of a pixel that no path leads over."""

DIRECTIONS = 16
"""Into how many directions a full turn is divided."""

LENGTHS = np.array([7, 5, 7, 5, 5, 7, 5, 7])
"""How long steps to the eight neighbours are, in fifths of a pixel, in the order of a scan."""

_BUCKETS = 2**13


@numba.njit(cache=True, nogil=True)
def describe_edges(pixels: Any, pitch: Any, steep: Any, is_crossing: Any, direction: Any) -> None:
    """Find how steep an image is, where its curvature changes sign, and which way edges run.

    Parameters
    ----------
    pixels : (Y + 4, X + 4) ndarray of float
        The image, with a margin of two.
    pitch : (2,) ndarray of float
        Voxel size per axis.
    steep : (Y, X) ndarray of float32
        Filled with the length of the gradient.
    is_crossing : (Y, X) ndarray of bool
        Filled with where the Laplacian is nearer to zero than at a neighbour over an edge
        that is on the other side of it.
    direction : (Y, X) ndarray of uint8
        Filled with the direction along the edge, the brighter side on the same hand.
    """
    height, width = steep.shape
    laplacian = np.empty((height + 2, width + 2), np.float32)
    down, right = 1 / pitch[0], 1 / pitch[1]
    for y in range(height + 2):
        for x in range(width + 2):
            middle = 2 * pixels[y + 1, x + 1]
            curved = (pixels[y, x + 1] + pixels[y + 2, x + 1] - middle) * down * down
            laplacian[y, x] = curved + (pixels[y + 1, x] + pixels[y + 1, x + 2] - middle) * (
                right * right
            )
    per_direction = DIRECTIONS / (2 * np.pi)
    for y in range(height):
        for x in range(width):
            slope_y = (pixels[y + 3, x + 2] - pixels[y + 1, x + 2]) * down / 2
            slope_x = (pixels[y + 2, x + 3] - pixels[y + 2, x + 1]) * right / 2
            steep[y, x] = np.sqrt(slope_y * slope_y + slope_x * slope_x)
            turn = int(np.round(np.arctan2(-slope_x, slope_y) * per_direction))
            direction[y, x] = turn % DIRECTIONS
            own = laplacian[y + 1, x + 1]
            crossing = own == 0
            for other in (
                laplacian[y, x + 1], laplacian[y + 2, x + 1],
                laplacian[y + 1, x], laplacian[y + 1, x + 2],
            ):  # fmt: skip
                crossing |= own * other < 0 and abs(own) <= abs(other)
            is_crossing[y, x] = crossing


@numba.njit(cache=True, nogil=True)
def cheapest_paths(costs: Any, direction: Any, bends: Any, start: int, width: int) -> Any:
    """Find from where each pixel is reached on the cheapest path.

    A step costs what the pixel that it leads to costs, and what the directions at both ends
    cost, times its length.

    Parameters
    ----------
    costs : (N,) ndarray of uint8
        Cost of each pixel of a flat image with a closed margin, `CLOSED` or more.
    direction : (N,) ndarray of uint8
        Direction at each pixel.
    bends : (8, D, D) ndarray of uint8
        For each step what the directions at its start and its end cost.
    start : int
        The first pixel.
    width : int
        Pixels in a row, with the margin.

    Returns
    -------
    (N,) ndarray of int8
        The last step of the path to each pixel, counted as a scan meets the neighbours;
        -1 at the start and where no path leads.
    """
    steps = np.array([-width - 1, -width, -width + 1, -1, 1, width - 1, width, width + 1])
    came = np.full(costs.size, -1, np.int8)
    best = np.full(costs.size, np.iinfo(np.int32).max, np.int32)
    done = costs == CLOSED
    heads = np.full(_BUCKETS, -1, np.int64)
    places, following = np.empty(costs.size, np.int64), np.empty(costs.size, np.int64)
    places[0], following[0] = start, -1
    heads[0] = 0
    best[start] = 0
    used, unused, waiting, bucket = 1, -1, 1, 0
    while waiting > 0:
        entry = heads[bucket]
        if entry < 0:
            bucket = (bucket + 1) % _BUCKETS
            continue
        heads[bucket] = following[entry]
        place = places[entry]
        following[entry], unused = unused, entry
        waiting -= 1
        if done[place]:
            continue
        done[place] = True
        cost, here = best[place], direction[place]
        for k in range(8):
            near = place + steps[k]
            if done[near]:
                continue
            step = (np.int64(costs[near]) + bends[k, here, direction[near]]) * LENGTHS[k]
            reached = cost + step
            if reached >= best[near]:
                continue
            best[near] = reached
            came[near] = k
            if unused >= 0:
                entry, unused = unused, following[unused]
            else:
                if used == places.size:
                    places, following = doubled(places), doubled(following)
                entry = used
                used += 1
            target = reached % _BUCKETS
            places[entry], following[entry] = near, heads[target]
            heads[target] = entry
            waiting += 1
    return came
