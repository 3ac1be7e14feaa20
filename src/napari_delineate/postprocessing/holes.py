"""Find and fill background that is enclosed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__: list[str] = []  # no operations


def filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what a mask encloses; a single slice of a stack is treated as 2D."""
    import fill_voids

    flat = np.squeeze(mask)
    if flat.ndim < 2:  # a line encloses nothing
        return mask.copy()
    found: Any = fill_voids.fill(flat)
    return np.asarray(found).astype(bool, copy=False).reshape(mask.shape)
