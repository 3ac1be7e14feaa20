"""Convex hulls of pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__: list[str] = []  # no operations

_ROUNDING = 1e-7
"""Distance in pixels that counts as rounding: qhull's planes go through pixels that far off."""


def convex_hull_of(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels whose centres lie in the convex hull of a mask's pixel centres."""
    from scipy.spatial import ConvexHull

    ends = _ends_of_lines(mask)
    if not len(ends):
        return mask.copy()
    origin = ends[0]
    # The directions in which the pixels spread: they may lie on one point, line or plane.
    _, sizes, axes = np.linalg.svd(ends - origin, full_matrices=True)
    rank = int((sizes > 1e-9 * max(1.0, sizes[0])).sum())
    planes = np.zeros((0, mask.ndim + 1))
    for normal in axes[rank:]:
        planes = np.vstack([planes, [*normal, -normal @ origin], [*-normal, normal @ origin]])
    if rank == 1:
        along = (ends - origin) @ axes[0]
        for sign, end in ((1.0, along.max()), (-1.0, along.min())):
            planes = np.vstack([planes, [*(sign * axes[0]), -sign * (axes[0] @ origin + end)]])
    elif rank > 1:
        faces = np.unique(ConvexHull((ends - origin) @ axes[:rank].T).equations, axis=0)
        normals = faces[:, :-1] @ axes[:rank]
        planes = np.vstack([planes, np.column_stack([normals, faces[:, -1] - normals @ origin])])
    return _within(planes, mask.shape)


def count_in_hull(mask: NDArray[np.bool_]) -> int:
    """Count the pixels whose centres lie in the convex hull of a mask of which some is set.

    A pixel extends by half of one along each axis, as scikit-image has it.
    """
    from scipy.spatial import ConvexHull

    halves = 0.5 * np.concatenate([np.eye(mask.ndim), -np.eye(mask.ndim)])
    points = (_ends_of_lines(mask)[:, np.newaxis] + halves).reshape(-1, mask.ndim)
    planes = np.unique(ConvexHull(points).equations, axis=0)
    return int(np.count_nonzero(_within(planes, mask.shape)))


def _ends_of_lines(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the first and the last pixel of each row: no other can be a corner of a hull."""
    rows = np.argwhere(mask.any(axis=-1))
    lines = mask[tuple(rows.T)]
    first = lines.argmax(axis=-1)
    last = mask.shape[-1] - 1 - lines[:, ::-1].argmax(axis=-1)
    both = np.concatenate([np.column_stack([rows, first]), np.column_stack([rows, last])])
    return np.unique(both, axis=0).astype(np.float64)


def _within(planes: NDArray[Any], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the pixels behind all planes: of each row, those between two ends."""
    rows = np.stack(np.meshgrid(*map(np.arange, shape[:-1]), indexing="ij"), axis=-1)
    first = np.zeros(shape[:-1])
    last = np.full(shape[:-1], shape[-1] - 1.0)
    for plane in planes:
        *across, slope, offset = plane
        level = -offset - rows @ np.array(across) + _ROUNDING
        if slope > _ROUNDING:
            np.minimum(last, np.floor(level / slope), out=last)
        elif slope < -_ROUNDING:
            np.maximum(first, np.ceil(level / slope), out=first)
        else:
            last[level < 0] = -1.0
    place = np.arange(shape[-1])
    return np.asarray((place >= first[..., None]) & (place <= last[..., None]))
