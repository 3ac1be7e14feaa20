"""Levels of the blocks of an image, blended into one level per pixel."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["blended_block_levels"]


def blended_block_levels(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    window: tuple[float, ...],
    level_of: Callable[[NDArray[Any], NDArray[np.bool_] | None], float],
    whole: float,
) -> NDArray[np.float64]:
    """Find the level of every block, and blend them with splines into one per pixel."""
    from scipy.interpolate import make_interp_spline

    numbers = [
        max(1, int(size / max(entry, 1.0))) for size, entry in zip(image.shape, window, strict=True)
    ]
    edges = [
        np.arange(number + 1) * size // number
        for number, size in zip(numbers, image.shape, strict=True)
    ]
    levels = np.empty(numbers)
    for block in itertools.product(*map(range, numbers)):
        region = tuple(
            slice(ends[index], ends[index + 1]) for ends, index in zip(edges, block, strict=True)
        )
        within = None if mask is None else mask[region]
        empty = within is not None and not within.any()
        levels[block] = whole if empty else level_of(image[region], within)
    order = min([3, *(number - 1 for number in numbers if number > 1)])
    for axis, (number, size) in enumerate(zip(numbers, image.shape, strict=True)):
        if number == 1:
            levels = np.repeat(levels, size, axis)
            continue
        width = size / number
        centres = np.linspace(int(width / 2), int((number - 0.5) * width), number)
        spline = make_interp_spline(centres, levels, k=order, axis=axis)
        levels = spline(np.arange(size) + 0.5)
    return levels
