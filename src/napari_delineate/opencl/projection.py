"""OpenCL versions of `napari_delineate.filters.projection`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.filters.projection import stack_along
from napari_delineate.opencl.pixels import NotOnOpenCLError, pulled, single

__all__ = ["VERSIONS"]

_NAMES = {
    "maximum": "maximum",
    "minimum": "minimum",
    "mean": "mean",
    "standard deviation": "std",
}


def _project(cle: Any, image: NDArray[Any], method: str, axis: str) -> NDArray[Any]:
    if method not in _NAMES:
        raise NotOnOpenCLError  # the CPU adds whole numbers without rounding
    stack, along = stack_along(image, axis)
    projected = getattr(cle, f"{_NAMES[method]}_{axis}_projection")(single(stack))
    same_dtype = method in ("maximum", "minimum")
    result = pulled(projected, image.dtype if same_dtype else np.float32)
    return result.reshape([size for place, size in enumerate(stack.shape) if place != along])


VERSIONS: dict[str, Callable[..., Any]] = {"filters.project": _project}
