"""A generated slice of stained tissue: its colours, and the nuclei in it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.library.tissue import scattered
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["StainedTissue", "stained_tissue"]

_SEED = 20240609
_SHAPE = (256, 256)
_PIXEL = 0.5
_APART = 9.0
_RADII = (3.0, 4.5)


class StainedTissue(NamedTuple):
    """Hold the parts of a generated slice of stained tissue.

    Attributes
    ----------
    tissue : Value
        The colour image: blue nuclei in pink tissue, with white gaps.
    nuclei : Value
        Labels of the nuclei: what is to be found.
    """

    tissue: Value
    nuclei: Value


def stained_tissue() -> StainedTissue:
    """Generate tissue stained with hematoxylin and eosin, 256 × 256 pixels of 0.5 micrometer.

    Returns
    -------
    StainedTissue
        An RGB image of uint8 and the labels of its nuclei. The same at every call.

    Examples
    --------
    >>> stained_tissue().tissue.data.shape
    (256, 256, 3)
    """
    from scipy import ndimage
    from skimage.color import hed2rgb

    random = np.random.default_rng(_SEED)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]] * _PIXEL
    nuclei = np.zeros(_SHAPE, np.int32)
    dark = np.zeros(_SHAPE)
    centres = scattered(random, np.multiply(_SHAPE, _PIXEL), _APART)
    for number, centre in enumerate(centres, start=1):
        along, across = random.uniform(*_RADII, 2)
        angle = random.uniform(0, np.pi)
        first = (y - centre[0]) * np.cos(angle) + (x - centre[1]) * np.sin(angle)
        second = (x - centre[1]) * np.cos(angle) - (y - centre[0]) * np.sin(angle)
        inside = (first / along) ** 2 + (second / across) ** 2 <= 1
        nuclei[inside & (nuclei == 0)] = number
        dark[inside] = random.uniform(0.45, 0.8)
    chromatin = 1 + 0.25 * _uneven(random, 1.5)
    hematoxylin = ndimage.gaussian_filter(dark * chromatin, 0.8) + 0.03
    tissue = (_uneven(random, 16) > -1.1) | (nuclei > 0)
    fibres = 0.3 * np.clip(1 + 0.3 * _uneven(random, 3), 0.2, None)
    eosin = ndimage.gaussian_filter(np.where(tissue, fibres, 0.02), 1)
    # skimage counts a stain on a scale on which one is an optical density of 6.
    stains = np.stack([hematoxylin, eosin, np.zeros(_SHAPE)], axis=-1) / 6
    colours = hed2rgb(stains) * 245 + random.normal(0, 3, (*_SHAPE, 3))
    return StainedTissue(
        _value(np.asarray(np.clip(colours, 0, 255), np.uint8), Kind.RGB, "YXS"),
        _value(nuclei, Kind.LABELS, "YX"),
    )


def _uneven(random: np.random.Generator, sigma: float) -> NDArray[np.float64]:
    """Return smooth noise with a standard deviation of 1."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(random.normal(0, 1, _SHAPE), sigma)
    return np.asarray(smooth / smooth.std())


def _value(data: NDArray[np.generic], kind: Kind, axes: str) -> Value:
    return Value.of(data, kind, axes, _PIXEL, "micrometer")
