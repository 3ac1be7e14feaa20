"""Carry objects over slices and frames: fill between drawn ones, copy, follow the image."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.appearance import adapted
from napari_delineate.annotation.crops import crop_of, edit_of, renumbered, widened
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import is_one_of, protected, refuse_locked
from napari_delineate.postprocessing.interpolation import fill_between_slices
from napari_delineate.types import Length, Range, Spacing, length_per_axis, spacing_per_axis, voxels

__all__ = ["copy_to", "interpolate", "propagate"]

_SAME_SLICE = "choose another slice to copy to"


def interpolate(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    axis: int = 0,
    spacing: Spacing = 1.0,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Fill the gaps between the slices in which an object was drawn.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object.
    box : tuple of slice
        A box that holds it.
    axis : int
        The axis across the slices.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    preserve : bool
        Whether other objects in the gaps stay; otherwise they are filled over.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit; what is drawn stays as it is.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, there is nothing between its
        slices to fill, or these are frames of volumes.

    See Also
    --------
    napari_delineate.postprocessing.fill_between_slices : Does it with all objects.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((3, 1, 9), int)
    >>> labels[0, 0, 1:8] = labels[2, 0, 3:6] = 4
    >>> interpolate(labels, 4, (slice(0, 3), slice(0, 1), slice(0, 9))).labels[1]
    array([[0, 0, 4, 4, 4, 4, 4, 0, 0]])
    """
    if len(labels.shape) > 3:
        raise ValueError(
            "volumes are not filled between frames; fill between the slices of one, or copy it"
        )
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    # What lies next to the object tells that its outline is there.
    crop = crop_of(labels, number, box, locked, 1)
    others = tuple(other for other in range(crop.mask.ndim) if other != axis % crop.mask.ndim)
    drawn = np.flatnonzero(crop.mask.any(axis=others))
    if len(drawn) == 1:
        raise ValueError(f"object {number} is drawn in one slice only; draw it in another one, too")
    if len(drawn) == drawn[-1] - drawn[0] + 1:
        raise ValueError(f"object {number} has no gap between its slices")
    filled = fill_between_slices(
        crop.mask.astype(np.int32),
        direction="zyx"[axis % crop.mask.ndim - crop.mask.ndim],  # type: ignore[arg-type]
        spacing=per_axis,
    )
    wanted = protected(crop.held, renumbered(crop, filled > 0, number), locked, preserve, [number])
    return edit_of(crop.box, crop.held, wanted, f"other objects fill the gaps of object {number}")


def copy_to(
    labels: Any,
    numbers: Sequence[int],
    source: int,
    targets: Sequence[int],
    box: tuple[slice, ...],
    *,
    axis: int = 0,
    replace: bool = False,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Copy objects of a slice or frame to others.

    Parameters
    ----------
    labels : array-like of int
        The labels, with an axis across slices or frames; only boxes of them are read.
    numbers : sequence of int
        The objects.
    source : int
        The slice to copy from.
    targets : sequence of int
        The slices to copy to.
    box : tuple of slice
        A box that holds the objects in all these slices.
    axis : int
        The axis across the slices.
    replace : bool
        Whether an object that a target holds already is replaced there; otherwise it stays
        as it is.
    preserve : bool
        Whether the copies leave other objects as they are.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If one of the objects is not in the source or locked, a slice is none of the labels,
        or nothing would change.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[4, 4, 0, 2], [0, 0, 0, 0], [0, 2, 0, 0]])
    >>> copy_to(labels, [4], 0, [1, 2], (slice(0, 1), slice(0, 4))).labels
    array([[4, 4, 0, 0],
           [4, 2, 0, 0]])
    """
    plane = _plane(box, labels.shape, axis)
    drawn = _slice_of(labels, source, plane, axis)
    _check(drawn, numbers, source, locked)
    copy = np.where(is_one_of(drawn, numbers), drawn, np.zeros((), drawn.dtype))
    targets = [target for target in targets if target != source]
    return _put_in(labels, dict.fromkeys(targets, copy), numbers, plane, axis,
                   replace, preserve, locked)  # fmt: skip


def propagate(
    labels: Any,
    numbers: Sequence[int],
    source: int,
    target: int,
    box: tuple[slice, ...],
    image: Any,
    *,
    axis: int = 0,
    reach: Annotated[Length, Range(0)] = voxels(4),
    follow: bool = False,
    spacing: Spacing = 1.0,
    replace: bool = False,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Copy objects of a slice or frame to the next one, and adapt them to the image there.

    Parameters
    ----------
    labels : (Z, Y, X) or (T, Z, Y, X) array-like of int
        The labels, with an axis across slices or frames; only boxes of them are read.
    numbers : sequence of int
        The objects.
    source, target : int
        The slice to copy from and the one to copy to.
    box : tuple of slice
        A box that holds the objects in both.
    image : array-like, same shape
        Intensities; only boxes of them are read.
    axis : int
        The axis across the slices.
    reach : float or Voxels
        How far outlines may move, in the units of `spacing` or as `voxels(n)`.
    follow : bool
        Whether to find first where the object moved to, up to the reach, as objects do from
        frame to frame.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    replace : bool
        Whether an object that the target holds already is replaced there; otherwise it
        stays as it is.
    preserve : bool
        Whether the objects leave others in the target as they are.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If one of the objects is not in the source or locked, a slice is none of the labels,
        the image has another shape or holds NaN or infinity there, the reach is not above
        0, or nothing would change.

    See Also
    --------
    copy_to : Needs no image.

    Notes
    -----
    What an object and what lies around it look like is learned from their intensities in the
    source. A pixel of the target becomes part of the object where it looks more like it, the
    more so the farther it lies outside of the copied outline, and the less the farther
    inside.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((2, 9, 9)); image[0, 3:6, 3:6] = image[1, 2:7, 2:7] = 100
    >>> labels = np.zeros((2, 9, 9), int); labels[0, 3:6, 3:6] = 4
    >>> box = slice(0, 1), slice(3, 6), slice(3, 6)
    >>> edit = propagate(labels, [4], 0, 1, box, image)
    >>> int((edit.labels == 4).sum())
    21
    """
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    if tuple(image.shape) != tuple(labels.shape):
        raise ValueError(
            f"the image must have the shape of the labels, {tuple(labels.shape)}; "
            f"it has {tuple(image.shape)}"
        )
    in_plane = _without(per_axis, axis)
    if len(in_plane) < 2:
        raise ValueError(
            "the slices of a 2D image are lines, and lines have no outlines; copy them"
        )
    in_pixels = length_per_axis(reach, in_plane)
    if not 0 < max(in_pixels) < np.inf:
        raise ValueError("reach must be above 0, as outlines are to move")
    # What an object looks like is learned from twice the reach around it, moved or not.
    margin = [int(min(entry, 1e6) * (3 if follow else 2)) + 3 for entry in in_pixels]
    plane = widened(_plane(box, labels.shape, axis), margin, _without(labels.shape, axis))
    drawn = _slice_of(labels, source, plane, axis)
    _check(drawn, numbers, source, locked)
    looks = [_slice_of(image, place, plane, axis) for place in (source, target)]
    if target == source:
        raise ValueError(_SAME_SLICE)
    found = adapted(drawn, numbers, looks[0], looks[1], in_pixels, in_plane, follow)
    lost = sorted(set(numbers) - set(np.unique(found).tolist()))
    if len(lost) == len(set(numbers)):
        which = ", ".join(map(str, lost))
        raise ValueError(f"object {which} is not to be seen in slice {target}; copy it instead")
    return _put_in(labels, {target: found}, numbers, plane, axis, replace, preserve, locked)


