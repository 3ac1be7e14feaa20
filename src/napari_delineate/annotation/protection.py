"""Keep what a tool must not change: locked objects, and other objects if they are preserved."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_one_of", "protected", "refuse_locked"]

_FEW = 8
"""So many numbers are compared with sooner one by one."""


def protected(
    held: NDArray[Any],
    wanted: NDArray[Any],
    locked: Collection[int] = (),
    preserve: bool = False,
    own: Collection[int] = (),
) -> NDArray[Any]:
    """Return what labels may hold of what a tool wants them to hold.

    Parameters
    ----------
    held : ndarray of int
        What the labels hold before.
    wanted : ndarray of int, same shape
        What a tool wants them to hold.
    locked : collection of int
        Numbers of objects that keep their pixels and get no others.
    preserve : bool
        Whether pixels of other objects stay as they are.
    own : collection of int
        Numbers of the objects that the tool works on, which it may change all the same.

    Returns
    -------
    ndarray of int, same shape
        What is wanted where that is allowed, what is held elsewhere; in the dtype of
        `wanted`.

    Examples
    --------
    >>> import numpy as np
    >>> held, wanted = np.array([0, 1, 2, 3]), np.array([1, 1, 1, 1])
    >>> protected(held, wanted, locked=[2]), protected(held, wanted, preserve=True, own=[1])
    (array([1, 1, 2, 1]), array([1, 1, 2, 3]))
    """
    if not len(locked) and not preserve:
        return wanted
    changed = np.nonzero(held != wanted)
    before, after = held[changed], wanted[changed]
    kept = np.zeros(len(before), bool)
    if len(locked):
        kept |= is_one_of(before, locked) | is_one_of(after, locked)
    if preserve:
        kept |= (before != 0) & ~is_one_of(before, own)
    if not kept.any():
        return wanted
    result = wanted.copy()
    result[tuple(places[kept] for places in changed)] = before[kept]
    return result


def is_one_of(values: NDArray[Any], numbers: Collection[int]) -> NDArray[np.bool_]:
    """Return where values are one of some numbers.

    Examples
    --------
    >>> is_one_of(np.array([0, 3, 5], np.uint8), [5, 300])
    array([False, False,  True])
    """
    if len(numbers) <= _FEW:
        mask = np.zeros(values.shape, bool)
        for number in numbers:
            mask |= values == number
        return mask
    # Numbers in another dtype would be compared as floats, which large ones do not survive.
    largest = np.iinfo(values.dtype).max
    return np.isin(values, np.array([one for one in numbers if 0 <= one <= largest], values.dtype))


def refuse_locked(numbers: Iterable[int], locked: Collection[int]) -> None:
    """Refuse to change objects that are locked.

    Parameters
    ----------
    numbers : iterable of int
        Numbers of the objects that a tool is to change.
    locked : collection of int
        Numbers of the locked objects.

    Raises
    ------
    ValueError
        If one of them is locked.
    """
    for number in numbers:
        if number in locked:
            raise ValueError(f"object {number} is locked; unlock it first")
