"""Find nuclei and other well separated objects as CellProfiler does."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, clumps, outlines
from napari_delineate.declaration import operation
from napari_delineate.foregrounds import find_foreground, floats_of, turned
from napari_delineate.thresholds.cellprofiler import Threshold, ThresholdSettings
from napari_delineate.thresholds.robust_background import RobustBackground
from napari_delineate.types import (
    Image,
    Labels,
    Length,
    Mask,
    Range,
    Spacing,
    Table,
    length_in_units,
    spacing_per_axis,
    voxels,
)

__all__ = ["identify_primary_objects"]

_KEPT, _TOO_SMALL, _TOO_LARGE, _AT_BORDER = 1, 2, 3, 4


class PrimaryObjects(NamedTuple):
    """Hold what `identify_primary_objects` found."""

    objects: Labels
    categories: Labels
    summary: Table


@operation
def identify_primary_objects(
    image: Image,
    mask: Mask | None = None,
    *,
    minimum_diameter: Annotated[Length, Range(0)] = voxels(10),
    maximum_diameter: Annotated[Length, Range(0)] = voxels(40),
    brightness: Literal["bright", "dark"] = "bright",
    discard_outside_diameters: bool = True,
    discard_border: bool = True,
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
    threshold_smoothing: Annotated[Length, Range(0)] = voxels(1.3488),
    correction_factor: Annotated[float, Range(0)] = 1.0,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    divide_by: Literal["intensity", "shape", "none"] = "intensity",
    dividing_lines: Literal["intensity", "shape", "propagate", "none"] = "intensity",
    maxima_smoothing: Annotated[Length, Range(0)] | None = None,
    maxima_distance: Annotated[Length, Range(0)] | None = None,
    coarse_maxima: bool = True,
    fill_holes: Literal["before_and_after_division", "after_division", "never"] = (
        "before_and_after_division"
    ),
    maximum_number: Annotated[int, Range(1)] | None = None,
    spacing: Spacing = 1.0,
) -> PrimaryObjects:
    """Find objects such as nuclei: threshold, divide clumps, discard by size and border.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool or int, same shape, optional
        Pixels that count; nothing is found elsewhere.
    minimum_diameter, maximum_diameter : float or Voxels
        Diameters of the disk or ball as large as the smallest and largest object, in the
        units of `spacing` or as `voxels(n)`. The smoothing and the distance between maxima
        follow from the minimum, unless they are given.
    brightness : {"bright", "dark"}
        Whether objects are brighter or darker than the background.
    discard_outside_diameters : bool
        Discard objects smaller or larger than the diameters say.
    discard_border : bool
        Discard objects that touch the border of the image or of `mask`.
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
    divide_by : {"intensity", "shape", "none"}
        Where touching objects have their middle: where they are brightest, or farthest from
        the background; or do not divide them.
    dividing_lines : {"intensity", "shape", "propagate", "none"}
        Where to divide: along dark valleys, at narrow places, halfway, or not at all.
    maxima_smoothing : float, Voxels or None
        Width at half height of the Gaussian before brightest places are searched; None for
        0.67 times the minimum diameter.
    maxima_distance : float, Voxels or None
        Least distance between the middles of two objects; None for 2/3 of the minimum
        diameter, 0.7 times on a coarse grid.
    coarse_maxima : bool
        Search the middles on a grid with 10 pixels across the smallest object, where that
        is coarser than the image: faster and less sensitive to texture.
    fill_holes : {"before_and_after_division", "after_division", "never"}
        When to fill holes: before the division those narrower than the maximum diameter,
        after it all that one object encloses.
    maximum_number : int or None
        Where more objects are found the image is taken to be out of focus or empty, and
        all are erased; None for any number.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    objects : ndarray of int32, same shape
        The objects kept, numbered from 1; 0 for background.
    categories : ndarray of int32, same shape
        What became of everything that was found: 1 kept, 2 too small, 3 too large, 4 at
        the border.
    summary : DataFrame
        One row: how many objects fell in each category, how many were erased for being too
        many, the threshold (its mean where it is adaptive) and the threshold of the whole
        image that guided it.

    Raises
    ------
    ValueError
        If a setting is out of range, the smallest diameter is above the largest, "sauvola"
        is asked for with the strategy "global", the shapes differ, or the image is empty or
        holds NaN or infinity.

    See Also
    --------
    identify_secondary_objects : Grows cells around the objects.

    Notes
    -----
    Differences to CellProfiler: volumes and voxel sizes; the border of the mask counts also
    when an object touches that of the image; of equally high maxima within the distance one
    counts, instead of random numbers; pieces that the coarse grid misses stay; the coarse
    grid is sampled with linear interpolation.

    References
    ----------
    .. [1] Carpenter et al., "CellProfiler: image analysis software for identifying and
           quantifying cell phenotypes", Genome Biology 7 (2006), R100,
           https://doi.org/10.1186/gb-2006-7-10-r100; module IdentifyPrimaryObjects.
    .. [2] Malpica et al., "Applying watershed algorithms to the segmentation of clustered
           nuclei", Cytometry 28 (1997), 289-297.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> y, x = np.ogrid[:40, :60]
    >>> image = np.maximum(15 - np.hypot(y - 20, x - 20), 15 - np.hypot(y - 20, x - 40))
    >>> found = segmentation.identify_primary_objects(np.clip(image, 0, 9), divide_by="shape")
    >>> int(found.objects.max())
    2
    """  # noqa: E501
    grid = spacing_per_axis(spacing, image.ndim)
    smallest = length_in_units(minimum_diameter, grid)
    largest = length_in_units(maximum_diameter, grid)
    if largest < smallest:
        raise ValueError(
            f"maximum_diameter must be at least minimum_diameter ({minimum_diameter}); "
            f"got {maximum_diameter}"
        )
    found = find_foreground(
        image,
        mask,
        threshold,
        ThresholdSettings(
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
        ),
        grid,
        is_dark=brightness == "dark",
    )
    if fill_holes == "before_and_after_division":
        # Those as large as a square or cube of the largest diameter stay.
        widest = outlines.cube_size(largest, image.shape) * (1 - building_blocks.ROUNDING)
        limit = widest / outlines.pixel_size(grid, image.shape)
        filled = outlines.fill_objects(found.mask.astype(np.int32), limit) > 0
    else:
        filled = found.mask
    labels = building_blocks.connected_components(filled)
    if divide_by != "none" and dividing_lines != "none":
        size = 2.35 / 3.5 * smallest
        if maxima_smoothing is not None:
            size = length_in_units(maxima_smoothing, grid)
        coarse = smallest if coarse_maxima else 0.0
        distance = _automatic_distance(smallest, coarse, grid)
        if maxima_distance is not None:
            distance = length_in_units(maxima_distance, grid)
        division = clumps.Division(divide_by, dividing_lines, size, distance, coarse)
        heights = turned(image) if brightness == "dark" else floats_of(image)
        labels = clumps.divide(heights, mask, labels, division, grid)
    numbers, sizes = outlines.object_sizes(labels, grid)
    fates = np.full(len(numbers), _KEPT)
    if discard_outside_diameters:
        fates[sizes < outlines.ball_size(smallest, image.shape)] = _TOO_SMALL
        fates[sizes > outlines.ball_size(largest, image.shape)] = _TOO_LARGE
    if discard_border:
        fates[np.isin(numbers, outlines.labels_at_border(labels, mask))] = _AT_BORDER
    too_many = maximum_number is not None and (fates == _KEPT).sum() > maximum_number
    return _sort_out(labels, numbers, fates, found, fill_holes != "never", too_many)


def _automatic_distance(smallest: float, coarse: float, spacing: Any) -> float:
    """Return the least distance between maxima that CellProfiler takes by itself."""
    return (0.7 if coarse > 10 * min(spacing) else 1 / 1.5) * smallest


def _sort_out(
    labels: NDArray[Any],
    numbers: NDArray[Any],
    fates: NDArray[Any],
    found: Threshold,
    fill: bool,
    erase: bool,
) -> PrimaryObjects:
    """Keep the objects that are to be kept, and say what became of all."""
    import fastremap
    import pandas as pd

    table = np.zeros(int(numbers.max(initial=0)) + 1, np.int32)
    table[numbers] = fates
    categories = table[labels]
    objects = np.where((categories == _KEPT) & (not erase), labels, 0)
    if fill:
        objects = outlines.fill_objects(objects)
        categories[objects > 0] = _KEPT
    if erase:
        categories[categories == _KEPT] = 0
    counts = np.bincount(fates, minlength=_AT_BORDER + 1)
    summary = pd.DataFrame(
        {
            "kept": [0 if erase else counts[_KEPT]],
            "too_small": [counts[_TOO_SMALL]],
            "too_large": [counts[_TOO_LARGE]],
            "at_border": [counts[_AT_BORDER]],
            "erased": [counts[_KEPT] if erase else 0],
            "threshold": [float(np.mean(found.level))],
            "guiding_threshold": [float(found.guide)],
        }
    )
    summary.attrs["units"] = dict.fromkeys(summary.columns, "")
    numbered, _ = fastremap.renumber(objects, in_place=True)
    return PrimaryObjects(numbered.astype(np.int32, copy=False), categories, summary)
