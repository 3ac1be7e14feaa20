"""Flat offsets to the neighbours of a pixel in an image with a border one pixel wide."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["bordered", "inside", "neighbour_offsets"]


def inside(ndim: int) -> tuple[slice, ...]:
    """Return the index of an image within its border."""
    return (slice(1, -1),) * ndim


def bordered(image: NDArray[Any], value: float, dtype: Any = None) -> NDArray[Any]:
    """Copy an image into one with a border of one value, so that no loop leaves it."""
    result = np.full([size + 2 for size in image.shape], value, dtype or image.dtype)
    result[inside(image.ndim)] = image
    return result


def neighbour_offsets(shape: tuple[int, ...], connectivity: int) -> NDArray[np.int64]:
    """Return flat offsets to the neighbours in an array of a shape, the nearest first.

    Parameters
    ----------
    shape : tuple of int
        Shape of the array with its border.
    connectivity : int
        Along how many axes at once neighbours may differ, from 1.

    Returns
    -------
    (N,) ndarray of int64
        The offsets, ordered as scikit-image orders them.
    """
    footprint = ndimage.generate_binary_structure(len(shape), connectivity)
    steps = np.argwhere(footprint) - 1
    steps = steps[np.argsort((steps**2).sum(axis=1), kind="stable")][1:]
    strides = np.cumprod((1, *shape[:0:-1]))[::-1]
    return np.asarray((steps * strides).sum(axis=1), np.int64)
