"""Rules about whole objects: holes in them, borders they touch, sizes they have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks

__all__ = ["ball_size", "fill_objects", "labels_at_border", "object_sizes", "without_labels"]


def ball_size(diameter: float, shape: tuple[int, ...]) -> float:
    """Return the area of a disk or the volume of a ball, in units of its diameter.

    Parameters
    ----------
    diameter : float
        The diameter.
    shape : tuple of int
        Shape of the grid; axes of one pixel do not count.

    Returns
    -------
    float
        The volume in as many dimensions as the grid has.

    Examples
    --------
    >>> round(ball_size(2, (9, 9)), 4), round(ball_size(2, (9, 9, 9)), 4)
    (3.1416, 4.1888)
    """
    ndim = sum(size > 1 for size in shape)
    return float(math.pi ** (ndim / 2)) / math.gamma(ndim / 2 + 1) * (diameter / 2) ** ndim


def object_sizes(
    labels: NDArray[Any], spacing: tuple[float, ...]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the numbers of all objects, sorted, and their areas or volumes.

    Axes of one pixel do not count: a single slice of a stack is treated as 2D.
    """
    import fastremap

    numbers, counts = fastremap.unique(labels, return_counts=True)
    kept = numbers != 0
    size = math.prod(
        entry for entry, length in zip(spacing, labels.shape, strict=True) if length > 1
    )
    return numbers[kept], counts[kept] * float(size)


def labels_at_border(
    labels: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> NDArray[np.int64]:
    """Return the numbers of objects that touch the border of the image or of a mask.

    An axis of one pixel has no border.
    """
    from scipy import ndimage

    touching = [np.zeros(0, np.int64)]
    for axis, size in enumerate(labels.shape):
        if size > 1:
            touching += [np.unique(np.take(labels, face, axis)) for face in (0, -1)]
    if mask is not None:
        edge = mask & ~ndimage.binary_erosion(mask, border_value=1)
        touching.append(np.unique(labels[edge]))
    numbers = np.unique(np.concatenate(touching))
    return np.asarray(numbers[numbers != 0], np.int64)


def without_labels(labels: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """Return a copy in which the objects with these numbers are background."""
    import fastremap

    return np.asarray(fastremap.mask(labels, [int(number) for number in numbers]))


def fill_objects(labels: NDArray[Any], largest: float = np.inf) -> NDArray[Any]:
    """Fill background that a single object encloses.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects. Background that touches the border of the image, or several
        objects, stays; background is connected over faces. A single slice of a stack is
        treated as 2D.
    largest : float
        Number of pixels below which a hole is filled.

    Returns
    -------
    ndarray, same shape and dtype
        The filled objects.

    Examples
    --------
    >>> labels = np.array([[3, 3, 3, 4], [3, 0, 3, 0], [3, 3, 3, 4]])
    >>> fill_objects(labels)
    array([[3, 3, 3, 4],
           [3, 3, 3, 0],
           [3, 3, 3, 4]])
    """
    flat = np.squeeze(labels)
    if flat.ndim < 2:  # a line encloses nothing
        return labels.copy()
    holes = building_blocks.connected_components(flat == 0, "face")
    holes = without_labels(holes, labels_at_border(holes))
    filled = flat.copy()
    pixels = np.nonzero(holes)
    if len(pixels[0]) == 0:
        return filled.reshape(labels.shape)
    numbers = holes[pixels]
    counts = np.bincount(numbers)
    lowest = np.full(len(counts), np.iinfo(flat.dtype).max, flat.dtype)
    highest = np.zeros(len(counts), flat.dtype)
    for axis in range(flat.ndim):
        for step in (-1, 1):  # holes do not touch the border, so these places exist
            shifted = tuple(
                place + step if axis == other else place for other, place in enumerate(pixels)
            )
            around = flat[shifted]
            beside = around > 0
            np.minimum.at(lowest, numbers[beside], around[beside])
            np.maximum.at(highest, numbers[beside], around[beside])
    fill = np.where((lowest == highest) & (counts < largest), highest, 0)
    filled[pixels] = fill[numbers]
    return filled.reshape(labels.shape)
