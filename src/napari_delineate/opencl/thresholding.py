"""OpenCL versions of `napari_delineate.segmentation.local_thresholding`.

The device finds the extrema, which float32 holds exactly; the CPU compares.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import radius_per_axis
from napari_delineate.opencl.grey_morphology import extremum
from napari_delineate.opencl.pixels import NotOnOpenCLError, exact, pulled
from napari_delineate.segmentation.local_thresholding import split_by_contrast
from napari_delineate.thresholds.comparison import brighter, darker
from napari_delineate.types import Voxels

__all__ = ["VERSIONS"]


def _extrema(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    spacing: tuple[float, ...],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    per_axis = radius_per_axis(radius, spacing, image.shape)
    given = cle.push(exact(image))
    low = pulled(extremum(cle, given, per_axis, shape, "minimum"), np.float64)
    return low, pulled(extremum(cle, given, per_axis, shape, "maximum"), np.float64)


def _local_contrast_threshold(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    objects: str,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    low, high = _extrema(cle, image, radius, shape, spacing)
    middle = low / 2 + high / 2
    return brighter(image, middle) if objects == "bright" else darker(image, middle)


def _local_threshold(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    method: str,
    offset: float,
    objects: str,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    if method != "midgrey":
        # Rounding of a mean would decide about flat parts.
        raise NotOnOpenCLError
    low, high = _extrema(cle, image, radius, shape, spacing)
    middle = low / 2 + high / 2
    if objects == "bright":
        return brighter(image, middle + offset)
    return darker(image, middle - offset)


def _bernsen_threshold(
    cle: Any,
    image: NDArray[Any],
    radius: float | Voxels,
    shape: Literal["ball", "box"],
    contrast: float | None,
    objects: str,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    low, high = _extrema(cle, image, radius, shape, spacing)
    if image.min() == image.max():
        return np.zeros(image.shape, bool)
    return split_by_contrast(image, low, high, contrast, objects)


VERSIONS: dict[str, Callable[..., Any]] = {
    "segmentation.local_threshold": _local_threshold,
    "segmentation.local_contrast_threshold": _local_contrast_threshold,
    "segmentation.bernsen_threshold": _bernsen_threshold,
}
