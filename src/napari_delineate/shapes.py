"""Shapes of labelled objects that scikit-image does not measure, or not on any grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Spacing, spacing_per_axis

if TYPE_CHECKING:
    from scipy.spatial import ConvexHull

__all__ = ["boundary_sizes", "feret_diameters", "roundness_of"]

_FLAT = 1e-7
"""Sides whose normals differ by less are parts of one side."""


def boundary_sizes(
    labels: NDArray[np.int32],
    spacing: Spacing,
    method: Literal["traced", "crofton"] = "crofton",
    connectivity: Literal["full", "face"] = "full",
) -> NDArray[np.float64]:
    """Return the perimeter (2D) or the surface area (3D) of every object.

    Parameters
    ----------
    labels : ndarray of int32
        Objects numbered from 1.
    spacing : float or tuple of float
        Voxel size.
    method : {"traced", "crofton"}
        ImageJ's way along the outlines (of objects in parts, all of them), or the
        estimate from crossing lines. Volumes have no outline, for them it is always the
        second.
    connectivity : {"full", "face"}
        Whether an outline goes on over corners.

    Returns
    -------
    (N,) ndarray of float64
        The size of the boundary of object i + 1.
    """
    import cc3d
    import fastremap

    from napari_delineate.kernels.outlines import crofton_sizes, traced_perimeters

    voxel = spacing_per_axis(spacing, labels.ndim)
    if labels.ndim == 3 or method == "crofton":
        return crofton_sizes(labels, voxel)
    neighbours = 8 if connectivity == "full" else 4
    parts = cc3d.connected_components(np.require(labels, requirements="W"), connectivity=neighbours)
    parts = fastremap.renumber(parts, in_place=True)[0].astype(np.int32)
    perimeters = traced_perimeters(parts, voxel, connectivity == "full")
    owners = np.zeros(len(perimeters) + 1, np.int32)
    owners[parts] = labels
    total = np.bincount(owners[1:], perimeters, int(labels.max()) + 1)[1:]
    return total.astype(np.float64)


def roundness_of(
    sizes: NDArray[Any], boundaries: NDArray[np.float64], ndim: int
) -> NDArray[np.float64]:
    """Return circularity (2D) or sphericity (3D): 1 for a ball, at most 1.

    Parameters
    ----------
    sizes : (N,) ndarray
        Areas or volumes.
    boundaries : (N,) ndarray
        Perimeters or surface areas.
    ndim : int
        2 or 3.

    Returns
    -------
    (N,) ndarray of float64
        The area by that of a disk with this perimeter; the surface area of a ball with
        this volume by this surface area.
    """
    if ndim == 2:
        return np.asarray(np.minimum(4 * np.pi * sizes / boundaries**2, 1))
    return np.asarray(np.minimum(np.cbrt(np.pi) * (6 * sizes) ** (2 / 3) / boundaries, 1))


def feret_diameters(
    labels: NDArray[np.int32], spacing: Spacing
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how long every object is along its longest line, and how wide at its narrowest.

    Parameters
    ----------
    labels : ndarray of int32
        Objects numbered from 1; those that are missing are NaN.
    spacing : float or tuple of float
        Voxel size.

    Returns
    -------
    longest, narrowest : (N,) ndarray of float64
        The largest distance between two corners of pixels, and the least distance between
        two parallel lines (planes) that hold the object between them.
    """
    voxel = spacing_per_axis(spacing, labels.ndim)
    if labels.ndim == 2:
        return _planar_feret_diameters(labels, voxel)
    from scipy import ndimage
    from scipy.spatial import ConvexHull
    from scipy.spatial.distance import pdist

    boxes = ndimage.find_objects(labels)
    longest, narrowest = np.full(len(boxes), np.nan), np.full(len(boxes), np.nan)
    for number, box in enumerate(boxes):
        if box is None:
            continue
        hull = ConvexHull(_corners(labels[box] == number + 1) * voxel)
        ends = hull.points[hull.vertices]
        longest[number] = pdist(ends).max()
        # The narrowest view of a polyhedron is of a side, or between two edges.
        across = ends @ np.unique(hull.equations[:, :-1], axis=0).T
        narrowest[number] = min(np.ptp(across, axis=0).min(), _between_edges(hull))
    return longest, narrowest


def _between_edges(hull: ConvexHull) -> float:
    """Return the least distance of parallel planes that touch a hull in two edges."""
    from napari_delineate.kernels.polyhedron_width import width_between_edges

    sides = np.repeat(np.arange(len(hull.simplices)), 3)
    others = hull.neighbors.ravel()
    # The edge that a triangle shares with a neighbour is across the corner of the same number.
    ends = hull.simplices[:, [[1, 2], [2, 0], [0, 1]]].reshape(-1, 2)
    normals = hull.equations[:, :-1]
    first, second = normals[sides], normals[others]
    is_edge = (sides < others) & (np.linalg.norm(first - second, axis=1) > _FLAT)
    starts, stops = hull.points[ends[is_edge]].transpose(1, 0, 2)
    directions = (stops - starts) / np.linalg.norm(stops - starts, axis=1, keepdims=True)
    return float(width_between_edges(starts, directions, first[is_edge], second[is_edge]))


def _planar_feret_diameters(
    labels: NDArray[np.int32], spacing: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from napari_delineate.kernels import object_hulls, object_sums

    plane = np.ascontiguousarray(labels).view()
    plane.flags.writeable = False  # numba compiles once, whatever was given
    boxes = np.zeros((int(labels.max(initial=0)) + 1, 6), np.int64)
    object_sums.find_boxes(plane[np.newaxis], boxes, np.zeros(len(boxes), np.int64))
    found = object_hulls.feret_diameters(plane, boxes[:, [1, 4]], spacing)[1:]
    return found[:, 0], found[:, 1]


def _corners(mask: NDArray[np.bool_]) -> NDArray[Any]:
    """Return the corners of the first and the last pixel of every row."""
    rows = np.argwhere(mask.any(axis=-1))
    filled = mask[tuple(rows.T)]
    first = filled.argmax(axis=1)
    last = mask.shape[-1] - filled[:, ::-1].argmax(axis=1)
    ends = np.concatenate([np.column_stack([rows, first]), np.column_stack([rows, last])])
    steps = np.indices((2,) * (mask.ndim - 1)).reshape(mask.ndim - 1, -1).T
    steps = np.column_stack([steps, np.zeros(len(steps), int)])
    return np.asarray((ends[:, np.newaxis] + steps).reshape(-1, mask.ndim))
