"""Read the part of an image that tools look at, and make objects of what they find in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.annotation.crops import check_fits, pixel_in, tight_box
from napari_delineate.annotation.edits import Edit
from napari_delineate.annotation.protection import protected, refuse_locked
from napari_delineate.types import Length, Spacing, length_per_axis, spacing_per_axis

__all__ = ["check_window", "new_object", "place_in_window", "read_window", "rim_of", "window_in"]

_EXACT_IN_FLOAT32 = 2


def window_in(within: Sequence[slice], shape: Sequence[int]) -> tuple[slice, ...]:
    """Return the part of a box that an image has.

    Parameters
    ----------
    within : sequence of slice
        One slice without step per axis of the image; it may reach beyond the image.
    shape : sequence of int
        Shape of the image.

    Returns
    -------
    tuple of slice
        The box, with start and stop.

    Raises
    ------
    ValueError
        If nothing of the image lies in it.

    Examples
    --------
    >>> window_in((slice(-3, 4), slice(2, 90)), (10, 20))
    (slice(0, 4, None), slice(2, 20, None))
    """
    if len(within) != len(shape):
        raise ValueError(f"the window has {len(within)} axes and the image {len(shape)}")
    window = []
    for side, size in zip(within, shape, strict=True):
        start = 0 if side.start is None else int(side.start)
        stop = size if side.stop is None else int(side.stop)
        window.append(slice(max(start, 0), min(stop, int(size))))
    if any(side.start >= side.stop for side in window):
        raise ValueError("nothing of the image is in view; move the view to it")
    return tuple(window)


def place_in_window(point: Sequence[float], window: Sequence[slice]) -> tuple[int, ...]:
    """Return the pixel that a point lies in, counted from the first pixel of a window.

    Parameters
    ----------
    point : sequence of float
        Position in pixels of the image; whole numbers are the centres of pixels.
    window : sequence of slice
        The window.

    Returns
    -------
    tuple of int
        The pixel.

    Raises
    ------
    ValueError
        If the point is not in the window.

    Examples
    --------
    >>> place_in_window((5.4, 7.5), (slice(5, 9), slice(5, 9)))
    (0, 3)
    """
    place = pixel_in(point, tuple(window))
    if place is None:
        raise ValueError("the point lies outside of what is in view; click inside of it")
    return place


def read_window(
    image: Any, window: Sequence[slice], sigma: Length = 0.0, spacing: Spacing = 1.0
) -> NDArray[Any]:
    """Read a window of an image as floats, blurred if wanted.

    Parameters
    ----------
    image : array-like
        Intensities of any real dtype; anything that boxes can be read of.
    window : sequence of slice
        What to read.
    sigma : float or Voxels
        Standard deviation of a Gaussian, in the units of `spacing` or as `voxels(n)`; 0 blurs
        nothing.
    spacing : float or tuple of float
        Voxel size, one number or one per axis.

    Returns
    -------
    ndarray of float32 or float64
        The intensities, in their own range. What is no finite number is NaN. What lies
        beyond the window counts for the blur if the image has it.

    Examples
    --------
    >>> import numpy as np
    >>> read_window(np.array([[1, 2, 3]], np.uint8), (slice(0, 1), slice(1, 3)))
    array([[2., 3.]], dtype=float32)
    """
    per_axis = length_per_axis(sigma, spacing_per_axis(spacing, len(window)))
    if not any(per_axis):
        return _as_floats(image[tuple(window)])
    halo = building_blocks.gaussian_halo(per_axis)
    wide = tuple(
        slice(max(side.start - reach, 0), min(side.stop + reach, size))
        for side, reach, size in zip(window, halo, image.shape, strict=True)
    )
    pixels = _as_floats(image[wide])
    unknown = np.isnan(pixels)
    inner = tuple(
        slice(side.start - around.start, side.stop - around.start)
        for side, around in zip(window, wide, strict=True)
    )
    if not unknown.any():
        return np.ascontiguousarray(building_blocks.gaussian(pixels, per_axis)[inner])
    # Weights of what is known are shared among it.
    known = building_blocks.gaussian((~unknown).astype(pixels.dtype), per_axis)[inner]
    blurred = building_blocks.gaussian(np.where(unknown, 0, pixels), per_axis)[inner]
    divisor = np.where(unknown[inner], np.nan, known)
    return np.asarray(blurred / divisor)


def _as_floats(part: Any) -> NDArray[Any]:
    pixels = np.asarray(part)
    if pixels.dtype.kind in "biu":
        small = pixels.dtype.itemsize <= _EXACT_IN_FLOAT32
        return pixels.astype(np.float32 if small else np.float64)
    if pixels.dtype.kind != "f":
        raise ValueError(f"the image holds {pixels.dtype}; tools need real numbers")
    pixels = pixels.astype(np.float32 if pixels.dtype.itemsize <= 4 else np.float64)
    if not np.isfinite(pixels).all():
        pixels[~np.isfinite(pixels)] = np.nan
    return pixels


def rim_of(shape: Sequence[int]) -> NDArray[np.bool_]:
    """Mark the outermost pixels of a window; a single slice of a stack is treated as 2D.

    Examples
    --------
    >>> rim_of((1, 3, 3)).astype(int)
    array([[[1, 1, 1],
            [1, 0, 1],
            [1, 1, 1]]])
    """
    rim = np.zeros(tuple(shape), bool)
    for axis, size in enumerate(shape):
        if size > 1:
            ends = np.moveaxis(rim, axis, 0)
            ends[0] = ends[-1] = True
    return rim


def check_window(labels: Any, window: Sequence[slice]) -> None:
    """Refuse a window of an image that is none of the labels.

    Raises
    ------
    ValueError
        If the labels have other axes or end before the window does.
    """
    if len(window) != len(labels.shape) or any(
        side.stop > size for side, size in zip(window, labels.shape, strict=True)
    ):
        raise ValueError(
            f"the labels have another shape than the image; theirs is {tuple(labels.shape)}"
        )


def new_object(
    labels: Any,
    window: Sequence[slice],
    mask: NDArray[np.bool_],
    number: int,
    *,
    locked: Collection[int] = (),
    preserve: bool = False,
) -> Edit:
    """Make what a tool found in a window an object, or a part of one.

    Parameters
    ----------
    labels : array-like of int
        What is edited; anything that boxes can be read of.
    window : sequence of slice
        The window.
    mask : ndarray of bool, in the shape of the window
        What was found.
    number : int
        The number that it gets.
    locked : collection of int
        Objects that never change.
    preserve : bool
        Whether pixels of other objects are left to them.

    Returns
    -------
    Edit
        The smallest box that holds what was found.

    Raises
    ------
    ValueError
        If nothing was found, the object itself is locked, all that was found belongs to
        protected objects, or the window is not one of the labels.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 2, 0]])
    >>> window = (slice(0, 1), slice(1, 3))
    >>> new_object(labels, window, np.array([[True, True]]), 5, preserve=True).labels
    array([[2, 5]])
    """
    check_window(labels, window)
    refuse_locked([number], locked)
    check_fits(np.dtype(labels.dtype), number)
    inner = tight_box(mask)
    if inner is None:
        raise ValueError("nothing was found here; try another place or other settings")
    box = tuple(
        slice(around.start + side.start, around.start + side.stop)
        for around, side in zip(window, inner, strict=True)
    )
    held = np.asarray(labels[box])
    found = mask[inner]
    result = protected(
        held, np.where(found, held.dtype.type(number), held), locked, preserve, own=[number]
    )
    if not (result[found] == number).any():
        raise ValueError(
            "all that was found belongs to other objects, which are protected; unlock them or "
            "let the tool overwrite them"
        )
    return Edit(box, result)
