"""Balls around pixels: what operations on masks and on labels share."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks
from napari_delineate.types import Length, Spacing, length_per_axis

__all__ = [
    "balance",
    "dilated",
    "eroded",
    "footprint_of",
    "halo",
    "halo_of_two",
    "near_another",
    "shifted",
    "squares_inside",
]

# Shifting whole images is quicker than distances as long as it is done this many times.
_FEW_RUNS = 150
_FEW_NEIGHBOURS = 60
_LARGEST_RADIUS = 80


def halo(*, spacing: Any, radius: Length) -> tuple[int, ...]:
    """Return how far a ball reaches along each axis, in voxels."""
    return tuple(
        int(entry + building_blocks.ROUNDING) for entry in length_per_axis(radius, spacing)
    )


def halo_of_two(*, spacing: Any, radius: Length) -> tuple[int, ...]:
    """Return how far a ball reaches from within another one."""
    return tuple(2 * entry for entry in halo(spacing=spacing, radius=radius))


def near_another(labels: NDArray[Any], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Return the pixels within a reach of a pixel that has another label.

    Background is a label; the outside of the image is none.
    """
    footprint = footprint_of(labels.shape, reach, spacing)
    if footprint is None or footprint.sum() > _FEW_NEIGHBOURS:
        return _within(squares_inside(labels, spacing), reach)
    result = np.zeros(labels.shape, bool)
    steps = np.argwhere(footprint) - np.array(footprint.shape) // 2
    # A pixel is near to its neighbour as the neighbour is to it.
    for step in steps[len(steps) // 2 + 1 :].tolist():
        here, there = shifted(tuple(step), labels.shape)
        differs = labels[here] != labels[there]
        result[here] |= differs
        result[there] |= differs
    return result


def _within(squares: NDArray[Any], reach: float) -> NDArray[np.bool_]:
    """Return where squared distances are within a reach, up to rounding; infinite ones never."""
    limit = reach * reach * (1 + 2 * building_blocks.DISTANCE_ROUNDING)
    return np.asarray(squares <= np.float32(min(limit, float(np.finfo(np.float32).max))))


def squares_inside(labels: NDArray[Any], spacing: Spacing) -> NDArray[np.float32]:
    """Return the squared distance of each object's pixels to what is not the object.

    The outside of the image does not count; where there is nothing else it is infinite.
    """
    import edt

    writable = np.require(labels, requirements="W")  # edt refuses read-only memory
    return np.asarray(edt.edtsq(writable, anisotropy=spacing, parallel=0))


def eroded(mask: NDArray[np.bool_], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Return the pixels whose ball holds no background."""
    return ~dilated(~mask, reach, spacing)


def dilated(mask: NDArray[np.bool_], reach: float, spacing: Spacing) -> NDArray[np.bool_]:
    """Return the pixels whose ball holds foreground."""
    footprint = footprint_of(mask.shape, reach, spacing)
    if footprint is None or footprint.any(axis=-1).sum() > _FEW_RUNS:
        return _within(squares_inside(~mask, spacing), reach)
    # A ball is a union of runs along the last axis, which grow by a pixel on either side.
    runs = (footprint.sum(axis=-1) - 1) // 2
    half = [size // 2 for size in runs.shape]
    result, run = np.zeros_like(mask), mask.copy()
    for width in range(int(runs.max()) + 1):
        if width:
            run[..., :-width] |= mask[..., width:]
            run[..., width:] |= mask[..., :-width]
        for at in np.argwhere((runs == width) & footprint.any(axis=-1)).tolist():
            offset = tuple(place - middle for place, middle in zip(at, half, strict=True))
            to, come_from = shifted(offset, mask.shape[:-1])
            result[to] |= run[come_from]
    return result


def footprint_of(
    shape: tuple[int, ...], reach: float, spacing: Spacing
) -> NDArray[np.bool_] | None:
    """Return a ball as a footprint, None if it is larger than is quick to shift."""
    per_axis = tuple(reach / size for size in np.broadcast_to(spacing, len(shape)).tolist())
    if max(per_axis) > min(_LARGEST_RADIUS, max(shape)):
        return None
    return building_blocks.offsets_within(per_axis, "ball")


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
