"""Smooth meshes with a low-pass filter that is as good as a number of steps allows."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import meshes
from napari_delineate.types import Surface

__all__ = ["Window", "coefficients", "windowed_sinc"]

Window = Literal["nuttall", "hamming"]

_WINDOWS: dict[str, tuple[float, ...]] = {
    "nuttall": (0.355768, 0.487396, 0.144232, 0.012604),
    "hamming": (0.54, 0.46),
}
"""Weights of the cosines that windows are the sum of."""

_TOLERANCE = 1e-3
"""How far the filter may be from 1 at the end of its pass band."""

_SEARCHES = 500
"""Steps of Newton's search, at most."""

_OFFSETS = 4096
"""Places that the end of the ideal filter is tried at where Newton's search finds none."""


def windowed_sinc(
    surface: Surface, iterations: int, pass_band: float, window: Window
) -> NDArray[np.float64]:
    """Return the smoothed vertices of a surface.

    Vertices on the rim of an open surface, where more than two faces meet in one edge, and
    without faces stay where they are.
    """
    from scipy.sparse import coo_array

    if not iterations:
        return surface.vertices.copy()
    ends = meshes.edges_of(surface.faces)
    size = len(surface.vertices)
    one, two = ends.ends[ends.ends[:, 0] != ends.ends[:, 1]].T
    pairs = np.concatenate([one, two]), np.concatenate([two, one])
    counts = np.bincount(pairs[0], minlength=size)
    mean = coo_array((1 / counts[pairs[0]], pairs), shape=(size, size)).tocsr()
    # Around the middle of its box: the filter is not exactly 1 for a shift.
    middle = (surface.vertices.min(axis=0) + surface.vertices.max(axis=0)) / 2
    weights = coefficients(iterations, pass_band, window)
    before = surface.vertices - middle
    now = (before + mean @ before) / 2
    result = weights[0] * before + weights[1] * now
    for weight in weights[2:]:
        # Chebyshev polynomials of one less half the Laplacian.
        before, now = now, now + mean @ now - before
        result += weight * now
    result += middle
    moves = counts > 0
    moves[ends.ends[ends.counts != 2]] = False
    return np.where(moves[:, np.newaxis], result, surface.vertices)


def coefficients(iterations: int, pass_band: float, window: Window) -> NDArray[np.float64]:
    """Return the weights of the Chebyshev polynomials, `iterations` + 1 of them."""
    order = np.arange(iterations + 1)
    turn = order * np.pi / (iterations + 1)
    shape: Any = sum(part * np.cos(n * turn) for n, part in enumerate(_WINDOWS[window]))
    end = np.arccos(1 - pass_band / 2)
    at_end = np.cos(order * end)
    # VTK takes this for the slope of the polynomials: it leaves the last one out and counts
    # the mean twice. Where the search ends, within the tolerance, depends on it.
    slope = order * (np.sin(order * end) / np.sin(end) + order % 2)
    slope[-1] = 0

    def weights(offset: Any) -> NDArray[np.float64]:
        angles = np.multiply.outer(end + offset, order)
        result = 2 * shape * np.sin(angles) / (np.pi * np.maximum(order, 1))
        result[..., 0] = shape[0] * (end + offset) / np.pi
        return np.asarray(result)

    found, offset = weights(0.0), 0.0
    for _ in range(_SEARCHES if iterations > 1 else 0):
        missing = (found * at_end).sum() - 1
        if abs(missing) < _TOLERANCE and 0 <= offset <= np.pi - end:
            return found
        rise = (found * slope).sum()
        if not rise or not 0 <= offset - missing / rise <= np.pi:
            break
        offset -= missing / rise
        found = weights(offset)
    # The narrowest filter that is near to 1; the widest one lets everything pass.
    tried = weights(np.linspace(0, np.pi - end, _OFFSETS))
    near = np.abs(tried @ at_end - 1) < _TOLERANCE
    return np.asarray(tried[np.argmax(near)])
