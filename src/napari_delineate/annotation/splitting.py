"""Cut objects in two or more: along a line or a plane, between points, at narrow places."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from napari_delineate import building_blocks
from napari_delineate.annotation import strokes
from napari_delineate.annotation.crops import Crop, check_number, crop_of, pixel_in, with_room
from napari_delineate.annotation.edits import Edit
from napari_delineate.types import Length, Range, Spacing, length_in_units, spacing_per_axis, voxels

__all__ = [
    "cut_with_plane",
    "normal_of_plane",
    "split_by_line",
    "split_by_points",
    "split_by_shape",
]

_SPEED = 1.5
"""Paths are as quick as this power of the distance to the outline: of the powers 1 to 3, this
one gave the borders of annotated nuclei and cells best, with points anywhere in them."""

_LEAST_PROMINENCE = 0.5
"""In finest voxels: what stands out less from the distance to the outline is its roughness."""


def split_by_line(
    labels: Any,
    number: int,
    line: ArrayLike,
    box: tuple[slice, ...],
    *,
    new_number: int,
    axis: int = 0,
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
) -> Edit:
    """Cut an object in two along a line drawn across it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object. Its larger side keeps the number.
    line : (N, D) array-like of float
        Vertices of the line in pixels, of any form. In a stack, it cuts through all slices
        across `axis`, whichever it was drawn in; its places along that axis do not count
        and may be left out.
    box : tuple of slice
        A box that holds the object.
    new_number : int
        Number of the smaller side.
    axis : int
        The axis of a stack along which one looks at the slice that the line was drawn in.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit. No gap is left: pixels under the line go to the nearest side. Parts of the
        object that the line does not touch keep the number.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, or the line does not run through
        it or does not divide it.

    Notes
    -----
    A line that ends in the object is continued straight to a near place outside of it that
    lies ahead, with a turn of up to 60 degrees where that is much shorter.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.full((2, 5), 4)
    >>> split_by_line(labels, 4, [[-1, 3], [0, 3]], (slice(0, 2), slice(0, 5)), new_number=7)
    Edit(box=(slice(0, 2, None), slice(0, 5, None)), labels=array([[4, 4, 4, 4, 7],
           [4, 4, 4, 4, 7]]))
    """
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    vertices = np.asarray(line, float)
    crop = crop_of(labels, number, box, locked)
    mask, seen = crop.mask[None], [0, 1]
    if crop.mask.ndim == 3:
        mask = np.moveaxis(crop.mask, axis, 0)
        seen = [other for other in range(3) if other != axis % 3]
        if vertices.ndim == 2 and vertices.shape[1] == 3:
            vertices = vertices[:, seen]
    path = strokes.without_repeats(vertices) - [crop.box[side].start for side in seen]
    steps = [per_axis[side] for side in seen]
    silhouette: NDArray[np.bool_] = np.any(mask, axis=0)
    path = strokes.prolonged(path, silhouette, steps)
    cut = strokes.pixels_under(path, silhouette.shape)
    if not (cut & silhouette).any():
        raise ValueError(f"the line does not run through object {number}; draw it across it")
    side_of = strokes.sides_beside(path, cut, steps)
    pieces = building_blocks.connected_components(mask & ~cut, "face")
    sides = _sides_of_pieces(pieces, side_of)
    if not {1, 2} <= set(sides.tolist()):
        raise ValueError(
            f"the line does not divide object {number}; draw it from one side of it to the other"
        )
    depth = tuple(per_axis[other] for other in range(crop.mask.ndim) if other not in seen) or (1.0,)
    nearest = building_blocks.expanded(sides[pieces], np.inf, (*depth, *steps))
    pixels = np.bincount(nearest[mask])
    smaller = 2 if pixels[1] >= pixels[2] else 1
    halves = np.where(mask & (nearest == smaller), 2, 1)
    if crop.mask.ndim == 3:
        return _numbered(crop, np.moveaxis(halves, 0, axis), number, new_number)
    return _numbered(crop, halves[0], number, new_number)


def _sides_of_pieces(pieces: NDArray[Any], side_of: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return for each piece on which side of a line most of what touches it lies.

    1 is the left, 2 the right, 3 what does not touch it; 0 is no piece.
    """
    beside = np.flatnonzero(side_of)
    touching = pieces.reshape(len(pieces), -1)[:, beside]
    weights = np.broadcast_to(side_of.reshape(-1)[beside], touching.shape)
    count = int(pieces.max(initial=0)) + 1
    touched = np.bincount(touching.reshape(-1), minlength=count) > 0
    balance = np.bincount(touching.reshape(-1), weights.reshape(-1), minlength=count)
    sides = np.where(touched, np.where(balance > 0, 1, 2), 3)
    sides[0] = 0
    return sides


