"""Make images with fewer axes: projections, single slices, frames and channels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.declaration import operation
from napari_delineate.types import Image, Range

__all__ = ["project", "pick_slice", "pick_frame", "pick_channel"]

_AXES = ("z", "y", "x")


def _axis_in_space(ndim: int, *, axis: str) -> int | None:
    # A 2D image is one slice, of which nothing is left out.
    return None if ndim == 2 else _AXES.index(axis)


@operation(dropped_axis=_axis_in_space, opencl=True)
def project(
    image: Image,
    *,
    method: Literal[
        "maximum", "mean", "sum", "minimum", "median", "standard deviation"
    ] = "maximum",
    axis: Literal["z", "y", "x"] = "z",
) -> Image:
    """Project a 3D image along an axis, for instance its brightest values along the depth.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. A 2D image counts as one slice.
    method : {"maximum", "mean", "sum", "minimum", "median", "standard deviation"}
        What a pixel of the result holds of the pixels along the axis.
    axis : {"z", "y", "x"}
        The axis that is left out: "z" looks from above, "y" and "x" look from the sides.

    Returns
    -------
    projection : (Y, X) ndarray
        The projection, with the voxel size of the two axes that are left. The dtype stays
        for the maximum and the minimum. A sum is int64 or uint64, of floats float64. All
        else is float64, of float32 float32.

    Raises
    ------
    ValueError
        If `axis` is not "z" for a 2D image, a sum does not fit its dtype, or the image is
        empty or holds NaN or infinity.

    Notes
    -----
    The maximum along the depth is known as maximum intensity projection (MIP). The standard
    deviation divides by the number of slices, as numpy does; ImageJ divides by
    one less.

    Sums and medians are computed on the processor, also where an OpenCL device was chosen.

    References
    ----------
    .. [1] `numpy.max`, `numpy.mean`, `numpy.median` and so on, which compute it.
    .. [2] ImageJ, "Z Project", https://imagej.net/ij/docs/guide/146-28.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> stack = np.zeros((5, 4, 4), np.uint8); stack[2, 1, 1] = 9
    >>> int(filters.project(stack)[1, 1]), filters.project(stack, axis="y").shape
    (9, (5, 4))
    """
    stack, along = stack_along(image, axis)
    if method == "maximum":
        return np.asarray(stack.max(axis=along))
    if method == "minimum":
        return np.asarray(stack.min(axis=along))
    if method == "sum":
        return _sum(stack, along)
    real = np.float32 if image.dtype == np.float32 else np.float64
    if method == "median":
        result = np.median(stack, axis=along)
    elif method == "mean":
        result = _mean(stack, along)
    else:
        result = _standard_deviation(stack, along)
    return building_blocks.fitting(result.astype(real, copy=False))


@operation(dropped_axis=_axis_in_space, opencl=True)
def pick_slice(
    image: Image,
    *,
    index: Annotated[int, Range(0)] = 0,
    axis: Literal["z", "y", "x"] = "z",
) -> Image:
    """Take one slice of a 3D image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype. A 2D image counts as one slice.
    index : int
        Number of the slice, from 0.
    axis : {"z", "y", "x"}
        The axis that is left out: "z" gives a slice as it was recorded, "y" and "x" give
        sections across all slices.

    Returns
    -------
    slice : (Y, X) ndarray, same dtype
        The slice, with the voxel size of the two axes that are left; float16 becomes
        float32.

    Raises
    ------
    ValueError
        If `axis` is not "z" for a 2D image, the image has no slice `index`, or it is empty
        or holds NaN or infinity.

    References
    ----------
    .. [1] `numpy.take`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> stack = np.arange(24).reshape(2, 3, 4)
    >>> filters.pick_slice(stack, index=1)[0].tolist()
    [12, 13, 14, 15]
    """
    stack, along = stack_along(image, axis)
    check_index(index, stack.shape[along], axis)
    return np.array(stack.take(index, along))


def check_index(index: int, number: int, axis: str) -> None:
    """Refuse the index of a slice that is not there."""
    if index >= number:
        raise ValueError(
            f"index must be from 0 to {number - 1}, the last slice along {axis}; got {index}"
        )


@operation(picks="T")
def pick_frame(image: Image, *, index: Annotated[int, Range(0)] = 0) -> Image:
    """Take one frame of a movie.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        One frame, number 0. A movie is given through `map_over`, which picks the frame.
    index : int
        Number of the frame, from 0.

    Returns
    -------
    frame : ndarray, same shape and dtype
        A copy of the frame; float16 becomes float32.

    Raises
    ------
    ValueError
        If the movie has no frame `index`, or the frame is empty or holds NaN or infinity.

    References
    ----------
    .. [1] `numpy.take`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters, map_over
    >>> movie = np.arange(24).reshape(2, 3, 4)
    >>> map_over(filters.pick_frame, "T", movie, axes="TYX", index=1)[0].tolist()
    [12, 13, 14, 15]
    """
    return _picked(image, index, "T")


@operation(picks="C")
def pick_channel(image: Image, *, index: Annotated[int, Range(0)] = 0) -> Image:
    """Take one channel of an image with several.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        One channel, number 0. An image with several is given through `map_over`, which picks
        the channel.
    index : int
        Number of the channel, from 0.

    Returns
    -------
    channel : ndarray, same shape and dtype
        A copy of the channel; float16 becomes float32.

    Raises
    ------
    ValueError
        If the image has no channel `index`, or the channel is empty or holds NaN or
        infinity.

    See Also
    --------
    rgb_channel : Takes red, green or blue of a colour image.

    References
    ----------
    .. [1] `numpy.take`, which computes it.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters, map_over
    >>> channels = np.arange(24).reshape(2, 3, 4)
    >>> map_over(filters.pick_channel, "C", channels, axes="CYX", index=1)[0].tolist()
    [12, 13, 14, 15]
    """
    return _picked(image, index, "C")


def _picked(image: NDArray[Any], index: int, letter: str) -> NDArray[Any]:
    """Return the one place along an axis that `map_over` has left."""
    if index > 0:
        raise ValueError(
            f"index must be 0 for an image without the axis {letter}; one that has it is given "
            f"through map_over; got {index}"
        )
    return image.copy()


def stack_along(image: NDArray[Any], axis: str) -> tuple[NDArray[Any], int]:
    """Return an image as slices, and the position of an axis."""
    if image.ndim == 3:
        return image, _AXES.index(axis)
    if axis != "z":
        raise ValueError(f"axis must be 'z' for a 2D image, which is one slice; got {axis!r}")
    return image[np.newaxis], 0


def _sum(stack: NDArray[Any], along: int) -> NDArray[Any]:
    if stack.dtype.kind == "f":
        with np.errstate(over="ignore"):
            return building_blocks.fitting(stack.sum(axis=along, dtype=np.float64))
    dtype = np.int64 if stack.dtype.kind == "i" else np.uint64
    largest = max(abs(int(stack.min())), int(stack.max())) * stack.shape[along]
    if stack.dtype.itemsize == 8 and largest > np.iinfo(dtype).max:
        raise ValueError(
            f"image holds numbers so large that their sum may not fit {np.dtype(dtype).name}; "
            "take the mean, or divide it first"
        )
    return np.asarray(stack.sum(axis=along, dtype=dtype))


def _mean(stack: NDArray[Any], along: int) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return np.asarray(stack.mean(axis=along, dtype=np.float64))


def _standard_deviation(stack: NDArray[Any], along: int) -> NDArray[np.float64]:
    # Slice by slice: numpy would hold the whole stack once more, as float64.
    mean = _mean(stack, along)
    squares = np.zeros_like(mean)
    with np.errstate(over="ignore", invalid="ignore"):
        for slice_ in np.moveaxis(stack, along, 0):
            squares += np.square(slice_ - mean)
    return np.asarray(np.sqrt(squares / stack.shape[along]))
