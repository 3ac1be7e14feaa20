"""Steps that the OpenCL versions share: numbers in, numbers out, and footprints.

pyclesperanto computes in float32, whatever dtype it is given.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NotOnOpenCLError",
    "correlated",
    "dilated",
    "eroded",
    "exact",
    "named_xyz",
    "numbered_from_one",
    "pulled",
    "scaled_to_one",
    "single",
    "whole_ball",
    "with_mirrored_borders",
    "with_numbers",
]

_LARGEST = 1e15
"""Up to here the square of a number, and a sum of many, fit float32."""

_EXACT = 2**24
"""Up to here every whole number is a float32."""


class NotOnOpenCLError(Exception):
    """Say that the CPU has to compute a call: these numbers or settings are not for float32."""


def single(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as float32; leave to the CPU what float32 can not compute with."""
    largest = max(abs(float(image.min())), abs(float(image.max())))
    if image.dtype.kind in "iu" and largest > _EXACT:
        raise NotOnOpenCLError
    if largest > _LARGEST or 0 < largest < 1 / _LARGEST:
        raise NotOnOpenCLError
    return np.ascontiguousarray(image, np.float32)


def exact(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as float32; leave to the CPU what changes by that."""
    pixels = single(image)
    if image.dtype.kind == "f" and image.itemsize > 4 and not np.array_equal(pixels, image):
        raise NotOnOpenCLError
    return pixels


def scaled_to_one(image: NDArray[Any]) -> NDArray[np.float32]:
    """Return an image as float32; integers are scaled to 0..1 as scikit-image does."""
    from skimage.util import img_as_float32

    return single(image) if image.dtype.kind == "f" else np.asarray(img_as_float32(image))


def pulled(array: Any, dtype: Any = np.float32) -> NDArray[Any]:
    """Bring a result from the device in some dtype; leave to the CPU what did not fit."""
    result = np.asarray(array)
    if not np.isfinite(result).all():
        raise NotOnOpenCLError
    if np.dtype(dtype).kind in "iu":
        if np.abs(result).max() > _EXACT:
            raise NotOnOpenCLError
        result = np.rint(result)
    return np.asarray(result.astype(dtype, copy=False))


def named_xyz(name: str, per_axis: Sequence[float]) -> dict[str, float]:
    """Name one number per axis, in array order, as pyclesperanto does: x is the last axis."""
    padded = (0.0,) * (3 - len(per_axis)) + tuple(per_axis)
    return dict(zip((f"{name}_z", f"{name}_y", f"{name}_x"), padded, strict=True))


def correlated(
    cle: Any, image: Any, weights: Sequence[NDArray[np.float64] | None], ndim: int
) -> Any:
    """Correlate with weights along each axis; the nearest pixel continues the image."""
    for axis, along in enumerate(weights):
        if along is not None:
            shape = [-1 if axis == other else 1 for other in range(ndim)]
            image = cle.convolve(image, along.reshape(shape).astype(np.float32))
    return image


def eroded(cle: Any, image: Any, footprint: NDArray[np.bool_]) -> Any:
    """Take the smallest number under a footprint; the outside of the image does not count.

    The nearest pixel continues the image. It lies under a ball or a box wherever these
    reach over the border, so that it adds nothing.
    """
    return cle.erosion(image, footprint.astype(np.uint8))


def dilated(cle: Any, image: Any, footprint: NDArray[np.bool_]) -> Any:
    """Take the largest number under a footprint; the outside of the image does not count."""
    with warnings.catch_warnings():
        # pyclesperanto 0.25 warns that the name goes, and names none that takes footprints.
        warnings.simplefilter("ignore", DeprecationWarning)
        return cle.dilation(image, footprint.astype(np.uint8))


def whole_ball(radius: Sequence[float]) -> tuple[int, ...]:
    """Return the radii of a ball in whole voxels; leave others to the CPU.

    pyclesperanto rounds radii, so that it has no other balls.
    """
    whole = tuple(round(entry) for entry in radius)
    if not np.allclose(whole, radius, rtol=0, atol=1e-9):
        raise NotOnOpenCLError
    return whole


def with_mirrored_borders(
    function: Callable[[NDArray[np.float32]], Any],
    image: NDArray[np.float32],
    reach: Sequence[int],
    mode: Literal["symmetric", "constant"] = "symmetric",
) -> NDArray[Any]:
    """Filter an image that continues as its mirror image, or as 0; return as much as it was."""
    wide = np.pad(image, [(entry, entry) for entry in reach], mode=mode)
    inside = tuple(
        slice(start, start + size) for start, size in zip(reach, image.shape, strict=True)
    )
    return np.ascontiguousarray(np.asarray(function(wide))[inside])


def numbered_from_one(labels: NDArray[Any]) -> tuple[NDArray[np.uint32], NDArray[Any]]:
    """Return labels with small numbers, which float32 holds, and the old number of each."""
    numbers, small = np.unique(labels, return_inverse=True)
    if numbers[0] != 0:
        numbers, small = np.append(numbers.dtype.type(0), numbers), small + 1
    if len(numbers) > _EXACT:
        raise NotOnOpenCLError
    return small.reshape(labels.shape).astype(np.uint32), numbers


def with_numbers(labels: Any, numbers: NDArray[Any]) -> NDArray[Any]:
    """Bring labels from the device and give them their old numbers."""
    return np.asarray(numbers[np.asarray(labels).astype(np.int64)])
