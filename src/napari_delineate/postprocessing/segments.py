"""Grow, shrink, hollow out and smooth objects next to each other, and compute with them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object
from napari_delineate.types import (
    Labels,
    Length,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = ["margin", "hollow", "smooth_jointly", "logical"]

ObjectNumber: TypeAlias = Annotated[int, Range(1, 2**63 - 1)]
"""A number that labels can hold."""


@operation(version=2)
def margin(
    labels: Labels,
    *,
    distance: Length = voxels(1),
    label: ObjectNumber | None = None,
    overwrite: bool = False,
    spacing: Spacing = 1.0,
) -> Labels:
    """Grow objects by a distance, or shrink them by a negative one.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    distance : float or Voxels
        How far objects grow, or shrink where it is negative, in the units of `spacing` or
        as `voxels(n)`.
    label : int or None
        Number of the object that changes; None for all.
    overwrite : bool
        Whether `label` grows over other objects, too, instead of only over background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    changed_labels : ndarray of int32 or int64, same shape
        The objects, with their numbers. Background where two of them grow together goes to
        the nearer one. Objects that shrink leave background behind.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `label` is below 1, or the image is empty.

    See Also
    --------
    hollow : Keeps only a shell.

    Notes
    -----
    A pixel is shrunk away if the centre of a pixel outside of its object lies within the
    distance. The borders of the image count as inside, so that objects that are cut by
    them do not shrink there.

    References
    ----------
    .. [1] "Margin" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[0, 1, 1, 1, 0, 0]])
    >>> postprocessing.margin(labels, distance=1)
    array([[1, 1, 1, 1, 1, 0]], dtype=int32)
    >>> postprocessing.margin(labels, distance=-1)
    array([[0, 0, 1, 0, 0, 0]], dtype=int32)
    """
    reach = length_in_units(distance, spacing)
    if reach < 0:
        rim = balls.near_another(labels, -reach, spacing)
        return np.where(rim & _of(labels, label), 0, labels)
    if label is None:
        return building_blocks.expanded(labels, reach, spacing)
    near = balls.dilated(labels == label, reach, spacing)
    return np.where(near if overwrite else near & (labels == 0), label, labels)


@operation(version=2)
def hollow(
    labels: Labels,
    *,
    thickness: Annotated[Length, Range(0)] = voxels(3),
    surface: Literal["outside", "middle", "inside"] = "outside",
    label: ObjectNumber | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Make objects shells of a thickness.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    thickness : float or Voxels
        Thickness of the shell, to within a voxel, in the units of `spacing` or as
        `voxels(n)`.
    surface : {"outside", "middle", "inside"}
        Which surface of the shell the outline of the object becomes: outside, so that the
        shell lies inside of the object; inside, so that it lies around the object, on
        background; or half and half.
    label : int or None
        Number of the object that changes; None for all.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    shell_labels : ndarray of int32 or int64, same shape
        The shells, with the numbers of the objects. Shells around objects do not cover
        other objects, and end where they meet.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `thickness` is negative or `label` below 1, or the image is empty.

    See Also
    --------
    margin : Grows and shrinks.

    Notes
    -----
    Where objects are cut by the borders of the image, shells are open.

    References
    ----------
    .. [1] "Hollow" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[0, 0, 1, 1, 1, 0, 0]])
    >>> postprocessing.hollow(labels, thickness=1)
    array([[0, 0, 1, 0, 1, 0, 0]], dtype=int32)
    >>> postprocessing.hollow(labels, thickness=1, surface="inside")
    array([[0, 1, 0, 0, 0, 1, 0]], dtype=int32)
    """
    reach = length_in_units(thickness, spacing)
    inwards = {"outside": reach, "middle": reach / 2, "inside": 0.0}[surface]
    chosen = _of(labels, label)
    inner = chosen & ~balls.near_another(labels, inwards, spacing)
    result = np.where(inner, 0, labels)
    if surface == "outside":
        return result
    around = building_blocks.expanded(labels, reach - inwards, spacing)
    shell = (labels == 0) & _of(around, label)
    return np.where(shell, around, result)


