"""OpenCL versions of `napari_delineate.filters.texture`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate.building_blocks import offsets_within, radius_per_axis
from napari_delineate.opencl.pixels import (
    named_xyz,
    pulled,
    scaled_to_one,
    whole_ball,
    with_mirrored_borders,
)
from napari_delineate.types import Voxels

__all__ = ["VERSIONS"]


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


VERSIONS: dict[str, Callable[..., Any]] = {"filters.standard_deviation": _standard_deviation}
