"""Find objects again that were drawn in another slice, by what they look like there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, holes
from napari_delineate.annotation.crops import tight_box, widened

__all__ = ["adapted"]

_BINS = 32
"""Levels of intensity that are told apart."""

_NEAR_LEVELS = 2.0
"""Sigma in levels of the Gaussian that smooths histograms."""

_UNKNOWN = 8
"""So many pixels of any intensity are added to what was seen."""

_TRUST = 2.0
"""How much a pixel as far inside as outlines may move belongs to an object by its place alone,
as the logarithm of a ratio of probabilities."""

_BLUR = 0.7
"""Sigma in finest pixels of the Gaussian against noise."""

_SMOOTH = 1.0
"""Sigma in finest pixels of the Gaussian that makes neighbours decide together."""

_AROUND = 1.5
"""How much of what is around an object it is compared with, in reaches."""

_FAR_MOVE = 0.1
"""What a move by a whole reach costs of the correlation."""


def adapted(
    drawn: NDArray[Any],
    numbers: Sequence[int],
    source: NDArray[Any],
    target: NDArray[Any],
    reach: Sequence[float],
    spacing: tuple[float, ...],
    follow: bool,
) -> NDArray[Any]:
    """Return drawn objects as they look in another image.

    Parameters
    ----------
    drawn : ndarray of int
        Objects, 0 elsewhere.
    numbers : sequence of int
        Those that are to be found.
    source, target : ndarray, same shape
        The image in which they were drawn, and the one in which they are to be found.
    reach : sequence of float
        How far outlines may move, in pixels per axis.
    spacing : tuple of float
        Pixel size per axis.
    follow : bool
        Whether to find first where they moved to.

    Returns
    -------
    ndarray of int, same shape
        The objects found. Where several claim a pixel, it goes to the one that is more
        likely there.
    """
    for image in (source, target):
        if image.dtype.kind == "f" and not np.isfinite(image).all():
            raise ValueError("the image holds values that are not finite (NaN or infinity) here")
    found = np.zeros_like(drawn)
    likeliest = np.zeros(drawn.shape, np.float32)
    margin = [int(entry * (3 if follow else 2)) + 3 for entry in reach]
    for number in dict.fromkeys(numbers):
        box = tight_box(drawn == number)
        assert box is not None  # the caller has looked
        box = widened(box, margin, drawn.shape)
        scores = _scores(drawn[box] == number, source[box], target[box], reach, spacing, follow)
        wins = scores > likeliest[box]
        likeliest[box][wins] = scores[wins]
        found[box][wins] = number
    return found


def _scores(
    mask: NDArray[np.bool_],
    source: NDArray[Any],
    target: NDArray[Any],
    reach: Sequence[float],
    spacing: tuple[float, ...],
    follow: bool,
) -> NDArray[np.float32]:
    """Return how likely pixels belong to an object; above 0 where they do."""
    from scipy import ndimage

    largest = max(float(np.abs(image.astype(float)).max()) for image in (source, target)) or 1.0
    finest = np.array([min(spacing) / step for step in spacing])
    before, now = (_blurred(image, largest, _BLUR * finest) for image in (source, target))
    length = float(reach[0] * spacing[0])
    depth = building_blocks.depth(mask, spacing)
    alike = _likelihood(now, before, mask, (depth >= -_AROUND * length) & ~mask)
    if follow:
        mask = _moved(mask, _way(mask, before, now, reach))
        depth = building_blocks.depth(mask, spacing)
    score = ndimage.gaussian_filter(alike, _SMOOTH * finest) + _TRUST * depth / length
    solid = holes.filled((score > 0) & (depth >= -length))
    parts = building_blocks.components_in_any_order(solid)
    sizes = np.bincount(parts[mask & solid], minlength=1)
    if not len(sizes) or not sizes.any():
        return np.zeros(mask.shape, np.float32)
    # What no longer hangs together is another object; holes belong to it.
    largest = parts == sizes.argmax()
    return np.where(largest, np.maximum(score, np.finfo(np.float32).tiny), 0).astype(np.float32)


def _blurred(
    image: NDArray[Any], largest: float, sigma: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return an image in shares of the largest intensity, which fits all floats, without noise."""
    from scipy import ndimage

    pixels = image.astype(float) / largest
    return np.asarray(ndimage.gaussian_filter(pixels, sigma)).astype(np.float32)


def _likelihood(
    image: NDArray[np.float32],
    known: NDArray[np.float32],
    inside: NDArray[np.bool_],
    around: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """Return how much more intensities are those of an object than of what is around it.

    It is the logarithm of the ratio of both smoothed histograms of a known image.
    """
    from scipy import ndimage

    low, high = (limit(known[inside | around]) for limit in (np.min, np.max))
    width = (high - low) / _BINS or 1.0

    def bins(values: NDArray[np.float32]) -> NDArray[np.int64]:
        return ((values - low) / width).clip(0, _BINS - 1).astype(np.int64)

    # Few pixels say little: levels that none of them has are rare, not impossible.
    fewest = min(int(inside.sum()), int(around.sum()))
    unknown = _UNKNOWN / (_UNKNOWN + fewest)
    shares = []
    for where in (inside, around):
        counts = np.bincount(bins(known[where]), minlength=_BINS) / max(int(where.sum()), 1)
        smooth = ndimage.gaussian_filter1d(counts, _NEAR_LEVELS)
        shares.append((1 - unknown) * smooth + unknown / _BINS)
    ratios: NDArray[np.float32] = np.log(shares[0] / shares[1]).astype(np.float32)
    return np.asarray(ratios[bins(image)])


def _way(
    mask: NDArray[np.bool_],
    before: NDArray[np.float32],
    now: NDArray[np.float32],
    reach: Sequence[float],
) -> tuple[int, ...]:
    """Return by how many pixels the look of an object moved, where that is clear."""
    from skimage.feature import match_template

    tight = tight_box(mask)
    assert tight is not None
    pattern_box = widened(tight, 2, mask.shape)
    pattern = before[pattern_box]
    searched = widened(pattern_box, [int(entry) for entry in reach], mask.shape)
    if min(pattern.shape) < 3 or np.ptp(pattern) == 0:
        return (0,) * mask.ndim
    fits = match_template(now[searched], pattern)
    offsets = np.array(
        [wide.start - side.start for wide, side in zip(searched, pattern_box, strict=True)]
    )
    ways = np.moveaxis(np.indices(fits.shape), 0, -1) + offsets
    fits = fits - _FAR_MOVE * np.square(ways / np.asarray(reach)).sum(axis=-1)
    best = np.unravel_index(int(fits.argmax()), fits.shape)
    return tuple(int(entry) for entry in ways[best])


def _moved(mask: NDArray[np.bool_], way: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return a mask moved by whole pixels; what leaves is lost."""
    from napari_delineate.balls import shifted

    result = np.zeros_like(mask)
    to, come_from = shifted(tuple(-step for step in way), mask.shape)
    result[to] = mask[come_from]
    return result
