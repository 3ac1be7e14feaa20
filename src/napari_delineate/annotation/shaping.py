"""Change the shape of an object: fill its holes, smooth its outline, grow or shrink it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import numpy as np

from napari_delineate import balls, building_blocks, holes
from napari_delineate.annotation.crops import crop_of, edit_of, renumbered
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import protected
from napari_delineate.arrays import label_dtype
from napari_delineate.types import (
    Length,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    spacing_per_axis,
    voxels,
)

__all__ = ["fill_holes", "grow", "shrink", "smooth"]


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
    wanted = renumbered(crop, filled, number)
    wanted = protected(crop.held, wanted, locked, preserve, [number])
    where = "" if axis is None else " in any slice"
    return edit_of(crop.box, crop.held, wanted, f"object {number} has no holes{where}")


def smooth(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    radius: Annotated[Length, Range(0)] = voxels(2),
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
    reach = _reach(radius, per_axis, "radius")
    in_voxels = building_blocks.radius_per_axis(radius, per_axis, tuple(labels.shape))
    ball = building_blocks.offsets_within(in_voxels, "ball")
    # Pixels that the object may get lie within the ball of it, and look as far again.
    crop = crop_of(labels, number, box, locked, [size - 1 for size in ball.shape])
    plain = crop.held.astype(label_dtype(int(crop.held.max())), copy=False)
    frequent = most_frequent(plain, ball, balls.dilated(crop.mask, reach, per_axis))
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
    distance: Annotated[Length, Range(0)] = voxels(1),
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
    wanted = renumbered(crop, balls.dilated(crop.mask, reach, per_axis), number)
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
    distance: Annotated[Length, Range(0)] = voxels(1),
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
    wanted = renumbered(crop, crop.mask & ~kept, 0)
    return edit_of(crop.box, crop.held, wanted, f"object {number} stays as it is")


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