def split_by_points(
    labels: Any,
    number: int,
    points: ArrayLike,
    box: tuple[slice, ...],
    *,
    new_number: int,
    method: Literal["narrow places", "nearest"] = "narrow places",
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
) -> Edit:
    """Cut an object into one piece for each of several points in it.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object. The first point's piece keeps the number.
    points : (N, D) array-like of float
        A place in each piece, in pixels.
    box : tuple of slice
        A box that holds the object.
    new_number : int
        Number of the second point's piece; the following ones get the numbers after it.
    method : {"narrow places", "nearest"}
        Whether pixels go to the point from which a path in the object takes the least time,
        where paths are quick in wide places and start in the middle of the point's part, so
        that cuts run through narrow places; or to the point with the shortest path.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit. Parts of the object without a point keep the number.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, there are not two points, or
        some lie in one pixel or not in the object.

    See Also
    --------
    napari_delineate.postprocessing.split_by_points : Does it with all objects.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[3, 3, 0, 3, 3], [3, 3, 3, 3, 3], [3, 3, 0, 3, 3]])
    >>> box = slice(0, 3), slice(0, 5)
    >>> split_by_points(labels, 3, [[1, 0], [1, 4]], box, new_number=8).labels[0]
    array([3, 3, 0, 8, 8])
    """
    from napari_delineate.kernels.quick_paths import reached_first
    from napari_delineate.kernels.ridges import ridge_heights

    per_axis = spacing_per_axis(spacing, len(labels.shape))
    crop = crop_of(labels, number, box, locked, 1)
    pixels: list[tuple[int, ...]] = []
    for rank, point in enumerate(np.atleast_2d(np.asarray(points, float)), 1):
        pixel = pixel_in(point.tolist(), crop.box)
        if pixel is None or not crop.mask[pixel]:
            raise ValueError(f"point {rank} does not lie in object {number}; set points inside it")
        if pixel in pixels:
            raise ValueError(f"points {pixels.index(pixel) + 1} and {rank} lie in the same pixel")
        pixels.append(pixel)
    if len(pixels) < 2:
        raise ValueError("splitting takes two points or more; set another one")
    slowness, ways = None, [[pixel] for pixel in pixels]
    if method == "narrow places":
        distance = building_blocks.distance_inside(crop.mask, per_axis)
        slowness = np.maximum(distance, np.float32(min(per_axis) / 2)) ** np.float32(-_SPEED)
        ways = _ways_to_the_middle(ridge_heights(distance, per_axis), pixels)
    seeds = np.zeros(crop.mask.shape, np.int32)
    for rank, way in enumerate(ways, 1):
        seeds[tuple(zip(*way, strict=True))] = rank
    pieces = reached_first(seeds, crop.mask, slowness, per_axis)
    return _numbered(crop, pieces, number, new_number)


def _ways_to_the_middle(
    heights: NDArray[np.float32], pixels: Sequence[tuple[int, ...]]
) -> list[list[tuple[int, ...]]]:
    """Return the steepest ways up from pixels; only the pixel where another one leads there, too.

    Points may so be set anywhere: one at the edge of a part counts as one in its middle.
    """
    ways = [[pixel] for pixel in pixels]
    steps = np.array(list(np.ndindex(*(3,) * heights.ndim))) - 1
    for way in ways:
        while True:
            around = way[-1] + steps
            around = around[((around >= 0) & (around < heights.shape)).all(axis=1)]
            levels = heights[tuple(around.T)]
            if not levels.max() > heights[way[-1]]:
                break
            way.append(tuple(around[levels.argmax()].tolist()))
    tops = [way[-1] for way in ways]
    return [way if tops.count(way[-1]) == 1 else way[:1] for way in ways]


