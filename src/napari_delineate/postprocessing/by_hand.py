"""Merge and split objects where points are set or lines are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers, places
from napari_delineate.arrays import label_dtype
from napari_delineate.declaration import operation
from napari_delineate.postprocessing import each_object, groups
from napari_delineate.types import Labels, Points, Shapes, Spacing

__all__ = ["merge_by_points", "merge_by_lines", "split_by_points", "split_by_lines"]


@operation
def merge_by_points(labels: Labels, points: Points, *, spacing: Spacing = 1.0) -> Labels:
    """Make all objects one that have a point in them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    points : (N, D) ndarray of float
        One point in each object that is to be merged, in physical units, in the order of
        the axes. Points on background or outside of the image do nothing.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    merged_labels : ndarray of int32 or int64, same shape
        The objects; those with a point have the smallest of their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the points have another number of coordinates than the image has axes, or the
        image is empty.

    See Also
    --------
    merge_by_lines : Merges several groups at once.

    References
    ----------
    .. [1] Haase, "napari-segment-blobs-and-things-with-membranes",
           https://github.com/haesleinhuepf/napari-segment-blobs-and-things-with-membranes,
           manually merge labels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> points = np.array([[0, 0], [0, 3]])
    >>> postprocessing.merge_by_points(np.array([[2, 2, 0, 5, 7]]), points)
    array([[2, 2, 0, 2, 7]], dtype=int32)
    """
    pixels, _ = places.pixels_of(points, labels.shape, spacing)
    return groups.joined(labels, groups.chained(labels[tuple(pixels.T)]))


@operation
def merge_by_lines(labels: Labels, lines: Shapes, *, spacing: Spacing = 1.0) -> Labels:
    """Make objects one that a line runs through, for each line.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    lines : (N, V, D) ndarray of float
        Vertices of each line or path in physical units, in the order of the axes.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    merged_labels : ndarray of int32 or int64, same shape
        The objects; those along a line have the smallest of their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the lines have another number of coordinates than the image has axes, or the
        image is empty.

    Notes
    -----
    Lines that share an object make one group. Objects that a line only passes over count
    as well, so draw around them.

    References
    ----------
    .. [1] Haase, "napari-segment-blobs-and-things-with-membranes",
           https://github.com/haesleinhuepf/napari-segment-blobs-and-things-with-membranes,
           manually merge labels.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> lines = np.array([[[0, 0], [0, 3]]])
    >>> postprocessing.merge_by_lines(np.array([[2, 2, 0, 5, 7]]), lines)
    array([[2, 2, 0, 2, 7]], dtype=int32)
    """
    places.check_axes(lines, "lines", {labels.ndim})
    pairs = [np.zeros((0, 2), labels.dtype)]
    for path in lines:
        pixels = places.pixels_along(path, labels.shape, spacing)
        pairs.append(groups.chained(labels[tuple(pixels.T)]))
    return groups.joined(labels, np.concatenate(pairs))


@operation(version=2)
def split_by_points(labels: Labels, points: Points, *, spacing: Spacing = 1.0) -> Labels:
    """Cut objects with several points in them into one piece per point.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    points : (N, D) ndarray of float
        One point in each piece, in physical units, in the order of the axes. Objects with
        one point or none stay as they are; points on background or outside of the image do
        nothing.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    split_labels : ndarray of int32 or int64, same shape
        The pieces. The first point's piece keeps the number of its object, the others get
        numbers above all others, in the order of the points.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the points have another number of coordinates than the image has axes, or the
        image is empty.

    Notes
    -----
    A watershed of the distance to the outline, flooded from the points: cuts run through
    the narrow places between them. The outside of the image does not count as background.

    References
    ----------
    .. [1] Haase, "napari-segment-blobs-and-things-with-membranes",
           https://github.com/haesleinhuepf/napari-segment-blobs-and-things-with-membranes,
           manually split labels.
    .. [2] Soille, "Morphological Image Analysis", Springer (2003), chapter 9.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.array([[3, 3, 0, 3, 3], [3, 3, 3, 3, 3], [3, 3, 0, 3, 3]])
    >>> postprocessing.split_by_points(labels, np.array([[1, 0], [1, 4]]))[0]
    array([3, 3, 0, 4, 4], dtype=int32)
    """
    pixels, _ = places.pixels_of(points, labels.shape, spacing)
    _, first = np.unique(pixels, axis=0, return_index=True)
    pixels = pixels[np.sort(first)]
    owners = labels[tuple(pixels.T)]
    boxes = dict(each_object.boxes(labels, [1] * labels.ndim))
    pieces = []  # the points of each new piece, with the object that it is cut from
    for number in np.unique(owners[owners > 0]).tolist():
        pieces += [(at, number) for at in np.flatnonzero(owners == number)[1:].tolist()]
    new = {at: int(labels.max()) + 1 + rank for rank, (at, _) in enumerate(sorted(pieces))}
    result = labels.astype(label_dtype(int(labels.max()) + len(new)))
    for number in {number for _, number in pieces}:
        box = boxes[number]
        mask = labels[box] == number
        seeds = np.zeros(mask.shape, np.int32)
        inside = np.flatnonzero(owners == number)
        for rank, at in enumerate(inside.tolist(), 1):
            corner = [side.start for side in box]
            seeds[tuple(pixels[at] - corner)] = rank
        distance = building_blocks.distance_inside(mask, spacing)
        cut = building_blocks.watershed(-distance, seeds, mask)
        numbers = np.array([number, number, *(new[at] for at in inside[1:].tolist())])
        result[box][mask] = numbers[cut[mask]]
    return result


@operation
def split_by_lines(labels: Labels, lines: Shapes, *, spacing: Spacing = 1.0) -> Labels:
    """Cut objects along lines that run through them.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Labelled objects, 0 for background.
    lines : (N, V, D) ndarray of float
        Vertices of each line or path in physical units, in the order of the axes. In a
        stack, a line cuts through all slices, whichever it is drawn in; it may also be
        given without its slice, as (y, x).
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    split_labels : ndarray of int32 or int64, same shape
        The pieces. The largest (of each connected part) keeps the number of its object,
        the others get numbers above all others. A line that ends inside an object does not
        cut it.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If the lines have another number of coordinates than the image has axes, or the
        image is empty.

    References
    ----------
    .. [1] Fedorov et al., "3D Slicer as an image computing platform for the quantitative
           imaging network", Magnetic Resonance Imaging 30 (2012), 1323-1341, effect
           Scissors, https://doi.org/10.1016/j.mri.2012.05.001

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import postprocessing
    >>> labels = np.full((2, 5), 4)
    >>> postprocessing.split_by_lines(labels, np.array([[[-1, 3], [2, 3]]]))[0]
    array([4, 4, 4, 4, 5], dtype=int32)
    """
    places.check_axes(lines, "lines", {2, labels.ndim})
    plane, in_plane = labels.shape[-2:], np.broadcast_to(spacing, labels.ndim)[-2:]
    cut = np.zeros(plane, bool)
    for path in lines:
        cut[tuple(places.pixels_along(path[:, -2:], plane, in_plane).T)] = True
    crossed = np.unique(labels[..., cut])
    boxes = dict(each_object.boxes(labels))
    result = labels.astype(np.int64)
    for number in crossed[crossed > 0].tolist():
        box = boxes[number]
        mask = labels[box] == number
        piece = _piece_of_each_pixel(mask, np.broadcast_to(cut[box[-2:]], mask.shape), spacing)
        top = int(result.max())
        numbers = np.array([number, *range(top + 1, top + 1 + int(piece.max()))])
        result[box][mask] = numbers[piece[mask]]
    return result.astype(label_dtype(int(result.max())))


def _piece_of_each_pixel(
    mask: NDArray[np.bool_], cut: NDArray[np.bool_], spacing: Spacing
) -> NDArray[Any]:
    """Give the pieces that a cut leaves of an object numbers; 0 for those that keep its own."""
    # Pixels of a line share corners, so that no path over faces crosses it.
    whole = building_blocks.connected_components(mask, "face")
    pieces = building_blocks.connected_components(mask & ~cut, "face")
    numbers, counts = object_numbers.count_pixels(pieces)
    part = np.zeros(int(pieces.max()) + 1, whole.dtype)
    part[pieces] = np.where(pieces > 0, whole, 0)
    # The largest piece of each connected part, by part, then by size, then as scanned.
    sizes = np.zeros(len(part), np.int64)
    sizes[numbers] = counts
    order = np.lexsort((-sizes, part))
    largest = order[np.append(True, part[order][1:] != part[order][:-1])]
    new = np.ones(len(part), np.int64)
    new[largest] = 0
    new = np.where(new > 0, np.cumsum(new), 0)
    nearest = building_blocks.expanded(pieces, float("inf"), spacing)
    has_pieces = np.isin(whole, part[1:])
    return np.asarray(np.where(mask & has_pieces, new[nearest], 0))
