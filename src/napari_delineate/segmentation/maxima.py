"""Find the brightest places: points, seeds, and the areas around them."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Points,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = ["local_maxima", "find_maxima", "segment_maxima", "ultimate_points"]


class LocalMaxima(NamedTuple):
    """Hold the places found by `local_maxima`."""

    points: Points
    labels: Labels


@operation
def local_maxima(
    image: Image,
    *,
    sigma: Annotated[Length, Range(0)] = voxels(1),
    spacing: Spacing = 1.0,
) -> LocalMaxima:
    """Find pixels that are brighter than all around them, as points and as seeds.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    sigma : float or Voxels
        Sigma of the Gaussian before the search: larger values give fewer maxima. In the
        units of `spacing` or as `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    points : (N, 2) or (N, 3) ndarray of float64
        Centre of each maximum in physical units, in the order of the axes.
    labels : ndarray of int32, same shape as `image`
        The pixels of each maximum: row i of the points has the label i + 1. A plateau is
        one maximum; a constant image has none.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the image is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `skimage.morphology.local_maxima`, which finds them.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((9, 9)); image[2, 3] = image[6, 7] = 1
    >>> segmentation.local_maxima(image).points
    array([[2., 3.],
           [6., 7.]])
    """
    from skimage.morphology import local_maxima as brighter_than_neighbours

    blurred = building_blocks.gaussian(image, length_per_axis(sigma, spacing))
    labels = building_blocks.connected_components(brighter_than_neighbours(blurred))
    coordinates = np.nonzero(labels)
    numbers = labels[coordinates]
    counts = np.bincount(numbers)[1:]
    points = np.stack(
        [np.bincount(numbers, axis)[1:] / counts for axis in coordinates], axis=1
    ) * np.asarray(spacing)
    return LocalMaxima(points, labels)


class FoundMaxima(NamedTuple):
    """Hold the places found by `find_maxima`."""

    points: Points
    single_points: Mask
    areas: Labels


@operation(version=2)
def find_maxima(
    image: Image,
    mask: Mask | None = None,
    *,
    prominence: Annotated[float, Range(0)] = 10.0,
    strict: bool = False,
    exclude_on_edges: bool = False,
    light_background: bool = False,
    spacing: Spacing = 1.0,
) -> FoundMaxima:
    """Find the maxima that stand out of their surroundings by more than a prominence.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Where to look; what lies elsewhere does not count as surroundings either.
    prominence : float
        How far one must go down from a maximum before one can go up to something higher,
        in the image's own range: larger values give fewer maxima.
    strict : bool
        Drop the highest maximum too if it does not stand out of the lowest pixel by more
        than the prominence, and with `exclude_on_edges` every maximum whose area
        touches an edge.
    exclude_on_edges : bool
        Drop maxima on an edge of the image; an axis of one pixel has none.
    light_background : bool
        Look for dark places on a bright background.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    points : (N, 2) or (N, 3) ndarray of float64
        The pixel of each maximum in physical units, the most extreme first. Of a plateau it
        is the pixel nearest to its centre.
    single_points : ndarray of bool, same shape as `image`
        True on those pixels.
    areas : ndarray of int32, same shape as `image`
        Pixels that hang together with a maximum and are within the prominence below it:
        those of point i have the label i + 1. A constant image has none.

    Raises
    ------
    ValueError
        If `prominence` is negative, the shapes differ, or the image is empty or holds NaN or
        infinity.

    See Also
    --------
    segment_maxima : Grows the areas until they meet.

    Notes
    -----
    The outputs of ImageJ's Find Maxima: points, single points and maxima within tolerance;
    their count is the number of points. Pixels that touch over corners are neighbours.

    References
    ----------
    .. [1] `ij.plugin.filter.MaximumFinder` of ImageJ,
           https://imagej.net/ij/docs/menus/process.html#find-maxima

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[0, 9, 8, 9, 0, 20, 0]] * 2)
    >>> segmentation.find_maxima(image, prominence=5).areas[0]
    array([0, 2, 2, 2, 0, 1, 0], dtype=int32)
    """
    levels = -building_blocks.as_float(image) if light_background else image
    tops, areas = _maxima(levels, mask, prominence, strict)
    if exclude_on_edges:
        tops, areas = _without_edges(levels, tops, areas, whole_areas=strict)
    places = _centres(levels, tops, areas)
    single = np.zeros(image.shape, bool)
    single.flat[places] = True
    points = np.stack(np.unravel_index(places, image.shape), axis=1) * np.asarray(spacing)
    return FoundMaxima(points, single, areas)


@operation(version=2)
def segment_maxima(
    image: Image,
    mask: Mask | None = None,
    *,
    prominence: Annotated[float, Range(0)] = 10.0,
    minimum_intensity: float | None = None,
    strict: bool = False,
    exclude_on_edges: bool = False,
    light_background: bool = False,
) -> Labels:
    """Cut an image into one particle around each maximum that stands out.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Where particles may be; all pixels by default.
    prominence : float
        How far one must go down from a maximum before one can go up to something higher,
        in the image's own range: larger values give fewer particles.
    minimum_intensity : float or None
        Leave out pixels below this (with `light_background` above it), in the image's own
        range; None takes all.
    strict : bool
        Make no particle at all where the image does not rise by more than the prominence.
    exclude_on_edges : bool
        Drop the particles of maxima whose area within the prominence touches an edge.
    light_background : bool
        Make particles around dark places on a bright background.

    Returns
    -------
    particles : ndarray of int32, same shape
        Particles numbered from 1, the one of the most extreme maximum first. They meet in
        the valleys between the maxima.

    Raises
    ------
    ValueError
        If `prominence` is negative, the shapes differ, or the image is empty or holds NaN or
        infinity.

    See Also
    --------
    find_maxima : Gives the points.

    Notes
    -----
    ImageJ's Find Maxima with the output "Segmented Particles"; there the particles have a
    line of background between them, and the image is rounded to 254 levels before.

    References
    ----------
    .. [1] `ij.plugin.filter.MaximumFinder` of ImageJ,
           https://imagej.net/ij/docs/menus/process.html#find-maxima

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[0, 9, 8, 9, 0, 20, 0]] * 2)
    >>> segmentation.segment_maxima(image, prominence=5, minimum_intensity=1)[0]
    array([0, 2, 2, 2, 0, 1, 0], dtype=int32)
    """
    allowed = mask
    if minimum_intensity is not None:
        bright = image <= minimum_intensity if light_background else image >= minimum_intensity
        allowed = bright if mask is None else bright & mask
    levels = -building_blocks.as_float(image) if light_background else image
    tops, areas = _maxima(levels, allowed, prominence, strict)
    falling = (
        building_blocks.as_float(image) if light_background else -building_blocks.as_float(image)
    )
    particles = building_blocks.watershed(falling, areas, allowed, "full")
    if not exclude_on_edges:
        return particles
    inner, kept = _without_edges(levels, tops, areas, whole_areas=True)
    new = np.zeros(len(tops) + 1, np.int32)
    new[areas.flat[inner]] = kept.flat[inner]
    return np.asarray(new[particles])


class UltimatePoints(NamedTuple):
    """Hold the places found by `ultimate_points`."""

    points: Points
    distances: Image


@operation
def ultimate_points(
    mask: Mask,
    *,
    prominence: Annotated[Length, Range(0)] = voxels(0.5),
    spacing: Spacing = 1.0,
) -> UltimatePoints:
    """Find the last points left of each particle when it is eroded, and how deep they lie.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    prominence : float or Voxels
        How far the distance to the background must fall from one point before it rises
        again: larger values give fewer points. In the units of `spacing` or `voxels(n)`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    points : (N, 2) or (N, 3) ndarray of float64
        The points in physical units, the deepest first.
    distances : ndarray of float32, same shape as `mask`
        At the points their distance to the background in the units of `spacing`, the radius
        of the ball that fits into the particle there; 0 elsewhere.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `prominence` is negative, or the mask is empty.

    Notes
    -----
    ImageJ's Ultimate Points: maxima of the distance map, whose height is estimated between
    the pixels. The outside of the image does not count as background.

    References
    ----------
    .. [1] `ij.plugin.filter.EDM` of ImageJ,
           https://imagej.net/ij/docs/menus/process.html#ultimate-points

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> mask = np.zeros((9, 12), bool); mask[2:7, 2:7] = mask[3:6, 8:11] = True
    >>> segmentation.ultimate_points(mask).points
    array([[4., 4.],
           [4., 9.]])
    """
    from napari_delineate.kernels.prominence import prominent_maxima
    from napari_delineate.kernels.ridges import ridge_heights

    distance = building_blocks.distance_inside(mask, spacing)
    heights = ridge_heights(distance, spacing)
    tops, areas = prominent_maxima(heights, length_in_units(prominence, spacing), mask)
    places = _centres(heights, tops, areas)
    left = np.zeros_like(distance)
    left.flat[places] = distance.flat[places]
    points = np.stack(np.unravel_index(places, mask.shape), axis=1) * np.asarray(spacing)
    return UltimatePoints(points, left)


def _maxima(
    levels: NDArray[Any], mask: NDArray[np.bool_] | None, prominence: float, strict: bool
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return what `prominent_maxima` does, nothing where the image does not rise enough."""
    from napari_delineate.kernels.prominence import prominent_maxima

    inside = levels if mask is None else levels[mask]
    rise = float(inside.max()) - float(inside.min()) if inside.size else 0.0
    if rise == 0 or (strict and rise <= prominence):
        return np.zeros(0, np.int64), np.zeros(levels.shape, np.int32)
    return prominent_maxima(levels, prominence, mask)


def _without_edges(
    levels: NDArray[Any],
    tops: NDArray[np.int64],
    areas: NDArray[np.int32],
    whole_areas: bool,
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Leave out maxima that touch an edge with their top, or with anything of their area."""
    edge = np.ones(areas.shape, bool)
    # An axis of one pixel has no edge.
    edge[tuple(slice(1, -1) if size > 1 else slice(None) for size in areas.shape)] = False
    touching = edge & (areas > 0)
    if not whole_areas:
        heights = np.append(0, levels.flat[tops]).astype(levels.dtype)
        touching &= levels == heights[areas]
    keep = np.ones(len(tops) + 1, bool)
    keep[areas[touching]] = keep[0] = False
    return tops[keep[1:]], np.where(keep, np.cumsum(keep), 0).astype(np.int32)[areas]


def _centres(
    levels: NDArray[Any], tops: NDArray[np.int64], areas: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the flat index of the highest pixel of each area nearest to the middle of all."""
    if not len(tops):
        return tops
    heights = np.append(0, levels.flat[tops]).astype(levels.dtype)
    places = np.flatnonzero((areas > 0) & (levels == heights[areas]))
    numbers = areas.flat[places]
    counts = np.bincount(numbers)
    squares = np.zeros(len(places))
    for axis in np.unravel_index(places, areas.shape):
        middle = np.bincount(numbers, axis)[1:] / counts[1:]
        squares += (axis - middle[numbers - 1]) ** 2
    order = np.lexsort((places, squares, numbers))
    firsts = np.searchsorted(numbers[order], np.arange(1, len(tops) + 1))
    return np.asarray(places[order][firsts])
