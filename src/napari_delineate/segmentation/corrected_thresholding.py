"""Threshold as CellProfiler does: corrected, bounded, smoothed, adapted to uneven light."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from napari_delineate.declaration import Scope, operation
from napari_delineate.thresholds import cellprofiler
from napari_delineate.thresholds.levels import intensity_levels
from napari_delineate.thresholds.robust_background import RobustBackground, robust_background_level
from napari_delineate.types import Image, Length, Mask, Range, Spacing, voxels

__all__ = ["robust_background_threshold", "cellprofiler_threshold"]


@operation(locality=Scope.STATISTIC)
def robust_background_threshold(
    image: Image,
    mask: Mask | None = None,
    *,
    lower_outlier_fraction: Annotated[float, Range(0, 0.49)] = 0.05,
    upper_outlier_fraction: Annotated[float, Range(0, 0.49)] = 0.05,
    average: Literal["mean", "median", "mode"] = "mean",
    deviation: Literal["standard_deviation", "median_absolute_deviation"] = "standard_deviation",
    number_of_deviations: float = 2.0,
) -> Mask:
    """Mark pixels brighter than the background by some of its deviations.

    The darkest and brightest pixels are left out as outliers; what remains is the
    background, with a level and a spread.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright and cover a small part.
    mask : ndarray of bool or int, same shape, optional
        Pixels from which the threshold is found; it is applied to all. None takes all.
    lower_outlier_fraction : float
        Share of the darkest pixels that is left out.
    upper_outlier_fraction : float
        Share of the brightest pixels that is left out.
    average : {"mean", "median", "mode"}
        What stands for the level of the background.
    deviation : {"standard_deviation", "median_absolute_deviation"}
        What stands for its spread.
    number_of_deviations : float
        How many spreads the threshold lies above the level; negative lies below.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than the threshold; False everywhere in an image
        that is constant where it counts.

    Raises
    ------
    ValueError
        If a fraction is not 0 to 0.49, the shapes differ, or the image is empty or holds NaN
        or infinity.

    Notes
    -----
    The mode is the centre of the fullest of as many bins as the root of the number of pixels;
    CellProfiler takes that bin's place for a percentile instead.

    References
    ----------
    .. [1] CellProfiler, module "Threshold", method "Robust Background",
           https://cellprofiler.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.arange(100).reshape(10, 10) % 7; image[4, 4:6] = 50
    >>> int(segmentation.robust_background_threshold(image).sum())
    2
    """
    settings = RobustBackground(
        lower_outlier_fraction, upper_outlier_fraction, average, deviation, number_of_deviations
    )
    if mask is not None and not mask.any():
        return np.zeros(image.shape, bool)
    levels = intensity_levels(image, mask)
    if levels.is_constant:
        return np.zeros(image.shape, bool)
    return np.asarray(image > np.float64(robust_background_level(levels, settings)))


@operation
def cellprofiler_threshold(
    image: Image,
    mask: Mask | None = None,
    *,
    strategy: Literal["global", "adaptive"] = "global",
    method: Literal[
        "minimum_cross_entropy",
        "otsu",
        "otsu_three_classes",
        "robust_background",
        "sauvola",
    ] = "minimum_cross_entropy",
    window: Annotated[Length, Range(0)] = voxels(50),
    middle_class: Literal["foreground", "background"] = "foreground",
    lower_outlier_fraction: Annotated[float, Range(0, 0.49)] = 0.05,
    upper_outlier_fraction: Annotated[float, Range(0, 0.49)] = 0.05,
    average: Literal["mean", "median", "mode"] = "mean",
    deviation: Literal["standard_deviation", "median_absolute_deviation"] = "standard_deviation",
    number_of_deviations: float = 2.0,
    scale: Literal["linear", "logarithmic"] = "linear",
    smoothing_scale: Annotated[Length, Range(0)] = voxels(1.3488),
    correction_factor: Annotated[float, Range(0)] = 1.0,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    spacing: Spacing = 1.0,
) -> Mask:
    """Smooth, and mark what reaches a corrected threshold of the image or of its blocks.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright.
    mask : ndarray of bool or int, same shape, optional
        Pixels that count: nothing outside has an effect or is foreground. None takes all.
    strategy : {"global", "adaptive"}
        One threshold for the image, or one for each block, blended into one per pixel, which
        stays between 0.7 and 1.5 times that of the whole image.
    method : str
        How a threshold is found: with the least cross entropy (Li), after Otsu for two or
        three classes, from the background without outliers, or from mean and deviation of a
        window around each pixel (Sauvola, adaptive only).
    window : float or Voxels
        Width of a block, or of Sauvola's window, in the units of `spacing` or as `voxels(n)`.
    middle_class : {"foreground", "background"}
        Where the middle of three classes goes.
    lower_outlier_fraction : float
        For the background: share of the darkest pixels that is left out.
    upper_outlier_fraction : float
        For the background: share of the brightest pixels that is left out.
    average : {"mean", "median", "mode"}
        For the background: what stands for its level.
    deviation : {"standard_deviation", "median_absolute_deviation"}
        For the background: what stands for its spread.
    number_of_deviations : float
        For the background: how many spreads the threshold lies above the level.
    scale : {"linear", "logarithmic"}
        Whether the threshold is found from intensities or from their logarithms, which suits
        objects of very different brightness; not for Sauvola.
    smoothing_scale : float or Voxels
        Diameter that holds half of the weight of the Gaussian with which the image is blurred
        before it is compared; 0 does not blur. In the units of `spacing` or as `voxels(n)`.
    correction_factor : float
        The threshold is multiplied by it: more than 1 marks less.
    lower_bound : float or None
        The threshold is no less, in the image's own range.
    upper_bound : float or None
        The threshold is no more, in the image's own range.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the blurred image is at or above the threshold; False everywhere in an image
        that is constant inside the mask.

    Raises
    ------
    ValueError
        If settings contradict each other, logarithms are asked of an image with negative
        intensities, the shapes differ, or the image is empty or holds NaN or infinity.

    Notes
    -----
    Thresholds are in the image's own range; CellProfiler's are for 0..1. Zeros in a block count
    as any intensity, blocks are three-dimensional in a volume, and a window of more than half
    of the image gives one block along that axis; CellProfiler leaves zeros out, goes slice by
    slice, and refuses such a window.

    References
    ----------
    .. [1] Stirling et al., "CellProfiler 4: improvements in speed, utility and usability", BMC
           Bioinformatics 22 (2021), 433, https://doi.org/10.1186/s12859-021-04344-9, whose
           module "Threshold" this follows.
    .. [2] Padmanabhan, Eddy and Crowley, "A novel algorithm for optimal image thresholding of
           biological data", Journal of Neuroscience Methods 193 (2010), 380-384,
           https://doi.org/10.1016/j.jneumeth.2010.08.031

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.full((30, 30), 10); image[10:20, 10:20] = 90
    >>> int(segmentation.cellprofiler_threshold(image, smoothing_scale=0).sum())
    100
    """
    settings = cellprofiler.ThresholdSettings(
        strategy=strategy,
        method=method,
        window=window,
        middle_class=middle_class,
        robust_background=RobustBackground(
            lower_outlier_fraction, upper_outlier_fraction, average, deviation, number_of_deviations
        ),
        log_transform=scale == "logarithmic",
        smoothing_scale=smoothing_scale,
        correction_factor=correction_factor,
        lower_bound=lower_bound,
        upper_bound=upper_bound,
    )
    return cellprofiler.cellprofiler_threshold(image, mask, settings, spacing).mask
