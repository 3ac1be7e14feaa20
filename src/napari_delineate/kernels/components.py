"""Number what is connected by pairs."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

__all__ = ["connected"]


@numba.njit(cache=True, nogil=True)
def _root(above: Any, member: int) -> int:
    while above[member] != member:
        above[member] = above[above[member]]  # half of the way, for those that ask later
        member = above[member]
    return member


@numba.njit(cache=True, nogil=True)
def connected(size: int, first: Any, second: Any) -> Any:
    """Return a number per member that those have in common whom pairs connect.

    Members are 0 to `size` - 1; a pair is an entry of `first` with that of `second`. Numbers
    start at 0 and rise in the order of the lowest member.
    """
    above = np.arange(size, dtype=np.int64)
    for pair in range(len(first)):
        one, two = _root(above, first[pair]), _root(above, second[pair])
        above[max(one, two)] = min(one, two)
    numbers = 0
    for member in range(size):
        if above[member] == member:
            above[member] = numbers
            numbers += 1
        else:  # what is above has its number already, as it is lower
            above[member] = above[above[member]]
    return above
