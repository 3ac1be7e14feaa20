"""Find the foreground of bright or dark objects, by a threshold that is given or found."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.thresholds.cellprofiler import (
    Threshold,
    ThresholdSettings,
    cellprofiler_threshold,
    foreground,
)

__all__ = ["find_foreground", "floats_of", "turned"]


def floats_of(image: NDArray[Any]) -> NDArray[Any]:
    """Return an image as float32, or as float64 where float32 would lose digits."""
    small = image.dtype.itemsize <= 2 or image.dtype == np.float32
    return image.astype(np.float32 if small else np.float64, copy=False)


def turned(image: NDArray[Any]) -> NDArray[Any]:
    """Exchange bright and dark: the floats of an image, with the same range."""
    floats = floats_of(image)
    return np.asarray(floats.max() - floats + floats.min())


def find_foreground(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    threshold: float | None,
    settings: ThresholdSettings,
    spacing: tuple[float, ...],
    *,
    is_dark: bool = False,
) -> Threshold:
    """Find the foreground at a threshold that is given, or that CellProfiler's block finds.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool, same shape, optional
        Pixels that count.
    threshold : float or None
        The threshold; None to find it.
    settings : ThresholdSettings
        How it is found, corrected, limited and applied.
    spacing : tuple of float
        Voxel size per axis.
    is_dark : bool
        Whether objects are darker than the background.

    Returns
    -------
    Threshold
        The foreground and its level, in the image's own range.
    """
    if not is_dark:
        return _find(image, mask, threshold, settings, spacing)
    ends = float(image.min()) + float(image.max())

    def across(level: Any) -> Any:
        return None if level is None else ends - level

    found = _find(
        turned(image),
        mask,
        across(threshold),
        dataclasses.replace(
            settings,
            lower_bound=across(settings.upper_bound),
            upper_bound=across(settings.lower_bound),
        ),
        spacing,
    )
    return Threshold(found.mask, across(found.level), across(found.guide))


def _find(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    threshold: float | None,
    settings: ThresholdSettings,
    spacing: tuple[float, ...],
) -> Threshold:
    if threshold is None:
        return cellprofiler_threshold(image, mask, settings, spacing)
    level = threshold * settings.correction_factor
    if settings.lower_bound is not None:
        level = max(level, settings.lower_bound)
    if settings.upper_bound is not None:
        level = min(level, settings.upper_bound)
    found = foreground(image, level, mask, settings.smoothing_scale, spacing)
    return Threshold(found, level, level)
