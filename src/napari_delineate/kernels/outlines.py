"""Walk around objects, and count where lines enter and leave them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import SphericalVoronoi

from napari_delineate.kernels.neighbours import bordered

__all__ = ["crofton_sizes", "traced_perimeters"]


def traced_perimeters(
    parts: NDArray[np.int32], spacing: tuple[float, ...], corners: bool
) -> NDArray[np.float64]:
    """Return the length of the outline of each object, cut at its corners as ImageJ does.

    Parameters
    ----------
    parts : (Y, X) ndarray of int32
        Connected objects, numbered in the order in which a scan meets them.
    spacing : tuple of float
        Size of a pixel along each axis.
    corners : bool
        Whether pixels that touch over a corner are connected.

    Returns
    -------
    (N,) ndarray of float64
        The perimeter of object i + 1. Holes do not count. A run of one pixel between two
        turns is half of a corner, so that diagonals are about as long as they should be.
    """
    wide = bordered(parts, 0)
    sides = np.zeros((int(parts.max(initial=0)), 3))
    # Pixel at the right in front of a corner, by direction: right, up, left, down.
    width = wide.shape[1]
    around = np.array([0, -width, -width - 1, -1])
    steps = np.array([1, -width, -1, width])
    _walk(wide.reshape(-1), sides, around, steps, corners)
    high, broad = spacing
    cut = high + broad - np.hypot(high, broad)
    return np.asarray(sides[:, 0] * broad + sides[:, 1] * high - sides[:, 2] * cut)


def crofton_sizes(labels: NDArray[np.int32], spacing: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the perimeter (2D) or surface area (3D) of each object after Crofton.

    Lines in 4 (13) directions are drawn through all pixels; how often they enter or leave
    an object tells the size of its boundary. Each direction counts as much as the share of
    all directions that are nearest to it.

    Parameters
    ----------
    labels : ndarray of int32
        Objects numbered from 1.
    spacing : tuple of float
        Size of a pixel along each axis.

    Returns
    -------
    (N,) ndarray of float64
        The size of the boundary of object i + 1, holes included.
    """
    ndim = labels.ndim
    steps = np.argwhere(ndimage.generate_binary_structure(ndim, ndim)) - 1
    steps = steps[len(steps) // 2 + 1 :]
    vectors = steps * np.asarray(spacing)
    lengths = np.linalg.norm(vectors, axis=1)
    wide = bordered(labels, 0)
    strides = np.array(wide.strides) // wide.itemsize
    counts = np.zeros((int(labels.max(initial=0)) + 1, len(steps)), np.int64)
    _cross(wide.reshape(-1), counts, (steps * strides).sum(axis=1))
    # Lines in one direction are one voxel's volume apart, divided by the step along them.
    between = np.prod(spacing) / lengths
    mean = (counts[1:] / 2 * between * _shares(vectors / lengths[:, np.newaxis])).sum(axis=1)
    return np.asarray(mean * (np.pi if ndim == 2 else 4.0))


def _shares(directions: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of all directions that are nearest to each and its opposite."""
    both = np.concatenate([directions, -directions])
    if directions.shape[1] == 3:
        areas = SphericalVoronoi(both).calculate_areas()
    else:
        angles = np.arctan2(both[:, 0], both[:, 1])
        order = np.argsort(angles)
        gaps = np.diff(angles[order], append=angles[order[0]] + 2 * np.pi)
        areas = np.empty(len(both))
        areas[order] = (gaps + np.roll(gaps, 1)) / 2
    return np.asarray(2 * areas[: len(directions)] / areas.sum())


@numba.njit(cache=True, nogil=True)
def _walk(parts: Any, sides: Any, around: Any, steps: Any, corners: bool) -> None:
    """Add up the horizontal and the vertical sides and the corners of each outline.

    The walk runs clockwise over the corners of pixels, each named by the pixel below and
    at the right of it, from below the last pixel of the first row of an object.
    """
    runs = np.empty(1024, np.int64)
    seen = 0
    for first in range(parts.size):
        if parts[first] != seen + 1:
            continue
        part = parts[first]
        seen += 1
        start = first
        while parts[start + 1] == part:
            start += 1
        start += 1 + steps[3]
        place = start
        direction = 3
        run = 0
        lead = -1
        count = 0
        while True:
            if corners:
                turn = direction + 1
                while turn >= direction and parts[place + around[turn % 4]] != part:
                    turn -= 1
            else:
                turn = direction
                while turn < direction + 2 and parts[place + around[turn % 4]] == part:
                    turn += 1
                turn -= 1
            if turn != direction:
                if lead < 0:
                    lead = run
                else:
                    if count == runs.size:
                        wider = np.empty(2 * count, np.int64)
                        wider[:count] = runs
                        runs = wider
                    runs[count] = run
                    count += 1
                run = 0
            direction = (turn + 4) % 4
            sides[part - 1, direction % 2] += 1
            run += 1
            place += steps[direction]
            if place == start and direction == 3:
                break
        before = run + lead
        corner = False
        for number in range(count + 1):
            # Behind a side of one pixel, every other turn only goes on with a diagonal.
            corner = before > 1 or not corner
            if corner:
                sides[part - 1, 2] += 1
            if number < count:
                before = runs[number]


@numba.njit(cache=True, nogil=True)
def _cross(labels: Any, counts: Any, offsets: Any) -> None:
    """Count for each label how often a step in each direction enters or leaves it."""
    last = offsets.max()
    for place in range(labels.size - last):  # the rest is border
        label = labels[place]
        for number in range(offsets.size):
            other = labels[place + offsets[number]]
            if other != label:
                counts[label, number] += 1
                counts[other, number] += 1
