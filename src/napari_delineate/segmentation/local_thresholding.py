"""Separate foreground from background by brightness relative to what is around."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.halos import window_halo
from napari_delineate.thresholds.comparison import (
    GREY_LEVELS,
    brighter,
    darker,
    full_range,
    scaled_to_one,
)
from napari_delineate.types import Image, Length, Mask, Range, Spacing, voxels

__all__ = [
    "local_threshold",
    "local_contrast_threshold",
    "bernsen_threshold",
    "local_otsu_threshold",
]


def _extrema(
    image: NDArray[Any], radius: tuple[float, ...], shape: Literal["ball", "box"]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and the highest intensity around every pixel."""
    low = building_blocks.flat_extremum(image, radius, shape, "minimum")
    high = building_blocks.flat_extremum(image, radius, shape, "maximum")
    return low.astype(np.float64), high.astype(np.float64)


@operation(version=2, locality=window_halo, opencl=True)
def local_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    method: Literal["mean", "median", "midgrey"] = "mean",
    offset: float = 0.0,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels brighter than the mean, median or middle of what is around them.

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
    method : {"mean", "median", "midgrey"}
        What is compared with: the mean, the median, or the middle between the darkest and
        the brightest pixel of the window.
    offset : float
        By how much a pixel must be brighter, in the image's own range; negative marks also
        what is a little darker.
    objects : {"bright", "dark"}
        What is foreground; dark objects are found as bright ones in the negative.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the image is brighter than the window by more than `offset`.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    Beyond its borders the image is reflected. Fiji calls -`offset` "Parameter 1" or C;
    `skimage.filters.threshold_local` has it as -`offset` too. The median of large windows
    takes long.

    The OpenCL version finds the extrema of "midgrey"; means and medians are computed on the
    processor.

    References
    ----------
    .. [1] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.tile(np.arange(0, 90, 3), (30, 1)); image[15, 5] += 40; image[15, 25] += 40
    >>> np.argwhere(segmentation.local_threshold(image, radius=4, offset=20)).tolist()
    [[15, 5], [15, 25]]
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    if method == "mean":
        level = building_blocks.window_mean(image, voxel_radius, shape)
    elif method == "median":
        level = _median(image, voxel_radius, shape)
    else:
        low, high = _extrema(image, voxel_radius, shape)
        level = low / 2 + high / 2
    if objects == "bright":
        return brighter(image, level + offset)
    return darker(image, level - offset)


def _median(
    image: NDArray[Any], radius: tuple[float, ...], shape: Literal["ball", "box"]
) -> NDArray[np.float64]:
    from scipy import ndimage

    footprint = building_blocks.offsets_within(radius, shape)
    pixels = image.view(np.uint8) if image.dtype == bool else image
    if shape == "box":
        found = ndimage.median_filter(pixels, size=footprint.shape, mode="reflect")
    else:
        found = ndimage.median_filter(pixels, footprint=footprint, mode="reflect")
    return np.asarray(found, np.float64)


@operation(locality=window_halo, opencl=True)
def local_contrast_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels nearer to the brightest than to the darkest intensity around them.

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
    objects : {"bright", "dark"}
        What is foreground; dark objects are found as bright ones in the negative.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the intensity is nearer to the extreme of the window that is asked for;
        False where both are as near, as everywhere in a constant image.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    Beyond its borders the image is reflected. Fiji marks also what is as near to both.

    References
    ----------
    .. [1] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> segmentation.local_contrast_threshold(np.array([[1, 2, 9], [11, 18, 19]]), radius=1)
    array([[False, False, False],
           [ True,  True,  True]])
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    low, high = _extrema(image, voxel_radius, shape)
    middle = low / 2 + high / 2
    return brighter(image, middle) if objects == "bright" else darker(image, middle)


