"""The threshold of CellProfiler: a level or a surface of levels, corrected, limited, smoothed.

`cellprofiler_threshold` does it all, as `ThresholdSettings` say. `threshold_levels` and
`foreground` are its two halves: the first finds the level (one number, or one per pixel where it
is adaptive), the second applies a level, also one that was chosen by hand or measured elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import gaussian_halo
from napari_delineate.separable import check_reach
from napari_delineate.thresholds.blocks import blended_block_levels
from napari_delineate.thresholds.levels import (
    Levels,
    finest_step,
    intensity_levels,
    least_cross_entropy,
)
from napari_delineate.thresholds.robust_background import RobustBackground, robust_background_level
from napari_delineate.thresholds.windows import sauvola_levels, window_mean_and_deviation
from napari_delineate.types import Length, Spacing, length_per_axis, voxels

__all__ = [
    "Method",
    "Threshold",
    "ThresholdSettings",
    "cellprofiler_threshold",
    "foreground",
    "threshold_levels",
]

Method: TypeAlias = Literal[
    "minimum_cross_entropy", "otsu", "otsu_three_classes", "robust_background", "sauvola"
]

_GUIDE = (0.7, 1.5)
"""How far a local level may be from that of the whole image, as factors."""
_SMOOTHING_TO_SIGMA = 1 / 0.6744 / 2
"""From the diameter that holds half of a Gaussian's weight along an axis to its sigma."""
_SAUVOLA_WEIGHT = 0.2
_EPSILON = np.finfo(np.float64).eps


@dataclass(frozen=True)
class ThresholdSettings:
    """Say how `cellprofiler_threshold` works; the defaults are CellProfiler's.

    Attributes
    ----------
    strategy : {"global", "adaptive"}
        One level for the image, or one for each block, blended into one per pixel.
    method : str
        How a level is found. "sauvola" needs the adaptive strategy.
    window : float or Voxels
        Width of a block (of the window, for Sauvola), in units of the spacing or voxels.
    middle_class : {"foreground", "background"}
        Where the middle of three classes goes.
    robust_background : RobustBackground
        Settings of the method of that name.
    log_transform : bool
        Find the level on a logarithmic scale of intensity; not for Sauvola.
    smoothing_scale : float or Voxels
        Diameter that holds half of the weight of the Gaussian with which the image is
        blurred before the level is applied; 0 does not blur.
    correction_factor : float
        The level is multiplied by it.
    lower_bound, upper_bound : float or None
        The level is not below or above these, in the image's own range.
    """

    strategy: Literal["global", "adaptive"] = "global"
    method: Method = "minimum_cross_entropy"
    window: Length = voxels(50)
    middle_class: Literal["foreground", "background"] = "foreground"
    robust_background: RobustBackground = field(default_factory=RobustBackground)
    log_transform: bool = False
    smoothing_scale: Length = voxels(0)
    correction_factor: float = 1.0
    lower_bound: float | None = None
    upper_bound: float | None = None

    def __post_init__(self) -> None:
        if self.method == "sauvola" and self.strategy == "global":
            raise ValueError(
                "method 'sauvola' compares pixels with what is around them: it needs the "
                "strategy 'adaptive'; got 'global'"
            )
        low, high = self.lower_bound, self.upper_bound
        if low is not None and high is not None and low > high:
            raise ValueError(f"lower_bound must be at most upper_bound ({high}); got {low}")


class Threshold(NamedTuple):
    """Hold what `cellprofiler_threshold` found.

    Attributes
    ----------
    mask : ndarray of bool
        The foreground.
    level : float or ndarray of float
        The level that was applied: one, or one per pixel where the strategy is adaptive.
    guide : float
        The level of the whole image; equal to `level` where that is one number.
    """

    mask: NDArray[np.bool_]
    level: float | NDArray[np.floating[Any]]
    guide: float


