"""Integrate what a microscope with a shear shows: the slope of an image along a line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["integrated_along_shear"]


def integrated_along_shear(
    plane: NDArray[np.float64], turn: NDArray[np.float64], kept: float, width: float
) -> NDArray[np.float64]:
    """Integrate a plane along the first axis of a grid that is turned, from both ends.

    `turn` takes a step on that grid to one on the plane. `kept` is what a step leaves of the
    integral, `width` the sigma across, in steps.
    """
    from scipy import ndimage, signal

    back = np.linalg.inv(turn)
    shape = (np.abs(back) @ plane.shape + 0.5).astype(int)
    middle, turned_middle = (np.array(plane.shape) - 1) / 2, (shape - 1) / 2
    lines = ndimage.affine_transform(
        plane - plane.mean(), turn, middle - turn @ turned_middle, tuple(shape)
    )
    if width > 0:
        lines = ndimage.gaussian_filter1d(lines, width)
    forwards, backwards = (
        signal.lfilter([1.0], [1.0, -kept], one, axis=0) for one in (lines, lines[::-1])
    )
    integrals = (forwards - backwards[::-1]) / 2
    return np.asarray(
        ndimage.affine_transform(integrals, back, turned_middle - back @ middle, plane.shape)
    )
