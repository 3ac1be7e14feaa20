"""How far results look: what operations of several packages declare as their locality."""

from __future__ import annotations

import math
from typing import Any

from napari_delineate.building_blocks import ROUNDING, gaussian_halo
from napari_delineate.types import Length, length_per_axis

__all__ = ["blur_halo", "no_halo", "opening_halo", "window_halo"]


def no_halo(spacing: tuple[float, ...], **_: Any) -> tuple[int, ...]:
    """Return how far an operation looks that treats every pixel on its own: nowhere."""
    return (0,) * len(spacing)


def window_halo(*, spacing: Any, radius: Length, **_: Any) -> tuple[int, ...]:
    """Return how far a ball or box reaches along each axis, in voxels."""
    return tuple(math.floor(entry + ROUNDING) for entry in length_per_axis(radius, spacing))


def opening_halo(*, spacing: Any, radius: Length, **_: Any) -> tuple[int, ...]:
    """Return how far an erosion and a dilation reach, one after the other, in voxels."""
    return tuple(2 * entry for entry in window_halo(spacing=spacing, radius=radius))


def blur_halo(*, spacing: Any, sigma: Length, **_: Any) -> tuple[int, ...]:
    """Return how far a Gaussian reaches along each axis, in voxels."""
    return gaussian_halo(length_per_axis(sigma, spacing))
