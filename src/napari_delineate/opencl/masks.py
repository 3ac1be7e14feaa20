"""OpenCL versions of `napari_delineate.postprocessing.mask_morphology`, `.masks`, `.outlines`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls, object_numbers
from napari_delineate.building_blocks import offsets_within, radius_per_axis
from napari_delineate.opencl import pixels
from napari_delineate.opencl.label_morphology import expand_labels, near_another
from napari_delineate.opencl.labeling import components
from napari_delineate.opencl.pixels import NotOnOpenCLError, with_mirrored_borders
from napari_delineate.postprocessing.masks import smallest_number
from napari_delineate.types import Voxels, length_in_units

__all__ = ["VERSIONS"]


def _steps(
    cle: Any,
    mask: NDArray[np.bool_],
    radius: float | Voxels,
    spacing: tuple[float, ...],
    *steps: Callable[..., Any],
) -> NDArray[np.bool_]:
    footprint = balls.footprint_of(mask.shape, length_in_units(radius, spacing), spacing)
    if footprint is None:
        raise NotOnOpenCLError
    result: Any = mask.astype(np.uint8)
    for step in steps:
        result = step(cle, result, footprint)
    return np.asarray(result).astype(bool)


def _one_after_the_other(*steps: Callable[..., Any]) -> Callable[..., NDArray[np.bool_]]:
    def version(
        cle: Any, mask: NDArray[np.bool_], radius: float | Voxels, spacing: tuple[float, ...]
    ) -> NDArray[np.bool_]:
        return _steps(cle, mask, radius, spacing, *steps)

    return version


def _remove_small_objects(
    cle: Any,
    mask: NDArray[np.bool_],
    minimum_size: float | Voxels,
    connectivity: str,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    smallest = int(np.ceil(smallest_number(minimum_size, spacing)))
    parts = components(cle, mask, connectivity)
    return np.asarray(cle.remove_small_labels(parts, minimum_size=smallest)) > 0


def _smooth_mask(
    cle: Any, mask: NDArray[np.bool_], radius: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[np.bool_]:
    footprint = offsets_within(radius_per_axis(radius, spacing, mask.shape), "ball")
    signs = np.where(mask, np.float32(1), np.float32(-1))
    reach = [size // 2 for size in footprint.shape]
    weights = footprint.astype(np.float32)
    balance = with_mirrored_borders(
        lambda wide: cle.convolve(wide, weights), signs, reach, "constant"
    )
    return np.where(balance == 0, mask, balance > 0)


def _outline(
    cle: Any,
    mask: NDArray[np.bool_],
    thickness: float | Voxels,
    side: str,
    spacing: tuple[float, ...],
) -> NDArray[np.bool_]:
    if side == "outer":
        return _steps(cle, mask, thickness, spacing, pixels.dilated) & ~mask
    return mask & ~_steps(cle, mask, thickness, spacing, pixels.eroded)


def _outline_labels(
    cle: Any,
    labels: NDArray[Any],
    thickness: float | Voxels,
    side: str,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    if length_in_units(thickness, spacing) == 0:
        return np.zeros(labels.shape, np.int32)
    if side == "outer":
        rim = np.where(labels > 0, 0, expand_labels(cle, labels, thickness, spacing))
    else:
        rim = np.where(near_another(cle, labels, thickness, spacing), labels, 0)
    return object_numbers.narrowed(rim)


def _separate_touching(cle: Any, labels: NDArray[Any]) -> NDArray[Any]:
    small, _ = pixels.numbered_from_one(labels)
    reach = pixels.named_xyz("radius", (1,) * labels.ndim)
    largest = np.asarray(cle.maximum_filter(small, **reach, connectivity="box"))
    return object_numbers.narrowed(np.where(largest > small, labels.dtype.type(0), labels))


VERSIONS: dict[str, Callable[..., Any]] = {
    "postprocessing.binary_erosion": _one_after_the_other(pixels.eroded),
    "postprocessing.binary_dilation": _one_after_the_other(pixels.dilated),
    "postprocessing.binary_opening": _one_after_the_other(pixels.eroded, pixels.dilated),
    "postprocessing.binary_closing": _one_after_the_other(pixels.dilated, pixels.eroded),
    "postprocessing.remove_small_objects": _remove_small_objects,
    "postprocessing.smooth_mask": _smooth_mask,
    "postprocessing.outline": _outline,
    "postprocessing.outline_labels": _outline_labels,
    "postprocessing.separate_touching": _separate_touching,
}
