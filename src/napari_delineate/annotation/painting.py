"""Paint with a round brush along a line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.crops import check_number, with_room
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import protected, refuse_locked
from napari_delineate.types import Spacing, spacing_per_axis

__all__ = ["paint"]


def paint(
    labels: Any,
    line: Sequence[Sequence[float]],
    number: int,
    *,
    size: int = 10,
    erase: bool = False,
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit | None:
    """Paint an object with a round brush between two points, or erase there.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only boxes of them are read.
    line : (2, D) sequence of float
        Where the brush goes from and to, in pixels; the same point twice is a dab.
    number : int
        The object.
    size : int
        Diameter of the brush, in pixels of the axis with the smallest voxels; as with
        napari's brush, even ones count as the next odd one.
    erase : bool
        Whether pixels become background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis; the brush is round in it.
    locked : collection of int
        Numbers of objects that no tool changes.
    preserve : bool
        Whether other objects keep their pixels.

    Returns
    -------
    Edit or None
        What is painted; None where the brush is beside the labels.

    Raises
    ------
    ValueError
        If the object is locked, or its number is none.

    Examples
    --------
    >>> import numpy as np
    >>> paint(np.zeros((5, 6), int), [(2, 2), (2, 3)], 7, size=3).labels
    array([[7, 7, 7, 7],
           [7, 7, 7, 7],
           [7, 7, 7, 7]])
    """
    check_number(number)
    refuse_locked([number], locked)
    shape = tuple(labels.shape)
    scale = np.asarray(spacing_per_axis(spacing, len(shape)), float)
    scale = scale / scale.min()
    start, end = np.floor(np.asarray(line, float) + 0.5)
    radius = size // 2 + 0.5
    reach = np.floor(radius / scale)
    low = np.maximum(np.minimum(start, end) - reach, 0).astype(int)
    high = np.minimum(np.maximum(start, end) + reach + 1, shape).astype(int)
    if (low >= high).any():
        return None
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    held = np.ascontiguousarray(labels[box])
    wanted = (held if erase else with_room(held, number)).copy()
    wanted[_under_brush(box, start, end, scale, radius)] = 0 if erase else number
    return Edit(box, protected(held, wanted, locked, preserve, [number]))


def _under_brush(
    box: tuple[slice, ...],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    scale: NDArray[np.float64],
    radius: float,
) -> NDArray[np.bool_]:
    """Return which pixels of a box lie within a radius of the way between two pixels."""
    away = [
        (place - first) * unit
        for place, first, unit in zip(
            np.ogrid[tuple(slice(side.start, side.stop) for side in box)],
            start.tolist(),
            scale.tolist(),
            strict=True,
        )
    ]
    way = ((end - start) * scale).tolist()
    length = sum(step * step for step in way)
    along: Any = sum(one * step for one, step in zip(away, way, strict=True))
    share = np.clip(along / length, 0, 1) if length else 0.0
    squared: Any = sum((one - share * step) ** 2 for one, step in zip(away, way, strict=True))
    return np.asarray(squared <= radius**2)
