"""Sample images: one that scikit-image ships, and ones that are generated here.

Nothing is downloaded. What is generated says so in its description.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["SAMPLES", "Sample", "coins", "nuclei_3d", "nuclei_movie"]

_SEED = 20240607


@dataclass(frozen=True)
class Sample:
    """Describe a sample image.

    Attributes
    ----------
    name : str
        A short name, also that of its layer.
    title : str
        What it is, for people.
    load : callable
        Returns the image.
    """

    name: str
    title: str
    load: Callable[[], Value]


def coins() -> Value:
    """Return a photograph of Greek coins from Pompeii, 303 × 384 pixels.

    Returns
    -------
    Value
        A (Y, X) image, uint8.

    References
    ----------
    .. [1] `skimage.data.coins`, Brooklyn Museum Collection.

    Examples
    --------
    >>> coins().data.shape
    (303, 384)
    """
    from skimage import data

    return Value.of(data.coins(), Kind.IMAGE)


def nuclei_3d() -> Value:
    """Generate a stack of blurred ellipsoids that looks like nuclei under a microscope.

    Returns
    -------
    Value
        A (Z, Y, X) image, uint16, with voxels of 1.0 × 0.3 × 0.3 micrometer: about 60
        nuclei of 6 to 9 micrometer, some of which touch. The same at every call.

    Examples
    --------
    >>> nuclei_3d().spacing
    (1.0, 0.3, 0.3)
    """
    spacing = (1.0, 0.3, 0.3)
    shape = (32, 192, 192)
    random = np.random.default_rng(_SEED)
    centres = _scatter(random, 60, np.multiply(shape, spacing), apart=6.5)
    image = _render(random, shape, spacing, centres, radius=(3.0, 4.5))
    return Value.of(image, Kind.IMAGE, "ZYX", spacing, "micrometer")


def nuclei_movie() -> Value:
    """Generate a movie of blurred ellipses that drift like nuclei.

    Returns
    -------
    Value
        A (T, Y, X) image, uint16: 6 frames of 160 × 160 pixels of 0.5 micrometer. The same
        at every call.

    Examples
    --------
    >>> nuclei_movie().axes
    'TYX'
    """
    spacing, shape = (0.5, 0.5), (160, 160)
    random = np.random.default_rng(_SEED + 1)
    centres = _scatter(random, 18, np.multiply(shape, spacing), apart=12)
    drift = random.normal(0, 0.8, centres.shape)
    radii_seed = int(random.integers(2**31))
    frames = [
        _render(
            np.random.default_rng(radii_seed), shape, spacing, centres + time * drift, (3.5, 5.5)
        )
        for time in range(6)
    ]
    return Value.of(np.stack(frames), Kind.IMAGE, "TYX", spacing, "micrometer")


SAMPLES = (
    Sample("coins", "Coins (photograph from scikit-image)", coins),
    Sample("nuclei", "Nuclei 3D (generated, anisotropic)", nuclei_3d),
    Sample("movie", "Nuclei moving in 2D (generated)", nuclei_movie),
)
"""All sample images."""


def _scatter(
    random: np.random.Generator, number: int, extent: NDArray[np.float64], apart: float
) -> NDArray[np.float64]:
    """Return points in a box that keep a distance to each other."""
    points: list[NDArray[np.float64]] = []
    while len(points) < number:
        point = random.uniform(0, extent)
        if all(np.linalg.norm(point - other) >= apart for other in points):
            points.append(point)
    return np.array(points)


def _render(
    random: np.random.Generator,
    shape: tuple[int, ...],
    spacing: tuple[float, ...],
    centres: NDArray[np.float64],
    radius: tuple[float, float],
) -> NDArray[np.uint16]:
    """Draw ellipsoids at physical positions, blur them and add noise."""
    from scipy import ndimage

    grid = np.ogrid[tuple(slice(size) for size in shape)]
    signal = np.zeros(shape)
    for centre in centres:
        radii = random.uniform(*radius) * random.uniform(0.85, 1.15, len(shape))
        squares = sum(
            ((axis * size - middle) / extent) ** 2
            for axis, size, middle, extent in zip(grid, spacing, centre, radii, strict=True)
        )
        brightness = random.uniform(0.6, 1.0) * (1 - 0.35 * squares)
        signal = np.where(squares <= 1, np.maximum(signal, brightness), signal)
    blurred = ndimage.gaussian_filter(signal, [0.45 / size for size in spacing])
    photons = random.poisson(blurred * 900 + 60)
    counts = photons * 8 + random.normal(100, 12, shape)
    return np.asarray(np.clip(counts, 0, 65535), np.uint16)