@operation(opencl=True)
def bernsen_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    contrast: Annotated[float, Range(0)] | None = None,
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels above the middle of what is around them, where there is enough contrast.

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
    contrast : float or None
        Difference between the brightest and the darkest pixel of a window below which all of
        it is one class, in the image's own range. None takes 15 of 256 grey levels: 15 in
        bytes, else that share of the range from the darkest to the brightest pixel.
    objects : {"bright", "dark"}
        Which side of the threshold is foreground.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the window has contrast and the pixel is at or above its middle, and where
        it has none and its middle is in the brighter half of the range; the opposite for
        dark objects. False everywhere in a constant image.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    Beyond its borders the image is reflected. The brighter half begins at 128 in bytes, else
    in the middle between the darkest and the brightest pixel.

    References
    ----------
    .. [1] Bernsen, "Dynamic thresholding of grey-level images", Proceedings of the 8th
           International Conference on Pattern Recognition (1986), 1251-1255.
    .. [2] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.full((30, 30), 10.0); image[10:20, 10:20] = 90; image += np.arange(30)
    >>> int(segmentation.bernsen_threshold(image, radius=4, contrast=20).sum())
    100
    """
    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    low, high = _extrema(image, voxel_radius, shape)
    return split_by_contrast(image, low, high, contrast, objects)


def split_by_contrast(
    image: NDArray[Any],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    contrast: float | None,
    objects: str,
) -> NDArray[np.bool_]:
    """Compare pixels with the middle of the extrema around them, as Bernsen does."""
    if contrast is None:
        contrast = 15 / GREY_LEVELS * full_range(image)
    darkest, brightest = float(image.min()), float(image.max())
    half = GREY_LEVELS / 2 if image.dtype == np.uint8 else darkest / 2 + brightest / 2
    middle = low / 2 + high / 2
    bright = np.where(high - low < contrast, middle >= half, image >= middle)
    return np.asarray(bright if objects == "bright" else ~bright)


@operation
def local_otsu_threshold(
    image: Image,
    *,
    radius: Annotated[Length, Range(0)] = voxels(15),
    shape: Literal["box", "ball"] = "box",
    objects: Literal["bright", "dark"] = "bright",
    spacing: Spacing = 1.0,
) -> Mask:
    """Mark pixels brighter than Otsu's threshold of what is around them.

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
    objects : {"bright", "dark"}
        Which side of the threshold is foreground.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    mask : ndarray of bool, same shape
        True where the pixel is brighter than Otsu's threshold of its window, or, for dark
        objects, where it is not; False where the window is constant.

    Raises
    ------
    ValueError
        If a setting is not allowed, `radius` is far beyond the size of the image, or the image
        is empty or holds NaN or infinity.

    Notes
    -----
    Bytes are taken as they are; all else is sorted into 256 levels of equal width between its
    darkest and its brightest pixel. At the borders the window is cut. In windows without
    objects noise is split in two as well: combine it with a threshold of the whole image.

    References
    ----------
    .. [1] Otsu, "A threshold selection method from gray-level histograms", IEEE
           Transactions on Systems, Man, and Cybernetics 9 (1979), 62-66,
           https://doi.org/10.1109/TSMC.1979.4310076
    .. [2] `skimage.filters.rank.otsu`, which computes it.
    .. [3] Fiji, Auto Local Threshold, https://imagej.net/plugins/auto-local-threshold

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import segmentation
    >>> image = np.tile(np.array([[10, 60], [110, 160]], np.uint8).repeat(10, 0), (2, 10))
    >>> segmentation.local_otsu_threshold(image, radius=3)[[5, 15], :2]
    array([[False,  True],
           [False,  True]])
    """
    from skimage.filters import rank

    voxel_radius = building_blocks.radius_per_axis(radius, spacing, image.shape)
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    levels = image
    if image.dtype != np.uint8:
        levels = (scaled_to_one(image) * (GREY_LEVELS - 1) + 0.5).astype(np.uint8)
    levels = np.require(levels, requirements="W")  # scikit-image refuses read-only memory
    footprint = building_blocks.offsets_within(voxel_radius, shape)
    bright = np.asarray(levels > rank.otsu(levels, footprint.astype(np.uint8)))
    # A window without contrast has no threshold, and so no objects.
    if objects == "bright":
        lowest = building_blocks.flat_extremum(levels, voxel_radius, shape, "minimum")
        return np.asarray(bright & (levels > lowest))
    highest = building_blocks.flat_extremum(levels, voxel_radius, shape, "maximum")
    return np.asarray(~bright & (levels < highest))
