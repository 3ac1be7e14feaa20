"""Divide foreground into objects at their maxima, as CellProfiler does.

Every length is physical, so that anisotropic voxels give the same objects.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.outlines import fill_objects

__all__ = ["Division", "blurred_inside", "divide"]

_SIZE_TO_SIGMA = 1 / 2.35
"""From the width of a Gaussian at half of its height to its sigma."""

_COARSE = 10
"""Pixels across the smallest object on the coarse grid on which maxima are searched."""


@dataclass(frozen=True)
class Division:
    """Say how foreground is divided.

    Attributes
    ----------
    method : {"intensity", "shape"}
        Where objects have their maximum: where they are bright, or far from the background.
    lines : {"intensity", "shape", "propagate"}
        What a flood from the maxima follows.
    smoothing_size : float
        Width at half height of the Gaussian before maxima of intensity are searched, in
        the units of the spacing.
    distance : float
        Least distance between maxima of an object, in the same units.
    coarse : float
        Diameter of the smallest object. Maxima are searched on a grid with 10 pixels
        across it; 0 to search them on the grid of the image.
    """

    method: Literal["intensity", "shape"]
    lines: Literal["intensity", "shape", "propagate"]
    smoothing_size: float
    distance: float
    coarse: float


def blurred_inside(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    size: float,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    """Blur floats with a Gaussian that ends after half of its width, inside a mask.

    What lies outside of the mask or the image does not count.
    """
    from scipy import ndimage

    if size == 0:
        return image
    result = image if mask is None else np.where(mask, image, 0)
    weights = None if mask is None else mask.astype(image.dtype)
    for axis, entry in enumerate(spacing):
        width = size / entry
        reach = max(int(width / 2), 1)
        sigma = width * _SIZE_TO_SIGMA
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
        result = ndimage.convolve1d(result, kernel, axis, mode="constant")
        if weights is None:
            inside = ndimage.convolve1d(np.ones(image.shape[axis]), kernel, mode="constant")
            shape = [-1 if axis == other else 1 for other in range(image.ndim)]
            result /= inside.reshape(shape).astype(result.dtype)
        else:
            weights = ndimage.convolve1d(weights, kernel, axis, mode="constant")
    if weights is not None:
        assert mask is not None
        result[mask] /= weights[mask]
        result[~mask] = 0
    return np.asarray(result)


def divide(
    image: NDArray[Any],
    mask: NDArray[np.bool_] | None,
    pieces: NDArray[Any],
    division: Division,
    spacing: tuple[float, ...],
) -> NDArray[Any]:
    """Divide connected pieces of foreground at their maxima.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float
        Intensities; objects are bright.
    mask : ndarray of bool, same shape, optional
        Pixels that count.
    pieces : ndarray of int, same shape
        Connected pieces of foreground, numbered from 1.
    division : Division
        How to divide.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    ndarray of int32, same shape
        The objects. Together they cover the pieces; each is connected.
    """
    if not pieces.any():
        return pieces.astype(np.int32)
    distances = None
    if division.method == "intensity":
        heights = blurred_inside(image, mask, division.smoothing_size, spacing)
    else:
        # The middle is far from the outline, not from holes.
        heights = building_blocks.distance_inside(fill_objects(pieces) > 0, spacing)
        distances = heights
    seeds = _seeds(heights, pieces, division, spacing)
    foreground = pieces > 0
    if division.lines == "propagate":
        from napari_delineate.kernels.propagation import propagate

        return propagate(None, seeds, foreground, regularization=1.0, spacing=spacing)
    if division.lines == "intensity":
        levels = image.max() - image
    elif distances is None:
        levels = -building_blocks.distance_inside(foreground, spacing)
    else:
        levels = -distances
    return building_blocks.watershed(levels, seeds, foreground, "full")


def _seeds(
    heights: NDArray[Any],
    pieces: NDArray[Any],
    division: Division,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    """Return the maxima as seeds, at least one for every piece."""
    from scipy import ndimage

    from napari_delineate.kernels.maxima import maxima_within

    factors = np.ones(heights.ndim)
    grid = spacing
    low_heights, low_pieces = heights, pieces
    if division.coarse:
        grid = tuple(max(entry, division.coarse / _COARSE) for entry in spacing)
        factors = np.array(grid) / spacing
    if (factors > 1).any():
        shape = tuple(int(size) for size in np.ceil(pieces.shape / factors))
        places = np.ix_(*_sampled(factors, shape, pieces.shape))
        low_pieces = pieces[places]
        low_heights = ndimage.affine_transform(
            heights, factors, output_shape=shape, order=1, mode="nearest"
        )
    radius = tuple(max(division.distance / entry - 0.5 * min(grid) / entry, 1.0) for entry in grid)
    footprint = building_blocks.offsets_within(radius, "ball")
    maxima = maxima_within(low_heights, low_pieces, footprint)
    plateaus = building_blocks.connected_components(maxima)
    plateaus = _without_equals(plateaus, low_heights, low_pieces, grid, division.distance)
    if (factors > 1).any():
        found = np.nonzero(plateaus)
        numbers, first = np.unique(plateaus[found], return_index=True)
        seeds = np.zeros(pieces.shape, np.int32)
        lines = _sampled(factors, plateaus.shape, pieces.shape)
        seeds[tuple(line[axis[first]] for line, axis in zip(lines, found, strict=True))] = numbers
    else:
        seeds = plateaus.astype(np.int32)
    return _with_seedless(seeds, pieces)


def _sampled(
    factors: NDArray[Any], shape: tuple[int, ...], full: tuple[int, ...]
) -> list[NDArray[np.int64]]:
    """Return for each axis the pixels that the coarse grid takes."""
    return [
        np.minimum(np.floor(np.arange(size) * factor + 0.5), limit - 1).astype(np.int64)
        for size, factor, limit in zip(shape, factors, full, strict=True)
    ]


def _without_equals(
    plateaus: NDArray[Any],
    heights: NDArray[Any],
    pieces: NDArray[Any],
    spacing: tuple[float, ...],
    distance: float,
) -> NDArray[Any]:
    """Keep one of the equally high plateaus of a piece that lie within the distance.

    Distances to the background are often exactly equal on both sides of a middle.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    found = np.nonzero(plateaus)
    numbers, first = np.unique(plateaus[found], return_index=True)
    places = tuple(axis[first] for axis in found)
    tree = cKDTree(np.stack(places, axis=1) * np.asarray(spacing))
    pairs = tree.query_pairs(distance, output_type="ndarray")
    equal = (heights[places][pairs[:, 0]] == heights[places][pairs[:, 1]]) & (
        pieces[places][pairs[:, 0]] == pieces[places][pairs[:, 1]]
    )
    pairs = pairs[equal]
    if not len(pairs):
        return plateaus
    links = coo_array((np.ones(len(pairs), bool), pairs.T), (len(numbers),) * 2)
    groups = connected_components(links, directed=False)[1]
    kept = np.unique(groups, return_index=True)[1]
    table = np.zeros(int(numbers[-1]) + 1, np.int32)
    table[numbers[kept]] = np.arange(1, len(kept) + 1)
    return np.asarray(table[plateaus])


def _with_seedless(seeds: NDArray[np.int32], pieces: NDArray[Any]) -> NDArray[np.int32]:
    """Give pieces that the coarse grid missed a seed: their first pixel."""
    seeded = np.zeros(int(pieces.max()) + 1, bool)
    seeded[pieces[seeds > 0]] = True
    seeded[0] = True
    if seeded.all():
        return seeds
    missed = np.flatnonzero(~seeded[pieces])
    _, first = np.unique(pieces.reshape(-1)[missed], return_index=True)
    start = int(seeds.max()) + 1
    seeds.reshape(-1)[missed[first]] = np.arange(start, start + len(first))
    return seeds
