"""Grow objects from seeds, or cut objects that touch apart."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    length_in_units,
    length_per_axis,
    voxels,
)

__all__ = [
    "seeded_watershed",
    "local_minima_seeded_watershed",
    "distance_transform_watershed",
    "binary_watershed",
]


@operation(version=2)
def seeded_watershed(
    image: Image,
    seeds: Labels,
    mask: Mask | None = None,
    *,
    connectivity: Literal["face", "full"] = "face",
    compactness: Annotated[float, Range(0)] = 0.0,
    watershed_line: bool = False,
) -> Labels:
    """Grow labelled seeds over an image until they meet on its bright ridges.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, bright between the objects, such as membranes.
    seeds : ndarray of int, same shape
        A label for each object that is to grow, 0 elsewhere.
    mask : ndarray of bool or int, same shape, optional
        Where the seeds may grow, for instance the foreground; all pixels by default.
    connectivity : {"face", "full"}
        Which neighbours a seed grows to: those that share an edge in 2D or a face in 3D,
        or also those over corners.
    compactness : float
        Larger values give objects of a more even shape, which follow the image less; in
        the image's own range per pixel of distance from the seed.
    watershed_line : bool
        Leave a line of background, one pixel wide, between the objects.

    Returns
    -------
    labels : ndarray of int32 or int64, same shape
        The seeds, grown until they fill the image or the mask; all 0 if there is no seed.

    Raises
    ------
    TypeError
        If the seeds are not whole numbers.
    ValueError
        If `compactness` is negative, the shapes differ, or the image is empty or holds NaN
        or infinity.

    See Also
    --------
    local_minima_seeded_watershed : Finds the seeds as well.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).
    .. [2] Neubert and Protzel, "Compact watershed and preemptive SLIC", International
           Conference on Pattern Recognition (2014), 996-1001,
           https://doi.org/10.1109/ICPR.2014.181
    .. [3] `skimage.segmentation.watershed`, whose results these are.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.array([[0, 1, 9, 1, 0]] * 2)
    >>> seeds = np.array([[1, 0, 0, 0, 2]] * 2)
    >>> segmentation.seeded_watershed(image, seeds)[0]
    array([1, 1, 1, 2, 2], dtype=int32)
    """
    return building_blocks.watershed(
        image, seeds, mask, connectivity, compactness=compactness, line=watershed_line
    )


@operation
def local_minima_seeded_watershed(
    image: Image,
    *,
    spot_sigma: Annotated[Length, Range(0)] = voxels(10),
    outline_sigma: Annotated[Length, Range(0)] = voxels(0),
    minimum_intensity: float | None = None,
    spacing: Spacing = 1.0,
) -> Labels:
    """Find cells between bright membranes: seeds at dark places, grown to the membranes.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype, bright on the membranes.
    spot_sigma : float or Voxels
        Sigma of the Gaussian before the darkest places are searched, about half the radius
        of a cell: larger values give fewer cells. In the units of `spacing` or `voxels(n)`.
    outline_sigma : float or Voxels
        Sigma of the Gaussian before the seeds grow: larger values give smoother outlines.
    minimum_intensity : float or None
        Remove cells whose mean intensity in `image` is this or less, in the image's own
        range, and renumber the rest; None keeps all.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, same shape
        Cells numbered from 1. Without `minimum_intensity` they fill the image; a constant
        image has none.

    Raises
    ------
    ValueError
        If a sigma is negative, or the image is empty or holds NaN or infinity.

    See Also
    --------
    seeded_watershed : With seeds of your own.

    References
    ----------
    .. [1] Beucher and Lantuejoul, "Use of watersheds in contour detection", International
           Workshop on Image Processing (1979).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.zeros((21, 41)); image[:, 20] = 1
    >>> labels = segmentation.local_minima_seeded_watershed(image, spot_sigma=4)
    >>> int(labels.max())
    2
    """
    from scipy import ndimage
    from skimage.morphology import local_minima

    dark = local_minima(building_blocks.gaussian(image, length_per_axis(spot_sigma, spacing)))
    seeds = building_blocks.connected_components(dark)
    ridges = building_blocks.gaussian(image, length_per_axis(outline_sigma, spacing))
    labels = building_blocks.watershed(ridges, seeds)
    if minimum_intensity is None or not labels.any():
        return labels
    numbers = np.arange(1, labels.max() + 1)
    keep = np.asarray(ndimage.mean(image, labels, numbers)) > minimum_intensity
    table = np.concatenate([[0], np.where(keep, np.cumsum(keep), 0)]).astype(np.int32)
    return np.asarray(table[labels])


@operation(version=2)
def distance_transform_watershed(
    mask: Mask,
    image: Image | None = None,
    *,
    declump_by: Literal["shape", "intensity"] = "shape",
    sigma: Annotated[Length, Range(0)] = voxels(1),
    seeds: Literal["regional", "local"] = "local",
    minimum_distance: Annotated[Length, Range(0)] = voxels(8),
    minimum_intensity: float | None = None,
    maximum_seeds: Annotated[int, Range(1)] | None = None,
    exclude_border: Annotated[Length, Range(0)] = voxels(0),
    seed_radius: Annotated[Length, Range(0)] = voxels(0),
    connectivity: Literal["face", "full"] = "face",
    compactness: Annotated[float, Range(0)] = 0.0,
    watershed_line: bool = False,
    spacing: Spacing = 1.0,
) -> Labels:
    """Cut objects that touch apart between the deepest or the brightest places in them.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    image : ndarray, same shape, optional
        Intensities, bright in the middle of objects, needed to declump by intensity.
    declump_by : {"shape", "intensity"}
        Where objects are cut: at narrow places, by the distance to the background, or
        along dark lines of the image.
    sigma : float or Voxels
        Sigma of the Gaussian that smooths the distance or the image before seeds are
        searched. In the units of `spacing` or as `voxels(n)`.
    seeds : {"local", "regional"}
        One seed per object: the highest pixel within `minimum_distance`, or every maximum
        of the smoothed distance or image, which `sigma` alone makes fewer.
    minimum_distance : float or Voxels
        Local seeds are at least this far apart.
    minimum_intensity : float or None
        Local seeds must be higher than this in the smoothed distance (in the units of
        `spacing`) or image; None takes all.
    maximum_seeds : int or None
        Keep only so many local seeds, the highest; None keeps all.
    exclude_border : float or Voxels
        Local seeds must be at least this far from the edges of the image; an axis of one
        pixel has none.
    seed_radius : float or Voxels
        Seeds are widened by this before they grow, so that close ones become one.
    connectivity : {"face", "full"}
        Which neighbours a seed grows to: those that share an edge in 2D or a face in 3D,
        or also those over corners.
    compactness : float
        Larger values give objects of a more even shape.
    watershed_line : bool
        Leave a line of background, one pixel wide, between the objects.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    labels : ndarray of int32, same shape
        Objects numbered from 1. A piece of the mask without a seed stays background; seeds
        that became one give one object, also across background.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If a setting is out of its range, `declump_by` is "intensity" and there is no image,
        the shapes differ, or an image is empty or holds NaN or infinity.

    See Also
    --------
    binary_watershed : Cuts by shape with a single setting, as ImageJ does.

    Notes
    -----
    The settings of CellProfiler's Watershed module, with lengths in physical units.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability",
           BMC Bioinformatics 22 (2021), 433, https://doi.org/10.1186/s12859-021-04344-9

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.ogrid[:30, :50]
    >>> mask = ((y - 15)**2 + (x - 15)**2 < 100) | ((y - 15)**2 + (x - 33)**2 < 100)
    >>> int(segmentation.distance_transform_watershed(mask).max())
    2
    """
    if declump_by == "intensity" and image is None:
        raise ValueError("declump_by 'intensity' needs an image; give one, or choose 'shape'")
    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    if declump_by == "shape" or image is None:
        inner = building_blocks.distance_inside(mask, spacing)
    else:
        inner = building_blocks.as_float(image)
    smooth = building_blocks.gaussian(inner, length_per_axis(sigma, spacing))
    if seeds == "regional":
        from skimage.morphology import local_maxima

        peaks = local_maxima(smooth) & mask
    else:
        peaks = _local_peaks(
            smooth,
            mask,
            building_blocks.radius_per_axis(
                minimum_distance, spacing, mask.shape, "minimum_distance"
            ),
            length_per_axis(exclude_border, spacing),
            minimum_intensity,
            maximum_seeds,
        )
    radius = building_blocks.radius_per_axis(seed_radius, spacing, mask.shape, "seed_radius")
    wide = building_blocks.flat_extremum(peaks, radius, "ball", "maximum")
    markers = building_blocks.connected_components(wide)
    return building_blocks.watershed(
        -smooth, markers, mask, connectivity, compactness=compactness, line=watershed_line
    )


def _local_peaks(
    image: NDArray[Any],
    mask: NDArray[np.bool_],
    distance: tuple[float, ...],
    border: tuple[float, ...],
    minimum: float | None,
    most: int | None,
) -> NDArray[np.bool_]:
    """Mark pixels that are the highest within a distance; a plateau counts as its middle."""
    from skimage.feature import peak_local_max

    footprint = building_blocks.offsets_within(tuple(max(entry, 1) for entry in distance), "ball")
    low = float(image.min()) if minimum is None else minimum
    places = peak_local_max(
        np.where(mask, image, image.min()),
        footprint=footprint,
        threshold_abs=low,
        exclude_border=tuple(
            int(entry) if size > 1 else 0 for entry, size in zip(border, mask.shape, strict=True)
        ),
        num_peaks=np.inf if most is None else most,
        labels=mask.astype(np.int32),
    )
    peaks = np.zeros(mask.shape, bool)
    peaks[tuple(places.T)] = True
    return peaks


class SplitMask(NamedTuple):
    """Hold what `binary_watershed` cuts."""

    split_mask: Mask
    labels: Labels


@operation
def binary_watershed(
    mask: Mask,
    *,
    prominence: Annotated[Length, Range(0)] = voxels(0.5),
    spacing: Spacing = 1.0,
) -> SplitMask:
    """Cut particles that touch apart by lines one pixel wide, as ImageJ's Watershed does.

    Parameters
    ----------
    mask : (Y, X) or (Z, Y, X) ndarray of bool or int
        Foreground; of integers, everything above 0.
    prominence : float or Voxels
        How much narrower than its two parts a particle must be where it is cut, counted
        as distance to the background: larger values cut less. In the units of `spacing` or
        as `voxels(n)`; ImageJ's value is half a pixel.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    split_mask : ndarray of bool, same shape
        The mask without the lines.
    labels : ndarray of int32, same shape
        The pieces, numbered from 1 in the order in which a scan meets them.

    Raises
    ------
    TypeError
        If the mask holds floats.
    ValueError
        If `prominence` is negative, or the mask is empty.

    See Also
    --------
    distance_transform_watershed : With many settings.
    ultimate_points : The points from which the pieces grow.

    Notes
    -----
    Seeds are the maxima of the distance to the background, whose height is estimated
    between the pixels. In 2D they grow over the rounded distance map in the way of ImageJ;
    on its sample image "blobs" the result is the same to the pixel. In 3D, where ImageJ
    cuts every slice for itself, they grow over the distance itself, and a pixel that
    touches a piece with a lower number becomes part of the line. The outside of the image
    does not count as background.

    References
    ----------
    .. [1] `ij.plugin.filter.EDM` of ImageJ,
           https://imagej.net/ij/docs/menus/process.html#watershed

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.ogrid[:30, :50]
    >>> mask = ((y - 15)**2 + (x - 15)**2 < 100) | ((y - 15)**2 + (x - 33)**2 < 100)
    >>> int(segmentation.binary_watershed(mask).labels.max())
    2
    """
    from napari_delineate.kernels.line_watershed import grow_apart
    from napari_delineate.kernels.prominence import prominent_maxima
    from napari_delineate.kernels.ridges import ridge_heights

    if not mask.any():
        return SplitMask(np.zeros(mask.shape, bool), np.zeros(mask.shape, np.int32))
    distance = building_blocks.distance_inside(mask, spacing)
    heights = ridge_heights(distance, spacing)
    _, areas = prominent_maxima(heights, length_in_units(prominence, spacing), mask)
    if mask.ndim == 2:
        split = grow_apart(_rounded_levels(distance / np.min(spacing), areas))
        return SplitMask(split, building_blocks.connected_components(split))
    pieces = building_blocks.watershed(-distance, areas, mask, "full")
    split = (pieces > 0) & ~_touches_lower(pieces)
    return SplitMask(split, building_blocks.connected_components(split))


def _rounded_levels(distance: NDArray[Any], areas: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Return a distance map in pixels as ImageJ rounds it, with 255 on the areas."""
    rise = float(distance.max()) - 1
    step = max(1.0, rise / 253)
    shift = rise * (1 / 506 - 1e-6)
    levels = np.floor((distance - 1 + shift) / step + 1.5).clip(1, 254)
    levels[distance == 0] = 0
    levels[areas > 0] = 255
    return np.asarray(levels, np.uint8)


def _touches_lower(labels: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Mark pixels that touch a pixel of a label below their own, background apart."""
    from scipy import ndimage

    above = np.where(labels > 0, labels, np.iinfo(np.int32).max)
    return np.asarray(ndimage.minimum_filter(above, 3, mode="nearest") < labels)
