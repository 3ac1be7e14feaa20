"""Find pixels that no pixel around them in their object exceeds."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["maxima_within"]


def maxima_within(
    image: NDArray[Any], labels: NDArray[Any], footprint: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Mark pixels that are at least as bright as all of their object in a footprint.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities.
    labels : ndarray of int, same shape
        Objects; only their pixels are marked, and only pixels of one object are compared.
    footprint : ndarray of bool
        Where to compare, around its centre; odd along every axis.

    Returns
    -------
    ndarray of bool, same shape
        The maxima, plateaus with all their pixels.
    """
    half = np.array(footprint.shape) // 2
    margin = [(width, width) for width in half]
    inside = tuple(
        slice(width, width + size) for width, size in zip(half, labels.shape, strict=True)
    )
    bordered = np.pad(labels, margin)
    offsets = np.argwhere(footprint) - half
    near_first = offsets[np.argsort(np.square(offsets).sum(axis=1), kind="stable")[1:]]
    found = np.zeros(bordered.shape, bool)
    _mark(
        np.pad(image, margin).reshape(-1),
        bordered.reshape(-1),
        near_first @ np.array(found.strides),
        found.reshape(-1),
    )
    return np.ascontiguousarray(found[inside])


@numba.njit(cache=True, nogil=True)
def _mark(
    pixels: NDArray[Any],
    labels: NDArray[Any],
    steps: NDArray[np.int64],
    found: NDArray[np.bool_],
) -> None:
    for place in range(labels.size):
        label = labels[place]
        if label == 0:
            continue
        pixel = pixels[place]
        highest = True
        for step in steps:
            if pixels[place + step] > pixel and labels[place + step] == label:
                highest = False
                break
        found[place] = highest