def split_by_shape(
    labels: Any,
    number: int,
    box: tuple[slice, ...],
    *,
    new_number: int,
    parts: Annotated[int, Range(2)] | None = None,
    prominence: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
) -> Edit:
    """Cut an object at its narrow places.

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
    parts : int or None
        How many parts to make, at least 2; None finds the number.
    prominence : float or Voxels
        How much narrower than both parts a place must be where the object is cut, counted
        as distance to the outline, in the units of `spacing` or as `voxels(n)`. Does not
        count where the number of parts is given.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, or it has no narrow places or
        fewer pixels than parts.

    See Also
    --------
    napari_delineate.segmentation.binary_watershed : Does it with a mask.

    Notes
    -----
    A watershed of the distance to the outline from its most prominent maxima. Where more
    parts are asked for than it has maxima, the largest part is halved across its longest
    axis, again and again.

    Examples
    --------
    >>> import numpy as np
    >>> y, x = np.ogrid[:20, :40]
    >>> disks = ((y - 10)**2 + (x - 11)**2 < 81) | ((y - 10)**2 + (x - 27)**2 < 81)
    >>> edit = split_by_shape(5 * disks, 5, (slice(0, 20), slice(0, 40)), new_number=6)
    >>> np.unique(edit.labels).tolist()
    [0, 5, 6]
    """
    from napari_delineate.kernels.prominence import most_prominent_maxima, prominent_maxima
    from napari_delineate.kernels.ridges import ridge_heights

    per_axis = spacing_per_axis(spacing, len(labels.shape))
    crop = crop_of(labels, number, box, locked, 1)
    heights = ridge_heights(building_blocks.distance_inside(crop.mask, per_axis), per_axis)
    if parts is None:
        depth = length_in_units(prominence, per_axis)
        if not depth >= 0:
            raise ValueError(f"prominence must be 0 or more; got {depth:g}")
        _, seeds = prominent_maxima(heights, depth, crop.mask)
        if seeds.max() < 2:
            raise ValueError(
                f"object {number} has no narrow places; choose the number of parts, or draw a line"
            )
        pieces = _flooded(crop.mask, seeds, per_axis)
    else:
        if not 2 <= parts <= crop.mask.sum():
            raise ValueError(
                f"the number of parts must be 2 to {crop.mask.sum()}, the pixels of the object; "
                f"got {parts}"
            )
        _, seeds = prominent_maxima(heights, _LEAST_PROMINENCE * min(per_axis), crop.mask)
        if seeds.max() > parts:
            seeds = np.zeros(crop.mask.shape, np.int32)
            tops = most_prominent_maxima(heights, parts, crop.mask)
            seeds.reshape(-1)[tops] = np.arange(1, parts + 1)
        pieces = _flooded(crop.mask, seeds, per_axis)
        for new in range(int(seeds.max()) + 1, parts + 1):
            _halve_largest(pieces, new, per_axis)
    return _numbered(crop, _largest_first(pieces), number, new_number)


