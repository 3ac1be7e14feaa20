"""Grow seeds along paths that cost brightness and distance: shortest paths in buckets."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled

__all__ = ["propagate"]


def propagate(
    image: NDArray[np.float32] | None,
    seeds: NDArray[Any],
    mask: NDArray[np.bool_],
    *,
    regularization: float,
    spacing: tuple[float, ...],
    limit: float = np.inf,
) -> NDArray[Any]:
    """Give every pixel of a mask to the seed with the cheapest path to it.

    A step to one of the 8 (26) neighbours costs the square root of D² + (regularization *
    L)². L is the length of the step in finest voxels. D is the sum of the absolute
    differences between the 3 x 3 pixels around both ends of the step; in 3D a third of the
    sum over 3 x 3 x 3 voxels, so that a stack of equal slices costs what one slice does.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float32, or None
        Intensities, by which the regularization is meant; None for a constant image.
    seeds : ndarray of int, same shape
        Numbers to grow; those outside the mask stay but do not grow.
    mask : ndarray of bool, same shape
        Where seeds grow.
    regularization : float
        Cost of one voxel, above 0: no step costs less, which is what makes buckets exact.
        Their number grows with the range of the image divided by it.
    spacing : tuple of float
        Voxel size per axis.
    limit : float
        Cost at which the growth ends.

    Returns
    -------
    ndarray, same shape and dtype as `seeds`
        The grown seeds. Of steps that reach a pixel at the same cost, the one from the
        pixel that a scan meets first wins, whatever the numbers.

    References
    ----------
    .. [1] Jones, Carpenter and Golland, "Voronoi-based segmentation of cells on image
           manifolds", Computer Vision for Biomedical Image Applications (2005), 535-543,
           https://doi.org/10.1007/11569541_54
    .. [2] Denardo and Fox, "Shortest-route methods: 1. Reaching, pruning, and buckets",
           Operations Research 27 (1979), 161-186, https://doi.org/10.1287/opre.27.1.161
    """
    ndim = seeds.ndim
    steps = np.array([step for step in np.ndindex(*(3,) * ndim) if set(step) != {1}]) - 1
    lengths = np.sqrt(np.square(steps * (np.asarray(spacing) / min(spacing))).sum(axis=1))
    # With a margin no neighbour lies outside, and places are single numbers.
    open_pixels = np.pad(mask, 1)
    strides = np.array(open_pixels.strides)
    grown = np.pad(seeds, 1)
    if image is None:
        pixels, rows, brightest = np.zeros(1, np.float32), np.zeros(0, np.int64), 0.0
    else:
        pixels = np.pad(image, 1, mode="edge").ravel()
        # The pixels around a place are rows of three: their first ones.
        rows = (np.array(list(np.ndindex(*(3,) * (ndim - 1), 1))) - 1) @ strides
        brightest = 9 * float(np.ptp(image))
    dearest = float(np.hypot(brightest, regularization * lengths.max()))
    _grow(
        pixels,
        grown.reshape(-1),
        open_pixels.reshape(-1),
        steps @ strides,
        np.square(lengths * regularization),
        rows,
        9 / 3**ndim,
        limit,
        0.999 * regularization,
        dearest,
    )
    return np.ascontiguousarray(grown[(slice(1, -1),) * ndim])


@numba.njit(cache=True, nogil=True)
def _grow(
    pixels: NDArray[Any],
    grown: NDArray[Any],
    open_pixels: NDArray[np.bool_],
    steps: NDArray[np.int64],
    squares: NDArray[np.float64],
    rows: NDArray[np.int64],
    share: float,
    limit: float,
    width: float,
    dearest: float,
) -> None:
    """Settle pixels bucket by bucket.

    A bucket is narrower than the cheapest step, so none of its pixels can lower the cost
    of another one in it: they can be taken in any order. As all costs that wait lie within
    the dearest step, buckets are used again in turn.
    """
    best = np.full(grown.size, np.inf)
    came = np.full(grown.size, -1, np.int8)
    number = int(dearest / width) + 3
    heads = np.full(number, -1, np.int64)
    # Buckets are lists in one pool; `unused` is the list of its free entries.
    places, following = np.empty(1024, np.int64), np.empty(1024, np.int64)
    used, unused, waiting = 0, -1, 0
    for place in range(grown.size):
        if grown[place] == 0 or not open_pixels[place]:
            continue
        best[place] = 0.0
        for step in steps:  # only seeds with an open neighbour can grow
            if open_pixels[place + step] and grown[place + step] == 0:
                if used == places.size:
                    places, following = doubled(places), doubled(following)
                places[used], following[used] = place, heads[0]
                heads[0] = used
                used += 1
                waiting += 1
                break
    bucket = 0
    while waiting > 0:
        entry = heads[bucket]
        if entry < 0:
            bucket = (bucket + 1) % number
            continue
        heads[bucket] = following[entry]
        place = places[entry]
        following[entry], unused = unused, entry
        waiting -= 1
        if not open_pixels[place]:
            continue
        open_pixels[place] = False
        cost = best[place]
        for index in range(steps.size):
            neighbour = place + steps[index]
            if not open_pixels[neighbour]:
                continue
            # The path is no cheaper than its length, so most need no look at the image.
            room = best[neighbour] - cost
            if room < 0 or room * room < squares[index]:
                continue
            most = np.sqrt(room * room - squares[index]) / share * 1.000001 + 1e-12
            difference = 0.0
            for row in rows:
                here, there = place + row, neighbour + row
                difference += (
                    abs(np.float64(pixels[here]) - np.float64(pixels[there]))
                    + abs(np.float64(pixels[here + 1]) - np.float64(pixels[there + 1]))
                    + abs(np.float64(pixels[here + 2]) - np.float64(pixels[there + 2]))
                )
                if difference > most:
                    break
            if difference > most:
                continue
            difference *= share
            reached = cost + np.sqrt(difference * difference + squares[index])
            if reached > limit or reached > best[neighbour]:
                continue
            if reached == best[neighbour]:
                # A later step in the list comes from an earlier pixel.
                if index > came[neighbour]:
                    came[neighbour] = index
                    grown[neighbour] = grown[place]
                continue
            best[neighbour], came[neighbour] = reached, index
            grown[neighbour] = grown[place]
            if unused >= 0:
                entry, unused = unused, following[unused]
            else:
                if used == places.size:
                    places, following = doubled(places), doubled(following)
                entry = used
                used += 1
            target = int(reached / width) % number
            places[entry], following[entry] = neighbour, heads[target]
            heads[target] = entry
            waiting += 1
