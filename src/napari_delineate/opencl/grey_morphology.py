"""OpenCL versions of `napari_delineate.filters.morphology`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from numpy.typing import NDArray

from napari_delineate.building_blocks import offsets_within, radius_per_axis
from napari_delineate.opencl import pixels
from napari_delineate.opencl.pixels import named_xyz, pulled, single
from napari_delineate.types import Voxels

__all__ = ["VERSIONS", "extremum"]

_Shape = Literal["ball", "box"]


def extremum(cle: Any, image: Any, radius: tuple[float, ...], shape: _Shape, which: str) -> Any:
    """Erode ("minimum") or dilate ("maximum") pixels that are on the device or can go there."""
    footprint = offsets_within(radius, shape)
    if shape == "ball":
        take = pixels.eroded if which == "minimum" else pixels.dilated
        return take(cle, image, footprint)
    reach = named_xyz("radius", [size // 2 for size in footprint.shape])
    filtered = cle.minimum_filter if which == "minimum" else cle.maximum_filter
    return filtered(image, **reach, connectivity="box")


def _one_after_the_other(*steps: str) -> Callable[..., NDArray[Any]]:
    def version(
        cle: Any,
        image: NDArray[Any],
        radius: float | Voxels,
        shape: _Shape,
        spacing: tuple[float, ...],
    ) -> NDArray[Any]:
        per_axis = radius_per_axis(radius, spacing, image.shape)
        result: Any = single(image)
        for which in steps:
            result = extremum(cle, result, per_axis, shape, which)
        return pulled(result, image.dtype)

    return version


def _morphological_gradient(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: _Shape,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    per_axis = radius_per_axis(radius, spacing, image.shape)
    given = cle.push(single(image))
    high = extremum(cle, given, per_axis, shape, "maximum")
    low = extremum(cle, given, per_axis, shape, "minimum")
    kind = "u" if image.dtype.kind == "i" else image.dtype.kind
    return pulled(cle.subtract_images(high, low), f"{kind}{image.dtype.itemsize}")


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.erosion": _one_after_the_other("minimum"),
    "filters.dilation": _one_after_the_other("maximum"),
    "filters.opening": _one_after_the_other("minimum", "maximum"),
    "filters.closing": _one_after_the_other("maximum", "minimum"),
    "filters.morphological_gradient": _morphological_gradient,
}