def _halve_largest(pieces: NDArray[Any], new: int, spacing: tuple[float, ...]) -> None:
    """Give half of the largest piece a new number, in place: an end of its longest axis."""
    places = np.nonzero(pieces == np.bincount(pieces[pieces > 0]).argmax())
    along = np.stack(places, axis=1) * spacing
    along -= along.mean(axis=0)
    _, directions = np.linalg.eigh(along.T @ along)
    # From the last axis on, pixels of one place along the direction are taken as scanned.
    order = np.argsort((along @ directions[:, -1]).round(9), kind="stable")
    far = order[len(order) // 2 :]
    pieces[tuple(axis[far] for axis in places)] = new


def cut_with_plane(
    labels: Any,
    number: int,
    point: Sequence[float],
    normal: Sequence[float],
    box: tuple[slice, ...],
    *,
    new_number: int,
    spacing: Spacing = 1.0,
    locked: Collection[int] = (),
) -> Edit:
    """Cut an object in two with a plane (in 2D with a straight line that does not end).

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) array-like of int
        The labels; only the box is read.
    number : int
        The object. Its larger side keeps the number.
    point : sequence of float
        A place on the plane, in pixels.
    normal : sequence of float
        The direction across the plane, of any length, in physical units.
    box : tuple of slice
        A box that holds the object.
    new_number : int
        Number of the smaller side.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.
    locked : collection of int
        Numbers of objects that no tool changes.

    Returns
    -------
    Edit
        The edit. Pixels on the plane go to the side that the normal points to.

    Raises
    ------
    ValueError
        If there is no such object in the box, it is locked, the plane does not run through
        it, or the normal has no direction.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.full((1, 5), 4)
    >>> box = slice(0, 1), slice(0, 5)
    >>> cut_with_plane(labels, 4, (0, 2.5), (0, 1), box, new_number=7).labels
    array([[4, 4, 4, 7, 7]])
    """
    per_axis = spacing_per_axis(spacing, len(labels.shape))
    across = np.asarray(normal, float)
    if across.shape != (len(per_axis),) or len(point) != len(per_axis):
        raise ValueError(f"the point and the normal must have {len(per_axis)} coordinates here")
    if not (np.isfinite(across).all() and across.any()):
        raise ValueError("the plane has no direction; draw a longer line")
    crop = crop_of(labels, number, box, locked)
    beyond: NDArray[Any] = np.zeros((1,) * crop.mask.ndim)
    for axis, (side, step) in enumerate(zip(crop.box, per_axis, strict=True)):
        away = (np.arange(side.start, side.stop) - point[axis]) * (step * across[axis])
        beyond = beyond + away.reshape([-1 if axis == other else 1 for other in range(len(point))])
    halves = np.where(crop.mask, np.where(beyond >= 0, 2, 1), 0)
    pixels = np.bincount(halves.reshape(-1), minlength=3)
    if not pixels[1:].all():
        raise ValueError(f"the plane does not run through object {number}")
    if pixels[2] > pixels[1]:
        halves[crop.mask] = 3 - halves[crop.mask]
    return _numbered(crop, halves, number, new_number)


def normal_of_plane(
    line: ArrayLike, direction: Sequence[float], spacing: Spacing = 1.0
) -> NDArray[np.float64]:
    """Return the normal of the plane through a line and the direction in which one looks.

    Parameters
    ----------
    line : (2, 3) array-like of float
        Both ends of the line, in pixels.
    direction : sequence of float
        The direction in which one looked as the line was drawn, in pixels.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    (3,) ndarray of float64
        The normal in physical units, as `cut_with_plane` takes it.

    Raises
    ------
    ValueError
        If the line has no length, or one looks along it.

    Examples
    --------
    >>> normal_of_plane([[0, 0, 0], [0, 8, 0]], (1, 0, 0), (2.0, 1.0, 1.0))
    array([ 0.,  0., -1.])
    """
    per_axis = np.array(spacing_per_axis(spacing, 3))
    start, end = np.asarray(line, float) * per_axis
    ways = end - start, np.asarray(direction, float) * per_axis
    lengths = [float(np.linalg.norm(way)) for way in ways]
    normal = np.cross(ways[0], ways[1]) / max(lengths[0] * lengths[1], np.finfo(float).tiny)
    length = float(np.linalg.norm(normal))
    if not length > 1e-6:
        raise ValueError("the plane has no direction; draw a longer line")
    return np.asarray(normal / length)


def _flooded(
    mask: NDArray[np.bool_], seeds: NDArray[np.int32], spacing: tuple[float, ...]
) -> NDArray[Any]:
    """Give pixels to the seed from which they are reached over the widest places."""
    distance = building_blocks.distance_inside(mask, spacing)
    return building_blocks.watershed(-distance, seeds, mask, "full")


def _largest_first(pieces: NDArray[Any]) -> NDArray[np.int64]:
    """Give the largest piece the number 1, and the others those after it as a scan meets them."""
    numbers, first, counts = np.unique(pieces[pieces > 0], return_index=True, return_counts=True)
    order = np.lexsort((first, np.arange(len(counts)) != counts.argmax()))
    table = np.zeros(int(numbers[-1]) + 1, np.int64)
    table[numbers[order]] = np.arange(1, len(numbers) + 1)
    return np.asarray(table[pieces])


def _numbered(crop: Crop, pieces: NDArray[Any], number: int, new_number: int) -> Edit:
    """Return the edit in which piece 1 keeps the number, and the others get new ones.

    So does what belongs to no piece.
    """
    count = int(pieces.max())
    check_number(new_number)
    new = range(new_number, new_number + count - 1)
    wanted = with_room(crop.held, new[-1]).copy()
    numbers = np.array([number, number, *new], wanted.dtype)
    wanted[crop.mask] = numbers[pieces[crop.mask]]
    return Edit(crop.box, wanted)
