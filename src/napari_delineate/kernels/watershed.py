"""Flood an image from seeds, with the results of `skimage.segmentation.watershed`.

A flood takes the pixel with the lowest level next, where the level of a pixel is its
intensity or that of the pixel from which it was reached, whichever is higher. Of several
on one level it takes the one that was reached first. Levels never fall, so that:

- A constant image needs no more than a queue.
- Other images need a queue for each of many intervals of levels. Only the interval that
  is being flooded needs an order, which a small binary heap keeps.

Seeds are all reached first. Where seeds of several labels have one level, scikit-image
takes them in the order in which they happen to come out of its heap, and that decides who
gets the pixels halfway between them. To give the same, such a flood has to keep everything
in one heap that makes the same moves; in a constant image only the places of the seeds in
that heap matter, and are kept. Pixels of one label may come in any order: they are next to
each other in every queue, so they reach the same pixels. So may those of parts of a mask
that are not connected.
"""

from __future__ import annotations

from typing import Any

import cc3d
import numba
import numpy as np
from numpy.typing import NDArray

from napari_delineate.kernels.buffers import doubled
from napari_delineate.kernels.neighbours import bordered, inside, neighbour_offsets

__all__ = ["flood_flat", "flood_levels"]

_PER_INTERVAL = 32
_MOST_INTERVALS = 2**16

_FREE = 0
_OUTSIDE = -1


def flood_flat(
    seeds: NDArray[np.int32], mask: NDArray[np.bool_] | None = None, connectivity: int = 1
) -> NDArray[np.int32]:
    """Give each pixel of a mask to the seed from which the fewest steps lead to it.

    Parameters
    ----------
    seeds : ndarray of int32
        A label above 0 where the flood starts.
    mask : ndarray of bool, optional
        Where it may go, all pixels by default; seeds elsewhere do not count.
    connectivity : int
        Along how many axes a step may go at once.

    Returns
    -------
    ndarray of int32
        The labels, 0 where no seed gets.
    """
    labels = _start(seeds, mask)
    flat = labels.reshape(-1)
    starts = np.flatnonzero(flat > 0)
    _spread(flat, starts, neighbour_offsets(labels.shape, connectivity))
    return np.maximum(labels[inside(seeds.ndim)], 0)


