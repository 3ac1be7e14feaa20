"""OpenCL versions of `napari_delineate.filters.denoise`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import gaussian_halo, offsets_within, radius_per_axis
from napari_delineate.opencl.pixels import (
    NotOnOpenCLError,
    named_xyz,
    pulled,
    scaled_to_one,
    single,
    whole_ball,
    with_mirrored_borders,
)
from napari_delineate.separable import is_far_wider
from napari_delineate.types import Voxels, length_per_axis

__all__ = ["VERSIONS", "blurred", "local_mean"]


def blurred(cle: Any, image: Any, sigma: float | Voxels, spacing: tuple[float, ...]) -> Any:
    """Blur pixels that are on the device or can go there."""
    per_axis = length_per_axis(sigma, spacing)
    if any(map(is_far_wider, gaussian_halo(per_axis), image.shape)):
        raise NotOnOpenCLError
    return cle.gaussian_blur(image, **named_xyz("sigma", per_axis))


def local_mean(
    cle: Any,
    pixels: NDArray[np.float32],
    radius: tuple[float, ...],
    shape: Literal["ball", "box"],
) -> NDArray[np.float32]:
    """Take the mean of every neighbourhood."""
    footprint = offsets_within(radius, shape)
    reach = [size // 2 for size in footprint.shape]
    weights = (footprint / footprint.sum()).astype(np.float32)

    def mean(wide: NDArray[np.float32]) -> Any:
        if shape == "ball":
            return cle.convolve(wide, weights)
        return cle.mean_filter(wide, **named_xyz("radius", reach), connectivity="box")

    return with_mirrored_borders(mean, pixels, reach)


def _gaussian(
    cle: Any, image: NDArray[Any], sigma: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    return pulled(blurred(cle, scaled_to_one(image), sigma, spacing))


def _median(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    per_axis = radius_per_axis(radius, spacing, image.shape)
    if shape == "ball":
        per_axis = whole_ball(per_axis)
    reach = [size // 2 for size in offsets_within(per_axis, shape).shape]
    connectivity = {"ball": "sphere", "box": "box"}[shape]

    def median(wide: NDArray[np.float32]) -> Any:
        return cle.median(wide, **named_xyz("radius", reach), connectivity=connectivity)

    return pulled(with_mirrored_borders(median, single(image), reach), image.dtype)


def _mean(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    per_axis = radius_per_axis(radius, spacing, image.shape)
    return pulled(local_mean(cle, scaled_to_one(image), per_axis, shape))


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.gaussian": _gaussian,
    "filters.median": _median,
    "filters.mean": _mean,
}
