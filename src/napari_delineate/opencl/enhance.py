"""OpenCL versions of `napari_delineate.filters.enhance` and `.illumination`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from napari_delineate.filters.illumination import CorrectedIllumination, corrected_by
from napari_delineate.opencl.denoise import blurred
from napari_delineate.opencl.pixels import (
    NotOnOpenCLError,
    pulled,
    scaled_to_one,
    single,
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
    "filters.correct_illumination": _correct_illumination,
}
