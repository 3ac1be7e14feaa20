"""Estimate how high a distance map is between its pixels.

The pixels of a distance map rarely lie on its ridges, so its maxima and the saddles
between them come out up to half a pixel too low.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_delineate.kernels.neighbours import bordered, inside
from napari_delineate.types import Spacing

__all__ = ["ridge_heights"]


def ridge_heights(distance: NDArray[np.float32], spacing: Spacing) -> NDArray[np.float32]:
    """Raise the pixels on maxima and ridges of a distance map to what lies between pixels.

    Along each line through a pixel and two opposite neighbours, a distance rises at most
    by the length of the step: from their mean where the pixel is as high as both, from
    the lower of the two elsewhere. No pixel rises by more than half the diagonal of one.

    Parameters
    ----------
    distance : ndarray of float32
        Distance of each pixel to the background, 0 there.
    spacing : tuple of float
        Size of a pixel along each axis, in the units of the distance.

    Returns
    -------
    ndarray of float32
        The heights; on the edges of the image the distance itself.
    """
    levels = bordered(distance, -1)
    ndim = distance.ndim
    steps = np.argwhere(ndimage.generate_binary_structure(ndim, ndim)) - 1
    offsets = (steps * np.array(levels.strides) // levels.itemsize).sum(axis=1)
    forward = offsets > 0
    lengths = np.sqrt(((steps * np.asarray(spacing)) ** 2).sum(axis=1))[forward].astype(np.float32)
    heights = levels.copy()
    reach = np.float32(np.sqrt(np.square(spacing).sum()) / 2)
    _raise(levels.reshape(-1), heights.reshape(-1), offsets[forward], lengths, reach)
    return heights[inside(ndim)].copy()


@numba.njit(cache=True, nogil=True)
def _raise(levels: Any, heights: Any, offsets: Any, lengths: Any, reach: Any) -> None:
    for place in range(levels.size):
        level = levels[place]
        if level <= 0:
            continue
        height = level + reach
        ridge = False
        for number in range(offsets.size):
            before = levels[place - offsets[number]]
            after = levels[place + offsets[number]]
            if before < 0 or after < 0:  # on the edge of the image
                ridge = False
                break
            if level >= before and level >= after:
                ridge = True
                height = min(height, (before + after) / np.float32(2) + lengths[number])
            else:
                height = min(height, min(before, after) + lengths[number])
        if ridge:
            heights[place] = height
