"""Cut objects out of labels, and put together the edits that tools return."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import Edit, bounding_box, slabs
from napari_delineate.annotation.protection import is_one_of, refuse_locked
from napari_delineate.arrays import label_dtype

__all__ = [
    "Crop",
    "check_number",
    "crop_of",
    "crop_of_several",
    "crops_of_several",
    "edit_of",
    "pixel_in",
    "renumbered",
    "tight_box",
    "widened",
    "with_room",
]

_LARGEST = 2**63 - 1


class Crop(NamedTuple):
    """Hold the part of labels in which an object lies, in C order.

    Attributes
    ----------
    box : tuple of slice
        The smallest box around the object, and perhaps a margin.
    held : ndarray of int
        What the labels hold there.
    mask : ndarray of bool, same shape
        The object.
    """

    box: tuple[slice, ...]
    held: NDArray[Any]
    mask: NDArray[np.bool_]


def crop_of(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    locked: Collection[int] = (),
    margin: Sequence[int] | int = 0,
) -> Crop:
    """Return the part of labels in which an object lies that is to be changed.

    Parameters
    ----------
    labels : array-like of int
        The labels; only boxes of them are read.
    number : int
        The object.
    box : tuple of slice
        A box that holds the object.
    locked : collection of int
        Numbers of the locked objects.
    margin : int or sequence of int
        By how many pixels the box is to be larger than the object, per axis, as far as the
        labels go.

    Returns
    -------
    Crop
        The box, what it holds, and the object in it.

    Raises
    ------
    ValueError
        If the object is locked, or not in the box.

    Examples
    --------
    >>> import numpy as np
    >>> crop_of(np.array([[0, 0, 7, 7, 0, 0]]), 7, (slice(0, 1), slice(0, 6)), margin=1).box
    (slice(0, 1, None), slice(1, 5, None))
    """
    return crop_of_several(labels, [number], box, locked, margin)


def crop_of_several(
    labels: Any,
    numbers: Sequence[int],
    box: tuple[slice, ...],
    locked: Collection[int] = (),
    margin: Sequence[int] | int = 0,
) -> Crop:
    """Return the part of labels in which objects lie that are to be changed; see `crop_of`.

    Raises
    ------
    ValueError
        If one of the objects is locked, or not in the box.
    """
    refuse_locked(numbers, locked)
    parts = crops_of_several(labels, numbers, slabs(widened(box, 0, labels.shape), labels))
    whole = widened(bounding_box([part.box for part in parts]), margin, labels.shape)
    held = np.ascontiguousarray(labels[whole])
    return Crop(whole, held, is_one_of(held, numbers))


def crops_of_several(
    labels: Any, numbers: Sequence[int], boxes: Iterable[tuple[slice, ...]]
) -> Iterator[Crop]:
    """Yield what boxes hold of objects, each as a crop without a margin.

    Raises
    ------
    ValueError
        If one of the objects is in none of the boxes.
    """
    found: set[int] = set()
    for box in boxes:
        held = np.asarray(labels[box])
        mask = is_one_of(held, numbers)
        tight = tight_box(mask)
        if tight is not None:
            held, mask = held[tight], mask[tight]
            found.update(np.unique(held[mask]).tolist())
            yield Crop(_within(box, tight), held, mask)
    missing = sorted(set(numbers) - found)
    if missing or 0 in numbers or not numbers:
        which = ", ".join(map(str, missing or [0]))
        raise ValueError(f"there is no object {which} at this place")


def _within(box: tuple[slice, ...], part: tuple[slice, ...]) -> tuple[slice, ...]:
    """Return a part of a box as a box of the labels."""
    return tuple(
        slice(side.start + inner.start, side.start + inner.stop)
        for side, inner in zip(box, part, strict=True)
    )


def tight_box(mask: NDArray[np.bool_]) -> tuple[slice, ...] | None:
    """Return the smallest box around what is True, None if nothing is.

    Examples
    --------
    >>> tight_box(np.array([[False, True, True, False]]))
    (slice(0, 1, None), slice(1, 3, None))
    """
    box: list[slice] = []
    for axis in range(mask.ndim):
        # What is known of the box already is not searched again.
        part = mask[tuple(box)]
        there = np.flatnonzero(part.any(axis=tuple(set(range(mask.ndim)) - {axis})))
        if not len(there):
            return None
        box.append(slice(int(there[0]), int(there[-1]) + 1))
    return tuple(box)


def widened(
    box: tuple[slice, ...], margin: Sequence[int] | int, shape: Sequence[int]
) -> tuple[slice, ...]:
    """Return a box with a margin, as far as labels of a shape go.

    Examples
    --------
    >>> widened((slice(0, 4), slice(7, 9)), (1, 2), (8, 10))
    (slice(0, 5, None), slice(5, 10, None))
    """
    margins = np.broadcast_to(margin, len(shape)).tolist()
    return tuple(
        slice(max(side.start - more, 0), min(side.stop + more, size))
        for side, more, size in zip(box, margins, shape, strict=True)
    )


def pixel_in(point: Sequence[float], box: tuple[slice, ...]) -> tuple[int, ...] | None:
    """Return the pixel of a box that a point lies in, None if it lies outside of the box.

    Parameters
    ----------
    point : sequence of float
        A place in pixels of the labels; the centre of the first pixel is the origin, and
        half a pixel belongs to the next one.
    box : tuple of slice
        A box of the labels.

    Returns
    -------
    tuple of int or None
        The pixel, counted from the first one of the box.

    Examples
    --------
    >>> pixel_in((4.5, 2.4), (slice(4, 9), slice(0, 9)))
    (1, 2)
    """
    if len(point) != len(box):
        raise ValueError(
            f"a point must have {len(box)} coordinates here, one per axis; it has {len(point)}"
        )
    place = np.floor(np.asarray(point, float) + 0.5) - [side.start for side in box]
    sizes = [side.stop - side.start for side in box]
    if not ((place >= 0) & (place < sizes)).all():
        return None
    return tuple(int(entry) for entry in place)


def check_number(number: int) -> None:
    """Refuse a number that is none of an object.

    Raises
    ------
    ValueError
        If the number is below 1 or too large for any labels.
    """
    if not 1 <= number <= _LARGEST:
        raise ValueError(f"objects have numbers from 1 to 2**63 - 1, {number} is none")


def with_room(held: NDArray[Any], number: int) -> NDArray[Any]:
    """Return labels in a dtype that holds the number of an object, if need be in a wider one.

    An edit of a wider dtype than that of the labels asks for labels that are wider, too.

    Examples
    --------
    >>> with_room(np.zeros(2, np.uint8), 255), with_room(np.zeros(2, np.uint8), 256)
    (array([0, 0], dtype=uint8), array([0, 0], dtype=int32))
    """
    check_number(number)
    if number <= np.iinfo(held.dtype).max:
        return held
    return held.astype(label_dtype(number))


def edit_of(
    box: tuple[slice, ...], held: NDArray[Any], wanted: NDArray[Any], otherwise: str
) -> Edit:
    """Return an edit that changes something.

    Parameters
    ----------
    box : tuple of slice
        A box of the labels.
    held, wanted : ndarray of int
        What it holds before and afterwards.
    otherwise : str
        What to tell the person if that is the same.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If nothing changes.
    """
    if np.array_equal(held, wanted):
        raise ValueError(otherwise)
    return Edit(box, wanted)


def renumbered(crop: Crop, mask: NDArray[np.bool_], number: int) -> NDArray[Any]:
    """Return what a crop holds, with a number (0 to erase) where a mask is True."""
    wanted = with_room(crop.held, number).copy() if number else crop.held.copy()
    wanted[mask] = number
    return wanted
