"""How local thresholds compare a pixel with what is around it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import ROUNDING

__all__ = ["GREY_LEVELS", "brighter", "darker", "full_range", "scaled_to_one"]

GREY_LEVELS = 256


def brighter(image: NDArray[Any], level: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark what is brighter than a level by more than the rounding of sums over a window."""
    return np.asarray(image > level + ROUNDING * np.abs(level))


def darker(image: NDArray[Any], level: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Mark what is darker than a level by more than the rounding of sums over a window."""
    return np.asarray(image < level - ROUNDING * np.abs(level))


def full_range(image: NDArray[Any]) -> float:
    """Return what 256 grey levels stand for: as they are in bytes, else from dark to bright."""
    if image.dtype == np.uint8:
        return float(GREY_LEVELS)
    return float(image.max()) - float(image.min())


def scaled_to_one(image: NDArray[Any]) -> NDArray[np.float64]:
    """Return bytes divided by 255, all else from 0 where it is darkest to 1."""
    if image.dtype == np.uint8:
        return np.asarray(image / 255)
    # Each limit is halved, so that their difference fits however far apart they are.
    low, high = float(image.min()) / 2, float(image.max()) / 2
    return np.asarray((image.astype(np.float64) / 2 - low) / (high - low))
