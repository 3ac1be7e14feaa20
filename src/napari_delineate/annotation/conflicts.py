"""Find the corrections whose objects are gone, and settle each as a person decides."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from napari_delineate.postprocessing.corrections import match_objects
from napari_delineate.types import Corrections

__all__ = ["Conflict", "attach", "conflicts_of", "keep_as_painted", "leave_out"]


class Conflict(NamedTuple):
    """Say which object of corrections can not be found again.

    Attributes
    ----------
    number : int
        The number that the object had.
    frame : tuple of (int, int)
        Where it is along the axes that are no space, such as time: axis and index.
    was : (N,) ndarray of int64
        Flat positions (C order) of the object as it was, increasing.
    pixels : (M,) ndarray of int64
        Flat positions of the changes that belong to it, increasing.
    labels : (M,) ndarray of int64
        What these pixels were changed to, with the numbers of then.
    """

    number: int
    frame: tuple[tuple[int, int], ...]
    was: NDArray[np.int64]
    pixels: NDArray[np.int64]
    labels: NDArray[np.int64]

    @property
    def is_whole(self) -> bool:
        """Whether all of the object was changed into one other thing."""
        own = np.isin(self.pixels, self.was)
        return bool(own.sum() == len(self.was) and len(set(self.labels[own].tolist())) == 1)

    def __str__(self) -> str:
        """Say what was changed."""
        own = np.isin(self.pixels, self.was)
        into = sorted(set(self.labels[own].tolist()))
        if self.is_whole:
            return "deleted" if into == [0] else f"merged into {into[0]}"
        return f"{len(self.pixels):,} pixels {'changed' if into else 'added'}"


def conflicts_of(
    labels: NDArray[Any], corrections: Corrections, looped: tuple[int, ...] = ()
) -> list[Conflict]:
    """Return the objects that corrections touched and that are not there any more.

    Parameters
    ----------
    labels : ndarray of int
        The labels as they are computed now.
    corrections : Corrections
        Corrections made on an earlier version of them.
    looped : tuple of int
        Axes along which every place is an image of its own, such as time.

    Returns
    -------
    list of Conflict
        In the order of the frames, and of the numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_delineate.postprocessing.corrections import record_corrections
    >>> deleted = record_corrections(np.array([[7, 7, 0, 2]]), np.array([[0, 0, 0, 2]]))
    >>> [(one.number, str(one)) for one in conflicts_of(np.array([[0, 0, 1, 1]]), deleted)]
    [(7, 'deleted')]
    """
    found = []
    for frame in _frames(corrections, looped):
        here = _within(corrections.shape, frame)
        part = Corrections(
            corrections.shape,
            *_kept(corrections.pixels, corrections.labels, here(corrections.pixels)),
            *_kept(
                corrections.touched_pixels,
                corrections.touched_labels,
                here(corrections.touched_pixels),
            ),
        )
        place = tuple(
            slice(dict(frame)[axis], dict(frame)[axis] + 1) if axis in dict(frame) else slice(None)
            for axis in range(labels.ndim)
        )
        _, lost = match_objects(labels[place], _moved(part, place))
        for number in lost:
            belongs = _belong(part, number)
            if not belongs.any():
                continue  # of another frame, with the same number
            was = part.touched_pixels[part.touched_labels == number]
            found.append(Conflict(number, frame, was, part.pixels[belongs], part.labels[belongs]))
    return found


def leave_out(corrections: Corrections, conflict: Conflict) -> Corrections:
    """Return corrections without those that belong to an object that is gone.

    Parameters
    ----------
    corrections : Corrections
        The corrections.
    conflict : Conflict
        One of their conflicts.

    Returns
    -------
    Corrections
        What is left of them.
    """
    return _pruned(_rest(corrections, conflict))


def keep_as_painted(corrections: Corrections, conflict: Conflict) -> Corrections:
    """Return corrections that change the pixels of an object that is gone, whatever is there.

    Parameters
    ----------
    corrections : Corrections
        The corrections.
    conflict : Conflict
        One of their conflicts.

    Returns
    -------
    Corrections
        The corrections; what was painted with the number of the object is a new object.
    """
    return _pruned(
        Corrections(
            corrections.shape,
            corrections.pixels,
            corrections.labels,
            *_without(corrections, conflict),
        )
    )


def attach(
    corrections: Corrections, conflict: Conflict, labels: NDArray[Any], number: int
) -> Corrections:
    """Return corrections that concern another object instead of one that is gone.

    Where all of the object was deleted or merged, all of the other one is; what was erased of
    a part of it is erased of the other one where that lies there.

    Parameters
    ----------
    corrections : Corrections
        The corrections.
    conflict : Conflict
        One of their conflicts.
    labels : ndarray of int
        The labels as they are computed now.
    number : int
        The number of the other object there.

    Returns
    -------
    Corrections
        The corrections.

    Raises
    ------
    ValueError
        If there is no such object, or corrections belong to it already.
    """
    now = np.flatnonzero(labels.reshape(-1) == number)
    now = now[_within(corrections.shape, conflict.frame)(now)]
    if not len(now):
        raise ValueError(f"there is no object {number} here; choose one that is shown")
    rest = _rest(corrections, conflict)
    if np.isin(now, rest.touched_pixels).sum() > len(now) / 2:
        raise ValueError(
            f"other corrections belong to the object {number} already; choose another one, "
            "or keep these as they were painted"
        )
    own = np.isin(conflict.pixels, conflict.was)
    if conflict.is_whole:
        pixels = np.append(now, conflict.pixels[~own])
        wanted = np.append(np.full(len(now), conflict.labels[own][0]), conflict.labels[~own])
    else:
        stays = ~own | (conflict.labels != 0) | np.isin(conflict.pixels, now)
        pixels, wanted = conflict.pixels[stays], conflict.labels[stays]
    apart = ~np.isin(rest.touched_pixels, now)
    return _pruned(
        Corrections(
            corrections.shape,
            *_joined(rest.pixels, rest.labels, pixels, wanted),
            *_joined(
                *_kept(rest.touched_pixels, rest.touched_labels, apart),
                now,
                np.full(len(now), conflict.number),
            ),
        )
    )


def _frames(corrections: Corrections, looped: tuple[int, ...]) -> list[tuple[tuple[int, int], ...]]:
    """Return the images of their own that corrections touch objects of."""
    if not looped:
        return [()]
    places = np.unravel_index(corrections.touched_pixels, corrections.shape)
    rows = np.unique(np.stack([places[axis] for axis in looped], axis=1), axis=0)
    return [tuple(zip(looped, row, strict=True)) for row in rows.tolist()]


def _within(shape: tuple[int, ...], frame: tuple[tuple[int, int], ...]) -> Any:
    """Return what tells which flat positions lie in an image of its own."""

    def is_here(positions: NDArray[np.int64]) -> NDArray[np.bool_]:
        places = np.unravel_index(positions, shape)
        here = np.ones(len(positions), bool)
        for axis, index in frame:
            here &= places[axis] == index
        return here

    return is_here


def _moved(corrections: Corrections, place: tuple[slice, ...]) -> Corrections:
    """Return corrections of all images as those of one: all lie in it."""
    shape = tuple(
        len(range(size)[side]) for size, side in zip(corrections.shape, place, strict=True)
    )

    def moved(positions: NDArray[np.int64]) -> NDArray[Any]:
        places = np.unravel_index(positions, corrections.shape)
        inside = (at - (side.start or 0) for at, side in zip(places, place, strict=True))
        flat: NDArray[Any] = np.ravel_multi_index(tuple(inside), shape)
        return flat

    return corrections._replace(
        shape=shape,
        pixels=moved(corrections.pixels),
        touched_pixels=moved(corrections.touched_pixels),
    )


def _sources(corrections: Corrections) -> NDArray[np.int64]:
    """Return the label that each changed pixel had."""
    before = np.zeros(len(corrections.pixels), np.int64)
    _, changed, touched = np.intersect1d(
        corrections.pixels, corrections.touched_pixels, assume_unique=True, return_indices=True
    )
    before[changed] = corrections.touched_labels[touched]
    return before


def _belong(corrections: Corrections, number: int) -> NDArray[np.bool_]:
    """Tell which changes belong to an object: what it lost, and what it won."""
    return np.asarray((_sources(corrections) == number) | (corrections.labels == number))


def _rest(corrections: Corrections, conflict: Conflict) -> Corrections:
    """Return corrections without an object and what belongs to it."""
    stays = ~np.isin(corrections.pixels, conflict.pixels)
    return Corrections(
        corrections.shape,
        *_kept(corrections.pixels, corrections.labels, stays),
        *_without(corrections, conflict),
    )


def _without(
    corrections: Corrections, conflict: Conflict
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what corrections touched without an object."""
    stays = ~np.isin(corrections.touched_pixels, conflict.was)
    return _kept(corrections.touched_pixels, corrections.touched_labels, stays)


def _kept(
    positions: NDArray[np.int64], numbers: NDArray[np.int64], stays: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return positions[stays], numbers[stays]


def _joined(
    positions: NDArray[np.int64],
    numbers: NDArray[np.int64],
    others: NDArray[np.int64],
    theirs: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return two lists of positions as one; where both hold one, that of the second counts."""
    stays = ~np.isin(positions, others)
    joined = np.append(positions[stays], others)
    order = np.argsort(joined, kind="stable")
    return joined[order], np.append(numbers[stays], theirs)[order]


def _pruned(corrections: Corrections) -> Corrections:
    """Return corrections that touch only objects which their changes belong to."""
    needed = np.union1d(_sources(corrections), corrections.labels)
    stays = np.isin(corrections.touched_labels, needed)
    return corrections._replace(
        touched_pixels=corrections.touched_pixels[stays],
        touched_labels=corrections.touched_labels[stays],
    )
