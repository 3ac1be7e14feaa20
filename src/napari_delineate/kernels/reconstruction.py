"""Reconstruct an image by dilation: raise a lower image as far as the upper one allows."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["reconstruct"]


def reconstruct(marker: NDArray[Any], image: NDArray[Any]) -> NDArray[Any]:
    """Dilate a marker again and again under an image, until nothing changes.

    Parameters
    ----------
    marker : (Y, X) or (Z, Y, X) ndarray of float
        Where to start, nowhere above the image.
    image : ndarray of the same shape and dtype
        The limit.

    Returns
    -------
    ndarray, same shape and dtype
        What `skimage.morphology.reconstruction` gives, with all neighbours.

    References
    ----------
    .. [1] Vincent, "Morphological grayscale reconstruction in image analysis: applications
           and efficient algorithms", IEEE Transactions on Image Processing 2 (1993),
           176-201, https://doi.org/10.1109/83.217222
    """
    ndim = image.ndim
    inside = (slice(1, -1),) * ndim
    # A margin that nothing enters, so that no neighbour lies outside.
    limit = np.pad(image, 1, constant_values=-np.inf)
    raised = np.full_like(limit, -np.inf)
    raised[inside] = marker
    steps = np.array([step for step in np.ndindex(*(3,) * ndim) if set(step) != {1}]) - 1
    places = steps @ (np.array(limit.strides) // limit.itemsize)
    _raise(raised.reshape(-1), limit.reshape(-1), places)
    return np.ascontiguousarray(raised[inside])


@numba.njit(cache=True, nogil=True)
def _raise(raised: NDArray[Any], limit: NDArray[Any], steps: NDArray[np.int64]) -> None:
    """Scan forth, scan back, then follow what is left in waves."""
    half = steps.size // 2
    outside = -np.inf
    for place in range(raised.size):
        top = limit[place]
        if top == outside:
            continue
        highest = raised[place]
        for step in steps[:half]:
            if raised[place + step] > highest:
                highest = raised[place + step]
        raised[place] = min(highest, top)
    queue = np.empty(1024, np.int64)
    count = 0
    for place in range(raised.size - 1, -1, -1):
        top = limit[place]
        if top == outside:
            continue
        highest = raised[place]
        for step in steps[half:]:
            if raised[place + step] > highest:
                highest = raised[place + step]
        highest = min(highest, top)
        raised[place] = highest
        for step in steps[half:]:
            other = place + step
            if raised[other] < highest and raised[other] < limit[other]:
                if count == queue.size:
                    longer = np.empty(2 * count, np.int64)
                    longer[:count] = queue
                    queue = longer
                queue[count] = place
                count += 1
                break
    # Wave after wave: a stack would raise the same pixels many times.
    following = np.empty(1024, np.int64)
    while count > 0:
        ahead = 0
        for index in range(count):
            place = queue[index]
            height = raised[place]
            for step in steps:
                other = place + step
                if raised[other] < height and raised[other] < limit[other]:
                    raised[other] = min(height, limit[other])
                    if ahead == following.size:
                        longer = np.empty(2 * ahead, np.int64)
                        longer[:ahead] = following
                        following = longer
                    following[ahead] = other
                    ahead += 1
        queue, following, count = following, queue, ahead
