"""Separate foreground from background by mean and deviation of what is around."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.halos import window_halo
from napari_delineate.thresholds.comparison import (
    brighter,
    darker,
    full_range,
    scaled_to_one,
)
from napari_delineate.thresholds.windows import sauvola_levels, window_deviation
from napari_delineate.types import Image, Length, Mask, Range, Spacing, voxels

__all__ = ["niblack_threshold", "sauvola_threshold", "phansalkar_threshold"]


@operation(version=2, locality=window_halo)
def niblack_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    weight: float = 0.2,
    offset: float = 0.0,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels brighter than what is around them by a share of its deviation.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from a pixel to the edge of the window around it, more than the radius of an
        object, in the units of `spacing` or as `voxels(n)`.
    shape : {"box", "ball"}
        Shape of the window: a square or cube, or a disk or ball as in Fiji, which takes
        longer.
    weight : float
        How many standard deviations of the window a pixel must be brighter than its mean.
    offset : float
        How much brighter it must be on top, in the image's own range.
    objects : {"bright", "dark"}
        What is foreground; dark objects are found as bright ones in the negative.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than mean + `weight` * deviation + `offset`.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    The sign: here, as in Fiji for bright objects, a larger weight marks fewer pixels. For dark
    objects the threshold lies below the mean by as much, where Fiji wants the weight to be
    negative. `skimage.filters.threshold_niblack` subtracts k deviations: its k is -`weight`.
    Fiji's C is -`offset`. Beyond its borders the image is reflected.

    References
    ----------
    .. [1] Niblack, "An introduction to digital image processing", Prentice Hall (1986),
           115-116.
    .. [2] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.tile(np.arange(0, 90, 3), (30, 1)); image[15, 5] += 40; image[15, 25] += 40
    >>> np.argwhere(segmentation.niblack_threshold(image, radius=4, weight=2)).tolist()
    [[15, 5], [15, 25]]
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    mean = building_blocks.window_mean(image, voxel_radius, shape)
    margin = weight * window_deviation(image, mean, voxel_radius, shape) + offset
    return brighter(image, mean + margin) if objects == "bright" else darker(image, mean - margin)


@operation(version=2)
def sauvola_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    weight: float = 0.5,
    dynamic_range: Annotated[float, Range(1e-6)] | None = None,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels above a mean that is lowered where there is little contrast around.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from a pixel to the edge of the window around it, more than the radius of an
        object, in the units of `spacing` or as `voxels(n)`.
    shape : {"box", "ball"}
        Shape of the window: a square or cube, or a disk or ball as in Fiji, which takes
        longer.
    weight : float
        How far the threshold is below the mean of a window without contrast, as a share.
    dynamic_range : float or None
        Standard deviation of a window at which the threshold is its mean, in the
        image's own range. None takes half of 256 grey levels: 128 in bytes, else half of
        the range from the darkest to the brightest pixel.
    objects : {"bright", "dark"}
        Which side of the threshold is foreground.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than
        mean * (1 + `weight` * (deviation / `dynamic_range` - 1)), or, for dark objects, where
        it is not; False everywhere in a constant image.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    The method was made for dark text on bright paper; intensities count from 0, so that a
    camera's offset should be subtracted first. Beyond its borders the image is reflected.
    `skimage.filters.threshold_sauvola` has `weight` 0.2, and half of the range of the dtype
    for `dynamic_range`.

    References
    ----------
    .. [1] Sauvola and Pietikainen, "Adaptive document image binarization", Pattern
           Recognition 33 (2000), 225-236, https://doi.org/10.1016/S0031-3203(99)00055-2
    .. [2] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> page = np.tile(np.linspace(100, 200, 30), (30, 1)); page[15, 3:27] *= 0.3
    >>> int(segmentation.sauvola_threshold(page, radius=5, objects="dark").sum())
    24
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    full = full_range(image) / 2 if dynamic_range is None else dynamic_range
    mean = building_blocks.window_mean(image, voxel_radius, shape)
    deviation = window_deviation(image, mean, voxel_radius, shape)
    bright = brighter(image, sauvola_levels(mean, deviation, weight, full))
    return bright if objects == "bright" else ~bright


@operation(version=2)
def phansalkar_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    weight: float = 0.25,
    dynamic_range: Annotated[float, Range(1e-6)] = 0.5,
    dark_weight: float = 2.0,
    dark_decay: float = 10.0,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels above a mean that is lowered in low contrast and raised in the dark.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    radius : float or Voxels
        Distance from a pixel to the edge of the window around it, more than the radius of an
        object, in the units of `spacing` or as `voxels(n)`.
    shape : {"box", "ball"}
        Shape of the window: a square or cube, or a disk or ball as in Fiji, which takes
        longer.
    weight : float
        k of the paper: how far the threshold is below the mean of a window without contrast.
    dynamic_range : float
        r of the paper: standard deviation at which that has no effect, where
        intensities are scaled to 0..1.
    dark_weight : float
        p of the paper: how much the threshold is raised in the dark.
    dark_decay : float
        q of the paper: how fast that fades where it is brighter.
    objects : {"bright", "dark"}
        Which side of the threshold is foreground.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image, scaled to 0..1, is brighter than mean *
        (1 + p * exp(-q * mean) + k * (deviation / r - 1)), or, for dark objects, where it is
        not; False everywhere in a constant image.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    The method was made for dark nuclei in images of low contrast. Bytes are divided by 255 as
    in Fiji; all else is scaled so that its darkest pixel is 0 and its brightest 1. Beyond its
    borders the image is reflected.

    References
    ----------
    .. [1] Phansalkar, More, Sabale and Joshi, "Adaptive local thresholding for detection of
           nuclei in diversity stained cytology images", International Conference on
           Communications and Signal Processing (2011), 218-220,
           https://doi.org/10.1109/ICCSP.2011.5739305
    .. [2] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.full((30, 30), 0.8); image[0] = 1; image[-1] = 0; image[12:15, 12:15] = 0.2
    >>> int(segmentation.phansalkar_threshold(image, radius=5, objects="dark")[5:-6].sum())
    9
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    pixels = scaled_to_one(image)
    mean = building_blocks.window_mean(pixels, voxel_radius, shape)
    deviation = window_deviation(pixels, mean, voxel_radius, shape)
    in_the_dark = mean * dark_weight * np.exp(-dark_decay * mean)
    bright = brighter(pixels, sauvola_levels(mean, deviation, weight, dynamic_range) + in_the_dark)
    return bright if objects == "bright" else ~bright
