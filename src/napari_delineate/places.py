"""Find the pixels that points and lines in physical units lie on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["check_axes", "pixels_along", "pixels_of"]


def check_axes(value: NDArray[Any], name: str, allowed: set[int]) -> None:
    """Refuse points or shapes whose coordinates do not fit the axes of an image."""
    number = value.shape[-1]
    if number not in allowed:
        words = " or ".join(map(str, sorted(allowed)))
        raise ValueError(
            f"{name} must have {words} coordinates, as the image has axes; they have {number}"
        )


def pixels_of(
    points: NDArray[Any], shape: tuple[int, ...], spacing: Any
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pixels of the points that lie in an image, and which points these are."""
    check_axes(points, "points", {len(shape)})
    return _inside(points / np.broadcast_to(spacing, len(shape)), shape)


def pixels_along(path: NDArray[Any], shape: tuple[int, ...], spacing: Any) -> NDArray[np.intp]:
    """Return the indices of the pixels along a path of straight lines, without those outside.

    Consecutive pixels share at least a corner.
    """
    ends = path / np.broadcast_to(spacing, len(shape))
    moves = np.diff(ends, axis=0)
    steps = np.ceil(np.abs(moves).max(axis=1)).astype(np.intp)
    line = np.repeat(np.arange(len(steps)), steps)
    rank = np.arange(len(line)) - np.repeat(np.cumsum(steps) - steps, steps) + 1
    # Divided last: steps of just one pixel stay so, and none is left out by what is rounded.
    between = ends[line] + rank[:, None] * moves[line] / steps[line][:, None]
    # The last step of a line ends at the vertex, whatever was rounded.
    is_last = rank == steps[line]
    between[is_last] = ends[line[is_last] + 1]
    pixels, _ = _inside(np.concatenate([ends[:1], between]), shape)
    return np.unique(pixels, axis=0)


def _inside(
    places: NDArray[Any], shape: tuple[int, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pixels around places on the grid that an image has, and which these are."""
    # Half a pixel belongs to the next one, as napari draws it.
    rounded = np.floor(places + 0.5)
    inside = np.flatnonzero(np.all((rounded >= 0) & (rounded < shape), axis=1))
    return rounded[inside].astype(np.intp), inside
