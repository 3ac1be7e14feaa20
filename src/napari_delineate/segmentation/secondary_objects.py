"""Grow cells around their nuclei as CellProfiler does, and take the nuclei out."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, outlines
from napari_delineate.declaration import operation
from napari_delineate.foregrounds import find_foreground, floats_of
from napari_delineate.thresholds.cellprofiler import ThresholdSettings
from napari_delineate.thresholds.robust_background import RobustBackground
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    length_in_units,
    spacing_per_axis,
    voxels,
)

__all__ = ["identify_secondary_objects", "identify_tertiary_objects"]


class SecondaryObjects(NamedTuple):
    """Hold what `identify_secondary_objects` found."""

    secondary: Labels
    primary_kept: Labels


@operation
def identify_secondary_objects(
    image: Image,
    primary: Labels,
    found: Mask | None = None,
    mask: Mask | None = None,
    *,
    grow_by: Literal[
        "propagation", "watershed_gradient", "watershed_image", "distance", "distance_in_foreground"
    ] = "propagation",
    regularization: Annotated[float, Range(0.001)] = 0.05,
    distance: Annotated[Length, Range(0)] = voxels(10),
    threshold: float | None = None,
    threshold_strategy: Literal["global", "adaptive"] = "global",
    threshold_method: Literal[
        "minimum_cross_entropy", "otsu", "otsu_three_classes", "robust_background", "sauvola"
    ] = "minimum_cross_entropy",
    threshold_window: Annotated[Length, Range(0)] = voxels(50),
    middle_class: Literal["foreground", "background"] = "foreground",
    lower_outlier_fraction: Annotated[float, Range(0, 1)] = 0.05,
    upper_outlier_fraction: Annotated[float, Range(0, 1)] = 0.05,
    average: Literal["mean", "median", "mode"] = "mean",
    deviation: Literal["standard_deviation", "median_absolute_deviation"] = "standard_deviation",
    number_of_deviations: float = 2.0,
    log_transform: bool = False,
    threshold_smoothing: Annotated[Length, Range(0)] = voxels(0),
    correction_factor: Annotated[float, Range(0)] = 1.0,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    fill_holes: bool = True,
    discard_border: bool = False,
    spacing: Spacing = 1.0,
) -> SecondaryObjects:
    """Grow an object around each primary object, such as the cell around a nucleus.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; the objects to find are bright.
    primary : ndarray of int, same shape
        Labelled objects to grow from, such as nuclei; 0 elsewhere.
    found : ndarray of bool or int, same shape, optional
        All that was found before objects were discarded, such as the categories of
        `identify_primary_objects`. What of it touches the border and is no primary object
        grows as well, so that cells do not take its ground, and is then removed.
    mask : ndarray of bool or int, same shape, optional
        Pixels that count. Objects grow nowhere else.
    grow_by : {"propagation", "watershed_gradient", "watershed_image", "distance", "distance_in_foreground"}
        How objects grow into the foreground: along paths with little change of brightness;
        up to ridges of the gradient; up to dark valleys; or by a distance, everywhere or
        in the foreground only.
    regularization : float
        For "propagation": cost of a voxel's length, where a change from the darkest to the
        brightest intensity costs 1: small values follow the image, large ones give lines
        halfway between the primary objects. At least 0.001.
    distance : float or Voxels
        For the distances: how far objects grow, in the units of `spacing` or as `voxels(n)`.
    threshold : float or None
        Threshold in the image's own range; None to find one.
    threshold_strategy : {"global", "adaptive"}
        One threshold for the image, or one for each block, blended into one per pixel.
    threshold_method : {"minimum_cross_entropy", "otsu", "otsu_three_classes", "robust_background", "sauvola"}
        How the threshold is found. "sauvola" needs the strategy "adaptive".
    threshold_window : float or Voxels
        Width of a block of the adaptive strategy.
    middle_class : {"foreground", "background"}
        Where the middle of three classes goes.
    lower_outlier_fraction, upper_outlier_fraction : float
        For "robust_background": shares of the darkest and brightest pixels left out.
    average : {"mean", "median", "mode"}
        For "robust_background": what stands for the level of the background.
    deviation : {"standard_deviation", "median_absolute_deviation"}
        For "robust_background": what stands for its spread.
    number_of_deviations : float
        For "robust_background": how many spreads the threshold lies above the level.
    log_transform : bool
        Find the threshold on a logarithmic scale of intensity.
    threshold_smoothing : float or Voxels
        Diameter that holds half of the weight of the Gaussian before the threshold.
    correction_factor : float
        The threshold is multiplied by it.
    lower_bound, upper_bound : float or None
        The threshold is not below or above these, in the image's own range.
    fill_holes : bool
        Fill what a single object encloses.
    discard_border : bool
        Discard objects that touch the border of the image or of `mask`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    secondary : ndarray of int32 or int64, same shape
        The grown objects with the numbers of their primary objects, which lie inside them.
    primary_kept : ndarray of int32 or int64, same shape
        The primary objects whose secondary object was not discarded.

    Raises
    ------
    TypeError
        If `primary` is not whole numbers.
    ValueError
        If a setting is out of range, "sauvola" is asked for with the strategy "global", the
        shapes differ, or the image is empty or holds NaN or infinity.

    See Also
    --------
    identify_primary_objects : Finds the nuclei.
    identify_tertiary_objects : Takes the nuclei out of the cells.

    Notes
    -----
    Differences to CellProfiler: volumes and voxel sizes; the gradient is that along all
    axes, not along the last; objects keep the numbers of their primary objects also where
    some are discarded; `regularization` is relative to the range of the image, not to that
    of its dtype. The costs of "propagation" in volumes are such that a stack of equal
    slices gives what one slice gives.

    References
    ----------
    .. [1] Jones, Carpenter and Golland, "Voronoi-based segmentation of cells on image
           manifolds", Computer Vision for Biomedical Image Applications (2005), 535-543,
           https://doi.org/10.1007/11569541_54
    .. [2] Carpenter et al., "CellProfiler: image analysis software for identifying and
           quantifying cell phenotypes", Genome Biology 7 (2006), R100,
           https://doi.org/10.1186/gb-2006-7-10-r100; module IdentifySecondaryObjects.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> nuclei = np.zeros((9, 12), int); nuclei[4, 2] = 5; nuclei[4, 9] = 8
    >>> cells = segmentation.identify_secondary_objects(nuclei > 0, nuclei, grow_by="distance")
    >>> cells.secondary[4]
    array([5, 5, 5, 5, 5, 5, 8, 8, 8, 8, 8, 8], dtype=int32)
    """  # noqa: E501
    grid = spacing_per_axis(spacing, image.ndim)
    reach = length_in_units(distance, grid)
    numbers, dense = _dense(primary)
    seeds = _with_rivals(dense, found)
    if grow_by == "distance":
        grown = building_blocks.expanded(seeds, reach, grid)
        if mask is not None:
            grown[~mask] = 0
    else:
        settings = ThresholdSettings(
            strategy=threshold_strategy,
            method=threshold_method,
            window=threshold_window,
            middle_class=middle_class,
            robust_background=RobustBackground(
                lower_outlier_fraction,
                upper_outlier_fraction,
                average,
                deviation,
                number_of_deviations,
            ),
            log_transform=log_transform,
            smoothing_scale=threshold_smoothing,
            correction_factor=correction_factor,
            lower_bound=lower_bound,
            upper_bound=upper_bound,
        )
        foreground = find_foreground(image, mask, threshold, settings, grid).mask
        grown = _grown(image, seeds, foreground, mask, grow_by, regularization, reach, grid)
    if fill_holes:
        grown = outlines.fill_objects(grown)
    # What was there before is not taken from anyone, wherever growing was allowed.
    grown = np.where(seeds > 0, seeds, grown)
    grown[grown >= len(numbers)] = 0  # the rivals
    if discard_border:
        gone = outlines.labels_at_border(grown, mask)
        numbers[gone] = 0
    return SecondaryObjects(numbers[grown], numbers[dense])


def _dense(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Renumber objects from 1, and return the old numbers by the new ones."""
    import fastremap

    dense, table = fastremap.renumber(labels, in_place=False)
    numbers = np.zeros(len(table.keys() | {0}), labels.dtype)
    for old, new in table.items():
        numbers[new] = old
    return numbers, dense.astype(np.int32)


