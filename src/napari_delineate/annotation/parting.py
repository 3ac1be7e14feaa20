"""Part the pixels of a small image into object and background, from some that are known."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import growing

__all__ = [
    "OBJECT",
    "BACKGROUND",
    "Brightness",
    "brightness_of",
    "by_graph_cut",
    "by_grow_cut",
    "by_random_walk",
    "edges_of",
    "joined_edges",
]

OBJECT, BACKGROUND = 1, 2

_LEAST_WEIGHT = 1e-10
"""Weight of an edge that a random walk hardly crosses: as that of scikit-image."""

_TOLERANCE = 1e-3
_MOST_STEPS = 200

_BINS = 64
_BLUR = 1.5
"""Sigma in bins by which histograms of few pixels are made smooth."""

_DOUBT = 0.02
"""Share of all brightness that may be of either side, whatever the histograms say."""

_SMOOTHNESS = 20.0
"""What it costs at most to part two neighbours, in nats."""

_UNIT = 64
"""Capacities are whole numbers; this is one nat."""

_FOR_SURE = 10**8
"""What it costs to give a known pixel to the other side."""


class Brightness(NamedTuple):
    """Say how much more probable each brightness is in the object than in the background.

    Attributes
    ----------
    edges : (K - 1,) ndarray of float
        The limits between the bins.
    evidence : (K,) ndarray of float
        The logarithm of the quotient of both probabilities, in each bin.
    """

    edges: NDArray[np.float64]
    evidence: NDArray[np.float64]


def brightness_of(pixels: NDArray[Any], seeds: NDArray[Any]) -> Brightness:
    """Learn the brightness of object and background from the pixels that are known.

    Parameters
    ----------
    pixels : ndarray of float
        Intensities.
    seeds : ndarray of int, same shape
        `OBJECT`, `BACKGROUND`, or 0 where it is not known.

    Returns
    -------
    Brightness
        What was learnt.
    """
    from scipy import ndimage

    sides = [pixels[seeds == side] for side in (OBJECT, BACKGROUND)]
    sides = [side[~np.isnan(side)] for side in sides]
    low, high = (float(f(np.concatenate(sides))) for f in (np.min, np.max))
    edges = np.linspace(low, high, _BINS + 1)[1:-1]
    shares = []
    for side in sides:
        counts = np.bincount(np.searchsorted(edges, side), minlength=_BINS).astype(float)
        smooth = ndimage.gaussian_filter1d(counts, _BLUR, mode="nearest")
        shares.append(smooth / smooth.sum() * (1 - _DOUBT) + _DOUBT / _BINS)
    return Brightness(edges, np.log(shares[0] / shares[1]))


def edges_of(pixels: NDArray[Any], spacing: tuple[float, ...], beta: float) -> NDArray[np.float64]:
    """Return how readily a random walk goes from each pixel to the next one along each axis.

    Parameters
    ----------
    pixels : (Y, X) or (Z, Y, X) ndarray of float
        Intensities, divided by their standard deviation; NaN where no walk leads.
    spacing : tuple of float
        Voxel size per axis.
    beta : float
        How much the walk avoids edges, as in `segmentation.random_walker`.

    Returns
    -------
    (3, Z, Y, X) ndarray of float64
        The weights; 0 behind the last pixel and where no walk leads. A 2D image is a slice.
    """
    volume = pixels[None] if pixels.ndim == 2 else pixels
    steps = np.array((1.0,) * (3 - pixels.ndim) + spacing) / min(spacing)
    weights = np.zeros((3, *volume.shape))
    for axis, step in enumerate(steps.tolist()):
        near, _ = _both_ends(axis)
        edge = np.exp(-beta / 10 * np.square(np.diff(volume, axis=axis) / step)) + _LEAST_WEIGHT
        edge[np.isnan(edge)] = 0
        weights[axis][near] = edge
    return weights


def joined_edges(weights: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return the edges between cells of two pixels along an axis.

    A walk from the middle of a cell to that of the next one takes half of the edge within
    each and the one between them, one after the other, so that walls stay that are thinner
    than a cell. Edges side by side add up.

    Parameters
    ----------
    weights : (3, Z, Y, X) ndarray of float64
        Weight of the edge to the next pixel along each axis.
    axis : int
        The axis, 0 for Z.

    Returns
    -------
    (3, Z, Y, X) ndarray of float64
        The same for cells.
    """
    length = weights.shape[axis + 1]
    pixels = np.moveaxis(weights, axis + 1, 0)
    cells = pixels[::2].copy()
    cells[: length // 2] += pixels[1::2]
    side_by_side = np.ascontiguousarray(np.moveaxis(cells, 0, axis + 1))
    along = np.moveaxis(weights[axis], axis, 0)
    inner, between = along[::2].copy(), along[1::2].copy()
    if length % 2:  # the last cell has one pixel, so that nothing within it is to be crossed
        inner[-1] = np.inf
        between = np.concatenate([between, np.zeros_like(between[:1])])
    with np.errstate(divide="ignore"):
        resistance = 1 / between
        resistance += 0.5 / inner
        resistance[:-1] += 0.5 / inner[1:]
    np.moveaxis(side_by_side[axis], axis, 0)[...] = 1 / resistance
    return np.asarray(side_by_side)


def by_random_walk(weights: NDArray[np.float64], seeds: NDArray[Any]) -> NDArray[np.bool_]:
    """Give every pixel to the side that a random walk which avoids edges reaches first.

    Parameters
    ----------
    weights : (3, Z, Y, X) ndarray of float64
        What `edges_of` or `joined_edges` gives.
    seeds : (Y, X) or (Z, Y, X) ndarray of int
        `OBJECT`, `BACKGROUND`, or 0 where it is not known.

    Returns
    -------
    ndarray of bool, in the shape of the seeds
        The object.

    References
    ----------
    .. [1] Grady, "Random walks for image segmentation", IEEE Transactions on Pattern
           Analysis and Machine Intelligence 28 (2006), 1768-1783,
           https://doi.org/10.1109/TPAMI.2006.233
    """
    from napari_delineate.kernels.random_walk import grids_of, solve

    known = seeds.reshape(weights.shape[1:])
    unknown, inside = known == 0, known == OBJECT
    between = np.zeros_like(weights)
    leaks, right = np.zeros(known.shape), np.zeros(known.shape)
    for axis in range(3):
        if weights.shape[axis + 1] == 1:
            continue
        near, far = _both_ends(axis)
        edge = weights[axis][near]
        for here, there in ((near, far), (far, near)):
            leaks[here] += edge * (unknown[here] & ~unknown[there])
            right[here] += edge * (unknown[here] & inside[there])
        between[axis][near] = edge * (unknown[near] & unknown[far])
    grids = grids_of(between, leaks, unknown)
    found, _ = solve(grids, right, np.zeros(known.shape), _TOLERANCE, _MOST_STEPS)
    return np.asarray(((found > 0.5) | inside).reshape(seeds.shape))


def _both_ends(axis: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the pixels that have a next one along an axis of three, and the next ones."""
    whole = slice(None)
    near = tuple(slice(0, -1) if other == axis else whole for other in range(3))
    far = tuple(slice(1, None) if other == axis else whole for other in range(3))
    return near, far


def by_graph_cut(
    pixels: NDArray[Any],
    seeds: NDArray[Any],
    spacing: tuple[float, ...],
    brightness: Brightness,
    size: float = 1.0,
) -> NDArray[np.bool_]:
    """Part object and background where the image has edges and brightness fits.

    Parameters
    ----------
    pixels : (Y, X) or (Z, Y, X) ndarray of float
        Intensities; NaN where there is no object.
    seeds : ndarray of int, same shape
        `OBJECT`, `BACKGROUND`, or 0 where it is not known.
    spacing : tuple of float
        Voxel size per axis.
    brightness : Brightness
        What brightness says of object and background.
    size : float
        How many pixels each of these is long: brightness speaks for their area (or volume),
        what parts them for their sides.

    Returns
    -------
    ndarray of bool, same shape
        The object.

    Notes
    -----
    A pixel costs the negative logarithm of the probability of its brightness on the side
    that it is given to; two neighbours (8 in 2D, 6 in 3D) on different sides cost less the
    more they differ, and the farther they are apart. The sum is the least that is possible.

    References
    ----------
    .. [1] Boykov and Jolly, "Interactive graph cuts for optimal boundary & region
           segmentation of objects in N-D images", International Conference on Computer
           Vision (2001), 105-112, https://doi.org/10.1109/ICCV.2001.937505
    .. [2] Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using
           iterated graph cuts", ACM Transactions on Graphics 23 (2004), 309-314,
           https://doi.org/10.1145/1015706.1015720
    """
    from napari_delineate.kernels import graph_cut as kernel

    ndim = pixels.ndim
    finest = np.array(spacing) / min(spacing)
    offsets = [
        step
        for step in itertools.product((-1, 0, 1), repeat=ndim)
        if any(step) and (ndim == 2 or sum(map(abs, step)) == 1)
    ]
    frame: NDArray[Any] = np.pad(pixels.astype(np.float64), 1, constant_values=np.nan)
    framed = frame.reshape(-1)
    strides = np.array(frame.strides) // frame.itemsize
    steps = np.array(offsets) @ strides
    later = steps[len(steps) // 2 :]
    lengths = [np.linalg.norm(step * finest) for step in offsets[len(steps) // 2 :]]
    total, count = kernel.unevenness(framed, later)
    falloff = count / (2 * total) if total > 0 else 0.0
    largest = _SMOOTHNESS / np.array(lengths)
    known = np.pad(seeds, 1).reshape(-1)
    capacities = kernel.costs_of_parting(framed, known, later, largest, falloff, _UNIT)
    evidence = np.rint(brightness.evidence * size * _UNIT).astype(np.int32)
    sure = np.array([0, _FOR_SURE, -_FOR_SURE], np.int32)
    terminals = kernel.costs_of_sides(framed, known, brightness.edges, evidence, sure)
    found = kernel.cut(capacities, steps, terminals)
    inner = (slice(1, -1),) * ndim
    return np.asarray(found.reshape(frame.shape)[inner])


def by_grow_cut(
    pixels: NDArray[Any], seeds: NDArray[Any], spacing: tuple[float, ...]
) -> NDArray[np.bool_]:
    """Give every pixel to the side with the path to it on which brightness changes least."""
    known = ~np.isnan(pixels)
    filled = np.where(known, pixels, 0.0)
    return np.asarray(growing.grow_cut(filled, seeds, spacing, known) == OBJECT)
