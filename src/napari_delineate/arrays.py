"""Bring what an operation is given into one clean form, or say what is wrong with it.

The edge cases of all operations are decided here, once:

- An array without pixels is refused.
- Images and masks may have any real dtype and byte order; float16 becomes float32 and
  long doubles become float64. NaN and infinity are refused, with their place.
- Masked arrays are refused where something is masked: what lies below has no meaning.
- A mask is True where a boolean or integer array is above 0.
- Labels are whole numbers from 0; they become int32, or int64 where a number needs it.
- The arrays handed on are never written to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Corrections, Kind, Surface

__all__ = ["convert", "label_dtype"]

_INT32_MAX = np.iinfo(np.int32).max
_INT64_MAX = np.iinfo(np.int64).max

_FARTHEST = 1e30
"""Largest coordinate of a vertex: it fits 32 bits, and products of several fit 64."""


def label_dtype(largest: int) -> type[np.signedinteger[Any]]:
    """Return the dtype of label images that hold numbers up to `largest`.

    Parameters
    ----------
    largest : int
        The largest number of an object.

    Returns
    -------
    type
        `numpy.int32`, or `numpy.int64` where that is too small.

    Examples
    --------
    >>> label_dtype(2**31).__name__
    'int64'
    """
    return np.int32 if largest <= _INT32_MAX else np.int64


def convert(value: Any, kind: Kind, name: str) -> Any:
    """Return a value in the form that operations work on.

    Parameters
    ----------
    value : Any
        What was given for an input.
    kind : Kind
        What the operation wants.
    name : str
        Name of the input, for messages.

    Returns
    -------
    Any
        The value, converted without loss; the one given is not changed.

    Raises
    ------
    TypeError
        If the dtype or type can not be of this kind.
    ValueError
        If the shape or the numbers are not allowed.
    """
    return _CONVERSIONS[kind](value, name) if kind in _CONVERSIONS else value


def _plain_array(value: Any, name: str) -> NDArray[Any]:
    if np.ma.is_masked(value):
        number = int(np.ma.getmaskarray(value).sum())
        raise ValueError(
            f"{name} has {number} masked values; fill them first, for instance with its method "
            "filled"
        )
    try:
        return np.asarray(value)
    except ValueError as error:  # such as rows of different lengths
        raise ValueError(f"{name} can not be made an array: {error}") from error


def _as_array(value: Any, name: str) -> NDArray[Any]:
    array = _plain_array(value, name)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, its dtype is {array.dtype}")
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return np.asarray(array, order="C")


def _as_grid(value: Any, name: str, colours: bool = False) -> NDArray[Any]:
    array = _as_array(value, name)
    ndim = array.ndim - 1 if colours else array.ndim
    if ndim not in (2, 3):
        what = "(Y, X, colours) or (Z, Y, X, colours)" if colours else "(Y, X) or (Z, Y, X)"
        raise ValueError(
            f"{name} must have the axes {what}, its shape is {array.shape}; "
            "loop over other axes with map_over"
        )
    if array.size == 0:
        raise ValueError(f"{name} has no pixels, its shape is {array.shape}")
    return array


def _as_finite(array: NDArray[Any], name: str) -> NDArray[Any]:
    if array.dtype.kind != "f":
        return array
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    # One sum is much faster than a mask of finite pixels, and is finite only if all are
    # (but for an overflow, which the slow way then settles).
    with np.errstate(over="ignore", invalid="ignore"):
        total = array.sum(dtype=np.float64)
    if not np.isfinite(total):
        wrong = np.argwhere(~np.isfinite(array))
        if len(wrong):
            place = tuple(int(index) for index in wrong[0])
            raise ValueError(
                f"{name} holds {len(wrong)} values that are not finite (NaN or infinity), the "
                f"first at {place}; replace them first, for instance with numpy.nan_to_num"
            )
    return array


def _as_image(value: Any, name: str) -> NDArray[Any]:
    return _as_finite(_as_grid(value, name), name)


def _as_rgb(value: Any, name: str) -> NDArray[Any]:
    array = _as_finite(_as_grid(value, name, colours=True), name)
    if array.shape[-1] not in (3, 4):
        raise ValueError(
            f"{name} must hold 3 or 4 colours along its last axis, its shape is {array.shape}"
        )
    return array


def _as_mask(value: Any, name: str) -> NDArray[Any]:
    array = _as_grid(value, name)
    if array.dtype.kind == "f":
        raise TypeError(
            f"{name} must be a mask (boolean) or labels (whole numbers), its dtype is "
            f"{array.dtype}; make a mask of an image with segmentation.threshold"
        )
    return array if array.dtype.kind == "b" else array > 0


def _as_labels(value: Any, name: str) -> NDArray[Any]:
    array = _as_grid(value, name)
    if array.dtype.kind == "f":
        raise TypeError(
            f"{name} must be labels (whole numbers), its dtype is {array.dtype}; make labels of "
            "an image with segmentation.threshold and segmentation.label_connected_components"
        )
    if array.dtype.kind == "b" or array.dtype.itemsize < 4:
        smallest, largest = (int(array.min()) if array.dtype.kind == "i" else 0), 0
    else:
        smallest, largest = int(array.min()), int(array.max())
    if smallest < 0:
        raise ValueError(f"{name} must be labels from 0 (background) up, it holds {smallest}")
    if largest > _INT64_MAX:
        raise ValueError(f"{name} must be labels below 2**63, it holds {largest}")
    return array.astype(label_dtype(largest), copy=False)


def _as_points(value: Any, name: str) -> NDArray[Any]:
    array = _as_array(value, name)
    if array.ndim != 2 or array.shape[1] not in (2, 3):
        raise ValueError(f"{name} must have the shape (N, 2) or (N, 3), it is {array.shape}")
    return _as_finite(array.astype(np.float64, copy=False), name)


def stack_paths(paths: Sequence[NDArray[Any]], ndim: int) -> NDArray[np.float64]:
    """Return paths with any number of vertices as one array of shapes.

    Parameters
    ----------
    paths : sequence of (V, D) ndarray
        The vertices of each path, one at least.
    ndim : int
        Number of coordinates, also where there is no path.

    Returns
    -------
    (N, V, D) ndarray of float64
        The shapes; those with fewer vertices repeat their last one.

    Examples
    --------
    >>> import numpy as np
    >>> stack_paths([np.eye(2), np.ones((1, 2))], 2).tolist()
    [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]]
    """
    if not len(paths):
        return np.zeros((0, 1, ndim))
    longest = max(map(len, paths))
    return np.stack(
        [
            np.pad(np.asarray(path, float), [(0, longest - len(path)), (0, 0)], mode="edge")
            for path in paths
        ]
    )


def _as_shapes(value: Any, name: str) -> NDArray[Any]:
    array = _as_array(value, name)
    if array.ndim != 3 or array.shape[1] == 0 or array.shape[2] not in (2, 3):
        raise ValueError(
            f"{name} must have the shape (N, V, 2) or (N, V, 3), it is {array.shape}; shapes "
            "with fewer vertices repeat their last one"
        )
    return _as_finite(array.astype(np.float64, copy=False), name)


def _as_surface(value: Any, name: str) -> Surface:
    if not isinstance(value, tuple) or len(value) not in (2, 3):
        raise TypeError(f"{name} must be (vertices, faces, values), got {type(value).__name__}")
    vertices = _as_finite(_as_array(value[0], f"{name}: vertices"), f"{name}: vertices")
    faces = _as_array(value[1], f"{name}: faces")
    for array, part in ((vertices, "vertices"), (faces, "faces")):
        if array.ndim != 2 or array.shape[1] != 3:
            raise ValueError(f"{name}: {part} must have the shape (N, 3), it is {array.shape}")
    farthest = np.abs(vertices).max(initial=0)
    if farthest > _FARTHEST:
        raise ValueError(
            f"{name}: vertices must be within {_FARTHEST:g} of the origin, so that areas and "
            f"volumes can be computed; one is at {farthest:g}"
        )
    values = _as_array(value[2], f"{name}: values") if len(value) == 3 else np.ones(len(vertices))
    if values.shape != (len(vertices),):
        raise ValueError(
            f"{name}: values must be one number for each of the {len(vertices)} vertices, "
            f"their shape is {values.shape}"
        )
    if faces.dtype.kind not in "iu":
        raise TypeError(f"{name}: faces must be whole numbers, their dtype is {faces.dtype}")
    if len(faces) and not (faces.min() >= 0 and faces.max() < len(vertices)):
        raise ValueError(
            f"{name}: faces must point at vertices 0 to {len(vertices) - 1}, "
            f"they reach from {faces.min()} to {faces.max()}"
        )
    return Surface(vertices.astype(np.float64, copy=False), faces.astype(np.int64), values)


def _as_corrections(value: Any, name: str) -> Corrections | NDArray[Any]:
    if isinstance(value, Corrections):
        return _as_sparse_corrections(value, name)
    array = _plain_array(value, name)
    if array.dtype.kind not in "iu" or array.ndim not in (2, 3):
        raise TypeError(
            f"{name} must be Corrections, or an integer array (Y, X) or (Z, Y, X) of new labels "
            f"in which -1 leaves a pixel unchanged; got dtype {array.dtype}, shape {array.shape}"
        )
    _check_within(array, name, -1, _INT64_MAX)
    return array


def _as_sparse_corrections(value: Corrections, name: str) -> Corrections:
    shape = tuple(value.shape)
    if not shape or not all(isinstance(size, Integral) and size > 0 for size in shape):
        raise ValueError(f"{name}: shape must hold whole numbers from 1 up, it is {value.shape}")
    last = math.prod(int(size) for size in shape) - 1
    pixels = _as_numbers(value.pixels, f"{name}: pixels", 0, last)
    labels = _as_numbers(value.labels, f"{name}: labels", -1, _INT64_MAX)
    touched_pixels = _as_numbers(value.touched_pixels, f"{name}: touched_pixels", 0, last)
    touched_labels = _as_numbers(value.touched_labels, f"{name}: touched_labels", 1, _INT64_MAX)
    for places, numbers, part in (
        (pixels, labels, "labels"),
        (touched_pixels, touched_labels, "touched_labels"),
    ):
        if len(places) != len(numbers):
            raise ValueError(
                f"{name}: {part} must be one number for each of the {len(places)} pixels, "
                f"there are {len(numbers)}"
            )
        if not (places[1:] > places[:-1]).all():
            raise ValueError(f"{name}: the pixels of {part} must be sorted, each once")
    return Corrections(
        tuple(int(size) for size in shape), pixels, labels, touched_pixels, touched_labels
    )


def _as_numbers(value: Any, name: str, low: int, high: int) -> NDArray[np.int64]:
    array = _plain_array(value, name)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} must be whole numbers, their dtype is {array.dtype}")
    if array.ndim != 1:
        raise ValueError(f"{name} must have the shape (N,), it is {array.shape}")
    _check_within(array, name, low, high)
    return array.astype(np.int64, copy=False)


def _check_within(array: NDArray[Any], name: str, low: int, high: int) -> None:
    """Refuse whole numbers outside of a range; there may be none."""
    if not array.size:
        return
    smallest, largest = int(array.min()), int(array.max())
    if smallest < low or largest > high:
        limit = "2**63 - 1" if high == _INT64_MAX else high
        wrong = smallest if smallest < low else largest
        raise ValueError(f"{name} must be from {low} to {limit}, it holds {wrong}")


_CONVERSIONS: dict[Kind, Callable[[Any, str], Any]] = {
    Kind.IMAGE: _as_image,
    Kind.RGB: _as_rgb,
    Kind.MASK: _as_mask,
    Kind.LABELS: _as_labels,
    Kind.POINTS: _as_points,
    Kind.SHAPES: _as_shapes,
    Kind.SURFACE: _as_surface,
    Kind.CORRECTIONS: _as_corrections,
}
