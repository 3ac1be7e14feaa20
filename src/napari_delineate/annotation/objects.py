"""Change whole objects: merge, delete, fill, smooth, grow, shrink, renumber, take apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks, holes
from napari_delineate.annotation.crops import (
    Crop,
    check_fits,
    crop_of,
    crop_of_several,
    edit_of,
    pixel_in,
)
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import protected, refuse_locked
from napari_delineate.arrays import label_dtype
from napari_delineate.types import (
    Length,
    Spacing,
    length_in_units,
    length_per_axis,
    spacing_per_axis,
    voxels,
)

__all__ = [
    "delete",
    "fill_holes",
    "grow",
    "keep_component",
    "merge",
    "relabel",
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
    return Edit(crop.box, np.where(crop.mask, np.zeros((), crop.held.dtype), crop.held))


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
        number is the old one, below 1 or too large for the labels.

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


def fill_holes(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    axis: int | None = None,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Fill what an object encloses.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object.
    box : tuple of slice
        A box that holds it.
    axis : int or None
        Fill each slice across this axis on its own; None fills what is enclosed on all
        sides.
    preserve : bool
        Whether objects that lie in a hole stay; otherwise they are filled over.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, or it has no holes.

    Notes
    -----
    No path over edges (in 3D faces) leads out of a hole. An object in a single slice is
    treated as 2D.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[4, 4, 4, 4], [4, 0, 2, 4], [4, 4, 4, 4]])
    >>> fill_holes(labels, 4, (slice(0, 3), slice(0, 4))).labels[1]
    array([4, 4, 2, 4])
    """
    crop = crop_of(labels, number, box, locked)
    if axis is None:
        filled = holes.filled(crop.mask)
    else:
        slices = np.moveaxis(crop.mask, axis, 0)
        filled = np.moveaxis(np.stack([holes.filled(one) for one in slices]), 0, axis)
    wanted = _with(crop, filled, number)
    wanted = protected(crop.held, wanted, locked, preserve, [number])
    where = "" if axis is None else " in any slice"
    return edit_of(crop.box, crop.held, wanted, f"object {number} has no holes{where}")


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
    wanted = crop.held.copy()
    wanted[crop.mask & (parts != parts[pixel])] = 0
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
        If there is no such object in the box, it is locked or in one piece, or the new
        numbers are too large for the labels.

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
    check_fits(crop.held.dtype, last)
    numbers = np.zeros(len(sizes), crop.held.dtype)
    largest = int(sizes.argmax())
    numbers[1:largest] = np.arange(new_number, new_number + largest - 1)
    numbers[largest] = number
    numbers[largest + 1 :] = np.arange(new_number + largest - 1, last + 1)
    wanted = crop.held.copy()
    wanted[crop.mask] = numbers[parts[crop.mask]]
    return Edit(crop.box, wanted)


