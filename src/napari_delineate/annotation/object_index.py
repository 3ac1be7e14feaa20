"""Know where the objects of labels are, how large they are, and keep that up with edits."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import Change, parts

__all__ = ["IndexedObject", "ObjectIndex"]

_LARGEST_TABLE = 2**22
"""Numbers up to this one have an entry of a table each; larger ones are renumbered first."""

_AXES = 4


class IndexedObject(NamedTuple):
    """Say how large an object is and where it lies.

    Attributes
    ----------
    size : int
        Its pixels.
    low, high : tuple of int
        The first and the last place along each axis of a box that it lies in.
    """

    size: int
    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def box(self) -> tuple[slice, ...]:
        """The box as slices."""
        return tuple(slice(a, b + 1) for a, b in zip(self.low, self.high, strict=True))


class ObjectIndex:
    """Know the size and a box of every object, so that tools need not look at all pixels.

    Sizes are exact. A box always holds the whole object; after pixels were erased it may be
    larger than needed.

    Parameters
    ----------
    labels : array-like of int
        Labels with one to four axes; what is not in memory is read part by part.

    Examples
    --------
    >>> import numpy as np
    >>> index = ObjectIndex(np.array([[0, 7, 7], [0, 0, 7]]))
    >>> index.size(7), index.box(7), index.new_number()
    (3, (slice(0, 2, None), slice(1, 3, None)), 8)
    """

    def __init__(self, labels: Any) -> None:
        self.shape = tuple(labels.shape)
        self._objects: dict[int, IndexedObject] = {}
        for part in parts(labels):
            start = (part[0].start, *(0 for _ in part[1:]))
            for number, found in _measured(np.asarray(labels[part])).items():
                self._add(number, found, start)
        self._largest = max(self._objects, default=0)

    def __contains__(self, number: object) -> bool:
        return number in self._objects

    def __len__(self) -> int:
        return len(self._objects)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers of all objects, sorted."""
        return tuple(sorted(self._objects))

    def size(self, number: int) -> int:
        """Return the pixels of an object; 0 where there is none of this number."""
        known = self._objects.get(number)
        return 0 if known is None else known.size

    def box(self, number: int) -> tuple[slice, ...] | None:
        """Return a box that holds an object; None where there is none of this number."""
        known = self._objects.get(number)
        return None if known is None else known.box

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
        for number, count in _counted(change.before):
            known = self._objects.get(number)
            if known is None:
                continue
            if known.size > count:
                self._objects[number] = known._replace(size=known.size - count)
            else:
                del self._objects[number]
        for number in _numbers(change.after):
            positions = change.positions[change.after == number]
            places = np.unravel_index(positions, self.shape)
            low = tuple(int(place.min()) for place in places)
            high = tuple(int(place.max()) for place in places)
            self._add(number, IndexedObject(len(positions), low, high))
            self._largest = max(self._largest, number)

    def _add(self, number: int, more: IndexedObject, start: tuple[int, ...] = ()) -> None:
        """Add pixels to an object; they are counted from a start."""
        size, low, high = more
        if any(start):
            low = tuple(map(operator.add, low, start))
            high = tuple(map(operator.add, high, start))
        known = self._objects.get(number)
        if known is not None:
            size += known.size
            low, high = tuple(map(min, low, known.low)), tuple(map(max, high, known.high))
        self._objects[number] = IndexedObject(size, low, high)


def _measured(labels: NDArray[Any]) -> dict[int, IndexedObject]:
    import fastremap

    from napari_delineate.kernels import object_boxes

    if labels.size == 0:
        return {}
    labels = labels.astype(labels.dtype.newbyteorder("="), copy=False)
    largest = int(labels.max())
    names: NDArray[Any] | None = None
    if largest > _LARGEST_TABLE or labels.dtype.kind != "u":
        if int(labels.min()) < 0:
            raise ValueError(
                f"labels must not be negative, the smallest is {int(labels.min())}; "
                "erase what is below 0 first"
            )
        if largest > _LARGEST_TABLE:
            labels, mapping = fastremap.renumber(labels, preserve_zero=True)
            names = np.zeros(1 + max(mapping.values()), np.int64)
            names[list(mapping.values())] = list(mapping)
            largest = len(names) - 1
    axes = labels.ndim
    filled = labels.reshape((1,) * (_AXES - axes) + labels.shape)
    filled = filled.view(f"u{filled.itemsize}")
    counts, low, high = object_boxes.box_arrays(largest + 1)
    object_boxes.measure(filled, counts, low, high)
    there = np.flatnonzero(counts)
    numbers = there if names is None else names[there]
    rows = zip(
        numbers.tolist(),
        counts[there].tolist(),
        low[there, _AXES - axes :].tolist(),
        high[there, _AXES - axes :].tolist(),
        strict=True,
    )
    return {number: IndexedObject(size, tuple(a), tuple(b)) for number, size, a, b in rows}


def _counted(values: NDArray[Any]) -> list[tuple[int, int]]:
    numbers, counts = np.unique(values[values > 0], return_counts=True)
    return list(zip(numbers.tolist(), counts.tolist(), strict=True))


def _numbers(values: NDArray[Any]) -> list[int]:
    return [int(number) for number in np.unique(values[values > 0])]
