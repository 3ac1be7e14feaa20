"""Know where the objects of labels are, how large they are, and keep that up with edits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import Change

__all__ = ["Counted", "IndexedObject", "ObjectIndex", "count_tile", "tiles_of"]

_LARGEST_TABLE = 2**22
"""Numbers up to this one have an entry of a table each; larger ones are renumbered first."""

_AXES = 4
_BLOCKS = {1: (1, 1, 1, 4096), 2: (1, 1, 64, 256), 3: (1, 8, 32, 256), 4: (1, 8, 32, 256)}
"""Pixels of a block along each of four axes, for labels with so many."""

_TILE = 2**24
"""About so many pixels are counted at a time."""


class IndexedObject(NamedTuple):
    """Say how large an object is and where it lies.

    Attributes
    ----------
    size : int
        Its pixels.
    blocks : (K,) ndarray of int64
        The blocks of the labels that it lies in, increasing.
    low, high : (K, D) ndarray of int64
        The first and the last place along each axis of a box in each block that holds what
        is there of it.
    """

    size: int
    blocks: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @property
    def box(self) -> tuple[slice, ...]:
        """A box that holds all of it."""
        return _slices(self.low.min(axis=0), self.high.max(axis=0))


class Counted(NamedTuple):
    """Hold what was counted in a tile of labels.

    Attributes
    ----------
    numbers, sizes, blocks : (P,) ndarray of int64
        For each object in each block: its number, its pixels, and the block.
    low, high : (P, D) ndarray of int64
        The first and the last place of it along each axis.
    filled : tuple of ndarray of int64
        For each axis: the pixels that are not 0 at each place of the tile.
    """

    numbers: NDArray[np.int64]
    sizes: NDArray[np.int64]
    blocks: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    filled: tuple[NDArray[np.int64], ...]


class ObjectIndex:
    """Know the size and the place of every object, so that tools need not look at all pixels.

    Sizes are exact. Boxes always hold the whole object; after pixels were erased they may be
    larger than needed.

    Parameters
    ----------
    labels : array-like of int
        Labels with one to four axes; anything that boxes can be read of.
    counted : sequence of Counted, optional
        What `count_tile` found in each of `tiles_of` the labels, if that is known; then only
        the shape of the labels is looked at.

    Examples
    --------
    >>> import numpy as np
    >>> index = ObjectIndex(np.array([[0, 7, 7], [0, 0, 7]]))
    >>> index.size(7), index.box(7), index.new_number()
    (3, (slice(0, 2, None), slice(1, 3, None)), 8)
    """

    def __init__(self, labels: Any, counted: Sequence[Counted] | None = None) -> None:
        self.shape = tuple(labels.shape)
        tiles = tiles_of(self.shape)
        if counted is None:
            counted = [count_tile(labels, tile) for tile in tiles]
        self._filled = [np.zeros(size, np.int64) for size in self.shape]
        for tile, one in zip(tiles, counted, strict=True):
            for total, side, part in zip(self._filled, tile, one.filled, strict=True):
                total[side] += part
        numbers, sizes, blocks = (
            np.concatenate([np.empty(0, np.int64), *(one[k] for one in counted)]) for k in range(3)
        )
        none = np.empty((0, len(self.shape)), np.int64)
        order = np.lexsort((blocks, numbers))
        self._blocks = blocks[order]
        self._low = np.concatenate([none, *(one.low for one in counted)])[order]
        self._high = np.concatenate([none, *(one.high for one in counted)])[order]
        self._starts = _starts(numbers[order])
        self._numbers = numbers[order][self._starts]
        self._sizes = np.add.reduceat(sizes[order], self._starts) if len(numbers) else sizes
        self._changed: dict[int, IndexedObject | None] = {}
        self._largest = int(self._numbers[-1]) if len(numbers) else 0

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int | np.integer) and self._known(int(number)) is not None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all objects, sorted."""
        if not self._changed:
            return tuple(self._numbers.tolist())
        there = set(self._numbers.tolist()) - self._changed.keys()
        there.update(number for number, known in self._changed.items() if known is not None)
        return tuple(sorted(there))

    def size(self, number: int) -> int:
        """Return the pixels of an object; 0 where there is none of this number."""
        known = self._known(number)
        return 0 if known is None else known.size

    def box(self, number: int) -> tuple[slice, ...] | None:
        """Return a box that holds an object; None where there is none of this number."""
        known = self._known(number)
        return None if known is None else known.box

    def boxes(self, numbers: Iterable[int]) -> list[tuple[slice, ...]]:
        """Return boxes that hold objects together, and do not meet.

        An object that is long and thin lies in small boxes even where it runs across all of
        the labels.

        Examples
        --------
        >>> import numpy as np
        >>> labels = np.zeros((1, 9000), int); labels[0, 1] = labels[0, -1] = 5
        >>> [(rows.stop, columns) for rows, columns in ObjectIndex(labels).boxes([5])]
        [(1, slice(1, 2, None)), (1, slice(8999, 9000, None))]
        """
        known = [one for one in map(self._known, dict.fromkeys(numbers)) if one is not None]
        if not known:
            return []
        together = _joined(known)
        return [_slices(*ends) for ends in zip(together.low, together.high, strict=True)]

    def filled(self, axis: int) -> NDArray[np.int64]:
        """Return how many pixels are labelled at each place along an axis."""
        return self._filled[axis]

    def new_number(self) -> int:
        """Return a number above those of all objects that there are or ever were."""
        return self._largest + 1

    def note(self, change: Change) -> None:
        """Learn what changed.

        Parameters
        ----------
        change : Change
            What changed in the labels since they were last known.
        """
        if not len(change.positions):
            return
        for number, count in _counted(change.before):
            known = self._known(number)
            if known is not None:
                left = known.size - count
                self._changed[number] = known._replace(size=left) if left > 0 else None
        places = np.unravel_index(change.positions, self.shape)
        for axis, (total, place) in enumerate(zip(self._filled, places, strict=True)):
            for values, sign in ((change.after, 1), (change.before, -1)):
                counted = np.bincount(place[values != 0], minlength=self.shape[axis])
                total += sign * counted
        order = np.argsort(change.after, kind="stable")
        after, blocks = change.after[order], self._blocks_at(places)[order]
        places = tuple(place[order] for place in places)
        starts = _starts(after).tolist()
        for start, stop in zip(starts, [*starts[1:], len(after)], strict=True):
            number = int(after[start])
            if number <= 0:
                continue
            mine = slice(start, stop)
            added = _object_at([place[mine] for place in places], blocks[mine])
            known = self._known(number)
            self._changed[number] = added if known is None else _joined([known, added])
            self._largest = max(self._largest, number)

    def _known(self, number: int) -> IndexedObject | None:
        if number in self._changed:
            return self._changed[number]
        rank = int(np.searchsorted(self._numbers, number))
        if rank == len(self._numbers) or self._numbers[rank] != number:
            return None
        stop = self._starts[rank + 1] if rank + 1 < len(self._starts) else len(self._blocks)
        mine = slice(int(self._starts[rank]), int(stop))
        size = int(self._sizes[rank])
        return IndexedObject(size, self._blocks[mine], self._low[mine], self._high[mine])

    def _blocks_at(self, places: Sequence[NDArray[Any]]) -> NDArray[np.int64]:
        block = _block_of(len(self.shape))
        grid = _grid(self.shape)
        sides = [place // size for place, size in zip(places, block, strict=True)]
        return np.ravel_multi_index(sides, grid).astype(np.int64, copy=False)


def tiles_of(shape: Sequence[int]) -> list[tuple[slice, ...]]:
    """Return the parts of labels of a shape that are counted one after the other.

    Examples
    --------
    >>> tiles_of((2, 3))
    [(slice(0, 2, None), slice(0, 3, None))]
    """
    tile = [max(size, 1) for size in shape]
    for axis, size in enumerate(_block_of(len(tile))):
        across = math.prod(tile[axis + 1 :])
        if axis == 0 and len(tile) == _AXES:
            tile[axis] = 1  # what counts knows three axes
        elif math.prod(tile) > _TILE:
            tile[axis] = min(max(_TILE // across // size, 1) * size, tile[axis])
    starts = [range(0, size, step) for size, step in zip(shape, tile, strict=True)]
    return [
        tuple(
            slice(at, min(at + step, size))
            for at, step, size in zip(corner, tile, shape, strict=True)
        )
        for corner in itertools.product(*starts)
    ]


def count_tile(labels: Any, tile: tuple[slice, ...]) -> Counted:
    """Count the pixels of every object in a tile of labels; any thread may do it.

    Parameters
    ----------
    labels : array-like of int
        The labels; only the tile is read.
    tile : tuple of slice
        One of `tiles_of` the shape of the labels.

    Returns
    -------
    Counted
        What was counted.

    Raises
    ------
    ValueError
        If a label is negative, or above 2**63 - 1.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 7, 7], [0, 0, 7]])
    >>> counted = count_tile(labels, tiles_of(labels.shape)[0])
    >>> counted.numbers, counted.sizes, counted.filled[0]
    (array([7]), array([3]), array([2, 1]))
    """
    from napari_delineate.kernels import object_boxes as kernel

    axes = len(tile)
    held, names = _plain(np.ascontiguousarray(labels[tile]))
    filled = held.reshape(((1,) * (_AXES - axes) + held.shape)[-3:])
    block = np.array(_BLOCKS[axes][1:])
    last = np.full(int(held.max(initial=0)) + 1, -1, np.int64)
    parts, *along = kernel.measure(filled, block, last)
    corner = np.array([side.start for side in tile])
    low, high = (
        np.pad(parts[:, ends], ((0, 0), (1, 0)))[:, _AXES - axes :] + corner
        for ends in (kernel.LOW, kernel.HIGH)
    )
    sides = low // np.array(_block_of(axes))
    blocks = np.ravel_multi_index(tuple(sides.T), _grid(labels.shape)).astype(np.int64, copy=False)
    numbers = parts[:, kernel.NUMBER]
    along = [np.array([along[0].sum()]), *along][_AXES - axes :]
    return Counted(
        numbers.copy() if names is None else names[numbers],
        parts[:, kernel.PIXELS].copy(),
        blocks,
        low,
        high,
        tuple(along),
    )


def _plain(held: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64] | None]:
    """Return unsigned labels without large numbers, and what the numbers were if others."""
    import fastremap

    held = held.astype(held.dtype.newbyteorder("="), copy=False)
    largest = int(held.max(initial=0))
    if held.dtype.kind == "i" and int(held.min(initial=0)) < 0:
        raise ValueError(
            f"labels must not be negative, the smallest is {int(held.min())}; "
            "erase what is below 0 first"
        )
    if largest > np.iinfo(np.int64).max:
        raise ValueError(f"objects have numbers up to 2**63 - 1, {largest} is none")
    names = None
    if largest > _LARGEST_TABLE:
        held, mapping = fastremap.renumber(held, preserve_zero=True)
        names = np.zeros(1 + max(mapping.values()), np.int64)
        names[list(mapping.values())] = list(mapping)
    return held.view(f"u{held.itemsize}"), names


def _block_of(axes: int) -> tuple[int, ...]:
    if axes not in _BLOCKS:
        raise ValueError(f"objects are known of labels with one to four axes; these have {axes}")
    return _BLOCKS[axes][_AXES - axes :]


def _grid(shape: Sequence[int]) -> tuple[int, ...]:
    """Return how many blocks labels of a shape have along each axis."""
    sides = zip(shape, _block_of(len(shape)), strict=True)
    return tuple(max(-(-size // step), 1) for size, step in sides)


def _object_at(places: Sequence[NDArray[Any]], blocks: NDArray[np.int64]) -> IndexedObject:
    """Return an object of pixels at places along each axis, in blocks."""
    order = np.argsort(blocks, kind="stable")
    starts = _starts(blocks[order])
    sorted_places = [place[order] for place in places]
    low, high = (
        np.stack([extreme.reduceat(place, starts) for place in sorted_places], axis=1)
        for extreme in (np.minimum, np.maximum)
    )
    return IndexedObject(len(blocks), blocks[order][starts], low, high)


def _joined(objects: Sequence[IndexedObject]) -> IndexedObject:
    """Return objects as one; of boxes in the same block, the one around them."""
    if len(objects) == 1:
        return objects[0]
    blocks = np.concatenate([one.blocks for one in objects])
    order = np.argsort(blocks, kind="stable")
    starts = _starts(blocks[order])
    low = np.minimum.reduceat(np.concatenate([one.low for one in objects])[order], starts)
    high = np.maximum.reduceat(np.concatenate([one.high for one in objects])[order], starts)
    return IndexedObject(sum(one.size for one in objects), blocks[order][starts], low, high)


def _starts(values: NDArray[Any]) -> NDArray[np.intp]:
    """Return where runs of equal values begin."""
    if not len(values):
        return np.empty(0, np.intp)
    return np.flatnonzero(np.append(True, values[1:] != values[:-1]))


def _slices(low: NDArray[Any], high: NDArray[Any]) -> tuple[slice, ...]:
    return tuple(slice(a, b + 1) for a, b in zip(low.tolist(), high.tolist(), strict=True))


def _counted(values: NDArray[Any]) -> list[tuple[int, int]]:
    numbers, counts = np.unique(values[values > 0], return_counts=True)
    return list(zip(numbers.tolist(), counts.tolist(), strict=True))
