"""Fill in what was not drawn."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Labels, Spacing

__all__ = ["fill_between_slices"]


@operation
def fill_between_slices(
    labels: Labels, *, direction: Literal["z", "y", "x"] = "z", spacing: Spacing = 1.0
) -> Labels:
    """Fill the gaps between slices in which objects were drawn.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Objects drawn in some slices, 0 elsewhere. Each object has the same number in all of
        its slices.
    direction : {"z", "y", "x"}
        The axis across the slices. Along z, there is nothing to fill in a 2D image.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    filled_labels : ndarray of int32 or int64, same shape
        The objects as drawn, and between two slices that hold the same object its
        interpolated shape. Where two objects claim a pixel, it goes to the one that is
        deeper there. What is drawn stays as it is.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `direction` is unknown, or the image is empty.

    See Also
    --------
    segmentation.grow_from_seeds : Follows an image, too.

    Notes
    -----
    Signed distances to the outlines are interpolated linearly. Where the shapes of an object
    in two slices do not overlap, they are moved onto each other first, so that slanted
    objects stay in one piece.

    References
    ----------
    .. [1] Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE
           Transactions on Medical Imaging 9 (1990), 32-42,
           https://doi.org/10.1109/42.52980
    .. [2] "Fill between slices" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.zeros((3, 9), int); labels[0, 1:8] = labels[2, 3:6] = 4
    >>> postprocessing.fill_between_slices(labels, direction="y")[1]
    array([0, 0, 4, 4, 4, 4, 4, 0, 0], dtype=int32)
    """
    import fastremap

    across = "zyx".index(direction) - 3 + labels.ndim
    if across < 0:
        return labels.copy()
    drawn = np.moveaxis(labels, across, 0)
    steps = np.delete(np.broadcast_to(spacing, labels.ndim), across)
    result = drawn.copy()
    deepest = np.zeros(drawn.shape, np.float32)
    present: dict[int, list[int]] = {}
    for place, one in enumerate(drawn):
        for number in fastremap.unique(one).tolist():
            present.setdefault(number, []).append(place)
    present.pop(0, None)
    for number, places in present.items():
        for first, last in itertools.pairwise(places):
            if last == first + 1:
                continue
            between = _between(drawn[first] == number, drawn[last] == number, steps, last - first)
            for place, (region, depth) in enumerate(between, first + 1):
                free = drawn[place][region] == 0
                wins = free & (depth > deepest[place][region])
                deepest[place][region][wins] = depth[wins]
                result[place][region][wins] = number
    return np.ascontiguousarray(np.moveaxis(result, 0, across))


def _between(
    first: NDArray[np.bool_], last: NDArray[np.bool_], steps: NDArray[np.float64], count: int
) -> Iterator[tuple[tuple[slice, ...], NDArray[Any]]]:
    """Yield where a shape is on its way to another, and how deep each pixel is in it.

    There are `count` steps from the first to the last shape. Depths are below 0 outside.
    """
    from scipy import ndimage

    box = ndimage.find_objects((first | last).astype(np.uint8))[0]
    region = tuple(slice(max(part.start - 1, 0), part.stop + 1) for part in box)
    first, last = first[region], last[region]
    depths = [building_blocks.depth(shape, steps.tolist()) for shape in (first, last)]
    moves = np.zeros(first.ndim)
    if not (first & last).any():
        moves = np.argwhere(last).mean(axis=0) - np.argwhere(first).mean(axis=0)
    for share in np.arange(1, count) / count:
        start, end = depths
        if moves.any():
            start = ndimage.shift(start, share * moves, order=1, mode="nearest")
            end = ndimage.shift(end, (share - 1) * moves, order=1, mode="nearest")
        yield region, (1 - share) * start + share * end
