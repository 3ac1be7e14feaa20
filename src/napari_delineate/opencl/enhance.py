"""OpenCL versions of `napari_delineate.filters.enhance` and `.illumination`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import offsets_within, radius_per_axis
from napari_delineate.filters.illumination import CorrectedIllumination, corrected_by
from napari_delineate.opencl.denoise import blurred
from napari_delineate.opencl.pixels import (
    NotOnOpenCLError,
    named_xyz,
    pulled,
    scaled_to_one,
    single,
    whole_ball,
    with_mirrored_borders,
)
from napari_delineate.types import Voxels

__all__ = ["VERSIONS"]


def _unsharp_mask(
    cle: Any,
    image: NDArray[Any],
    sigma: float | Voxels,
    amount: float,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    given = cle.push(scaled_to_one(image))
    smooth = blurred(cle, given, sigma, spacing)
    return pulled(cle.add_images_weighted(given, smooth, factor1=1 + amount, factor2=-amount))


def _standard_deviation(
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

    def deviation(wide: NDArray[np.float32]) -> Any:
        return cle.standard_deviation(wide, **named_xyz("radius", reach), connectivity=connectivity)

    return pulled(with_mirrored_borders(deviation, scaled_to_one(image), reach))


def _correct_illumination(
    cle: Any,
    image: NDArray[Any],
    method: str,
    sigma: float | Voxels,
    correction: str,
    spacing: tuple[float, ...],
) -> CorrectedIllumination:
    if method != "gaussian":
        raise NotOnOpenCLError
    pixels = single(image)
    return corrected_by(pixels, pulled(blurred(cle, pixels, sigma, spacing)), correction)


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.unsharp_mask": _unsharp_mask,
    "filters.standard_deviation": _standard_deviation,
    "filters.correct_illumination": _correct_illumination,
}
