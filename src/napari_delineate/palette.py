"""Colours of objects, the same in every picture of labels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["colours_of_numbers"]

_GOLDEN_RATIO = 0.618033988749895
_PALEST = 0.35
"""What the weakest of red, green and blue has, so that no colour is lost on black."""


def colours_of_numbers(numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Return a clear colour for each number, far from those of the numbers next to it.

    Parameters
    ----------
    numbers : ndarray of int
        Numbers of objects, from 1 up.

    Returns
    -------
    (..., 3) ndarray of float
        Red, green and blue, 0 to 1.

    Examples
    --------
    >>> colours_of_numbers(np.array([1, 2, 3])).round(2).tolist()
    [[0.35, 0.54, 1.0], [0.73, 1.0, 0.35], [1.0, 0.35, 0.92]]
    """
    # Steps of the golden ratio keep the hues of neighbouring numbers far apart.
    hue = (np.asarray(numbers) * _GOLDEN_RATIO) % 1
    ramps = np.abs((hue[..., None] * 6 + np.array([0, 4, 2])) % 6 - 3) - 1
    return np.asarray(_PALEST + (1 - _PALEST) * np.clip(ramps, 0, 1))
