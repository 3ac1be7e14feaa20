"""Change the shape of labelled objects."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Labels,
    Length,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = ["expand_labels", "smooth_labels"]

_GATHERED = 2**24
"""Most neighbours that `smooth_labels` holds at once, about 200 MB with the sort."""


def _expand_halo(*, spacing: Any, distance: Length) -> tuple[int, ...]:
    # A pixel within the distance of a label has it within the distance; one more for ties.
    return tuple(int(np.ceil(entry)) + 1 for entry in length_per_axis(distance, spacing))


@operation(locality=_expand_halo, opencl=True)
def expand_labels(
    labels: Labels,
    *,
    distance: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Grow objects into the background by a distance, without overlap.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    distance : float or Voxels
        How far objects grow, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    expanded_labels : ndarray of int32 or int64, same shape
        Each background pixel within the distance of an object gets the label of the
        nearest one.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `distance` is negative, or the image is empty.

    Notes
    -----
    The OpenCL version covers the same pixels. It grows octagons, so where objects meet,
    border pixels can go to the other object. On anisotropic voxels, where octagons of voxels
    mean nothing, it computes what the CPU does, on the CPU.

    References
    ----------
    .. [1] `skimage.segmentation.expand_labels`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.expand_labels(np.array([[1, 0, 0, 0, 0, 2]]), distance=2)
    array([[1, 1, 1, 2, 2, 2]], dtype=int32)
    """
    return building_blocks.expanded(labels, length_in_units(distance, spacing), spacing)


def _smooth_halo(*, spacing: Any, radius: Length) -> tuple[int, ...]:
    return tuple(int(entry + 1e-9) for entry in length_per_axis(radius, spacing))


@operation(locality=_smooth_halo)
def smooth_labels(
    labels: Labels,
    *,
    radius: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Smooth outlines: each pixel takes the most frequent label in a ball around it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    radius : float or Voxels
        Radius of the ball, in the units of `spacing` or as `voxels(n)`. Parts of objects
        thinner than about the radius vanish.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    smoothed_labels : ndarray of int32 or int64, same shape
        The smoothed objects, with their numbers. Where labels are equally frequent, the
        pixel's own wins, then the smallest.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `radius` is negative or far beyond the size of the image, or the image is empty.

    Notes
    -----
    Also known as mode or majority filter. Background counts like a label; beyond the
    borders there is none.

    References
    ----------
    .. [1] Huang, Yang and Tang, "A fast two-dimensional median filtering algorithm", IEEE
           Transactions on Acoustics, Speech, and Signal Processing 27 (1979), 13-18.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.zeros((5, 5), int); labels[2, 2] = 7
    >>> int(postprocessing.smooth_labels(labels).max())
    0
    """
    per_axis = building_blocks.radius_per_axis(radius, spacing, labels.shape)
    footprint = building_blocks.offsets_within(per_axis, "ball")
    half = np.array(footprint.shape) // 2
    padded = np.pad(labels, [(width, width) for width in half], constant_values=-1)
    steps = (np.argwhere(footprint) - half) @ (np.array(padded.strides) // padded.itemsize)
    # Only pixels that see another label can change.
    near = _sees_another(labels, tuple(half.tolist()))
    places = np.ravel_multi_index(
        tuple(axis + width for axis, width in zip(np.nonzero(near), half, strict=True)),
        padded.shape,
    )
    flat, result = padded.ravel(), labels.copy()
    winners = np.empty(len(places), labels.dtype)
    chunk = max(1, _GATHERED // len(steps))
    for start in range(0, len(places), chunk):
        part = places[start : start + chunk]
        winners[start : start + chunk] = _most_frequent(flat[part[:, None] + steps], flat[part])
    result[near] = winners
    return result


def _sees_another(labels: NDArray[Any], half: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark pixels with more than one label in the box around them."""
    from scipy import ndimage

    size = [2 * width + 1 for width in half]
    lowest = ndimage.minimum_filter(labels, size=size, mode="nearest")
    highest = ndimage.maximum_filter(labels, size=size, mode="nearest")
    return np.asarray(lowest != highest)


def _most_frequent(neighbours: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
    """Return the most frequent number of each row, ignoring -1; `own` wins a tie."""
    neighbours.sort(axis=1)
    rows, columns = neighbours.shape
    last = np.ones((rows, columns), bool)
    last[:, :-1] = neighbours[:, 1:] != neighbours[:, :-1]
    # The length of each run of equal numbers, at the place where the run ends.
    position = np.broadcast_to(np.arange(1, columns + 1), last.shape)
    ends = np.where(last, position, 0)
    previous = np.zeros_like(ends)
    previous[:, 1:] = np.maximum.accumulate(ends, axis=1)[:, :-1]
    counts = np.where(last & (neighbours >= 0), ends - previous, 0)
    best = counts.max(axis=1)
    own_counts = np.where(neighbours == own[:, None], counts, 0).max(axis=1)
    winner = neighbours[np.arange(rows), counts.argmax(axis=1)]
    return np.where(own_counts == best, own, winner)