def _without(entries: Sequence[Any], axis: int) -> tuple[Any, ...]:
    across = axis % len(entries)
    return (*entries[:across], *entries[across + 1 :])


def _plane(box: tuple[slice, ...], shape: Sequence[int], axis: int) -> tuple[slice, ...]:
    return _without(widened(box, 0, shape), axis)


def _slice_of(array: Any, place: int, plane: tuple[slice, ...], axis: int) -> NDArray[Any]:
    """Return a part of a slice."""
    across = axis % len(array.shape)
    if not 0 <= place < array.shape[across]:
        raise ValueError(
            f"there is no slice {place}; they have numbers from 0 to {array.shape[across] - 1}"
        )
    view = (*plane[:across], slice(place, place + 1), *plane[across:])
    return np.ascontiguousarray(np.asarray(array[view]).squeeze(across))


def _check(
    drawn: NDArray[Any], numbers: Sequence[int], source: int, locked: Collection[int]
) -> None:
    refuse_locked(numbers, locked)
    there = set(np.unique(drawn).tolist()) - {0}
    missing = [number for number in dict.fromkeys(numbers) if number not in there]
    if missing or not numbers:
        which = ", ".join(map(str, missing)) or "chosen"
        raise ValueError(f"there is no object {which} in slice {source}")


def _put_in(
    labels: Any,
    copies: dict[int, NDArray[Any]],
    numbers: Sequence[int],
    plane: tuple[slice, ...],
    axis: int,
    replace: bool,
    preserve: bool,
    locked: Collection[int],
) -> Edit:
    """Return the edit that puts objects (0 elsewhere) into slices."""
    if not copies:
        raise ValueError(_SAME_SLICE)
    across = axis % len(labels.shape)
    for target in copies:
        _slice_of(labels, target, tuple(slice(0, 0) for _ in plane), axis)
    first, last = min(copies), max(copies) + 1
    box = (*plane[:across], slice(first, last), *plane[across:])
    held = np.asarray(labels[box])
    wanted = held.copy()
    for target, copy in copies.items():
        before = np.moveaxis(held, across, 0)[target - first]
        after = np.moveaxis(wanted, across, 0)[target - first]
        there = is_one_of(before, numbers)
        if replace:
            after[there] = 0
        else:
            known = np.unique(before[there]).tolist()
            copy = np.where(is_one_of(copy, known), 0, copy) if known else copy
        after[...] = np.where(copy > 0, copy.astype(held.dtype, copy=False), after)
        after[...] = protected(before, after, locked, preserve, numbers)
    return edit_of(box, held, wanted, "nothing to copy: the objects or others are there already")
