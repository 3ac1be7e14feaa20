"""Find objects again in labels that were edited, renumbered or made anew, frame by frame.

An object is known by its number; in labels of several frames, such as a movie, by the frame and
its number there, because the same number in another frame may be another object.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate import object_numbers
from napari_delineate.axes import looped_axes
from napari_delineate.overlaps import find_overlaps

__all__ = [
    "Edited",
    "Frame",
    "Key",
    "find_again",
    "find_edits",
    "find_edits_in_frames",
    "frames_of",
    "key_of",
    "spots_of",
]

Frame = tuple[int, ...]
"""The place along each axis that is not in space; empty for labels without such axes."""
Key = int | tuple[int, ...]
"""The number of an object; in labels of several frames, its frame and the number."""

_SAME_OBJECT = 0.5
"""The least overlap of an object before an edit and after it, whatever its number."""
_SPOTS = 16
"""Pixels that are enough to find an object again in labels that are not there to compare."""


class Edited(NamedTuple):
    """Say what became of objects.

    Attributes
    ----------
    now : dict of Key to Key
        The number of each object that is still there, by its number before.
    new : tuple of Key
        The numbers of objects that were not there.
    """

    now: Mapping[Key, Key]
    new: tuple[Key, ...]


def key_of(frame: Frame, number: int) -> Key:
    """Return what an object is known by.

    Parameters
    ----------
    frame : tuple of int
        Its place along the axes that are not in space; may be empty.
    number : int
        Its number.

    Returns
    -------
    Key
        The number, or the frame and the number.

    Examples
    --------
    >>> key_of((), 7), key_of((3,), 7)
    (7, (3, 7))
    """
    return (*frame, number) if frame else number


def frames_of(data: NDArray[Any], axes: str) -> Iterator[tuple[Frame, NDArray[Any]]]:
    """Go through what an array holds in space, frame by frame.

    Parameters
    ----------
    data : ndarray
        Labels or an image.
    axes : str
        The letters of its axes.

    Yields
    ------
    tuple of int
        The place along the axes that are not in space; empty if there are none.
    ndarray, (Y, X) or (Z, Y, X)
        What is there, as a view.
    """
    loops = [axes.index(letter) for letter in looped_axes(axes)]
    moved = np.moveaxis(data, loops, range(len(loops)))
    for frame in np.ndindex(moved.shape[: len(loops)]):
        yield frame, moved[frame]


def find_edits(before: NDArray[Any], after: NDArray[Any]) -> Edited:
    """Find out what became of the objects of labels that were edited or renumbered.

    Parameters
    ----------
    before, after : ndarray of int, same shape
        The labels before and after.

    Returns
    -------
    Edited
        What became of them.

    Notes
    -----
    An object after the edit is the one before with which it shares at least half of all
    pixels; else the one with its number, if they share any.

    Examples
    --------
    >>> import numpy as np
    >>> find_edits(np.array([[1, 1, 0, 2]]), np.array([[4, 4, 5, 0]]))
    Edited(now={1: 4}, new=(5,))
    """
    found = find_overlaps(before, after)
    one = found.reference_numbers[found.rows].tolist()
    other = found.label_numbers[found.columns].tolist()
    now: dict[Key, Key] = dict(_paired(one, other, found.iou).items())
    taken = set(now.values())
    return Edited(now, tuple(one for one in found.label_numbers.tolist() if one not in taken))


def find_edits_in_frames(before: NDArray[Any], after: NDArray[Any], axes: str) -> Edited:
    """Find out what became of the objects of labels, frame by frame.

    Parameters
    ----------
    before, after : ndarray of int, same shape
        The labels before and after.
    axes : str
        The letters of their axes.

    Returns
    -------
    Edited
        What became of them; objects stay in their frames.

    Examples
    --------
    >>> import numpy as np
    >>> movie = np.array([[[1, 0, 2]], [[1, 1, 0]]])
    >>> find_edits_in_frames(movie, np.array([[[1, 0, 2]], [[3, 3, 0]]]), "TYX")
    Edited(now={(0, 1): (0, 1), (0, 2): (0, 2), (1, 1): (1, 3)}, new=())
    """
    now: dict[Key, Key] = {}
    new: list[Key] = []
    pairs = zip(frames_of(before, axes), frames_of(after, axes), strict=True)
    for (frame, was), (_, has) in pairs:
        if frame and np.array_equal(was, has):  # most frames are not edited
            numbers = object_numbers.count_pixels(np.ascontiguousarray(was))[0].tolist()
            now |= {key_of(frame, one): key_of(frame, one) for one in numbers if one}
            continue
        edited = find_edits(np.ascontiguousarray(was), np.ascontiguousarray(has))
        now |= {_in_frame(frame, a): _in_frame(frame, b) for a, b in edited.now.items()}
        new += (_in_frame(frame, one) for one in edited.new)
    return Edited(now, tuple(new))


def _in_frame(frame: Frame, key: Key) -> Key:
    return key_of(frame, key) if isinstance(key, int) else key


def spots_of(labels: NDArray[Any], number: int, box: tuple[slice, ...]) -> tuple[int, ...]:
    """Return some pixels of an object, by which it is found again.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        The labels.
    number : int
        The object.
    box : tuple of slice
        Where it is.

    Returns
    -------
    tuple of int
        Up to 16 positions in the flat array, spread evenly over all of them.

    Examples
    --------
    >>> import numpy as np
    >>> spots_of(np.array([[0, 5, 5], [0, 5, 0]]), 5, (slice(0, 2), slice(1, 3)))
    (1, 2, 4)
    """
    inside = np.nonzero(np.asarray(labels[box]) == number)
    there = np.arange(min(_SPOTS, len(inside[0])))
    chosen = (2 * there + 1) * len(inside[0]) // (2 * max(len(there), 1))
    places = tuple(one[chosen] + side.start for one, side in zip(inside, box, strict=True))
    return tuple(np.ravel_multi_index(places, labels.shape).tolist())


def find_again(
    labels: NDArray[Any], known: Iterable[tuple[int, int, tuple[int, ...]]]
) -> dict[int, int]:
    """Find objects in labels that were made anew, by some of their pixels.

    Parameters
    ----------
    labels : (Y, X) or (Z, Y, X) ndarray of int
        The labels now.
    known : iterable of (int, int, tuple of int)
        Of each object its number before, how many pixels it had, and what `spots_of` gave.

    Returns
    -------
    dict of int to int
        The numbers now by those before; objects that are not there any more are missing.

    Notes
    -----
    The rule is that of `find_edits`, with the overlap estimated from the pixels that are known.

    Examples
    --------
    >>> import numpy as np
    >>> find_again(np.array([[0, 9, 9], [0, 9, 0]]), [(5, 3, (1, 2, 4)), (6, 1, (0,))])
    {5: 9}
    """
    counted = object_numbers.count_pixels(labels)
    sizes = dict(zip(*(one.tolist() for one in counted), strict=True))
    flat = labels.reshape(-1)
    before, after, overlaps = [], [], []
    for number, size, spots in known:
        places = np.array([one for one in spots if one < flat.size], np.int64)
        there, times = np.unique(flat[places], return_counts=True)
        for other, count in zip(there.tolist(), times.tolist(), strict=True):
            if other:
                shared = min(size * count / len(spots), sizes[other])
                before.append(number)
                after.append(other)
                overlaps.append(shared / (size + sizes[other] - shared))
    return _paired(before, after, np.array(overlaps))


def _paired(before: list[int], after: list[int], iou: NDArray[np.float64]) -> dict[int, int]:
    """Pair each object with at most one other: that which most of it is, or has its number."""
    half = iou >= _SAME_OBJECT
    # The number decides between two halves, and last of all where little is left.
    wanted = np.lexsort([-iou, np.not_equal(before, after), ~half])
    now: dict[int, int] = {}
    taken: set[int] = set()
    for place in wanted.tolist():
        first, second = before[place], after[place]
        is_same = half[place] or first == second
        if is_same and first not in now and second not in taken:
            now[first] = second
            taken.add(second)
    return now
