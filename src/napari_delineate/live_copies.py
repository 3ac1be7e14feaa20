"""Copy arrays that people go on to paint on, without letting them wait."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_delineate.annotation.edits import slabs

__all__ = ["LiveCopy"]


class LiveCopy:
    """Copy labels part by part in another thread.

    What is painted meanwhile may or may not be in the copy; whoever asked for it puts that
    right, and sets `settled` then.

    Parameters
    ----------
    labels : ndarray of int
        The labels.
    """

    def __init__(self, labels: NDArray[Any]) -> None:
        # Zeros take no memory until something is written: what is empty costs nothing.
        self._copy = np.zeros(labels.shape, labels.dtype)
        self._thread = threading.Thread(target=self._fill, args=(labels,), daemon=True)
        self._owner = threading.get_ident()
        self.settled = threading.Event()
        self._thread.start()

    @property
    def is_mine(self) -> bool:
        """Whether the thread that asks is the one that wanted the copy."""
        return threading.get_ident() == self._owner

    @property
    def is_copied(self) -> bool:
        """Whether all parts are copied."""
        return not self._thread.is_alive()

    def wait(self) -> NDArray[Any]:
        """Return the copy when all parts are in it."""
        self._thread.join()
        return self._copy

    def _fill(self, labels: NDArray[Any]) -> None:
        for slab in slabs(tuple(slice(0, size) for size in labels.shape)):
            part = labels[slab]
            if part.any():
                self._copy[slab] = part
