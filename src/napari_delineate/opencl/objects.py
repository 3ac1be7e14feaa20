"""OpenCL versions of operations that keep, merge, number or compare objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.arrays import label_dtype
from napari_delineate.building_blocks import ROUNDING
from napari_delineate.opencl import pixels
from napari_delineate.opencl.labeling import components
from napari_delineate.opencl.pixels import NotOnOpenCLError
from napari_delineate.postprocessing.filtering import size_limits
from napari_delineate.types import Voxels, length_in_units

__all__ = ["VERSIONS"]


def _kept(labels: NDArray[Any], kept: Any) -> NDArray[Any]:
    return object_numbers.narrowed(np.where(np.asarray(kept) > 0, labels, labels.dtype.type(0)))


def _filter_by_size(
    cle: Any,
    labels: NDArray[Any],
    minimum: float | Voxels,
    maximum: float | Voxels | None,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    smallest, largest = size_limits(minimum, maximum, spacing)
    voxel = float(np.prod(spacing))
    low = np.ceil(min(smallest / voxel * (1 - ROUNDING), labels.size + 1))
    high = np.floor(min(largest / voxel * (1 + ROUNDING), labels.size))
    small, _ = pixels.numbered_from_one(labels)
    return _kept(
        labels,
        cle.filter_label_by_size(small, minimum_size=float(low), maximum_size=float(high)),
    )


def _clear_border(
    cle: Any,
    labels: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    buffer: float | Voxels,
    top: bool,
    bottom: bool,
    left: bool,
    right: bool,
    first_slice: bool,
    last_slice: bool,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    sides = [(first_slice, last_slice), (top, bottom), (left, right)][-labels.ndim :]
    if mask is not None or length_in_units(buffer, spacing) > 0:
        raise NotOnOpenCLError
    if any(start != end for start, end in sides):
        raise NotOnOpenCLError  # the device clears both ends of an axis or none
    cleared = [start and size > 1 for (start, _), size in zip(sides, labels.shape, strict=True)]
    small, _ = pixels.numbered_from_one(labels)
    axes = {name: bool(number) for name, number in pixels.named_xyz("exclude", cleared).items()}
    return _kept(labels, cle.remove_labels_on_edges(small, **axes))


def _merge_touching(cle: Any, labels: NDArray[Any]) -> NDArray[np.int32]:
    # pyclesperanto's own merging leaves objects apart that touch at a corner.
    return np.asarray(components(cle, labels > 0)).astype(np.int32)


def _relabel_sequential(cle: Any, labels: NDArray[Any]) -> NDArray[Any]:
    if labels.max() >= 2**24:
        raise NotOnOpenCLError  # the device makes a table of all numbers, in float32
    found = np.asarray(cle.relabel_sequential(labels.astype(np.uint32)))
    return found.astype(label_dtype(int(found.max())))


def _labels_to_mask(cle: Any, labels: NDArray[Any]) -> NDArray[np.bool_]:
    small, _ = pixels.numbered_from_one(labels)
    return np.asarray(cle.greater_constant(small, scalar=0)).astype(bool)


def _mask_labels(cle: Any, labels: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[Any]:
    small, numbers = pixels.numbered_from_one(labels)
    kept = cle.mask(small, mask.astype(np.uint8))
    return object_numbers.narrowed(pixels.with_numbers(kept, numbers))


def _subtract(cle: Any, labels: NDArray[Any], removed: NDArray[np.bool_]) -> NDArray[Any]:
    return _mask_labels(cle, labels, ~removed)


def _labels_to_points(
    cle: Any, labels: NDArray[Any], spacing: tuple[float, ...]
) -> NDArray[np.float64]:
    small, numbers = pixels.numbered_from_one(labels)
    if len(numbers) == 1:
        return np.zeros((0, labels.ndim))
    found = cle.labels_statistics(small)
    axes = ("centroid_z", "centroid_y", "centroid_x")[-labels.ndim :]
    return np.asarray(np.column_stack([found[name] for name in axes]) * spacing, np.float64)


def _jaccard(
    cle: Any,
    reference: NDArray[np.bool_],
    labels: NDArray[np.bool_],
    region: NDArray[np.bool_] | None,
) -> float:
    if region is not None:
        reference, labels = reference & region, labels & region
    if not (reference.any() or labels.any()):
        return 1.0
    masks = (mask.astype(np.uint8) for mask in (reference, labels))
    return float(cle.jaccard_index(*masks))


VERSIONS: dict[str, Callable[..., Any]] = {
    "postprocessing.filter_by_size": _filter_by_size,
    "postprocessing.clear_border": _clear_border,
    "postprocessing.merge_touching": _merge_touching,
    "postprocessing.relabel_sequential": _relabel_sequential,
    "postprocessing.labels_to_mask": _labels_to_mask,
    "postprocessing.mask_labels": _mask_labels,
    "postprocessing.subtract": _subtract,
    "postprocessing.labels_to_points": _labels_to_points,
    "metrics.jaccard": _jaccard,
}
