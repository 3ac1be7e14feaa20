"""OpenCL versions of `napari_delineate.postprocessing.morphology`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import balls
from napari_delineate.building_blocks import ROUNDING, distance_to, expanded
from napari_delineate.opencl import pixels
from napari_delineate.opencl.pixels import NotOnOpenCLError
from napari_delineate.postprocessing.morphology import shrunk
from napari_delineate.types import Voxels, length_in_units, length_per_axis

__all__ = ["VERSIONS", "expand_labels", "near_another"]


def expand_labels(
    cle: Any, labels: NDArray[Any], distance: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    """Give background pixels within a physical distance the label that reaches them first."""
    if np.ptp(spacing) > 0:  # a distance in voxels means nothing here
        return expanded(labels, length_in_units(distance, spacing), spacing)
    # dilate_labels grows octagons, wider than the distance asked for; the exact distance
    # says where to stop.
    reach = length_in_units(distance, spacing) * (1 + ROUNDING)
    within = distance_to(labels > 0, spacing) <= reach
    radius = math.ceil(max(length_per_axis(distance, spacing)))
    small, numbers = pixels.numbered_from_one(labels)
    grown = pixels.with_numbers(cle.dilate_labels(small, radius=radius), numbers)
    return np.asarray(np.where(within, grown, labels.dtype.type(0)))


def near_another(
    cle: Any, labels: NDArray[Any], distance: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[np.bool_]:
    """Mark pixels within a physical distance of a pixel with another label, or of background."""
    footprint = balls.footprint_of(labels.shape, length_in_units(distance, spacing), spacing)
    if footprint is None:
        raise NotOnOpenCLError
    small, _ = pixels.numbered_from_one(labels)
    given = cle.push(small.astype(np.float32))
    low, high = (take(cle, given, footprint) for take in (pixels.eroded, pixels.dilated))
    return np.asarray(np.asarray(low) != np.asarray(high))


def _shrink_labels(
    cle: Any,
    labels: NDArray[Any],
    distance: float | Voxels,
    keep_a_pixel: bool,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    if length_in_units(distance, spacing) == 0:
        return labels.copy()
    near = near_another(cle, labels, distance, spacing)
    return shrunk(labels, near, keep_a_pixel, spacing)


def _open_labels(
    cle: Any, labels: NDArray[Any], radius: float | Voxels, spacing: tuple[float, ...]
) -> NDArray[Any]:
    if length_in_units(radius, spacing) == 0:
        return labels.copy()
    inner = np.where(near_another(cle, labels, radius, spacing), 0, labels)
    return expand_labels(cle, inner, radius, spacing)


VERSIONS: dict[str, Callable[..., Any]] = {
    "postprocessing.expand_labels": expand_labels,
    "postprocessing.shrink_labels": _shrink_labels,
    "postprocessing.open_labels": _open_labels,
}
