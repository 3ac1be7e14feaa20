"""Join objects that belong together under the smallest of their numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers

__all__: list[str] = []  # no operations


def joined(labels: NDArray[Any], pairs: NDArray[Any]) -> NDArray[Any]:
    """Make objects one that are in a pair, directly or over others.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects.
    pairs : (N, 2) ndarray of int
        Numbers of objects that belong together.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers, _ = object_numbers.count_pixels(labels)
    numbers = numbers[numbers > 0]
    ends = np.searchsorted(numbers, np.asarray(pairs).reshape(-1, 2))
    graph = coo_array(
        (np.ones(len(ends), bool), (ends[:, 0], ends[:, 1])), shape=(len(numbers), len(numbers))
    )
    _, groups = connected_components(graph, directed=False)
    # The numbers are sorted, so the first of a group is its smallest.
    _, first = np.unique(groups, return_index=True)
    return object_numbers.renumber(labels, numbers, numbers[first][groups])


def chained(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return the pairs that tie numbers to one group; background is left out."""
    found = np.unique(numbers[numbers > 0])
    return np.column_stack([found[:-1], found[1:]])
