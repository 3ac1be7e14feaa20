"""Use masks to change images."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from napari_delineate.declaration import operation
from napari_delineate.halos import no_halo
from napari_delineate.types import Image, Mask

__all__ = ["mask_image"]


@operation(locality=no_halo, opencl=True)
def mask_image(
    image: Image,
    mask: Mask,
    *,
    fill: Literal["outside", "inside"] = "outside",
    value: float = 0.0,
) -> Image:
    """Replace all pixels outside or inside of a mask by one value.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities of any real dtype.
    mask : ndarray of bool, same shape
        What is kept, or replaced; labels count as True where they are above 0.
    fill : {"outside", "inside"}
        Which side of the mask is replaced.
    value : float
        The value there; one that the dtype of the image can hold.

    Returns
    -------
    masked_image : ndarray, same shape and dtype
        The image with the value filled in; float16 becomes float32.

    Raises
    ------
    ValueError
        If the dtype of the image can not hold `value`, the shapes differ, or the image is
        empty or holds NaN or infinity.

    References
    ----------
    .. [1] "Mask volume" of the Segment Editor of 3D Slicer, https://www.slicer.org

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate import filters
    >>> filters.mask_image(np.array([[5, 6, 7]]), np.array([[True, False, True]]))
    array([[5, 0, 7]])
    """
    check_value(value, image.dtype)
    replaced = mask if fill == "inside" else ~mask
    return np.where(replaced, image.dtype.type(value), image)


def check_value(value: float, dtype: np.dtype[Any]) -> None:
    """Refuse a value that a dtype can not hold."""
    low, high = _limits(dtype)
    if not low <= value <= high or (dtype.kind != "f" and not value.is_integer()):
        kind = "a number" if dtype.kind == "f" else "a whole number"
        raise ValueError(
            f"value must be {kind} from {low} to {high}, because the image is {dtype}; "
            f"got {value:g}"
        )


def _limits(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return the smallest and the largest number that a dtype holds."""
    if dtype.kind == "b":
        return 0, 1
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return limits.min, limits.max
