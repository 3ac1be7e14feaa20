"""Balls around pixels: what operations on masks and on labels share."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.types import Length, Spacing, length_per_axis

__all__: list[str] = []  # no operations

_ROUNDING_OF_SQUARES = 2e-6
"""Share of a squared distance that counts as rounding; `edt` computes with 32 bits."""


def halo(*, spacing: Any, radius: Length) -> tuple[int, ...]:
    """Return how far a ball reaches along each axis, in voxels."""
    return tuple(int(entry + 1e-9) for entry in length_per_axis(radius, spacing))


def halo_of_two(*, spacing: Any, radius: Length) -> tuple[int, ...]:
    """Return how far a ball reaches from within another one."""
    return tuple(2 * entry for entry in halo(spacing=spacing, radius=radius))


def within(squares: NDArray[Any], reach: float) -> NDArray[np.bool_]:
    """Return where squared distances are within a reach, up to rounding."""
    return np.asarray(squares <= np.float32(reach * reach * (1 + _ROUNDING_OF_SQUARES)))


def squares_inside(labels: NDArray[Any], spacing: Spacing) -> NDArray[np.float32]:
    """Return the squared distance of each object's pixels to what is not the object.

    The outside of the image does not count; where there is nothing else it is infinite.
    """
    import edt

    writable = np.require(labels, requirements="W")  # edt refuses read-only memory
    return np.asarray(edt.edtsq(writable, anisotropy=spacing, parallel=0))


def eroded(mask: NDArray[np.bool_], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Return the pixels whose ball holds no background."""
    if reach == 0:
        return mask.copy()
    return np.asarray(mask & ~within(squares_inside(mask, spacing), reach))


def dilated(mask: NDArray[np.bool_], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Return the pixels whose ball holds foreground."""
    if reach == 0:
        return mask.copy()
    return within(squares_inside(~mask, spacing), reach)


def balance(mask: NDArray[np.bool_], footprint: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Count the foreground minus the background in a footprint around each pixel.

    What lies beyond the border of the image is neither. A ball is a union of runs along the
    last axis: one running sum per length of run, then one addition of whole images per run.
    """
    half = [size // 2 for size in footprint.shape]
    signs = np.where(mask, np.int32(1), np.int32(-1))
    sums = np.zeros((*mask.shape[:-1], mask.shape[-1] + 1), np.int32)
    np.cumsum(signs, axis=-1, out=sums[..., 1:])
    widths = footprint.sum(axis=-1)
    place = np.arange(mask.shape[-1])
    result = np.zeros(mask.shape, np.int32)
    for width in np.unique(widths[widths > 0]).tolist():
        last = np.minimum(place + width // 2 + 1, mask.shape[-1])
        first = np.maximum(place - width // 2, 0)
        run = sums[..., last] - sums[..., first]
        for offset in itertools.product(*(range(-entry, entry + 1) for entry in half[:-1])):
            at = tuple(step + entry for step, entry in zip(offset, half, strict=False))
            if widths[at] == width:
                to, come_from = shifted(offset, mask.shape[:-1])
                result[to] += run[come_from]
    return result


def shifted(
    offset: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the pixels that have a neighbour at an offset, and these neighbours."""
    to, come_from = [], []
    for step, size in zip(offset, shape, strict=True):
        inside = max(size - abs(step), 0)
        to.append(slice(max(-step, 0), max(-step, 0) + inside))
        come_from.append(slice(max(step, 0), max(step, 0) + inside))
    return tuple(to), tuple(come_from)
