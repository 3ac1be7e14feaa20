"""Find the pixels that points and lines in physical units lie on."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__: list[str] = []  # no operations


def pixels_of(points: NDArray[Any], shape: tuple[int, ...], spacing: Any) -> NDArray[np.intp]:
    """Return the indices of the pixels that points lie on, without those outside."""
    if points.shape[1] != len(shape):
        raise ValueError(
            f"points must have {len(shape)} coordinates, as the image has axes; "
            f"they have {points.shape[1]}"
        )
    # Half a pixel belongs to the next one, as napari draws it.
    return _inside(points / np.broadcast_to(spacing, len(shape)), shape)


def pixels_along(path: NDArray[Any], shape: tuple[int, ...], spacing: Any) -> NDArray[np.intp]:
    """Return the indices of the pixels along a path of straight lines, without those outside.

    Consecutive pixels share at least a corner.
    """
    ends = path / np.broadcast_to(spacing, len(shape))
    parts = [ends[:1]]
    for start, end in itertools.pairwise(ends):
        steps = int(np.ceil(np.abs(end - start).max()))
        shares = np.linspace(0, 1, steps + 1)[1:, None]
        parts.append(start + shares * (end - start))
    return np.unique(_inside(np.concatenate(parts), shape), axis=0)


def _inside(places: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the pixels around places on the grid, without those outside of the image."""
    # Half a pixel belongs to the next one, as napari draws it.
    rounded = np.floor(places + 0.5)
    inside = np.all((rounded >= 0) & (rounded < shape), axis=1)
    return np.asarray(rounded[inside], np.intp)
