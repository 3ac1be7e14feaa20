"""Arrays that grow while a loop fills them."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["doubled"]


@numba.njit(cache=True, nogil=True)
def doubled(array: Any) -> Any:
    """Copy an array into one with twice the room."""
    result = np.empty(2 * array.size, array.dtype)
    for place in range(array.size):  # to compile the assignment of a slice takes seconds
        result[place] = array[place]
    return result
