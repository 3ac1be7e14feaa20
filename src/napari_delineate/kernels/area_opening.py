"""Open an image by area: pixels joined from the brightest down, as Meijster and Wilkinson do."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["open_by_area"]


def open_by_area(image: NDArray[Any], smallest: int, full: bool) -> NDArray[Any]:
    """Lower every bright region until it has a number of pixels.

    Parameters
    ----------
    image : (Y, X) or (Z, Y, X) ndarray
        Intensities.
    smallest : int
        The number of pixels.
    full : bool
        Whether pixels are neighbours that share only an edge or a corner.

    Returns
    -------
    ndarray
        The opened image.
    """
    values = np.ascontiguousarray(image.view(np.uint8) if image.dtype == bool else image)
    order = np.argsort(values, axis=None, kind="stable")[::-1]
    index = np.int32 if image.size < 2**31 else np.int64
    parents = np.full(image.size, -1, index)
    shape = (1,) * (3 - image.ndim) + image.shape
    result = np.empty(image.size, values.dtype)
    _open(values.ravel(), order, min(smallest, image.size), shape, full, parents, result)
    return result.view(image.dtype).reshape(image.shape)


@numba.njit(cache=True, nogil=True)
def _open(
    values: Any, order: Any, smallest: int, shape: Any, full: bool, parents: Any, result: Any
) -> None:
    depth, height, width = shape
    # A pixel that was met is its own parent, or points at the one that it was joined to.
    areas = np.ones(len(values), parents.dtype)
    for place in order:
        parents[place] = place
        x = place % width
        y = place // width % height
        z = place // (width * height)
        for n in range(27):
            dz, dy, dx = n // 9 - 1, n // 3 % 3 - 1, n % 3 - 1
            if n == 13 or (not full and abs(dz) + abs(dy) + abs(dx) > 1):
                continue
            k, j, i = z + dz, y + dy, x + dx
            if not (0 <= k < depth and 0 <= j < height and 0 <= i < width):
                continue
            other = (k * height + j) * width + i
            if parents[other] < 0:
                continue
            root = other
            while parents[root] != root:
                root = parents[root]
            while parents[other] != root:
                parents[other], other = root, parents[other]
            if root == place:
                continue
            if values[root] == values[place] or areas[root] < smallest:
                areas[place] = min(areas[place] + areas[root], smallest)
                parents[root] = place
            else:
                areas[place] = smallest
    for n in range(len(order) - 1, -1, -1):
        place = order[n]
        result[place] = values[place] if parents[place] == place else result[parents[place]]