def cellprofiler_threshold(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    settings: ThresholdSettings,
    spacing: Spacing,
) -> Threshold:
    """Find the foreground as CellProfiler's modules do.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype; objects are bright.
    mask : ndarray of bool, same shape, optional
        Pixels that count: nothing outside takes part in any step, or is foreground.
    settings : ThresholdSettings
        The strategy, the method and what is done with the level.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    Threshold
        The foreground and the level. A constant image has no foreground.

    Notes
    -----
    Differences to CellProfiler: intensities and levels stay in the image's own range; zeros in
    an adaptive block count as any intensity; blocks are three-dimensional in a volume; a window
    of more than half of the image gives one block along that axis where CellProfiler refuses; a
    block without pixels inside the mask has the level of the whole image; Sauvola's windows
    know the mask; the guide of logarithmic adaptive levels is transformed once, not twice.
    """
    inside = image if mask is None else image[mask]
    if inside.size == 0 or inside.min() == inside.max():
        only = float(inside.flat[0]) if inside.size else 0.0
        return Threshold(np.zeros(image.shape, bool), only, only)
    level, guide = threshold_levels(image, mask, settings, spacing)
    found = foreground(image, level, mask, settings.smoothing_scale, spacing)
    return Threshold(found, level, guide)


def threshold_levels(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    settings: ThresholdSettings,
    spacing: Spacing,
) -> tuple[float | NDArray[np.floating[Any]], float]:
    """Return the level (one, or one per pixel) and the level of the whole image.

    Parameters
    ----------
    image, mask, settings, spacing
        As for `cellprofiler_threshold`; at least one pixel counts.

    Returns
    -------
    level : float or ndarray of float
        The corrected and limited level: what is at or above it is foreground.
    guide : float
        The corrected and limited level of the whole image.
    """
    levels = intensity_levels(image, mask)
    logarithm = _Logarithm.of(levels) if settings.log_transform else None
    if logarithm is not None:
        levels = logarithm.forward(levels)
    find = _level_finder(settings, finest_step(levels) / 2)

    def level_of(region: NDArray[Any], within: NDArray[np.bool_] | None) -> float:
        found = intensity_levels(region, within)
        return find(found if logarithm is None else logarithm.forward(found))

    def in_range(level: Any) -> Any:
        return level if logarithm is None else logarithm.backward(level)

    def bounded(level: Any) -> Any:
        if settings.lower_bound is None and settings.upper_bound is None:
            return level
        return np.clip(level, settings.lower_bound, settings.upper_bound)

    whole = find(levels)
    guide = float(bounded(in_range(whole) * settings.correction_factor))
    if settings.strategy == "global":
        return guide, guide
    window = length_per_axis(settings.window, spacing)
    if settings.method == "sauvola":
        local: NDArray[Any] = _sauvola_levels(image, mask, window)
    else:
        local = in_range(blended_block_levels(image, mask, window, level_of, whole))
    local *= settings.correction_factor
    low, high = sorted(guide * factor for factor in _GUIDE)
    return np.asarray(bounded(np.clip(local, low, high, out=local))), guide


def foreground(
    image: NDArray[Any],
    level: float | NDArray[Any],
    mask: NDArray[np.bool_] | None,
    smoothing_scale: Length,
    spacing: Spacing,
) -> NDArray[np.bool_]:
    """Mark what is at or above a level, after blurring inside a mask.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    level : float or ndarray
        The level: one, or one per pixel.
    mask : ndarray of bool, same shape, optional
        Pixels that count; all others are background.
    smoothing_scale : float or Voxels
        As in `ThresholdSettings`.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    ndarray of bool
        The foreground.
    """
    sigma = tuple(
        entry * _SMOOTHING_TO_SIGMA for entry in length_per_axis(smoothing_scale, spacing)
    )
    found = np.asarray((_blurred_inside(image, mask, sigma) if any(sigma) else image) >= level)
    return found if mask is None else found & mask


