"""Reduce objects to outlines and skeletons, and draw lines between those that touch."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, building_blocks, object_numbers
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object
from napari_delineate.types import (
    Labels,
    Length,
    Mask,
    Points,
    Range,
    Spacing,
    length_in_units,
    voxels,
)

__all__ = [
    "outline",
    "outline_labels",
    "separate_touching",
    "skeletonize",
    "skeletonize_labels",
    "skeleton_points",
]


def _halo(*, spacing: tuple[float, ...], thickness: Length, side: str) -> tuple[int, ...]:
    # The label of the nearest pixel can need one more for ties.
    more = 1 if side == "outer" else 0
    return tuple(entry + more for entry in balls.halo(spacing=spacing, radius=thickness))


@operation(locality=_halo, opencl=True)
def outline(
    mask: Mask,
    *,
    thickness: Annotated[Length, Range(0)] = voxels(1),
    side: Literal["inner", "outer"] = "inner",
    spacing: Spacing = 1.0,
) -> Mask:
    """Keep the rim of the foreground, or the background along it.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    thickness : float or Voxels
        Width of the rim, in the units of `spacing` or as `voxels(n)`.
    side : {"inner", "outer"}
        Whether the rim consists of foreground or of background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    outline_mask : ndarray of bool, same shape
        Pixels of that side no farther than the thickness from the other. The border of
        the image is no rim.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `thickness` is negative, `side` is unknown, or the mask is empty.

    References
    ----------
    .. [1] `skimage.segmentation.find_boundaries`, whose results these are for one pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.outline(np.array([[0, 1, 1, 1, 0]])).astype(int)
    array([[0, 1, 0, 1, 0]])
    """
    reach = length_in_units(thickness, spacing)
    if side == "outer":
        return balls.dilated(mask, reach, spacing) & ~mask
    return mask & ~balls.eroded(mask, reach, spacing)


@operation(locality=_halo, opencl=True)
def outline_labels(
    labels: Labels,
    *,
    thickness: Annotated[Length, Range(0)] = voxels(1),
    side: Literal["inner", "outer"] = "inner",
    spacing: Spacing = 1.0,
) -> Labels:
    """Keep the rims of objects, or the background along them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    thickness : float or Voxels
        Width of the rim, in the units of `spacing` or as `voxels(n)`.
    side : {"inner", "outer"}
        Whether the rim consists of pixels of the object or of background around it.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    rim_labels : ndarray of int32 or int64, same shape
        The rims, with the numbers of their objects. Inner rims also run where objects
        touch; outer rims that meet end halfway. The border of the image is no rim.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `thickness` is negative, `side` is unknown, or the image is empty.

    Notes
    -----
    The OpenCL version covers the same pixels. It grows octagons on isotropic voxels, so
    where outer outlines meet, some pixels go to the other object.

    References
    ----------
    .. [1] `skimage.segmentation.find_boundaries`, whose results these are for one pixel.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.outline_labels(np.array([[0, 4, 4, 4, 7, 7, 7]]))
    array([[0, 4, 0, 4, 7, 0, 0]], dtype=int32)
    """
    reach = length_in_units(thickness, spacing)
    if reach == 0:
        return np.zeros(labels.shape, np.int32)
    if side == "outer":
        rim = np.where(labels > 0, 0, building_blocks.expanded(labels, reach, spacing))
    else:
        rim = np.where(balls.near_another(labels, reach, spacing), labels, 0)
    return object_numbers.narrowed(rim)


@operation(locality=lambda *, spacing: (1,) * len(spacing), opencl=True)
def separate_touching(labels: Labels) -> Labels:
    """Draw a thin line of background between objects that touch.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    separate_labels : ndarray of int32 or int64, same shape
        The objects with their numbers. Where two touch, also over corners, the one with
        the smaller number loses one pixel.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    Notes
    -----
    Afterwards the objects stay apart as a mask: connected components find them again.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, module ExpandOrShrinkObjects, add partial
           dividing lines, https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> postprocessing.separate_touching(np.array([[1, 1, 1, 2, 2, 0]]))
    array([[1, 1, 0, 2, 2, 0]], dtype=int32)
    """
    from scipy import ndimage

    largest = ndimage.maximum_filter(labels, size=3, mode="nearest")
    return object_numbers.narrowed(np.where(largest > labels, labels.dtype.type(0), labels))


@operation(version=2)
def skeletonize(mask: Mask, *, method: Literal["thinning", "medial axis"] = "thinning") -> Mask:
    """Thin the foreground to lines one pixel wide that keep its shape and connections.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    method : {"thinning", "medial axis"}
        Thinning gives few branches. The medial axis, for 2D, runs through the centres of
        all largest discs, and so into every corner.

    Returns
    -------
    skeleton_mask : ndarray of bool, same shape
        The lines. A single slice of a stack is treated as 2D.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `method` is unknown or does not work on stacks, or the mask is empty.

    Notes
    -----
    Of some small blocks, such as 2 x 2 x 2 voxels, thinning in 3D would leave nothing: they
    keep an innermost voxel.

    References
    ----------
    .. [1] Zhang and Suen, "A fast parallel algorithm for thinning digital patterns",
           Communications of the ACM 27 (1984), 236-239, https://doi.org/10.1145/357994.358023
           (2D).
    .. [2] Lee, Kashyap and Chu, "Building skeleton models via 3-D medial surface/axis
           thinning algorithms", CVGIP: Graphical Models and Image Processing 56 (1994),
           462-478, https://doi.org/10.1006/cgip.1994.1042 (3D); both computed by
           `skimage.morphology.skeletonize`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> bar = np.zeros((5, 9), bool); bar[1:4, 1:8] = True
    >>> postprocessing.skeletonize(bar)[:, 4].astype(int)
    array([0, 0, 1, 0, 0])
    """
    return _skeleton(mask, method)


def _skeleton(mask: NDArray[np.bool_], method: str) -> NDArray[np.bool_]:
    from skimage.morphology import medial_axis
    from skimage.morphology import skeletonize as skimage_skeletonize

    flat = mask[0] if mask.ndim == 3 and len(mask) == 1 else mask
    flat = np.require(flat, requirements="W")  # scikit-image refuses read-only memory
    if method == "thinning":
        lines = np.asarray(skimage_skeletonize(flat), bool).reshape(mask.shape)
        return lines | _lost(mask, lines) if flat.ndim == 3 else lines
    if flat.ndim == 3:
        raise ValueError("method 'medial axis' works on 2D images only; take 'thinning'")
    # Its order of equal pixels is drawn at random unless a generator is given.
    return np.asarray(medial_axis(flat, rng=0)).reshape(mask.shape)


def _lost(mask: NDArray[np.bool_], lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return an innermost voxel of each part of which the library leaves nothing in 3D."""
    from scipy import ndimage

    parts = building_blocks.components_in_any_order(mask)
    kept = np.unique(parts[lines])
    lost = np.setdiff1d(np.unique(parts[mask]), kept)
    found = np.zeros_like(mask)
    if lost.size:
        depth = building_blocks.distance_inside(mask, (1.0, 1.0, 1.0))
        found[tuple(np.transpose(ndimage.maximum_position(depth, parts, lost)))] = True
    return found


