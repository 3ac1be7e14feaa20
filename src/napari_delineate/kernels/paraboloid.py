"""Erode with a paraboloid: the lower envelope of parabolas, one line after the other."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["erode_with_paraboloid"]


def erode_with_paraboloid(
    image: NDArray[np.floating[Any]], curvature: tuple[float, ...]
) -> NDArray[np.floating[Any]]:
    """Return how high a paraboloid can stand at every pixel without leaving the ground.

    Parameters
    ----------
    image : ndarray of float
        The ground.
    curvature : tuple of float
        What the paraboloid, open above, rises over the first pixel along each axis.

    Returns
    -------
    ndarray of float
        The minimum over all pixels of their intensity plus what the paraboloid around them
        rises until here.
    """
    result = image.copy()
    for axis, rise in enumerate(curvature):
        if image.shape[axis] == 1:
            continue
        lines = np.ascontiguousarray(np.moveaxis(result, axis, -1))
        _lower_envelopes(lines.reshape(-1, lines.shape[-1]), rise)
        result = np.moveaxis(lines, -1, axis)
    return np.ascontiguousarray(result)


@numba.njit(cache=True, nogil=True)
def _lower_envelopes(lines: Any, rise: float) -> None:
    """Replace each line by the lowest of the parabolas that stand on its pixels.

    This is the distance transform of Felzenszwalb and Huttenlocher (2012).
    """
    length = lines.shape[1]
    feet = np.empty(length, np.int64)
    begins = np.empty(length + 1)
    heights = np.empty(length)
    # Multiplying is much quicker than dividing.
    halves = 0.5 / np.maximum(np.arange(length), 1)
    for n in range(lines.shape[0]):
        for x in range(length):
            heights[x] = lines[n, x] / rise
        last = 0
        feet[0] = 0
        begins[0] = -np.inf
        for x in range(1, length):
            while True:
                foot = feet[last]
                slope = (heights[x] - heights[foot]) * halves[x - foot]
                meeting = 0.5 * (x + foot) + slope
                if meeting > begins[last] or last == 0:
                    break
                last -= 1
            if meeting > begins[last]:
                last += 1
            feet[last] = x
            begins[last] = meeting if last > 0 else -np.inf
        begins[last + 1] = np.inf
        at = 0
        for x in range(length):
            while begins[at + 1] < x:
                at += 1
            steps = x - feet[at]
            if steps != 0:  # else it stays just what it is
                lines[n, x] = (heights[feet[at]] + steps * steps) * rise
