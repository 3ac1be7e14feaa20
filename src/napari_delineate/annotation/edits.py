"""Describe edits of labels: what a box of them holds afterwards, and what that changes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "NOTHING",
    "Change",
    "Edit",
    "apart",
    "bounding_box",
    "change_of",
    "joined",
    "place_in",
    "put",
    "slabs",
    "take_back",
]

_CACHED = 2**20
"""So many labels are compared at a time: what fits the cache is quicker."""


class Edit(NamedTuple):
    """Say what a box of labels holds after an edit.

    Tools return edits; they leave the labels as they are.

    Attributes
    ----------
    box : tuple of slice
        The box, one slice per axis of the labels, with start and stop.
    labels : ndarray of int
        What it holds afterwards, in the shape of the box.
    """

    box: tuple[slice, ...]
    labels: NDArray[Any]


class Change(NamedTuple):
    """Say which pixels of labels an edit changed, from what and to what.

    Attributes
    ----------
    positions : (N,) ndarray of int64
        Flat positions (C order) in the whole labels, increasing, each once.
    before, after : (N,) ndarray
        What the labels hold there before and after, in their dtype.
    """

    positions: NDArray[np.int64]
    before: NDArray[Any]
    after: NDArray[Any]

    @property
    def nbytes(self) -> int:
        """The memory it takes, in bytes."""
        return self.positions.nbytes + self.before.nbytes + self.after.nbytes


NOTHING = Change(np.empty(0, np.int64), np.empty(0, np.int32), np.empty(0, np.int32))
"""A change of nothing."""


def change_of(labels: Any, edit: Edit) -> Change:
    """Return what an edit changes.

    Parameters
    ----------
    labels : array-like of int
        The labels before the edit; anything that boxes can be read of.
    edit : Edit
        The edit.

    Returns
    -------
    Change
        The pixels that hold something else afterwards.

    Raises
    ------
    ValueError
        If the labels can not hold a number of the edit.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.array([[0, 1], [0, 1]])
    >>> change_of(labels, Edit((slice(0, 2), slice(1, 2)), np.array([[1], [2]]))).positions
    array([3])
    """
    shape = tuple(labels.shape)
    starts = [side.start for side in edit.box]
    wanted = np.asarray(edit.labels)
    found = []
    for slab in slabs(edit.box, labels):
        held = np.asarray(labels[slab])
        first = slab[0].start - starts[0]
        then = _in_dtype(wanted[first : first + len(held)], held.dtype)
        places = np.nonzero(held != then)
        corner = (slab[0].start, *starts[1:])
        whole = tuple(place + start for place, start in zip(places, corner, strict=True))
        positions = np.ravel_multi_index(whole, shape).astype(np.int64, copy=False)
        found.append((positions, held[places], then[places]))
    positions, before, after = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Change(positions, before, after)


def _in_dtype(labels: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if not np.can_cast(labels.dtype, dtype) and labels.size:
        largest = int(labels.max())
        if largest > np.iinfo(dtype).max:
            raise ValueError(f"labels of the type {dtype} can not hold the number {largest}")
    return labels.astype(dtype, copy=False)


def slabs(box: tuple[slice, ...], labels: Any = None) -> Iterator[tuple[slice, ...]]:
    """Yield the parts of a box, cut across its first axis, that fit the cache; at least one.

    Parameters
    ----------
    box : tuple of slice
        The box.
    labels : array-like, optional
        What the box is read of. Labels that are stored in chunks are cut between chunks, so
        that each is read once.
    """
    side, *others = box
    across = math.prod(max(other.stop - other.start, 1) for other in others)
    depth = _chunk_depth(labels)
    step = -(-max(_CACHED // across, 1) // depth) * depth
    start = side.start
    while True:
        stop = min(start // depth * depth + step, side.stop)
        yield slice(start, stop), *others
        start = stop
        if start >= side.stop:
            return


def _chunk_depth(labels: Any) -> int:
    """Return how many places of the first axis are stored together; 1 in memory."""
    chunks = getattr(labels, "chunks", None)
    if not chunks:
        return 1
    first = chunks[0]  # Dask has the sizes of all chunks there
    return max(int(max(first) if isinstance(first, tuple) else first), 1)


def apart(edits: Iterable[Edit]) -> Iterator[list[Edit]]:
    """Yield edits in their order, as many at a time as lie in boxes that do not meet.

    Examples
    --------
    >>> import numpy as np
    >>> edits = [Edit((slice(k, k + 2),), np.ones(2, int)) for k in (0, 2, 3)]
    >>> [len(together) for together in apart(edits)]
    [2, 1]
    """
    together: list[Edit] = []
    for edit in edits:
        if any(_meet(edit.box, other.box) for other in together):
            yield together
            together = []
        together.append(edit)
    if together:
        yield together


def _meet(box: tuple[slice, ...], other: tuple[slice, ...]) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(box, other, strict=True))


def joined(changes: Sequence[Change]) -> Change:
    """Return several changes, made one after the other, as one.

    Parameters
    ----------
    changes : sequence of Change
        Changes of the same labels, the oldest first; at least one.

    Returns
    -------
    Change
        What they change together; pixels that hold what they held before are left out.
    """
    if len(changes) == 1:
        return changes[0]
    positions = np.concatenate([change.positions for change in changes])
    order = np.argsort(positions, kind="stable")  # of equal positions, the oldest is first
    positions = positions[order]
    before = np.concatenate([change.before for change in changes])[order]
    after = np.concatenate([change.after for change in changes])[order]
    if not len(positions):
        return Change(positions, before, after)
    starts = np.append(True, positions[1:] != positions[:-1])
    ends = np.append(starts[1:], True)
    positions, before, after = positions[starts], before[starts], after[ends]
    changed = before != after
    return Change(positions[changed], before[changed], after[changed])


def put(labels: Any, positions: NDArray[np.int64], values: NDArray[Any]) -> None:
    """Write values at flat positions of labels, in place."""
    if isinstance(labels, np.ndarray) and labels.flags.c_contiguous:
        labels.reshape(-1)[positions] = values
    else:
        labels[np.unravel_index(positions, tuple(labels.shape))] = values


def take_back(change: Change) -> Change:
    """Return the change that undoes a change."""
    return Change(change.positions, change.after, change.before)


def place_in(edit: Edit, view: Sequence[int | slice]) -> Edit:
    """Return an edit of a part of labels as an edit of the whole labels.

    Parameters
    ----------
    edit : Edit
        An edit of `labels[view]`.
    view : sequence of int or slice
        What was taken of each axis of the labels: one place of an axis that the part does
        not have, or a slice without step of one that it has.

    Returns
    -------
    Edit
        The same edit, of the whole labels.

    Examples
    --------
    >>> import numpy as np
    >>> edit = Edit((slice(1, 2),), np.array([7]))
    >>> place_in(edit, (3, slice(5, 9))).box
    (slice(3, 4, None), slice(6, 7, None))
    """
    sides = iter(edit.box)
    box, shape = [], []
    for taken in view:
        if isinstance(taken, slice):
            side, start = next(sides), taken.start or 0
            box.append(slice(side.start + start, side.stop + start))
            shape.append(side.stop - side.start)
        else:
            box.append(slice(int(taken), int(taken) + 1))
            shape.append(1)
    return Edit(tuple(box), np.asarray(edit.labels).reshape(shape))


def bounding_box(boxes: Iterable[tuple[slice, ...]]) -> tuple[slice, ...]:
    """Return the smallest box that holds several boxes; at least one."""
    sides = zip(*boxes, strict=True)
    return tuple(
        slice(min(side.start for side in one), max(side.stop for side in one))
        for one in map(tuple, sides)
    )
