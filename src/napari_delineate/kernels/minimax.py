"""Flood an image from one pixel: at which level each pixel is reached.

A pixel costs how much its intensity differs from that of the first one. The level of a path is
the highest cost on it; that of a pixel is the lowest level of the paths to it. Pixels are met
in the order of their levels, so that the first pixel that meets another one gives it its level
for good. Those of the level that is being flooded need no order; of others, only those that
are due soon are kept in order, in a heap. A flood stops at any level, and goes on later.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled
from napari_delineate.kernels.heaps import drop_first, push

__all__ = ["Flood"]

_MOST_BUCKETS = 2**16
_PIXELS_PER_BUCKET = 4


class Flood:
    """Hold a flood that has come to some level.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float32 or float64
        Intensities; what is NaN is never flooded.
    place : tuple of int
        The first pixel, which is not NaN.
    """

    def __init__(self, image: NDArray[Any], place: tuple[int, ...]) -> None:
        self._inner = (slice(1, -1),) * image.ndim
        # A closed frame spares the question whether a neighbour lies in the image.
        framed = np.full(tuple(size + 2 for size in image.shape), np.nan, image.dtype)
        framed[self._inner] = image
        self._image = framed
        self._levels = np.full(framed.shape, np.inf, image.dtype)
        strides = np.array(framed.strides) // framed.itemsize
        self._steps = np.concatenate([strides, -strides])
        start = int(np.dot([at + 1 for at in place], strides))
        self._value = framed.reshape(-1)[start]
        largest = max(
            float(np.nanmax(image)) - float(self._value),
            float(self._value) - float(np.nanmin(image)),
        )
        number = min(_MOST_BUCKETS, image.size // _PIXELS_PER_BUCKET + 1)
        if largest < _MOST_BUCKETS:
            number = max(number, int(largest) + 1)  # one for each level of whole numbers
        scale = (number - 1) / largest if largest > 0 else 0.0
        self._scale = scale if np.isfinite(scale) else 0.0
        self._first_in = np.full(number, -1, np.int64)
        # For each pixel the next one of its bucket.
        self._following = np.empty(framed.size, np.int32 if framed.size < 2**31 else np.int64)
        self._due_levels = np.zeros(1024, image.dtype)
        self._due_places = np.full(1024, start, np.int64)
        self._levels.reshape(-1)[start] = 0
        self._due, self._bucket = 1, 0

    def levels(self, until: float) -> NDArray[Any]:
        """Return at which level each pixel is reached, if that is not above a limit.

        Parameters
        ----------
        until : float
            The limit.

        Returns
        -------
        ndarray of the image's dtype
            The levels; above the limit where the flood comes later or never.
        """
        self._due_levels, self._due_places, self._due, self._bucket = _flood(
            self._image.reshape(-1),
            self._levels.reshape(-1),
            self._value,
            until,
            self._steps,
            self._scale,
            self._first_in,
            self._following,
            self._due_levels,
            self._due_places,
            self._due,
            self._bucket,
        )
        return self._levels[self._inner]


@numba.njit(cache=True, nogil=True)
def _flood(
    image: Any, levels: Any, value: float, until: float, steps: Any, scale: float,
    first_in: Any, following: Any, due_levels: Any, due_places: Any, due: int, bucket: int,
) -> Any:  # fmt: skip
    same = np.empty(1024, np.int64)  # places on the level that is being flooded
    here = 0
    while True:
        if due == 0:
            while bucket < first_in.size and first_in[bucket] < 0:
                bucket += 1
            if bucket == first_in.size:
                return due_levels, due_places, due, bucket
            place = first_in[bucket]
            first_in[bucket] = -1
            while place >= 0:
                if due == due_levels.size:
                    due_levels, due_places = doubled(due_levels), doubled(due_places)
                push(due_levels, due_places, due, levels[place], place)
                due += 1
                place = np.int64(following[place])
        level = due_levels[0]
        if level > until:
            return due_levels, due_places, due, bucket
        while due > 0 and due_levels[0] == level:
            if here == same.size:
                same = doubled(same)
            same[here] = due_places[0]
            here += 1
            due -= 1
            drop_first(due_levels, due_places, due)
        while here > 0:
            here -= 1
            place = same[here]
            for step in steps:
                near = place + step
                if levels[near] != np.inf:
                    continue
                cost = abs(image[near] - value)
                if cost <= level:
                    levels[near] = level
                    if here == same.size:
                        same = doubled(same)
                    same[here] = near
                    here += 1
                elif cost > level:  # it is not NaN
                    levels[near] = cost
                    later = int(cost * scale)
                    if later > bucket:
                        following[near] = first_in[later]
                        first_in[later] = near
                        continue
                    if due == due_levels.size:
                        due_levels, due_places = doubled(due_levels), doubled(due_places)
                    push(due_levels, due_places, due, cost, near)
                    due += 1
