"""OpenCL versions of `napari_delineate.filters.cropping`, and of `pick_slice`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.filters.cropping import slices_of
from napari_delineate.filters.projection import check_index, stack_along
from napari_delineate.opencl.pixels import numbered_from_one, pulled, single, with_numbers

__all__ = ["VERSIONS"]


def _box(cle: Any, pixels: NDArray[Any], box: tuple[slice, ...]) -> NDArray[Any]:
    """Cut out a box, whose sides have a start and a stop."""
    sizes = [side.stop - side.start for side in box]
    starts = dict(
        zip(("start_x", "start_y", "start_z"), (s.start for s in box[::-1]), strict=False)
    )
    widths = dict(zip(("width", "height", "depth"), sizes[::-1], strict=False))
    return np.asarray(cle.crop(pixels, **starts, **widths)).reshape(sizes)


def _in_order(limits: dict[str, int | None]) -> list[int | None]:
    return [limits[f"{letter}_{end}"] for letter in "zyx" for end in ("start", "stop")]


def _crop(cle: Any, image: NDArray[Any], **limits: int | None) -> NDArray[Any]:
    return pulled(_box(cle, single(image), slices_of(image.shape, *_in_order(limits))), image.dtype)


def _crop_labels(cle: Any, labels: NDArray[Any], **limits: int | None) -> NDArray[Any]:
    small, numbers = numbered_from_one(labels)
    return with_numbers(_box(cle, small, slices_of(labels.shape, *_in_order(limits))), numbers)


def _pick_slice(cle: Any, image: NDArray[Any], index: int, axis: str) -> NDArray[Any]:
    stack, along = stack_along(image, axis)
    check_index(index, stack.shape[along], axis)
    box = tuple(
        slice(index, index + 1) if axis == along else slice(0, size)
        for axis, size in enumerate(stack.shape)
    )
    return pulled(_box(cle, single(stack), box).squeeze(along), image.dtype)


VERSIONS: dict[str, Callable[..., Any]] = {
    "filters.crop": _crop,
    "filters.crop_labels": _crop_labels,
    "filters.pick_slice": _pick_slice,
}
