"""GrowCut: give every pixel to the seed with the cheapest path to it.

The queue of Dijkstra's algorithm has two levels. What is due soon is in a small heap; what
is due later waits unsorted in one of many buckets, so that the heap stays in the cache.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.heaps import drop_first, push

__all__ = ["grow"]

_BUCKETS = 2**16
"""Into how many buckets the costs of a single step are divided."""


@numba.njit(cache=True, nogil=True)
def grow(
    image: NDArray[Any],
    labels: NDArray[Any],
    reached: NDArray[np.float64],
    steps: NDArray[np.int64],
    penalties: NDArray[np.float64],
    largest: float,
) -> None:
    """Carry labels along the cheapest paths.

    A step costs the difference of the intensities and the penalty of its direction.

    Parameters
    ----------
    image : (N,) ndarray of float
        Intensities of a flattened image whose outermost pixels are closed.
    labels : (N,) ndarray of int
        The seeds, 0 elsewhere; filled in place.
    reached : (N,) ndarray of float64
        The cost of the path to each pixel: 0 at seeds, infinity where labels may grow, -1
        where they may not; filled in place.
    steps : (K,) ndarray of int64
        Difference of the flat index to each neighbour.
    penalties : (K,) ndarray of float64
        What a step to each neighbour costs beside the difference of the intensities.
    largest : float
        The most that a step costs, above 0.
    """
    per_cost = _BUCKETS / largest
    ring = 2 * _BUCKETS  # more than can wait at once; a power of two
    first_in = np.full(ring, -1, np.int64)
    # The entries of all buckets, each pointing at the next one of its bucket.
    entry_cost = np.empty(1024, np.float64)
    entry_place = np.empty(1024, np.int64)
    entry_next = np.empty(1024, np.int64)
    used, free, waiting = 0, -1, 0
    costs = np.empty(1024, np.float64)
    places = np.empty(1024, np.int64)
    size, now = 0, 0

    for place in range(reached.size):
        if reached[place] != 0.0:
            continue
        grows = False
        for k in range(steps.size):
            grows |= reached[place + steps[k]] == np.inf
        if grows:
            if size == costs.size:
                costs = np.append(costs, np.empty_like(costs))
                places = np.append(places, np.empty_like(places))
            costs[size], places[size] = 0.0, place  # equal costs are a heap
            size += 1

    while True:
        while size > 0:
            cost, place = costs[0], places[0]
            size -= 1
            drop_first(costs, places, size)
            if cost > reached[place]:  # a cheaper path was found meanwhile
                continue
            for k in range(steps.size):
                neighbour = place + steps[k]
                known = reached[neighbour]
                if known <= cost:
                    continue
                found = cost + abs(image[place] - image[neighbour]) + penalties[k]
                if found >= known:
                    continue
                reached[neighbour] = found
                labels[neighbour] = labels[place]
                bucket = int(found * per_cost)
                if bucket <= now:
                    if size == costs.size:
                        costs = np.append(costs, np.empty_like(costs))
                        places = np.append(places, np.empty_like(places))
                    push(costs, places, size, found, neighbour)
                    size += 1
                    continue
                entry = free
                if entry >= 0:
                    free = entry_next[entry]
                else:
                    if used == entry_cost.size:
                        entry_cost = np.append(entry_cost, np.empty_like(entry_cost))
                        entry_place = np.append(entry_place, np.empty_like(entry_place))
                        entry_next = np.append(entry_next, np.empty_like(entry_next))
                    entry = used
                    used += 1
                entry_cost[entry], entry_place[entry] = found, neighbour
                entry_next[entry] = first_in[bucket & (ring - 1)]
                first_in[bucket & (ring - 1)] = entry
                waiting += 1
        if waiting == 0:
            return
        while first_in[now & (ring - 1)] < 0:
            now += 1
        entry = first_in[now & (ring - 1)]
        first_in[now & (ring - 1)] = -1
        while entry >= 0:
            cost, place = entry_cost[entry], entry_place[entry]
            if cost <= reached[place]:
                if size == costs.size:
                    costs = np.append(costs, np.empty_like(costs))
                    places = np.append(places, np.empty_like(places))
                push(costs, places, size, cost, place)
                size += 1
            after = entry_next[entry]
            entry_next[entry] = free
            free = entry
            entry = after
            waiting -= 1
