"""Lines that were drawn over a plane: the pixels under them, their sides, where they lead."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_delineate import holes, places

__all__ = ["pixels_under", "prolonged", "sides_beside", "without_repeats"]

_AHEAD = 0.5
"""Cosine of the angle up to which a place lies ahead."""

_TAIL = 5.0
"""A line points where its last pixels lead, so many of them: hands are not steady."""

_FARTHEST = 1e6
"""A place this many pixels away is no place of an image."""

_PER_PIXEL = 2
"""Places along a line that stand for it, per pixel."""


def without_repeats(vertices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vertices of a line in a plane without those that repeat the one before.

    Raises
    ------
    ValueError
        If these are no vertices in a plane, or the line has no length.
    """
    if vertices.ndim != 2 or vertices.shape[1] != 2:
        raise ValueError(f"a line must have vertices (N, 2) in a plane; got {vertices.shape}")
    if not (np.abs(vertices) < _FARTHEST).all():
        raise ValueError("the line ends far away from the image; draw it across the object")
    kept = np.append(True, (np.diff(vertices, axis=0) != 0).any(axis=1))[: len(vertices)]
    if kept.sum() < 2:
        raise ValueError("a line needs two ends; draw it across the object")
    return np.asarray(vertices[kept])


def prolonged(
    path: NDArray[np.float64], mask: NDArray[np.bool_], spacing: Sequence[float]
) -> NDArray[np.float64]:
    """Continue a line that ends in a mask straight to a near place outside that is ahead.

    That is the place for which the length of the way, divided by the cosine of the angle by
    which it turns off, is the least.

    Parameters
    ----------
    path : (N, 2) ndarray of float
        Vertices, in pixels.
    mask : (Y, X) ndarray of bool
        What the line is to cross; holes belong to it. Beyond its borders is outside.
    spacing : sequence of float
        Pixel size along both axes.

    Returns
    -------
    (M, 2) ndarray of float
        The line, with up to one vertex more at each end.

    Examples
    --------
    >>> prolonged(np.array([[0.0, 2.0], [1.0, 2.0]]), np.ones((4, 6), bool), (1.0, 1.0))
    array([[-1.,  2.],
           [ 0.,  2.],
           [ 1.,  2.],
           [ 4.,  2.]])
    """
    solid = np.pad(holes.filled(mask), 1)
    beside = np.zeros_like(solid)
    for axis in (0, 1):
        for step in (-1, 1):
            beside |= np.roll(solid, step, axis)  # the frame keeps what comes around apart
    outside = np.argwhere(beside & ~solid) - 1
    for _ in range(2):
        path = path[::-1]  # once for each end
        row, column = np.floor(path[-1] + 1.5).astype(int)
        inside = 0 <= row < solid.shape[0] and 0 <= column < solid.shape[1]
        if not inside or not solid[row, column]:
            continue
        heading = _heading(path) * spacing
        ways = (outside - path[-1]) * spacing
        lengths = np.linalg.norm(ways, axis=1)
        straight = ways @ heading / np.maximum(lengths * np.linalg.norm(heading), 1e-12)
        ahead = np.flatnonzero(straight >= _AHEAD)
        nearest = ahead[(lengths[ahead] / straight[ahead]).argmin()]
        path = np.concatenate([path, outside[nearest : nearest + 1]])
    return path


def _heading(path: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the way from a place shortly before the end of a line to its end."""
    back = path[::-1]
    travelled = np.cumsum(np.linalg.norm(np.diff(back, axis=0), axis=1))
    for place, length in zip(back[1:], travelled, strict=True):
        if length >= _TAIL and (place != path[-1]).any():
            return np.asarray(path[-1] - place)
    if (path[0] != path[-1]).any():
        return np.asarray(path[-1] - path[0])
    return np.asarray(path[-1] - path[-2])


def pixels_under(path: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Mark the pixels of a plane that a line runs through; no path over edges crosses it."""
    under = np.zeros(shape, bool)
    under[tuple(places.pixels_along(path, shape, 1.0).T)] = True
    return under


def sides_beside(
    path: NDArray[np.float64], under: NDArray[np.bool_], spacing: Sequence[float]
) -> NDArray[np.float64]:
    """Return on which side of a line the pixels next to it lie.

    Parameters
    ----------
    path : (N, 2) ndarray of float
        Vertices, in pixels.
    under : (Y, X) ndarray of bool
        The pixels under the line.
    spacing : sequence of float
        Pixel size along both axes.

    Returns
    -------
    (Y, X) ndarray of float
        1 and -1 on both sides of the line, 0 on it and away from it.
    """
    from scipy import ndimage
    from scipy.spatial import cKDTree

    beside = ndimage.binary_dilation(under, np.ones((3, 3), bool)) & ~under
    pixels = np.argwhere(beside)
    samples, ways = [], []
    for start, end in itertools.pairwise(path):
        count = int(np.ceil(_PER_PIXEL * np.abs(end - start).max()))
        shares = (np.arange(count) + 0.5)[:, None] / count
        samples.append(start + shares * (end - start))
        ways.append(np.broadcast_to(end - start, (count, 2)))
    line, along = np.concatenate(samples) * spacing, np.concatenate(ways) * spacing
    _, nearest = cKDTree(line).query(pixels * np.asarray(spacing))
    across = pixels * np.asarray(spacing) - line[nearest]
    turn = along[nearest, 0] * across[:, 1] - along[nearest, 1] * across[:, 0]
    sides = np.zeros(under.shape)
    sides[beside] = np.sign(turn)
    return sides