@operation(version=2)
def smooth_jointly(
    labels: Labels,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> Labels:
    """Smooth the outlines of all objects at once, without gaps between neighbours.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    sigma : float or Voxels
        Sigma of the Gaussian, in the units of `spacing` or as `voxels(n)`. Parts of objects
        thinner than about twice as much vanish.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    smoothed_labels : ndarray of int32 or int64, same shape
        The objects, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `sigma` is negative, or the image is empty.

    See Also
    --------
    smooth_labels : The most frequent label in a ball.

    Notes
    -----
    Every object, and the background, is blurred for itself; each pixel goes to the one that
    is strongest there, and to the smaller number if several are. Beyond its borders, the
    image is continued.

    References
    ----------
    .. [1] "Smoothing", joint smoothing, of the Segment Editor of 3D Slicer,
           https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[1] * 6 + [2] * 6] * 6); labels[2, 6] = 1
    >>> postprocessing.smooth_jointly(labels)[2]
    array([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2], dtype=int32)
    """
    per_axis = length_per_axis(sigma, spacing)
    halo = building_blocks.gaussian_halo(per_axis)
    strongest = building_blocks.gaussian((labels == 0).astype(np.float32), per_axis)
    result = np.zeros_like(labels)
    # Beyond the halo around its box, an object has no strength.
    for number, place in each_object.boxes(labels, halo):
        own = (labels[place] == number).astype(np.float32)
        strength = building_blocks.gaussian(own, per_axis)
        wins = strength > strongest[place]
        strongest[place][wins] = strength[wins]
        result[place][wins] = number
    return result


@operation
def logical(
    labels: Labels,
    other: Labels | None = None,
    *,
    method: Literal["add", "subtract", "intersect", "copy", "invert"] = "add",
    label: ObjectNumber = 1,
    other_label: ObjectNumber | None = None,
    overwrite: bool = True,
) -> Labels:
    """Change one object by another: add, subtract, intersect, copy, or invert it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    other : ndarray of int, same shape, optional
        Where the other object is; without it, in `labels`.
    method : {"add", "subtract", "intersect", "copy", "invert"}
        Whether the object becomes what is in it or the other one, what is in it and not in
        the other one, what is in both, the other one, or all that was outside of it.
    label : int
        Number of the object that changes, from 1; it is new if there is none.
    other_label : int or None
        Number of the other object; None for all objects of `other`.
    overwrite : bool
        Whether the object takes pixels from others, too, instead of only from the
        background.

    Returns
    -------
    changed_labels : ndarray of int32 or int64, same shape
        The labels with that object changed. What it loses becomes background.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If a number is below 1, the shapes differ, or the image is empty.

    See Also
    --------
    combine : Combines all objects of several label images.

    References
    ----------
    .. [1] "Logical operators" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[1, 1, 0, 2, 2]])
    >>> postprocessing.logical(labels, other_label=2)
    array([[1, 1, 0, 1, 1]], dtype=int32)
    >>> postprocessing.logical(labels, method="invert", overwrite=False)
    array([[0, 0, 1, 2, 2]], dtype=int32)
    """
    own = labels == label
    second = _of(labels if other is None else other, other_label)
    if method == "add":
        wanted = own | second
    elif method == "subtract":
        wanted = own & ~second
    elif method == "intersect":
        wanted = own & second
    else:
        wanted = second if method == "copy" else ~own
    if not overwrite:
        wanted &= own | (labels == 0)
    dtype = label_dtype(max(label, int(labels.max())))
    result = np.where(own, 0, labels).astype(dtype, copy=False)
    result[wanted] = label
    return result.astype(label_dtype(int(result.max())), copy=False)


def _of(labels: NDArray[Any], label: int | None) -> NDArray[np.bool_]:
    """Mark an object, or all of them."""
    return labels > 0 if label is None else labels == label
