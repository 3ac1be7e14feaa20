"""OpenCL versions of `napari_delineate.filters.background`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from numpy.typing import NDArray

from napari_delineate.building_blocks import radius_per_axis
from napari_delineate.filters.background import ordered_sigmas
from napari_delineate.opencl.denoise import blurred
from napari_delineate.opencl.grey_morphology import extremum
from napari_delineate.opencl.pixels import NotOnOpenCLError, pulled, scaled_to_one, single
from napari_delineate.types import Voxels

__all__ = ["VERSIONS"]


def _tophat(first: str, second: str, sign: int) -> Callable[..., NDArray[Any]]:
    def version(
        cle: Any,
        image: NDArray[Any],
        radius: float | Voxels,
        shape: Literal["ball", "box"],
        spacing: tuple[float, ...],
    ) -> NDArray[Any]:
        per_axis = radius_per_axis(radius, spacing, image.shape)
        given = cle.push(single(image))
        flat = extremum(cle, given, per_axis, shape, first)
        flat = extremum(cle, flat, per_axis, shape, second)
        rest = cle.add_images_weighted(given, flat, factor1=sign, factor2=-sign)
        if image.dtype.kind == "i" and float(pulled(rest).max()) >= 2 ** (8 * image.itemsize - 1):
            raise NotOnOpenCLError  # the CPU says why not
        return pulled(rest, image.dtype)

    return version


def _difference_of_gaussians(
    cle: Any,
    image: NDArray[Any],
    low_sigma: float | Voxels,
    high_sigma: float | Voxels,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    ordered_sigmas(low_sigma, high_sigma, spacing)
    given = cle.push(scaled_to_one(image))
    low = blurred(cle, given, low_sigma, spacing)
    return pulled(cle.subtract_images(low, blurred(cle, given, high_sigma, spacing)))


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.white_tophat": _tophat("minimum", "maximum", 1),
    "filters.black_tophat": _tophat("maximum", "minimum", -1),
    "filters.difference_of_gaussians": _difference_of_gaussians,
}