def _level_finder(settings: ThresholdSettings, tolerance: float) -> Callable[[Levels], float]:
    """Return the function that finds the level of some of the image's intensities."""

    def find(levels: Levels) -> float:
        if levels.is_constant:
            return float(levels.values[0])
        if settings.method == "otsu":
            return _otsu(levels)
        if settings.method == "otsu_three_classes":
            low, high = _otsu_three_classes(levels)
            return low if settings.middle_class == "foreground" else high
        if settings.method == "robust_background":
            return robust_background_level(levels, settings.robust_background)
        return least_cross_entropy(levels, tolerance)  # also the guide of Sauvola

    return find


def _otsu(levels: Levels) -> float:
    from skimage.filters import threshold_otsu

    return float(threshold_otsu(hist=levels.histogram(256)))


def _otsu_three_classes(levels: Levels) -> tuple[float, float]:
    from skimage.filters import threshold_multiotsu

    for bins in (128, 256):
        counts, centres = levels.histogram(bins)
        if np.count_nonzero(counts) >= 3:
            low, high = threshold_multiotsu(hist=(counts, centres), classes=3)
            return float(low), float(high)
    level = _otsu(levels)  # two intensities are two classes
    return level, level


@dataclass(frozen=True)
class _Logarithm:
    """Turn intensities into logarithms and back; what is near the lowest is raised first."""

    lowest: float

    @classmethod
    def of(cls, levels: Levels) -> _Logarithm:
        low, high = float(levels.values[0]), float(levels.values[-1])
        raised = low + (high - low) / 256
        if raised <= 0:
            raise ValueError(
                f"log_transform must be False for an image with negative intensities "
                f"(this one reaches down to {low:g}), or subtract their minimum first; got True"
            )
        return cls(raised)

    def forward(self, levels: Levels) -> Levels:
        return Levels(np.log(np.maximum(levels.values, self.lowest)), levels.counts)

    def backward(self, level: Any) -> Any:
        return np.exp(level)


def _sauvola_levels(
    image: NDArray[Any], mask: NDArray[np.bool_] | None, window: tuple[float, ...]
) -> NDArray[np.floating[Any]]:
    """Return mean * (1 + weight * (deviation / full range - 1)) of the window of each pixel."""
    sizes = tuple(max(3, int(entry) // 2 * 2 + 1) for entry in window)
    mean, deviation = window_mean_and_deviation(image, sizes, mask)
    return sauvola_levels(mean, deviation, _SAUVOLA_WEIGHT, _full_range(image))


def _full_range(image: NDArray[Any]) -> float:
    """Return the intensity that CellProfiler's scale calls 1."""
    if image.dtype.kind in "iu":
        return float(np.iinfo(image.dtype).max)
    return max(1.0, float(image.max()))


def _blurred_inside(
    image: NDArray[Any], mask: NDArray[np.bool_] | None, sigma: tuple[float, ...]
) -> NDArray[Any]:
    """Blur so that only pixels of the image inside the mask have weight."""
    from scipy import ndimage

    check_reach(sigma, gaussian_halo(sigma), image.shape)
    narrow = image.dtype == np.float32 or image.dtype.itemsize <= 2
    pixels = image.astype(np.float32 if narrow else np.float64)
    if mask is not None:
        pixels[~mask] = 0
        weights = ndimage.gaussian_filter(mask.astype(pixels.dtype), sigma, mode="constant")
        blurred: NDArray[Any] = ndimage.gaussian_filter(pixels, sigma, mode="constant")
        return np.asarray(blurred / (weights + _EPSILON))
    blurred = ndimage.gaussian_filter(pixels, sigma, mode="constant", output=pixels)
    for axis, (size, entry) in enumerate(zip(image.shape, sigma, strict=True)):
        along = ndimage.gaussian_filter1d(np.ones(size), entry, mode="constant")
        shape = [size if one == axis else 1 for one in range(image.ndim)]
        blurred /= along.reshape(shape).astype(pixels.dtype)
    return blurred