def _with_rivals(primary: NDArray[np.int32], found: NDArray[np.bool_] | None) -> NDArray[np.int32]:
    """Add what was found at the border, with numbers above those of the primary objects."""
    if found is None:
        return primary
    others = building_blocks.connected_components(found & (primary == 0))
    numbers = outlines.labels_at_border(others)
    start = int(primary.max()) + 1
    table = np.zeros(int(others.max()) + 1, np.int32)
    table[numbers] = np.arange(start, start + len(numbers))
    return np.where(others > 0, table[others], primary)


def _grown(
    image: NDArray[Any],
    seeds: NDArray[Any],
    foreground: NDArray[np.bool_],
    mask: NDArray[np.bool_] | None,
    grow_by: str,
    regularization: float,
    reach: float,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    """Grow seeds into the foreground."""
    if grow_by in ("propagation", "distance_in_foreground"):
        from napari_delineate.kernels.propagation import propagate

        in_distance = grow_by == "distance_in_foreground"
        return propagate(
            _unit_range(image, mask),
            seeds,
            foreground,
            regularization=1.0 if in_distance else regularization,
            spacing=spacing,
            limit=reach / min(spacing) * (1 + building_blocks.ROUNDING) if in_distance else np.inf,
        )
    allowed = foreground | (seeds > 0)
    if mask is not None:
        allowed &= mask
    unit = _unit_range(image, mask)
    levels = _slope(unit, spacing) if grow_by == "watershed_gradient" else -unit
    return building_blocks.watershed(levels, seeds, allowed, "full")


def _unit_range(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> NDArray[np.float32]:
    """Return an image as floats from 0 to 1, by the range of the pixels that count."""
    inside = image if mask is None or not mask.any() else image[mask]
    low, high = float(inside.min()), float(inside.max())
    if low == high:
        return np.zeros(image.shape, np.float32)
    return np.asarray((floats_of(image) - low) / (high - low), np.float32)


def _slope(image: NDArray[np.float32], spacing: tuple[float, ...]) -> NDArray[np.float32]:
    """Return the magnitude of the gradient by Sobel's filter along every axis."""
    from scipy import ndimage

    squares = np.zeros_like(image)
    for axis, entry in enumerate(spacing):
        along = ndimage.sobel(image, axis) / np.float32(entry / min(spacing))
        squares += along * along
    return np.asarray(np.sqrt(squares, out=squares))


@operation(version=2)
def identify_tertiary_objects(
    secondary: Labels,
    primary: Labels,
    *,
    shrink: Annotated[Length, Range(0)] = voxels(1.5),
    spacing: Spacing = 1.0,
) -> Labels:
    """Take primary objects out of secondary ones, such as nuclei out of cells: cytoplasm.

    Parameters
    ----------
    secondary : (Y, X) or (Z, Y, X) ndarray of int
        Labelled larger objects, such as cells.
    primary : ndarray of int, same shape
        Labelled smaller objects inside, such as nuclei.
    shrink : float or Voxels
        How far primary objects shrink before, in the units of `spacing` or as `voxels(n)`,
        so that something is left where both have the same outline; 0 not to shrink them.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    tertiary : ndarray of int32 or int64, same shape
        What is left of the secondary objects, with their numbers.

    Raises
    ------
    TypeError
        If the labels are not whole numbers.
    ValueError
        If `shrink` is negative, the shapes differ, or the image is empty.

    See Also
    --------
    identify_secondary_objects : Grows the cells.

    Notes
    -----
    A pixel of a primary object within the distance of a pixel that does not belong to it is
    taken off; the outside of the image does not belong to it either, but an axis of one
    pixel has no outside. 1.5 pixels take off the outline of one pixel that CellProfiler
    takes off. An object of which nothing is left is absent; CellProfiler gives it a pixel.

    References
    ----------
    .. [1] Carpenter et al., "CellProfiler: image analysis software for identifying and
           quantifying cell phenotypes", Genome Biology 7 (2006), R100,
           https://doi.org/10.1186/gb-2006-7-10-r100; module IdentifyTertiaryObjects.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> cell = np.full((1, 7), 3); nucleus = np.array([[0, 3, 3, 3, 3, 3, 0]])
    >>> segmentation.identify_tertiary_objects(cell, nucleus)
    array([[3, 3, 0, 0, 0, 3, 3]], dtype=int32)
    """
    return np.where(_shrunk(primary, length_in_units(shrink, spacing), spacing), 0, secondary)


def _shrunk(labels: NDArray[Any], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Mark pixels of objects that are farther than a distance from everything else."""
    import edt

    if reach == 0:
        return labels > 0
    # Axes of one pixel have no outside.
    long = [axis for axis, size in enumerate(labels.shape) if size > 1]
    if not long:
        return np.zeros(labels.shape, bool)
    entries = [spacing_per_axis(spacing, labels.ndim)[axis] for axis in long]
    distances: Any = edt.edt(
        np.require(np.squeeze(labels), requirements="W"),
        anisotropy=entries if len(long) > 1 else entries[0],
        black_border=True,
        parallel=0,
    )
    return np.asarray(
        distances.reshape(labels.shape) > reach * (1 + building_blocks.DISTANCE_ROUNDING)
    )
