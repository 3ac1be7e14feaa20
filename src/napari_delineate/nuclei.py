"""Find nuclei as blobs of a Laplacian above a local background.

The stages of cell detection, from its published description. Grids are isotropic or not:
every radius comes in voxels per axis, every distance in the units of the spacing.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, outlines
from napari_delineate.thresholds.global_levels import global_level

__all__ = [
    "DIAMETER_SHARE",
    "blobs",
    "blobs_above",
    "laplacian",
    "local_background",
    "means",
    "split_at_narrow_places",
    "trimmed",
    "typical_diameter",
]

DIAMETER_SHARE = 0.2
"""Sigma of the Gaussian before blobs are searched, as a share of their diameter."""

_NECK = 0.8
"""Where two wide places are joined by a neck of more than this share of the narrower one's
width, they are one object."""

_PROMINENCE = 0.5
"""By so many voxels the distance to the outline must rise from the neck to a wide place."""

_SMALL_BALL = 4.0
"""Largest radius in voxels of the balls that a large one is composed of."""


def local_background(
    image: NDArray[Any], radius: tuple[float, ...], by_reconstruction: bool
) -> NDArray[Any]:
    """Return the image without what is bright and narrower than a ball.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float
        Intensities.
    radius : tuple of float
        Radius of the ball in voxels per axis.
    by_reconstruction : bool
        Whether to raise the eroded image as far as the image allows, which keeps the
        shape of what is wide; or only where the ball fits, which looks no farther.

    Returns
    -------
    ndarray, same shape and dtype
        The background, nowhere above the image.
    """
    lowest = _repeated(image, radius, "minimum")
    if by_reconstruction:
        return building_blocks.reconstructed(lowest, image, "full")
    return np.asarray(np.minimum(_repeated(lowest, radius, "maximum"), image))


def _repeated(
    image: NDArray[Any], radius: tuple[float, ...], extremum: Literal["minimum", "maximum"]
) -> NDArray[Any]:
    """Erode or dilate with a ball composed of small ones: much faster, nearly as round."""
    times = max(1, math.ceil(max(radius) / _SMALL_BALL))
    if times == 1:
        return building_blocks.flat_extremum(image, radius, "ball", extremum)
    whole = [math.floor(entry + building_blocks.ROUNDING) for entry in radius]
    result = image
    for turn in range(times):
        part = tuple(float((turn + 1) * entry // times - turn * entry // times) for entry in whole)
        result = building_blocks.flat_extremum(result, part, "ball", extremum)
    return result


def laplacian(image: NDArray[Any], spacing: tuple[float, ...]) -> NDArray[Any]:
    """Return the sum of second differences along all axes, per finest voxel squared."""
    from scipy import ndimage

    result = np.zeros_like(image)
    for axis, entry in enumerate(spacing):
        weight = (min(spacing) / entry) ** 2
        result += ndimage.convolve1d(image, np.array([1, -2, 1]) * weight, axis, mode="nearest")
    return result


def blobs(curvature: NDArray[Any]) -> NDArray[np.int32]:
    """Divide where a Laplacian is negative at its valleys into one segment per minimum."""
    from skimage.morphology import local_maxima

    inside = curvature < 0
    seeds = building_blocks.connected_components(local_maxima(-curvature) & inside)
    return building_blocks.watershed(curvature, seeds, inside, "full")


def means(image: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean intensity of every number from 0 up; 0 where there are no pixels."""
    flat = labels.reshape(-1)
    counts = np.bincount(flat)
    sums = np.bincount(flat, weights=image.reshape(-1))
    return np.asarray(sums / np.maximum(counts, 1))


def trimmed(labels: NDArray[Any], image: NDArray[Any], spacing: tuple[float, ...]) -> NDArray[Any]:
    """Take pixels off the outlines that lie outside by a Laplacian of finer scale."""
    from scipy import ndimage

    mask = labels > 0
    rim = mask & ~ndimage.binary_erosion(mask, border_value=1)
    sigma = tuple(min(spacing) / entry for entry in spacing)
    outside = laplacian(building_blocks.gaussian(image, sigma), spacing) >= 0
    return np.where(rim & outside, 0, labels)


def split_at_narrow_places(mask: NDArray[np.bool_], spacing: tuple[float, ...]) -> NDArray[Any]:
    """Divide a mask where it is narrow between two of its wide places."""
    from skimage.morphology import local_maxima

    if not mask.any():
        return np.zeros(mask.shape, np.int32)
    distance = building_blocks.distance_inside(mask, spacing)
    necks = np.minimum(
        distance * np.float32(_NECK), distance - np.float32(_PROMINENCE * min(spacing))
    )
    lower = building_blocks.reconstructed(necks, distance, "full")
    seeds = building_blocks.connected_components(local_maxima(lower) & mask)
    return building_blocks.watershed(-distance, seeds, mask, "full")


def typical_diameter(image: NDArray[Any], spacing: tuple[float, ...]) -> float:
    """Estimate how wide the bright objects of an image are, where they are about round.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float
        Intensities above the background.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    float
        The diameter in the units of the spacing; that of one voxel where there is nothing.
        Wide objects count as much as their area or volume.
    """
    smooth = building_blocks.gaussian(image, tuple(min(spacing) / entry for entry in spacing))
    level = global_level(smooth, "li")
    mask = np.zeros(image.shape, bool) if level is None else smooth > level
    if not mask.any() or mask.all():
        return min(spacing)
    axes = sum(length > 1 for length in image.shape)
    # Distances are to the middle of a voxel outside, half a voxel beyond the outline.
    inside = building_blocks.distance_inside(mask, spacing)[mask].mean(dtype=np.float64)
    return 2 * (axes + 1) * max(float(inside) - min(spacing) / 2, 0.0) or min(spacing)


def blobs_above(
    image: NDArray[Any],
    background: NDArray[Any] | None,
    *,
    sigma: tuple[float, ...],
    threshold: float | None,
    maximum_background: float | None,
    split_by_shape: bool,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    """Find blobs that are brighter than the background.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray of float
        Intensities.
    background : ndarray, same shape, optional
        What to subtract.
    sigma : tuple of float
        Sigma of the Gaussian in voxels per axis.
    threshold : float or None
        Least mean of a blob above the background; None for the least cross entropy.
    maximum_background : float or None
        Highest mean of the background below a blob; None for any.
    split_by_shape : bool
        Whether blobs that touch are joined and divided at narrow places instead.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    ndarray of int32, same shape
        The blobs, numbered from 1.
    """
    above = image if background is None else image - background
    smooth = building_blocks.gaussian(above, sigma)
    labels = blobs(laplacian(smooth, spacing))
    if threshold is None:
        threshold = global_level(smooth, "li")
        if threshold is None:
            return np.zeros(image.shape, np.int32)
    kept = means(above, labels) > threshold
    if background is not None and maximum_background is not None:
        kept &= means(background, labels) <= maximum_background
    kept[0] = False
    labels = np.where(kept[labels], labels, 0)
    if max(sigma) > 1.5:
        labels = trimmed(labels, above, spacing)
    if split_by_shape:
        filled = outlines.fill_objects((labels > 0).astype(np.int32)) > 0
        return split_at_narrow_places(filled, spacing)
    return outlines.fill_objects(labels)
