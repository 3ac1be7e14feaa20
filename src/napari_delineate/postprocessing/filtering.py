"""Keep some objects and remove the others."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Range, Size, Spacing, size_in_units, voxels

__all__ = ["clear_border", "filter_by_size"]


@operation
def clear_border(labels: Labels) -> Labels:
    """Remove objects that touch the border of the image.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    inner_labels : ndarray of int32 or int64, same shape
        The objects that lie wholly inside, with their numbers.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    An axis of one pixel has no border: a single slice of a stack is treated as 2D. An
    object in several parts is removed as a whole when one of them touches the border.

    References
    ----------
    .. [1] `skimage.segmentation.clear_border`, whose results these are for objects that
           are connected.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.clear_border(np.array([[1, 0, 0], [0, 2, 0], [0, 0, 0]]))
    array([[0, 0, 0],
           [0, 2, 0],
           [0, 0, 0]], dtype=int32)
    """
    import fastremap

    touching: set[int] = set()
    for axis, size in enumerate(labels.shape):
        if size > 1:
            for face in (0, -1):
                touching.update(np.unique(np.take(labels, face, axis)).tolist())
    touching.discard(0)
    return np.asarray(fastremap.mask(labels, list(touching)))


@operation
def filter_by_size(
    labels: Labels,
    *,
    minimum: Annotated[Size, Range(0)] = voxels(0),
    maximum: Annotated[Size, Range(0)] | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Keep objects whose area or volume lies between two limits.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    minimum : float or Voxels
        Smallest area (2D) or volume (3D) kept, in the units of `spacing` squared or
        cubed; `voxels(n)` counts squares or cubes as wide as the finest voxel size.
    maximum : float, Voxels or None
        Largest area or volume kept; None for no limit.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    kept_labels : ndarray of int32 or int64, same shape
        The objects kept, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If a limit is negative or `maximum` is below `minimum`, or the image is empty.

    References
    ----------
    .. [1] `skimage.morphology.remove_small_objects`, with an upper limit and units.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.filter_by_size(np.array([[1, 0, 2], [1, 0, 0]]), minimum=2)
    array([[1, 0, 0],
           [1, 0, 0]], dtype=int32)
    """
    import fastremap

    smallest = size_in_units(minimum, spacing)
    largest = np.inf if maximum is None else size_in_units(maximum, spacing)
    if largest < smallest:
        raise ValueError(f"maximum must be at least minimum ({minimum}); got {maximum}")
    numbers, counts = fastremap.unique(labels, return_counts=True)
    sizes = counts * np.prod(np.broadcast_to(spacing, labels.ndim))
    rounding = building_blocks.ROUNDING * sizes
    removed = numbers[(sizes + rounding < smallest) | (sizes - rounding > largest)]
    return np.asarray(fastremap.mask(labels, [number for number in removed.tolist() if number]))
