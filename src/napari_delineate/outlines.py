"""Rules about whole objects: holes in them, borders they touch, sizes they have."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers

__all__ = [
    "ball_size",
    "cube_size",
    "fill_objects",
    "labels_at_border",
    "object_sizes",
    "pixel_size",
    "without_labels",
]


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
    unit = float(math.pi ** (ndim / 2)) / math.gamma(ndim / 2 + 1)
    return unit * cube_size(diameter / 2, shape)


def cube_size(width: float, shape: tuple[int, ...]) -> float:
    """Return the area of a square or the volume of a cube, in units of its width.

    Parameters
    ----------
    width : float
        The width.
    shape : tuple of int
        Shape of the grid; axes of one pixel do not count.

    Returns
    -------
    float
        The volume in as many dimensions as the grid has, infinity where a float is too small.

    Examples
    --------
    >>> cube_size(3, (1, 9, 9)), cube_size(1e200, (9, 9))
    (9.0, inf)
    """
    with np.errstate(over="ignore"):
        return float(np.float64(width) ** sum(size > 1 for size in shape))


def object_sizes(
    labels: NDArray[Any], spacing: tuple[float, ...]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the numbers of all objects, sorted, and their areas or volumes.

    Axes of one pixel do not count: a single slice of a stack is treated as 2D.
    """
    import fastremap

    numbers, counts = fastremap.unique(labels, return_counts=True)
    kept = numbers != 0
    return numbers[kept], counts[kept] * pixel_size(spacing, labels.shape)


def pixel_size(spacing: tuple[float, ...], shape: tuple[int, ...]) -> float:
    """Return the area or volume of a pixel; axes of one pixel do not count."""
    long = [entry for entry, length in zip(spacing, shape, strict=True) if length > 1]
    return float(math.prod(long))


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
        Number of pixels up to which a hole is filled.

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
    from napari_delineate.kernels.enclosed import enclosing

    if np.squeeze(labels).ndim < 2:  # a line encloses nothing
        return labels.copy()
    parts = building_blocks.connected_components(labels == 0, "face")
    volume = (1,) * (3 - labels.ndim) + labels.shape
    owner = enclosing(labels.reshape(volume), parts.reshape(volume), int(parts.max()))
    if largest < np.inf:
        numbers, counts = object_numbers.count_pixels(parts)
        owner[numbers[counts > largest]] = 0
    holes = np.flatnonzero(owner)
    filled = object_numbers.renumber(parts, holes, owner[holes])
    return np.asarray(np.where(labels > 0, labels, filled))
