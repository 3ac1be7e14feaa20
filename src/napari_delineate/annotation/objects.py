"""Change whole objects: merge, delete, renumber, take apart, fill, smooth, grow, shrink."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.annotation.crops import (
    Crop,
    check_number,
    crop_of,
    crop_of_several,
    crops_of_several,
    edit_of,
    pixel_in,
    renumbered,
    with_room,
)
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import refuse_locked
from napari_delineate.annotation.shaping import fill_holes, grow, shrink, smooth

__all__ = [
    "delete",
    "fill_holes",
    "grow",
    "keep_component",
    "merge",
    "relabel",
    "renumber",
    "separate_components",
    "shrink",
    "smooth",
]


def merge(
    labels: Any, numbers: Sequence[int], box: tuple[slice, ...], *, locked: Collection[int] = ()
) -> Edit:
    """Make several objects one, with the number of the first.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    numbers : sequence of int
        The objects, at least two.
    box : tuple of slice
        A box that holds all but the first, which is not changed.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there are not two objects, or one of them is locked.

    Notes
    -----
    Objects far from each other are merged sooner one by one, each with its own box.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[2, 2, 0, 5, 7]])
    >>> merge(labels, [2, 7], (slice(0, 1), slice(3, 5)))
    Edit(box=(slice(0, 1, None), slice(4, 5, None)), labels=array([[2]]))
    """
    first, *others = dict.fromkeys(numbers)
    if not others:
        raise ValueError("merging takes two objects or more; choose another one")
    refuse_locked([first], locked)
    crop = crop_of_several(labels, others, box, locked)
    return _renumbered(crop, first)


def delete(
    labels: Any, numbers: Sequence[int], box: tuple[slice, ...], *, locked: Collection[int] = ()
) -> Edit:
    """Erase objects.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    numbers : sequence of int
        The objects.
    box : tuple of slice
        A box that holds them.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If one of the objects is not in the box, or locked.

    Examples
    --------
    >>> import numpy as np
    >>> delete(np.array([[2, 2, 5]]), [2], (slice(0, 1), slice(0, 3))).labels
    array([[0, 0]])
    """
    crop = crop_of_several(labels, numbers, box, locked)
    return Edit(crop.box, renumbered(crop, crop.mask, 0))


def relabel(
    labels: Any,
    number: int,
    new_number: int,
    box: tuple[slice, ...],
    *,
    locked: Collection[int] = (),
) -> Edit:
    """Give an object another number.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object.
    new_number : int
        The number that it gets. If an object has it already, both become one.
    box : tuple of slice
        A box that holds the object.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there is no such object in the box, one of the numbers is locked, or the new
        number is the old one or below 1.

    Examples
    --------
    >>> import numpy as np
    >>> relabel(np.array([[2, 2, 5]]), 2, 9, (slice(0, 1), slice(0, 3))).labels
    array([[9, 9]])
    """
    if new_number == number:
        raise ValueError(f"object {number} has this number already")
    refuse_locked([new_number], locked)
    return _renumbered(crop_of(labels, number, box, locked), new_number)


def renumber(
    labels: Any,
    numbers: Sequence[int],
    new_number: int,
    boxes: Iterable[tuple[slice, ...]],
    *,
    locked: Collection[int] = (),
) -> list[Edit]:
    """Give all of several objects one number, or erase them, box by box.

    Merging, deleting and relabelling are this. What is long and thin in large labels lies in
    many small boxes, and only they are read.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the boxes are read.
    numbers : sequence of int
        The objects.
    new_number : int
        The number that they get, 0 to erase them. If an object has it already, it becomes one
        with them.
    boxes : iterable of tuple of slice
        Boxes that hold the objects together and do not meet.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    list of Edit
        An edit of each box that holds something of the objects.

    Raises
    ------
    ValueError
        If one of the objects is in no box, or locked, or the new number is that of a locked
        object.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[2, 2, 0, 5, 7]])
    >>> renumber(labels, [7], 2, [(slice(0, 1), slice(3, 5))])
    [Edit(box=(slice(0, 1, None), slice(4, 5, None)), labels=array([[2]]))]
    """
    refuse_locked([*numbers, new_number], locked)
    if new_number:
        check_number(new_number)
    return [
        Edit(crop.box, renumbered(crop, crop.mask, new_number))
        for crop in crops_of_several(labels, numbers, boxes)
    ]


def keep_component(
    labels: Any,
    number: int,
    point: Sequence[float],
    box: tuple[slice, ...],
    *,
    connectivity: Literal["full", "face"] = "full",
    locked: Collection[int] = (),
) -> Edit:
    """Keep only the part of an object that a point lies in.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object.
    point : sequence of float
        A place in the part that stays, in pixels.
    box : tuple of slice
        A box that holds the object.
    connectivity : {"full", "face"}
        Whether parts that touch only over corners (in 3D also edges) are one.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If the point does not lie in the object, it is locked, or it is in one piece.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[4, 4, 0, 4, 2]])
    >>> keep_component(labels, 4, (0, 1), (slice(0, 1), slice(0, 5))).labels
    array([[4, 4, 0, 0]])
    """
    crop = crop_of(labels, number, box, locked)
    pixel = pixel_in(point, crop.box)
    if pixel is None or not crop.mask[pixel]:
        raise ValueError(f"object {number} is not at this place; click on a part of it")
    parts = building_blocks.components_in_any_order(crop.mask, connectivity)
    wanted = renumbered(crop, crop.mask & (parts != parts[pixel]), 0)
    return edit_of(crop.box, crop.held, wanted, f"object {number} is in one piece")


def separate_components(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    new_number: int,
    connectivity: Literal["full", "face"] = "full",
    locked: Collection[int] = (),
) -> Edit:
    """Make the parts of an object that are not connected objects of their own.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object. Its largest part keeps the number.
    box : tuple of slice
        A box that holds the object.
    new_number : int
        Number of the first other part in the order of a scan; the following ones get the
        numbers after it.
    connectivity : {"full", "face"}
        Whether parts that touch only over corners (in 3D also edges) are one.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there is no such object in the box, or it is locked or in one piece.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[4, 0, 4, 4, 0, 4]])
    >>> separate_components(labels, 4, (slice(0, 1), slice(0, 6)), new_number=8).labels
    array([[8, 0, 4, 4, 0, 9]])
    """
    crop = crop_of(labels, number, box, locked)
    parts = building_blocks.connected_components(crop.mask, connectivity)
    sizes = np.bincount(parts[crop.mask])
    if len(sizes) == 2:  # nothing has the number 0
        raise ValueError(f"object {number} is in one piece")
    last = new_number + len(sizes) - 3
    check_number(new_number)
    wanted = with_room(crop.held, last).copy()
    numbers = np.zeros(len(sizes), wanted.dtype)
    largest = int(sizes.argmax())
    numbers[1:largest] = np.arange(new_number, new_number + largest - 1)
    numbers[largest] = number
    numbers[largest + 1 :] = np.arange(new_number + largest - 1, last + 1)
    wanted[crop.mask] = numbers[parts[crop.mask]]
    return Edit(crop.box, wanted)


def _renumbered(crop: Crop, number: int) -> Edit:
    check_number(number)
    return Edit(crop.box, renumbered(crop, crop.mask, number))
