"""Record the corrections of labels while they are made, looking only at what was painted."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.object_index import ObjectIndex
from napari_delineate.postprocessing.corrections import corrections_at, record_corrections
from napari_delineate.types import Corrections

__all__ = ["Correcting"]

_AXES = 3
"""So many axes are told apart where objects are looked for."""


class Correcting:
    """Record what turns labels as they were computed into those that people paint on.

    The first time all pixels are looked at, and later only those that were painted since.

    Parameters
    ----------
    before : ndarray of int
        The labels as they were computed.

    Examples
    --------
    >>> import numpy as np
    >>> correcting = Correcting(np.array([[1, 1, 2]]))
    >>> after = np.array([[1, 1, 0]])
    >>> correcting.record(after).pixels
    array([2])
    >>> after[0, 0] = 5
    >>> correcting.note(np.array([0]))
    >>> correcting.record(after).pixels
    array([0, 2])
    """

    def __init__(self, before: NDArray[Any]) -> None:
        self._before = before
        self._flat = before.reshape(-1)
        self._painted: list[NDArray[np.int64]] | None = None  # None: all pixels may differ
        self._stack = before.reshape(-1, *before.shape[1 - _AXES :])
        self._index: Future[ObjectIndex] | None = None
        self._pixels: dict[int, NDArray[np.int64]] = {}  # number -> where the object was

    def note(self, positions: NDArray[np.int64]) -> None:
        """Learn at which flat positions something was painted."""
        if self._painted is not None:
            self._painted.append(positions)

    def forget(self) -> None:
        """Know no longer what was painted: all pixels are looked at the next time."""
        self._painted = None

    def record(self, after: NDArray[Any]) -> Corrections:
        """Return the corrections, as `record_corrections` does.

        Parameters
        ----------
        after : ndarray of int
            The labels as they were painted, in the shape of those that were computed.
            They differ from what they were the last time only where was noted.

        Raises
        ------
        ValueError
            If the shapes differ.
        """
        if self._painted is None:
            found = record_corrections(self._before, after)
            if self._index is None:
                # It is wanted with the next stroke: nobody waits for it now.
                executor = ThreadPoolExecutor(1)
                self._index = executor.submit(ObjectIndex, self._stack)
                executor.shutdown(wait=False)
            self._painted = [found.pixels]
            return found
        pixels = np.unique(np.concatenate(self._painted))
        painted = after.reshape(-1)[pixels] if after.flags.c_contiguous else after.flat[pixels]
        differs = self._flat[pixels] != painted
        # Pixels that hold what they held at first stay noted: that costs nothing.
        self._painted = [pixels]
        return corrections_at(self._before, pixels[differs], painted[differs], self._touched)

    def _touched(self, numbers: NDArray[Any]) -> NDArray[np.int64]:
        """Return the flat positions of some objects as they were computed, increasing."""
        parts = [self._pixels_of(int(number)) for number in numbers]
        return np.sort(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def _pixels_of(self, number: int) -> NDArray[np.int64]:
        known = self._pixels.get(number)
        if known is None:
            known = self._pixels[number] = self._found(number)
        return known

    def _found(self, number: int) -> NDArray[np.int64]:
        assert self._index is not None
        box = self._index.result().box(number)
        if box is None:
            return np.empty(0, np.int64)
        places = np.nonzero(self._stack[box] == number)
        whole = tuple(place + side.start for place, side in zip(places, box, strict=True))
        positions: NDArray[np.int64] = np.ravel_multi_index(whole, self._stack.shape)
        return positions
