"""A generated sheet of cells: stained membranes, nuclei and the cells themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["Tissue", "scattered", "tissue"]

_SEED = 20240608
_SHAPE = (256, 256)
_PIXEL = 0.26
_APART = 9.5
_NUCLEUS = (2.4, 3.2)


class Tissue(NamedTuple):
    """Hold the parts of a generated sheet of cells.

    Attributes
    ----------
    membranes : Value
        Image of the borders between the cells.
    nuclei : Value
        Labels of one nucleus in each cell.
    cells : Value
        Labels of the cells, with the numbers of their nuclei: what is to be found.
    """

    membranes: Value
    nuclei: Value
    cells: Value


def tissue() -> Tissue:
    """Generate a sheet of cells that touch, 256 × 256 pixels of 0.26 micrometer.

    Returns
    -------
    Tissue
        Membranes as a uint16 image, nuclei and cells as labels. The same at every call.

    Examples
    --------
    >>> tissue().membranes.data.shape
    (256, 256)
    """
    from scipy import ndimage

    random = np.random.default_rng(_SEED)
    centres = scattered(random, np.multiply(_SHAPE, _PIXEL), _APART)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]] * _PIXEL
    # The grid is bent smoothly, so that the borders are no straight lines.
    bends = [
        ndimage.gaussian_filter(random.normal(0, 1, _SHAPE), 14, mode="nearest") for _ in range(2)
    ]
    bent = [axis + 0.6 * bend / bend.std() for axis, bend in zip((y, x), bends, strict=True)]
    distances = np.array([np.hypot(bent[0] - at[0], bent[1] - at[1]) for at in centres])
    cells = distances.argmin(axis=0).astype(np.int32) + 1
    nuclei = np.zeros(_SHAPE, np.int32)
    radii = random.uniform(*_NUCLEUS, len(centres))
    for number, (near, radius) in enumerate(zip(distances, radii, strict=True), start=1):
        nuclei[(near <= radius) & (cells == number)] = number
    return Tissue(
        _value(_stain(random, cells), Kind.IMAGE),
        _value(nuclei, Kind.LABELS),
        _value(cells, Kind.LABELS),
    )


def scattered(
    random: np.random.Generator, extent: NDArray[np.float64], apart: float
) -> NDArray[np.float64]:
    """Fill a sheet with points that keep a distance to each other.

    Parameters
    ----------
    random : numpy.random.Generator
        What chance comes from.
    extent : ndarray of float
        Height and width of the sheet.
    apart : float
        The least distance.

    Returns
    -------
    (n, 2) ndarray of float
        The points.
    """
    points: list[NDArray[np.float64]] = []
    for point in random.uniform(0, extent, (2000, 2)):
        if all(np.linalg.norm(point - other) >= apart for other in points):
            points.append(point)
    return np.array(points)


def _stain(random: np.random.Generator, cells: NDArray[np.int32]) -> NDArray[np.uint16]:
    """Draw the borders as a camera sees them: uneven, blurred, with noise."""
    from scipy import ndimage

    high = ndimage.maximum_filter(cells, 3)
    borders = (high != ndimage.minimum_filter(cells, 3)).astype(float)
    uneven = ndimage.gaussian_filter(random.normal(0, 1, cells.shape), 20)
    borders *= 1 + 0.25 * uneven / uneven.std()
    borders = np.where(borders > 0, np.clip(borders, 0.2, None), 0)
    # Light from above and below the plane makes a haze around the membranes.
    signal = ndimage.gaussian_filter(borders, 1.2) + 0.5 * ndimage.gaussian_filter(borders, 8)
    photons = random.poisson(signal * 120 + 12)
    counts = photons * 20 + random.normal(200, 15, cells.shape)
    return np.asarray(np.clip(counts, 0, 65535), np.uint16)


def _value(data: NDArray[np.generic], kind: Kind) -> Value:
    return Value.of(data, kind, "YX", _PIXEL, "micrometer")