def flood_levels(
    image: NDArray[Any],
    seeds: NDArray[np.int32],
    mask: NDArray[np.bool_] | None = None,
    connectivity: int = 1,
) -> NDArray[np.int32]:
    """Flood an image from seeds, the lowest intensities first.

    Parameters
    ----------
    image : ndarray
        Finite intensities.
    seeds, mask, connectivity
        As in `flood_flat`.

    Returns
    -------
    ndarray of int32
        The labels, 0 where no seed gets.
    """
    low, high = _range(image, mask)
    if low == high:
        return flood_flat(seeds, mask, connectivity)
    pixels = _pixels(image, _start(seeds, mask))
    flat = pixels.reshape(-1)
    starts = np.flatnonzero(flat["label"] > 0)
    offsets = neighbour_offsets(pixels.shape, connectivity)
    kind = flat["level"].dtype
    heap = np.empty(1024, [("level", kind), ("age", np.int32), ("place", np.int32)])
    contested = _contested(flat[starts], _parts(mask, connectivity, starts))
    if contested:
        starts = _flood_as_heap(flat, heap, starts, offsets, contested)
    intervals = 1 + min(image.size // _PER_INTERVAL, _MOST_INTERVALS)
    scale = (intervals - 1) / (high - low)
    if not 0 < scale < np.inf:  # small images; the largest and the smallest floats
        low, scale, intervals = 0.0, 0.0, 1
    _flood(flat, heap, starts, offsets, low, scale, intervals)
    return np.asarray(np.maximum(pixels["label"][inside(image.ndim)], 0))


def _range(image: NDArray[Any], mask: NDArray[np.bool_] | None) -> tuple[float, float]:
    """Return the lowest and the highest intensity within a mask."""
    if mask is not None:
        if not mask.any():
            return 0.0, 0.0
        image = image[mask]
    return float(image.min()), float(image.max())


def _pixels(image: NDArray[Any], labels: NDArray[np.int32]) -> NDArray[Any]:
    """Keep what belongs to one pixel in one place in memory: floods jump about."""
    small = image.dtype.itemsize <= (4 if image.dtype.kind == "f" else 2)
    kind = np.float32 if small else np.float64
    pixels = np.empty(labels.shape, [("level", kind), ("label", np.int32)])
    pixels["label"] = labels
    pixels["level"][inside(image.ndim)] = image
    return pixels


def _start(seeds: NDArray[np.int32], mask: NDArray[np.bool_] | None) -> NDArray[np.int32]:
    """Return seeds with a border, where neither the border nor the rest of a mask is free."""
    allowed = seeds if mask is None else np.where(mask, seeds, _OUTSIDE)
    return bordered(allowed, _OUTSIDE, np.int32)


def _parts(
    mask: NDArray[np.bool_] | None, connectivity: int, places: NDArray[np.int64]
) -> NDArray[Any]:
    """Return in which connected part of a mask each place of the bordered image is."""
    if mask is None:
        return np.zeros(len(places), np.int8)
    neighbours = {(2, 1): 4, (2, 2): 8, (3, 1): 6, (3, 2): 18, (3, 3): 26}
    pixels = bordered(mask.view(np.uint8), 0)
    parts = cc3d.connected_components(pixels, connectivity=neighbours[mask.ndim, connectivity])
    return np.asarray(parts.reshape(-1)[places])


def _contested(seeds: NDArray[Any], parts: NDArray[Any]) -> int:
    """Count the seeds up to the highest level that several labels have in one part."""
    levels, labels = seeds["level"], seeds["label"]
    order = np.lexsort((labels, parts, levels))
    levels, labels, parts = levels[order], labels[order], parts[order]
    shared = (levels[1:] == levels[:-1]) & (parts[1:] == parts[:-1]) & (labels[1:] != labels[:-1])
    if not shared.any():
        return 0
    return int(np.searchsorted(levels, levels[1:][shared][-1], "right"))


@numba.njit(cache=True, nogil=True)
def _spread(labels: Any, starts: Any, offsets: Any) -> None:
    """Label free pixels step by step, starting at the seeds in the order of a heap.

    The heap is one of equal seeds and of pixels that come after them. `heap` knows the
    place of each seed in it, and -1 where there is none; the other pixels leave it in the
    order in which they came.
    """
    waiting = starts.size
    heap = starts.copy()
    first = last = 0
    items = waiting
    queue = np.empty(np.count_nonzero(labels == _FREE), np.int32)
    while items > 0:
        items -= 1
        if waiting > 0:
            place = heap[0]
            waiting -= 1
            # What is at the end comes to the top; unless it is a seed, it sinks below them.
            end = heap[items] if items < heap.size else -1
            if end >= 0:
                heap[items] = -1
                heap[0] = end
            else:
                hole = 0
                while True:
                    child = 2 * hole + 1
                    if child < heap.size and heap[child] < 0:
                        child += 1
                    if child >= heap.size or heap[child] < 0:
                        break
                    heap[hole] = heap[child]
                    hole = child
                heap[hole] = -1
        else:
            place = queue[first]
            first += 1
        label = labels[place]
        for offset in offsets:
            neighbour = place + offset
            if labels[neighbour] == _FREE:
                labels[neighbour] = label
                queue[last] = neighbour
                last += 1
                items += 1


@numba.njit(cache=True, nogil=True)
def _flood_as_heap(pixels: Any, heap: Any, starts: Any, offsets: Any, contested: int) -> Any:
    """Label free pixels in the order of one heap until that many seeds have left it.

    Returns the places of the pixels that then wait in it, in the order in which they
    would leave. Their levels in `pixels` are raised to what they have in the heap.
    """
    for count in range(starts.size):
        if count == heap.size:
            heap = doubled(heap)
        _push(heap, count, pixels[starts[count]].level, 0, starts[count])
    count = starts.size
    age = 0
    while contested > 0:
        if heap[0].age == 0:
            contested -= 1
        lowest = heap[0].level
        place = np.int64(heap[0].place)
        count -= 1
        _pop(heap, count)
        for offset in offsets:
            neighbour = place + offset
            if pixels[neighbour].label == _FREE:
                pixels[neighbour].label = pixels[place].label
                if count == heap.size:
                    heap = doubled(heap)
                age += 1
                _push(heap, count, max(pixels[neighbour].level, lowest), age, neighbour)
                count += 1
    waiting = np.empty(count, np.int64)
    for number in range(waiting.size):
        place = np.int64(heap[0].place)
        pixels[place].level = heap[0].level
        waiting[number] = place
        count -= 1
        _pop(heap, count)
    return waiting


@numba.njit(cache=True, nogil=True)
def _flood(
    pixels: Any, heap: Any, starts: Any, offsets: Any, low: float, scale: float, intervals: int
) -> int:
    """Label free pixels in the order of their levels, from starts in the order given."""
    ends = np.zeros(intervals + 1, np.int32)
    for place in starts:
        ends[int((pixels[place].level - low) * scale) + 1] += 1
    for place in range(pixels.size):
        if pixels[place].label == _FREE:
            ends[int((pixels[place].level - low) * scale) + 1] += 1
    begins = np.cumsum(ends).astype(np.int32)
    ends = begins[:-1].copy()
    queues = np.empty(begins[-1], np.int32)
    for place in starts:
        interval = int((pixels[place].level - low) * scale)
        queues[ends[interval]] = place
        ends[interval] += 1
    far = offsets[0]
    read_ahead = 0
    for current in range(intervals):
        age = 0
        count = 0
        for number in range(begins[current], ends[current]):
            place = np.int64(queues[number])
            # The memory around it arrives while the heap is being made.
            read_ahead += pixels[place + far].label + pixels[place - far].label
            if count == heap.size:
                heap = doubled(heap)
            _push(heap, count, pixels[place].level, age, place)
            count += 1
            age += 1
        while count > 0:
            lowest = heap[0].level
            place = np.int64(heap[0].place)
            count -= 1
            _pop(heap, count)
            label = pixels[place].label
            for offset in offsets:
                neighbour = place + offset
                if pixels[neighbour].label != _FREE:
                    continue
                pixels[neighbour].label = label
                level = max(pixels[neighbour].level, lowest)
                interval = int((level - low) * scale)
                if interval > current:
                    queues[ends[interval]] = neighbour
                    ends[interval] += 1
                else:
                    if count == heap.size:
                        heap = doubled(heap)
                    _push(heap, count, level, age, neighbour)
                    count += 1
                    age += 1
    return read_ahead


@numba.njit(cache=True, nogil=True)
def _push(heap: Any, count: int, level: float, age: int, place: int) -> None:
    """Put a pixel into a heap of `count`, below those that are lower or as low and older."""
    child = count
    while child > 0:
        parent = (child - 1) >> 1
        if heap[parent].level < level or (heap[parent].level == level and heap[parent].age <= age):
            break
        heap[child] = heap[parent]
        child = parent
    heap[child].level = level
    heap[child].age = age
    heap[child].place = place


@numba.njit(cache=True, nogil=True)
def _pop(heap: Any, count: int) -> None:
    """Remove the top of a heap, of which `count` pixels remain."""
    level = heap[count].level
    age = heap[count].age
    hole = 0
    while True:
        child = 2 * hole + 1
        if child >= count:
            break
        other = child + 1
        if other < count and (
            heap[other].level < heap[child].level
            or (heap[other].level == heap[child].level and heap[other].age < heap[child].age)
        ):
            child = other
        if not (
            heap[child].level < level or (heap[child].level == level and heap[child].age < age)
        ):
            break
        heap[hole] = heap[child]
        hole = child
    heap[hole] = heap[count]
