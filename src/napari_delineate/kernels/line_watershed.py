"""Grow areas in a plane level by level, keeping a line one pixel wide between them.

The way of ImageJ's binary watershed: on each level, from the highest down, areas grow by
one pixel in one of eight directions at a time, over corners first. A pixel that would
join two areas is left out.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.neighbours import bordered, inside, neighbour_offsets

__all__ = ["grow_apart"]

_AREA = 255

_TURNS = (7, 3, 1, 5, 0, 4, 2, 6)
"""Directions in the order of their turns; 0 is up, 2 right, 4 down, 6 left."""


def grow_apart(levels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Grow areas over lower levels until only the lines between them are left.

    Parameters
    ----------
    levels : (Y, X) ndarray of uint8
        255 on the areas, 0 where they may not go, the order of growing between. Where it
        rises again on a way down from the areas, it counts as level.

    Returns
    -------
    (Y, X) ndarray of bool
        True on the areas grown.
    """
    risen = bordered(levels, 0)
    wide = np.zeros_like(risen)
    flat = wide.reshape(-1)
    _lower(risen.reshape(-1), flat, neighbour_offsets(wide.shape, 2))
    begins = np.append(0, np.cumsum(np.bincount(flat, minlength=256)))
    places = np.argsort(flat, kind="stable")
    width = wide.shape[1]
    ring = np.array([-width, 1 - width, 1, 1 + width, width, width - 1, -1, -1 - width])
    _grow(flat, places, begins, ring, _apart(), np.array(_TURNS))
    return np.asarray(wide[inside(2)] == _AREA)


def _apart() -> NDArray[np.bool_]:
    """Tell of every set of the eight neighbours whether it is of several areas."""
    sets = (np.arange(256)[:, np.newaxis] >> np.arange(8)) & 1 > 0
    sides = sets.copy()
    sides[:, 1::2] = False
    joined = sets | np.roll(sides, 1, axis=1) | np.roll(sides, -1, axis=1)
    changes = (joined != np.roll(joined, 1, axis=1)).sum(axis=1)
    return np.asarray(changes >= 4)


@numba.njit(cache=True, nogil=True)
def _lower(levels: Any, lowered: Any, offsets: Any) -> None:
    """Set each pixel to the highest level on which a way leads to it from the areas."""
    heads: Any = np.full(256, -1, np.int32)
    links: Any = np.empty(levels.size, np.int32)
    for area in range(levels.size):
        if levels[area] == 255:
            lowered[area] = 255
            links[area] = heads[255]
            heads[255] = area
    for level in range(255, 0, -1):
        while heads[level] >= 0:
            place = np.int64(heads[level])
            heads[level] = links[place]
            for offset in offsets:
                neighbour = place + offset
                if lowered[neighbour] == 0 and levels[neighbour] > 0:
                    reached = min(level, np.int64(levels[neighbour]))
                    lowered[neighbour] = reached
                    links[neighbour] = heads[reached]
                    heads[reached] = neighbour


@numba.njit(cache=True, nogil=True)
def _grow(levels: Any, places: Any, begins: Any, ring: Any, apart: Any, turns: Any) -> None:
    """Set pixels to the level of the areas, as far as these stay apart."""
    chosen = np.empty(places.size, np.int64)
    left = 0
    for level in range(254, 0, -1):
        begin = begins[level]
        # What is left of higher levels lies right behind.
        left += begins[level + 1] - begin
        idle = 0
        turn = 0
        while left > 0 and idle < 8:
            back = ring[(turns[turn % 8] + 4) % 8]
            turn += 1
            count = 0
            kept = 0
            for number in range(begin, begin + left):
                place = places[number]
                around = 0
                if levels[place + back] == 255:
                    for direction in range(8):
                        if levels[place + ring[direction]] == 255:
                            around |= 1 << direction
                if around and not apart[around]:
                    chosen[count] = place
                    count += 1
                else:
                    places[begin + kept] = place
                    kept += 1
            for number in range(count):
                levels[chosen[number]] = 255
            left = kept
            idle = 0 if count else idle + 1
        # Of what could not be reached, only the edges of the mask get another chance.
        kept = 0
        for number in range(begin, begin + left):
            place = places[number]
            for step in ring:
                if levels[place + step] == 0:
                    places[begin + kept] = place
                    kept += 1
                    break
        left = kept
