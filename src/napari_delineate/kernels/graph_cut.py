"""Cut a grid of pixels in two where that costs least: maximum flow of Boykov and Kolmogorov.

Two trees of pixels grow, one from the source and one from the sink. Where they meet, flow is
sent along the path between the roots until an edge of it is full; what that cuts off looks for
another parent in its tree, or becomes free. When nothing grows any more, the tree of the
source is its side of a minimum cut: the smallest one, if there are several.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["costs_of_parting", "costs_of_sides", "cut", "unevenness"]

_NONE, _ROOT, _ORPHAN = -1, -2, -3
"""What stands in place of the step to the parent: no tree, a terminal, to be found."""

_FREE, _SOURCE, _SINK = 0, 1, 2

_END = -2
"""Marks the last of the pixels that wait; those that do not wait have -1."""


@numba.njit(cache=True, nogil=True)
def unevenness(frame: NDArray[np.float64], steps: NDArray[np.int64]) -> tuple[float, int]:
    """Return the sum of the squared differences of neighbours, and how many there are.

    Parameters
    ----------
    frame : (N,) ndarray of float64
        The flat image with a frame of NaN, which is nobody's neighbour.
    steps : (H,) ndarray of int64
        Difference of the flat index to each neighbour that comes later.
    """
    total, count = 0.0, 0
    for k in range(len(steps)):
        for place in range(len(frame) - steps[k]):
            difference = frame[place + steps[k]] - frame[place]
            if not np.isnan(difference):
                total += difference * difference
                count += 1
    return total, count


@numba.njit(cache=True, nogil=True)
def costs_of_parting(
    frame: NDArray[np.float64],
    seeds: NDArray[Any],
    steps: NDArray[np.int64],
    largest: NDArray[np.float64],
    falloff: float,
    unit: int,
) -> NDArray[np.int32]:
    """Return what it costs to part each pixel from its neighbours, as `cut` takes it.

    Parameters
    ----------
    frame, steps
        As in `unevenness`.
    seeds : (N,) ndarray of int
        Above 0 for pixels whose side is known for sure: it costs nothing to part two of them,
        which does not matter.
    largest : (H,) ndarray of float64
        What it costs if both are equal.
    falloff : float
        How fast it falls with the squared difference.
    unit : int
        By how much costs are multiplied to be whole numbers.
    """
    half = len(steps)
    costs = np.zeros((len(frame), 2 * half), np.int32)
    for place in range(len(frame)):
        here = frame[place]
        if np.isnan(here):
            continue
        is_known = seeds[place] > 0
        for k in range(half):
            if is_known and seeds[place + steps[k]] > 0:
                continue
            # The frame is as wide as the longest step, so that it does not lead out.
            difference = frame[place + steps[k]] - here
            if np.isnan(difference):
                continue
            cost = np.exp(-falloff * (difference * difference)) * largest[k]
            whole = np.int32(np.rint(cost * unit))
            costs[place, half + k] = whole
            costs[place + steps[k], half - 1 - k] = whole
    return costs


@numba.njit(cache=True, nogil=True)
def costs_of_sides(
    pixels: NDArray[np.float64],
    seeds: NDArray[Any],
    edges: NDArray[np.float64],
    evidence: NDArray[np.int32],
    sure: NDArray[np.int32],
) -> NDArray[np.int32]:
    """Return what it costs to give each pixel to the sink rather than to the source.

    Parameters
    ----------
    pixels : (N,) ndarray of float64
        Intensities, NaN where there is nothing.
    seeds : (N,) ndarray of int
        0, or an entry of `sure`.
    edges : (K - 1,) ndarray of float64
        Limits between bins of intensities, evenly apart.
    evidence : (K,) ndarray of int32
        What it costs in each bin.
    sure : ndarray of int32
        What it costs for each kind of seed.
    """
    costs = np.zeros(len(pixels), np.int32)
    span = edges[-1] - edges[0]
    scale = (len(edges) - 1) / span if span > 0 else 0.0
    for place in range(len(pixels)):
        value = pixels[place]
        if np.isnan(value):
            continue
        if seeds[place] > 0:
            costs[place] = sure[seeds[place]]
            continue
        bin_ = int(min(max((value - edges[0]) * scale, 0.0), len(edges) - 1.0))
        # The edges decide: what was just computed may be rounded to the bin beside.
        while bin_ > 0 and value <= edges[bin_ - 1]:
            bin_ -= 1
        while bin_ < len(edges) and value > edges[bin_]:
            bin_ += 1
        costs[place] = evidence[bin_]
    return costs


def cut(
    capacities: NDArray[np.int32], steps: NDArray[np.int64], terminals: NDArray[np.int32]
) -> Any:
    """Find the pixels on the side of the source.

    Parameters
    ----------
    capacities : (N, K) ndarray of int32
        What flows at most from each pixel to its neighbour at each of the steps; 0 where the
        step leads out of the image. Changed in place.
    steps : (K,) ndarray of int64
        Difference of the flat index to each neighbour, so that `steps[K - 1 - k]` leads back.
    terminals : (N,) ndarray of int32
        What flows at most to each pixel from the source, or, below 0, from it to the sink.
        Changed in place.

    Returns
    -------
    (N,) ndarray of bool
        The pixels that the source still reaches when no more can flow.

    References
    ----------
    .. [1] Boykov and Kolmogorov, "An experimental comparison of min-cut/max-flow algorithms
           for energy minimization in vision", IEEE Transactions on Pattern Analysis and
           Machine Intelligence 26 (2004), 1124-1137, https://doi.org/10.1109/TPAMI.2004.60
    """
    return _cut(capacities, steps, terminals) == _SOURCE


@numba.njit(cache=True, nogil=True)
def _cut(room: Any, steps: Any, terminals: Any) -> Any:
    number, count = room.shape
    last = count - 1
    tree = np.zeros(number, np.uint8)
    parent = np.full(number, _NONE, np.int8)
    seen = np.zeros(number, np.int32)  # when the distance to the root was right
    distance = np.zeros(number, np.int32)
    after = np.full(number, -1, np.int64)  # the queue of pixels that may grow
    first, end = _END, _END
    orphans = np.empty(1024, np.int64)
    for place in range(number):
        if terminals[place] == 0:
            continue
        tree[place] = _SOURCE if terminals[place] > 0 else _SINK
        parent[place] = _ROOT
        distance[place] = 1
        # Those among their own kind have nothing to do.
        grows = False
        for k in range(count):
            if room[place, k] > 0:
                other = terminals[place + steps[k]]
                grows |= other == 0 or (other > 0) != (terminals[place] > 0)
        if grows:
            if end == _END:
                first = place
            else:
                after[end] = place
            end = place
            after[place] = _END
    time = 0
    current = -1
    while True:
        place = current
        current = -1
        if place < 0 or parent[place] == _NONE:
            while True:
                if first == _END:
                    return tree
                place = first
                first = after[place]
                if first == _END:
                    end = _END
                after[place] = -1
                if parent[place] != _NONE:
                    break
        # Grow.
        side = tree[place]
        meets, arc = -1, -1
        for k in range(count):
            near = place + steps[k]
            if side == _SOURCE:
                if room[place, k] == 0:
                    continue
            elif room[near, last - k] == 0:
                continue
            if tree[near] == _FREE:
                tree[near] = side
                parent[near] = last - k
                seen[near] = seen[place]
                distance[near] = distance[place] + 1
                if after[near] == -1:
                    if end == _END:
                        first = near
                    else:
                        after[end] = near
                    end = near
                    after[near] = _END
            elif tree[near] != side:
                if side == _SOURCE:
                    meets, arc = place, k
                else:
                    meets, arc = near, last - k
                break
            elif seen[near] <= seen[place] and distance[near] > distance[place]:
                parent[near] = last - k  # a shorter way to the root
                seen[near] = seen[place]
                distance[near] = distance[place] + 1
        time += 1
        if meets < 0:
            continue
        current = place  # it may meet others
        # Send as much as the path takes.
        flow = room[meets, arc]
        node = meets
        while parent[node] != _ROOT:
            k = parent[node]
            node += steps[k]
            flow = min(flow, room[node, last - k])
        flow = min(flow, terminals[node])
        node = meets + steps[arc]
        while parent[node] != _ROOT:
            k = parent[node]
            flow = min(flow, room[node, k])
            node += steps[k]
        flow = min(flow, -terminals[node])
        waiting = 0
        room[meets, arc] -= flow
        room[meets + steps[arc], last - arc] += flow
        for tip in (meets, meets + steps[arc]):
            from_source = tip == meets
            node = tip
            while True:
                if waiting + 1 >= orphans.size:
                    orphans = np.append(orphans, np.empty_like(orphans))
                k = parent[node]
                if k == _ROOT:
                    terminals[node] += -flow if from_source else flow
                    if terminals[node] == 0:
                        parent[node] = _ORPHAN
                        orphans[waiting] = node
                        waiting += 1
                    break
                up = node + steps[k]
                if from_source:
                    room[up, last - k] -= flow
                    room[node, k] += flow
                    full = room[up, last - k] == 0
                else:
                    room[node, k] -= flow
                    room[up, last - k] += flow
                    full = room[node, k] == 0
                if full:
                    parent[node] = _ORPHAN
                    orphans[waiting] = node
                    waiting += 1
                node = up
        # Find new parents.
        while waiting > 0:
            waiting -= 1
            place = orphans[waiting]
            side = tree[place]
            best, nearest = -1, 2**31 - 1
            for k in range(count):
                near = place + steps[k]
                there = room[near, last - k] if side == _SOURCE else room[place, k]
                if tree[near] != side or there == 0 or parent[near] == _NONE:
                    continue
                far = 0
                node = near
                while True:
                    if seen[node] == time:
                        far += distance[node]
                        break
                    way = parent[node]
                    if way == _ROOT:
                        far += 1
                        seen[node] = time
                        distance[node] = 1
                        break
                    if way == _NONE or way < _ROOT:
                        far = -1
                        break
                    far += 1
                    node += steps[way]
                if far < 0:
                    continue
                if far < nearest:
                    best, nearest = k, far
                node = near
                while seen[node] != time:
                    seen[node] = time
                    distance[node] = far
                    far -= 1
                    node += steps[parent[node]]
            if best >= 0:
                parent[place] = best
                seen[place] = time
                distance[place] = nearest + 1
                continue
            tree[place] = _FREE
            parent[place] = _NONE
            for k in range(count):
                near = place + steps[k]
                if tree[near] != side or parent[near] == _NONE:
                    continue
                there = room[near, last - k] if side == _SOURCE else room[place, k]
                if there > 0 and after[near] == -1:
                    if end == _END:
                        first = near
                    else:
                        after[end] = near
                    end = near
                    after[near] = _END
                if parent[near] == last - k:
                    parent[near] = _ORPHAN
                    if waiting + 1 >= orphans.size:
                        orphans = np.append(orphans, np.empty_like(orphans))
                    orphans[waiting] = near
                    waiting += 1
