"""Heaps of pixels in two arrays: what each costs, and where it is; the cheapest comes first."""

from __future__ import annotations

from typing import Any

import numba
from numpy.typing import NDArray

__all__ = ["drop_first", "push"]

_CHILDREN = 4
"""Children per node of the heap: wider than 2, because a cache line holds several."""


@numba.njit(cache=True, nogil=True)
def push(costs: NDArray[Any], places: NDArray[Any], size: int, cost: float, place: int) -> None:
    """Add an entry to a heap that holds `size` entries."""
    child = size
    while child > 0:
        parent = (child - 1) // _CHILDREN
        if costs[parent] <= cost:
            break
        costs[child], places[child] = costs[parent], places[parent]
        child = parent
    costs[child], places[child] = cost, place


@numba.njit(cache=True, nogil=True)
def drop_first(costs: NDArray[Any], places: NDArray[Any], size: int) -> None:
    """Take the cheapest entry off a heap, which then holds `size` entries."""
    cost, place = costs[size], places[size]
    parent = 0
    while True:
        first = _CHILDREN * parent + 1
        if first >= size:
            break
        best = first
        for child in range(first + 1, min(first + _CHILDREN, size)):
            if costs[child] < costs[best]:
                best = child
        if costs[best] >= cost:
            break
        costs[parent], places[parent] = costs[best], places[best]
        parent = best
    costs[parent], places[parent] = cost, place
