"""Find and fill background that is enclosed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import building_blocks, object_numbers

__all__ = ["filled", "filled_up_to"]


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what a mask encloses; a single slice of a stack is treated as 2D."""
    import fill_voids

    flat = np.squeeze(mask)
    if flat.ndim < 2:  # a line encloses nothing
        return mask.copy()
    found: Any = fill_voids.fill(flat)
    return np.asarray(found).astype(bool, copy=False).reshape(mask.shape)


def filled_up_to(mask: NDArray[np.bool_], largest: float) -> NDArray[np.bool_]:
    """Fill what a mask encloses if it has no more than a number of pixels."""
    flat = np.squeeze(mask)
    if flat.ndim < 2:
        return mask.copy()
    parts = building_blocks.components_in_any_order(~flat, "face")
    numbers, counts = object_numbers.count_pixels(parts)
    faces = [np.take(parts, end, axis).ravel() for axis in range(flat.ndim) for end in (0, -1)]
    kept = np.append(np.concatenate(faces), 0)
    is_hole = (counts <= largest) & ~np.isin(numbers, kept)
    return mask | object_numbers.where(parts, numbers[is_hole]).reshape(mask.shape)
