"""COCO's run-length encoding of masks, and the text that it is compressed to.

Pixels are counted down the columns. Runs of pixels outside and inside take turns, the first
is outside. From the fourth run on, the text holds differences from the run two before; each
number goes in groups of five bits, the lowest first, in characters from "0" on, where the
sixth bit says that more groups follow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["checked", "compressed", "decompressed", "runs_of"]

_GROUPS = 7  # 35 bits, more than the pixels of any image here


def runs_of(mask: NDArray[np.bool_], corner: tuple[int, int], height: int, width: int) -> list[int]:
    """Return the runs of a mask whose first pixel lies at a corner (y, x) of a larger image."""
    x, y = np.nonzero(mask.T)
    pixels = (x + corner[1]) * height + y + corner[0]
    breaks = np.flatnonzero(np.diff(pixels) != 1)
    begins = pixels[np.append(0, breaks + 1)]
    ends = pixels[np.append(breaks, -1)] + 1
    edges = np.column_stack((begins, ends)).reshape(-1)
    runs = np.diff(edges, prepend=0, append=height * width)
    return [int(run) for run in (runs if runs[-1] else runs[:-1])]


def compressed(runs: list[int]) -> str:
    """Return runs as text.

    Examples
    --------
    >>> compressed([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    values = np.array(runs, np.int64)
    values[3:] -= np.array(runs, np.int64)[1:-2]
    characters = np.zeros((len(values), _GROUPS), np.uint8)
    is_used = np.zeros(characters.shape, np.bool_)
    going = np.ones(len(values), np.bool_)
    for group in range(_GROUPS):
        bits = values & 31
        values >>= 5
        more = np.where(bits & 16, values != -1, values != 0)
        characters[:, group] = bits + 32 * more + 48
        is_used[:, group] = going
        going = going & more
    return characters[is_used].tobytes().decode("ascii")


def decompressed(text: str) -> NDArray[np.int64]:
    """Return the runs that a text holds; `ValueError` if it is none.

    Examples
    --------
    >>> decompressed("61X13mN000`0").tolist()
    [6, 1, 40, 4, 5, 4, 5, 4, 21]
    """
    codes = np.frombuffer(text.encode("utf-8"), np.uint8).astype(np.int64) - 48
    if not len(codes) or codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise ValueError("its run lengths are damaged")
    ends = np.flatnonzero(codes < 32) + 1
    starts = np.append(0, ends[:-1])
    if (ends - starts).max() > _GROUPS:
        raise ValueError("its run lengths are damaged")
    place = np.arange(len(codes)) - np.repeat(starts, ends - starts)
    values = np.add.reduceat((codes & 31) << (5 * place), starts)
    values -= np.where(codes[ends - 1] & 16, 1 << (5 * (ends - starts)), 0)
    for first in (1, 2):
        values[first::2] = np.cumsum(values[first::2])
    return values


def checked(runs: Any, height: int, width: int) -> NDArray[np.int64]:
    """Return runs that fill an image; `ValueError` if they do not."""
    try:
        array = np.asarray(runs)
    except ValueError:
        array = np.zeros(0)
    is_runs = array.ndim == 1 and array.dtype.kind in "iu" and bool((array >= 0).all())
    if not is_runs or float(array.sum(dtype=np.float64)) > height * width:
        raise ValueError(
            f"its run lengths do not fit an image of {width} x {height} pixels, or are damaged"
        )
    return array.astype(np.int64)
