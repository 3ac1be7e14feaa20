"""Count the pixels of objects, and keep or renumber objects, on images of any size.

They take clean labels, as `napari_delineate.arrays` gives them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.arrays import label_dtype

__all__ = ["count_pairs", "count_pixels", "keep", "narrowed", "renumber", "where"]

_PIXELS_PER_ENTRY = 8
"""A table with an entry for every number may take half the memory of the labels."""
_SMALL_TABLE = 2**16


def _has_table(labels: NDArray[Any], largest: int) -> bool:
    return largest < max(labels.size // _PIXELS_PER_ENTRY, _SMALL_TABLE)


def _flat(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels as a flat unsigned array, whose entries index without a check."""
    return labels.reshape(-1).view(f"u{labels.itemsize}")


def count_pixels(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the numbers that occur, sorted, with the background, and their pixels.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects.

    Returns
    -------
    numbers : ndarray of int
        The numbers that occur.
    counts : ndarray of int64
        How many pixels have each.

    Examples
    --------
    >>> import numpy as np
    >>> count_pixels(np.array([[0, 7, 7]], np.int32))
    (array([0, 7], dtype=int32), array([1, 2]))
    """
    import fastremap

    from napari_delineate.kernels import tables

    largest = int(labels.max())
    if not _has_table(labels, largest):
        numbers, counts = fastremap.unique(labels, return_counts=True)
        return numbers, counts.astype(np.int64)
    counts = tables.count(_flat(labels), largest)
    numbers = np.flatnonzero(counts)
    return numbers.astype(labels.dtype), counts[numbers]


def count_pairs(
    first: NDArray[Any], second: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which numbers stand at the same places, sorted, and how often.

    Parameters
    ----------
    first, second : (N,) ndarray of int
        Numbers from 0 up; other shapes are taken as flat.

    Returns
    -------
    pairs : (2, M) ndarray of int64
        The numbers of each pair, sorted by the first, then by the second.
    counts : (M,) ndarray of int64
        How often each pair occurs.

    Examples
    --------
    >>> import numpy as np
    >>> count_pairs(np.array([5, 2, 5]), np.array([0, 7, 0]))
    (array([[2, 5],
           [7, 0]]), array([1, 2]))
    """
    from napari_delineate.kernels import pairs as kernel

    one, other, counts = kernel.count_pairs(_frozen(first), _frozen(second)).T
    order = np.lexsort([other, one])
    return np.stack([one[order], other[order]]), counts[order]


def _frozen(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return a view that can not be written to: numba compiles once, whatever was given."""
    view = np.ascontiguousarray(numbers).reshape(-1).view()
    view.flags.writeable = False
    return view


def keep(labels: NDArray[Any], numbers: NDArray[Any]) -> NDArray[Any]:
    """Keep the objects with some numbers and remove the others.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects.
    numbers : ndarray of int
        Numbers above 0 that occur.

    Returns
    -------
    ndarray
        A new array of the smallest dtype for labels that holds what is left.

    Examples
    --------
    >>> import numpy as np
    >>> keep(np.array([[1, 7, 7]], np.int32), np.array([7]))
    array([[0, 7, 7]], dtype=int32)
    """
    return renumber(labels, numbers, numbers)


def renumber(labels: NDArray[Any], numbers: NDArray[Any], new: NDArray[Any]) -> NDArray[Any]:
    """Give objects new numbers; what is not named becomes background.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects.
    numbers : ndarray of int
        Numbers above 0 that occur, each once.
    new : ndarray of int
        The new number of each, from 0 up.

    Returns
    -------
    ndarray
        A new array of the smallest dtype for labels that holds the new numbers.

    Examples
    --------
    >>> import numpy as np
    >>> renumber(np.array([[0, 7, 9]], np.int32), np.array([7, 9]), np.array([2, 2]))
    array([[0, 2, 2]], dtype=int32)
    """
    import fastremap

    from napari_delineate.kernels import tables

    dtype = label_dtype(int(new.max(initial=0)))
    largest = int(labels.max())
    if not _has_table(labels, largest):
        known = dict.fromkeys(fastremap.unique(labels).tolist(), 0)
        known.update(zip(numbers.tolist(), new.tolist(), strict=True))
        wide = labels.astype(np.promote_types(labels.dtype, dtype))
        return np.asarray(fastremap.remap(wide, known, in_place=True).astype(dtype, copy=False))
    table = np.zeros(largest + 1, dtype)
    table[numbers] = new
    result = np.empty(labels.shape, dtype)
    tables.replace(_flat(labels), table, result.reshape(-1))
    return result


def where(labels: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Return a mask of the objects with some numbers.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects, numbered from 1 with few gaps.
    numbers : ndarray of int
        Numbers above 0 that occur.

    Returns
    -------
    ndarray of bool
        True in these objects.

    Examples
    --------
    >>> import numpy as np
    >>> where(np.array([[0, 1, 2]], np.int32), np.array([2]))
    array([[False, False,  True]])
    """
    from napari_delineate.kernels import tables

    table = np.zeros(int(labels.max()) + 1, bool)
    table[numbers] = True
    result = np.empty(labels.shape, bool)
    tables.replace(_flat(labels), table, result.reshape(-1))
    return result


def narrowed(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the smallest dtype for labels that holds them.

    Parameters
    ----------
    labels : ndarray of int
        Labelled objects of which some may have been removed.

    Returns
    -------
    ndarray
        The same array where its dtype fits.

    Examples
    --------
    >>> import numpy as np
    >>> narrowed(np.array([0, 3], np.int64))
    array([0, 3], dtype=int32)
    """
    if labels.dtype == np.int32:
        return labels
    return labels.astype(label_dtype(int(labels.max())), copy=False)
