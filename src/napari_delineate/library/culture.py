"""Generated cells in culture: stained nuclei, stained cell bodies, and the cells themselves."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.library.tissue import scattered
from napari_delineate.types import Kind
from napari_delineate.values import Value

__all__ = ["Culture", "culture"]

_SEED = 20240610
_SHAPE = (256, 256)
_PIXEL = 0.5
_APART = 15.0
_REACH = (8.0, 12.0)
_NUCLEUS = (3.5, 5.0)


class Culture(NamedTuple):
    """Hold the parts of generated cells in culture.

    Attributes
    ----------
    nuclei : Value
        Image of the stained nuclei.
    bodies : Value
        Image of the stained cell bodies.
    cells : Value
        Labels of the cells: what is to be found.
    """

    nuclei: Value
    bodies: Value
    cells: Value


def culture() -> Culture:
    """Generate cells in culture, some of which touch, 256 × 256 pixels of 0.5 micrometer.

    Returns
    -------
    Culture
        Nuclei and cell bodies as uint16 images, cells as labels. The same at every call.

    Examples
    --------
    >>> culture().bodies.data.shape
    (256, 256)
    """
    from scipy import ndimage

    random = np.random.default_rng(_SEED)
    centres = scattered(random, np.multiply(_SHAPE, _PIXEL), _APART)
    y, x = np.mgrid[: _SHAPE[0], : _SHAPE[1]] * _PIXEL
    # The grid is bent smoothly, so that cells are no disks.
    bends = [ndimage.gaussian_filter(random.normal(0, 1, _SHAPE), 12) for _ in range(2)]
    bent = [axis + 1.5 * bend / bend.std() for axis, bend in zip((y, x), bends, strict=True)]
    near = np.array([np.hypot(bent[0] - at[0], bent[1] - at[1]) for at in centres])
    nearest = near.argmin(axis=0)
    reach = random.uniform(*_REACH, len(centres))
    distance = near.min(axis=0)
    cells = np.where(distance <= reach[nearest], nearest + 1, 0).astype(np.int32)
    size = random.uniform(*_NUCLEUS, len(centres))
    squares = (distance / size[nearest]) ** 2
    nuclei = np.where(squares <= 1, 1 - 0.35 * squares, 0)
    # A body is thick in the middle and thin where it ends or meets another.
    thickness = np.where(cells > 0, 1 - 0.6 * distance / reach[nearest], 0)
    bright = random.uniform(0.7, 1.0, len(centres))[nearest]
    edges = ndimage.distance_transform_edt(_inside(cells)) * _PIXEL
    body = thickness * bright * np.clip(0.4 + edges / 3, None, 1)
    return Culture(
        _value(_picture(random, nuclei * bright), Kind.IMAGE),
        _value(_picture(random, body), Kind.IMAGE),
        _value(cells, Kind.LABELS),
    )


def _inside(cells: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Tell which pixels have only their own cell around them."""
    from scipy import ndimage

    same = ndimage.maximum_filter(cells, 3) == ndimage.minimum_filter(cells, 3)
    return np.asarray(same & (cells > 0))


def _picture(random: np.random.Generator, signal: NDArray[np.float64]) -> NDArray[np.uint16]:
    """Draw a signal as a camera sees it: blurred, with noise."""
    from scipy import ndimage

    photons = random.poisson(ndimage.gaussian_filter(signal, 1.0) * 400 + 20)
    counts = photons * 10 + random.normal(200, 15, signal.shape)
    return np.asarray(np.clip(counts, 0, 65535), np.uint16)


def _value(data: NDArray[np.generic], kind: Kind) -> Value:
    return Value.of(data, kind, "YX", _PIXEL, "micrometer")
