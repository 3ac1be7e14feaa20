"""Give every pixel of a mask to the seed from which it is reached first, at a speed of its own."""

from __future__ import annotations

import itertools

import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled
from napari_delineate.kernels.heaps import drop_first, push

__all__ = ["reached_first"]


def reached_first(
    seeds: NDArray[np.int32],
    mask: NDArray[np.bool_],
    slowness: NDArray[np.float32] | None,
    spacing: tuple[float, ...],
) -> NDArray[np.int32]:
    """Give every pixel of a mask to the seed with the quickest path to it in the mask.

    Parameters
    ----------
    seeds : (Y, X) or (Z, Y, X) ndarray of int32
        Numbers to grow, in the mask; 0 elsewhere.
    mask : ndarray of bool, same shape
        Where paths may run.
    slowness : ndarray of float32, same shape, or None
        Time for a unit of length, above 0 in the mask; None for 1 everywhere. A step to one
        of the 8 (26) neighbours takes its length times the mean of both ends.
    spacing : tuple of float
        Voxel size per axis.

    Returns
    -------
    ndarray of int32, same shape
        The numbers; 0 outside of the mask and where no path leads.

    References
    ----------
    .. [1] Dijkstra, "A note on two problems in connexion with graphs", Numerische
           Mathematik 1 (1959), 269-271.
    """
    steps = np.array([one for one in itertools.product((-1, 0, 1), repeat=mask.ndim) if any(one)])
    # A frame that is reached already spares the question whether a neighbour lies inside.
    reached = np.pad(np.where(mask, np.inf, -1.0), 1, constant_values=-1.0)
    grown = np.pad(np.where(mask, seeds, 0).astype(np.int32), 1)
    reached[grown > 0] = 0.0
    times = np.ones(grown.shape, np.float32) if slowness is None else np.pad(slowness, 1)
    _grow(
        grown.reshape(-1),
        reached.reshape(-1),
        times.reshape(-1),
        steps @ (np.array(grown.strides) // grown.itemsize),
        np.linalg.norm(steps * np.asarray(spacing), axis=1) / 2,
    )
    return np.ascontiguousarray(grown[(slice(1, -1),) * mask.ndim])


@numba.njit(cache=True, nogil=True)
def _grow(
    grown: NDArray[np.int32],
    reached: NDArray[np.float64],
    times: NDArray[np.float32],
    steps: NDArray[np.int64],
    halves: NDArray[np.float64],
) -> None:
    costs, places = np.empty(1024, np.float64), np.empty(1024, np.int64)
    size = 0
    for place in range(grown.size):
        if reached[place] == 0.0:
            if size == costs.size:
                costs, places = doubled(costs), doubled(places)
            costs[size], places[size] = 0.0, place  # equal costs are a heap
            size += 1
    while size > 0:
        cost, place = costs[0], places[0]
        size -= 1
        drop_first(costs, places, size)
        if cost > reached[place]:  # a quicker path was found meanwhile
            continue
        for k in range(steps.size):
            neighbour = place + steps[k]
            known = reached[neighbour]
            if known <= cost:
                continue
            found = cost + halves[k] * (times[place] + times[neighbour])
            if found >= known:
                continue
            reached[neighbour] = found
            grown[neighbour] = grown[place]
            if size == costs.size:
                costs, places = doubled(costs), doubled(places)
            push(costs, places, size, found, neighbour)
            size += 1
