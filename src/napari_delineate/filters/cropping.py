"""Cut a part out of an image."""

from __future__ import annotations

from typing import Annotated, Any

from numpy.typing import NDArray

from napari_delineate.declaration import operation
from napari_delineate.sampling import origin_of_box
from napari_delineate.types import Image, Labels, Range

__all__ = ["crop", "crop_labels"]

_Start = Annotated[int, Range(0)]
_Stop = Annotated[int, Range(1)]


@operation(new_origin=origin_of_box, opencl=True)
def crop(
    image: Image,
    *,
    z_start: _Start = 0,
    z_stop: _Stop | None = None,
    y_start: _Start = 0,
    y_stop: _Stop | None = None,
    x_start: _Start = 0,
    x_stop: _Stop | None = None,
) -> Image:
    """Cut a box out of an image.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    z_start, y_start, x_start : int
        Index of the first voxel along each axis. Those along Z do not matter for 2D images.
    z_stop, y_stop, x_stop : int or None
        Index behind the last voxel; None, or one beyond the end, for all to the end.

    Returns
    -------
    cropped : ndarray, same dtype
        The voxels in the box, which stay where they are in space; float16 becomes float32.

    Raises
    ------
    ValueError
        If the box holds no voxel, or the image is empty or holds NaN or infinity.

    See Also
    --------
    crop_labels : Does the same with labels.

    References
    ----------
    .. [1] numpy, "Indexing", https://numpy.org/doc/stable/user/basics.indexing.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.crop(np.zeros((10, 10)), y_start=2, y_stop=5).shape
    (3, 10)
    """
    return _box(image, z_start, z_stop, y_start, y_stop, x_start, x_stop)


@operation(new_origin=origin_of_box, opencl=True)
def crop_labels(
    labels: Labels,
    *,
    z_start: _Start = 0,
    z_stop: _Stop | None = None,
    y_start: _Start = 0,
    y_stop: _Stop | None = None,
    x_start: _Start = 0,
    x_stop: _Stop | None = None,
) -> Labels:
    """Cut a box out of labels.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        Objects.
    z_start, y_start, x_start : int
        Index of the first voxel along each axis. Those along Z do not matter for 2D labels.
    z_stop, y_stop, x_stop : int or None
        Index behind the last voxel; None, or one beyond the end, for all to the end.

    Returns
    -------
    cropped_labels : ndarray of int32
        The labels in the box with the numbers that they have, int64 where one needs it.

    Raises
    ------
    ValueError
        If the box holds no voxel, or the labels are empty or negative.

    References
    ----------
    .. [1] numpy, "Indexing", https://numpy.org/doc/stable/user/basics.indexing.html

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.crop_labels(np.eye(3, dtype=int), x_stop=2).tolist()
    [[1, 0], [0, 1], [0, 0]]
    """
    return _box(labels, z_start, z_stop, y_start, y_stop, x_start, x_stop)


def _box(image: NDArray[Any], *limits: int | None) -> NDArray[Any]:
    return image[slices_of(image.shape, *limits)].copy()


def slices_of(shape: tuple[int, ...], *limits: int | None) -> tuple[slice, ...]:
    """Return a box in an image from a start and a stop for Z, Y and X; refuse an empty one."""
    slices = []
    sides = [(limits[0], limits[1]), (limits[2], limits[3]), (limits[4], limits[5])]
    for letter, size, (start, stop) in zip(
        "zyx"[-len(shape) :], shape, sides[-len(shape) :], strict=True
    ):
        first, last = start or 0, size if stop is None else min(stop, size)
        if first >= last:
            raise ValueError(
                f"{letter}_start must be below {letter}_stop and the size of the image, "
                f"{size}; got {start} and {stop}"
            )
        slices.append(slice(first, last))
    return tuple(slices)