def smooth(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    radius: Length = voxels(2),
    spacing: Spacing = 1.0,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Smooth the outline of an object: pixels take the most frequent label around them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box and what lies around it is read.
    number : int
        The object.
    box : tuple of slice
        A box that holds it.
    radius : float or Voxels
        Radius of the ball around each pixel, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    preserve : bool
        Whether the object gets only background; otherwise it may get pixels of others.
        What it loses goes to the object or background that is most frequent there.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, it is smooth already or
        thinner than the ball everywhere, or the radius is out of range.

    See Also
    --------
    napari_delineate.postprocessing.smooth_labels : Does it with all objects.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.zeros((7, 7), int); labels[1:6, 1:5] = 4; labels[3, 5] = 4
    >>> smooth(labels, 4, (slice(0, 7), slice(0, 7)), radius=1.5).labels[2, 5:]
    array([0, 0])
    """
    from napari_delineate.kernels.mode_filter import most_frequent

    per_axis = spacing_per_axis(spacing, len(labels.shape))
    _reach(radius, per_axis, "radius")
    in_voxels = building_blocks.radius_per_axis(radius, per_axis, tuple(labels.shape))
    ball = building_blocks.offsets_within(in_voxels, "ball")
    # Pixels that the object may get lie within the ball of it, and look as far again.
    crop = crop_of(labels, number, box, locked, [size - 1 for size in ball.shape])
    plain = crop.held.astype(label_dtype(int(crop.held.max())), copy=False)
    frequent = most_frequent(plain, ball)
    wanted = np.where(crop.mask | (frequent == number), frequent, plain)
    wanted = protected(crop.held, wanted.astype(crop.held.dtype), locked, preserve, [number])
    if not (wanted == number).any():
        raise ValueError(f"object {number} is thinner than the ball; choose a smaller radius")
    return edit_of(crop.box, crop.held, wanted, f"object {number} is smooth already")


def grow(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    distance: Length = voxels(1),
    spacing: Spacing = 1.0,
    preserve: bool = True,
    locked: Collection[int] = (),
) -> Edit:
    """Grow an object by a distance.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box and what lies around it is read.
    number : int
        The object.
    box : tuple of slice
        A box that holds it.
    distance : float or Voxels
        How far it grows, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    preserve : bool
        Whether it grows into background only; otherwise it grows over other objects, too.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit. What could be reached only across objects that stay is not changed.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, nothing around it is free, or
        the distance is negative.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 0, 4, 0, 2, 0]])
    >>> grow(labels, 4, (slice(0, 1), slice(2, 3)), distance=3).labels
    array([[4, 4, 4, 4, 2, 0]])
    """
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    reach = _reach(distance, per_axis, "distance")
    crop = crop_of(labels, number, box, locked, _margin(distance, per_axis, labels.shape))
    wanted = _with(crop, balls.dilated(crop.mask, reach, per_axis), number)
    wanted = protected(crop.held, wanted, locked, preserve, [number])
    parts = building_blocks.components_in_any_order(wanted == number, "face")
    reached = np.zeros(int(parts.max()) + 1, bool)
    reached[parts[crop.mask]] = True
    wanted = np.where((wanted == number) & ~reached[parts], crop.held, wanted)
    return edit_of(crop.box, crop.held, wanted, f"nothing around object {number} is free")


def shrink(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    distance: Length = voxels(1),
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
) -> Edit:
    """Shrink an object from all sides by a distance.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box and what lies around it is read.
    number : int
        The object.
    box : tuple of slice
        A box that holds it.
    distance : float or Voxels
        How far it shrinks, in the units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit: pixels within the distance of what is not the object become background.
        Beyond the border of the image there is nothing.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, nothing would change or be left
        of it, or the distance is negative.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 4, 4, 4, 2, 0]])
    >>> shrink(labels, 4, (slice(0, 1), slice(1, 4))).labels
    array([[0, 0, 4, 0, 2]])
    """
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    reach = _reach(distance, per_axis, "distance")
    # Of what is not the object, the nearest pixel touches the box around it.
    crop = crop_of(labels, number, box, locked, 1)
    kept = balls.eroded(crop.mask, reach, per_axis)
    if not kept.any():
        raise ValueError(
            f"nothing would be left of object {number}; choose a shorter distance or delete it"
        )
    wanted = crop.held.copy()
    wanted[crop.mask & ~kept] = 0
    return edit_of(crop.box, crop.held, wanted, f"object {number} stays as it is")


def _renumbered(crop: Crop, number: int) -> Edit:
    check_fits(crop.held.dtype, number)
    return Edit(crop.box, _with(crop, crop.mask, number))


def _with(crop: Crop, mask: NDArray[np.bool_], number: int) -> NDArray[Any]:
    return np.where(mask, crop.held.dtype.type(number), crop.held)


def _reach(length: Length, spacing: tuple[float, ...], name: str) -> float:
    reach = length_in_units(length, spacing)
    if not 0 <= reach < np.inf:
        raise ValueError(f"{name} must be a finite number from 0 up; got {reach:g}")
    return reach


def _margin(length: Length, spacing: tuple[float, ...], shape: Sequence[int]) -> list[int]:
    """Return how many pixels a length reaches along each axis, as far as labels go."""
    return [
        int(min(entry, size)) + 1
        for entry, size in zip(length_per_axis(length, spacing), shape, strict=True)
    ]