@operation(version=2)
def skeletonize_labels(labels: Labels) -> Labels:
    """Thin each object to lines one pixel wide that keep its shape and connections.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.

    Returns
    -------
    skeleton_labels : ndarray of int32 or int64, same shape
        The lines, with the numbers of their objects. A single slice of a stack is treated
        as 2D.

    Raises
    ------
    TypeError, ValueError
        If the labels are not whole numbers from 0 up, or the image is empty.

    References
    ----------
    .. [1] Zhang and Suen, "A fast parallel algorithm for thinning digital patterns",
           Communications of the ACM 27 (1984), 236-239, https://doi.org/10.1145/357994.358023
           (2D).
    .. [2] Lee, Kashyap and Chu, "Building skeleton models via 3-D medial surface/axis
           thinning algorithms", CVGIP: Graphical Models and Image Processing 56 (1994),
           462-478, https://doi.org/10.1006/cgip.1994.1042 (3D); both computed by
           `skimage.morphology.skeletonize`.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.zeros((5, 9), int); labels[1:4, 1:5], labels[1:4, 5:8] = 3, 4
    >>> np.unique(postprocessing.skeletonize_labels(labels))
    array([0, 3, 4], dtype=int32)
    """
    result = np.zeros_like(labels)
    for number, box in each_object.boxes(labels):
        result[box][_skeleton(labels[box] == number, "thinning")] = number
    return result


class SkeletonPoints(NamedTuple):
    """Hold where the lines of a skeleton end and where they meet.

    Attributes
    ----------
    end_points, branch_points : (N, D) ndarray of float
        Positions in physical units.
    """

    end_points: Points
    branch_points: Points


@operation
def skeleton_points(skeleton: Mask, *, spacing: Spacing = 1.0) -> SkeletonPoints:
    """Find where the lines of a skeleton end and where they meet.

    Parameters
    ----------
    skeleton : (Y, X) or (Z, Y, X) ndarray of bool or int
        Lines one pixel wide, as `skeletonize` gives them.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    end_points : (N, D) ndarray of float
        Positions, in physical units, of pixels of the lines with one neighbour.
    branch_points : (N, D) ndarray of float
        Positions of groups of touching pixels of the lines with three neighbours or more.

    Raises
    ------
    TypeError
        If the skeleton holds floats.
    ValueError
        If the skeleton is empty.

    Notes
    -----
    All 8 neighbours in 2D and 26 in 3D count. Where lines meet, several pixels have three
    neighbours: they are one branch point, in their middle.

    References
    ----------
    .. [1] Arganda-Carreras et al., "3D reconstruction of histological sections: application
           to mammary gland tissue", Microscopy Research and Technique 73 (2010), 1019-1029,
           https://doi.org/10.1002/jemt.20829

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> lines = np.zeros((7, 7), bool); lines[3, 1:6] = True; lines[4:6, 3] = True
    >>> found = postprocessing.skeleton_points(lines)
    >>> len(found.end_points), len(found.branch_points)
    (3, 1)
    """
    from scipy import ndimage

    neighbours = np.zeros(skeleton.shape, np.int8)
    for step in itertools.product((-1, 0, 1), repeat=skeleton.ndim):
        if any(step):
            here, there = balls.shifted(step, skeleton.shape)
            neighbours[here] += skeleton[there]
    per_axis = np.broadcast_to(spacing, skeleton.ndim)
    ends = np.argwhere(skeleton & (neighbours == 1)) * per_axis
    groups = building_blocks.connected_components(skeleton & (neighbours >= 3))
    numbers = np.arange(1, 1 + int(groups.max()))
    centres = np.reshape(
        ndimage.center_of_mass(groups > 0, groups, numbers), (len(numbers), skeleton.ndim)
    )
    return SkeletonPoints(ends, centres * per_axis)
