"""Count the objects of large labels in the background, while people go on."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_delineate.annotation.edits import Change
from napari_delineate.annotation.object_index import Counted, ObjectIndex, count_tile, tiles_of

__all__ = ["Counting", "is_counted_at_once"]

_AT_ONCE = 2**20
"""So many pixels are counted sooner than anybody sees it."""

_OFTEN = 50
"""Milliseconds after which is looked again whether all is counted."""


def is_counted_at_once(labels: Any) -> bool:
    """Tell whether labels are so small that nobody waits while they are counted."""
    return math.prod(labels.shape) <= _AT_ONCE


class Counting(QObject):
    """Count the objects of labels tile by tile in another thread.

    What is edited meanwhile is counted again: `note` says where.

    Parameters
    ----------
    labels : array-like of int
        The labels.
    is_busy : callable
        Tells whether something is being painted that `note` was not told yet.

    Signals
    -------
    finished : `index` returns at once now
    """

    finished = Signal()

    def __init__(self, labels: Any, is_busy: Callable[[], bool]) -> None:
        super().__init__()
        self._labels = labels
        self._is_busy = is_busy
        self._tiles = tiles_of(labels.shape)
        self._counted: dict[int, Counted] = {}  # rank of a tile -> what is in it
        self._left = set(range(len(self._tiles)))
        self._error: Exception | None = None
        self._is_stopped = threading.Event()
        self._timer = QTimer(self, interval=_OFTEN)
        self._timer.timeout.connect(self._on_time)
        self._thread = self._begin()
        self._timer.start()

    @property
    def is_finished(self) -> bool:
        """Whether everything is counted as it is now."""
        return not self._thread.is_alive() and (self._error is not None or not self._left)

    def note(self, change: Change) -> None:
        """Let the tiles be counted again that a change lies in."""
        places = np.unravel_index(change.positions, tuple(self._labels.shape))
        ends = [(int(place.min()), int(place.max())) for place in places if len(place)]
        if not ends:
            return
        for rank, tile in enumerate(self._tiles):
            pairs = zip(tile, ends, strict=True)
            if all(side.start <= high and low < side.stop for side, (low, high) in pairs):
                self._left.add(rank)

    def index(self) -> ObjectIndex:
        """Return what was counted, as soon as it is.

        Raises
        ------
        Exception
            What kept the labels from being counted.
        """
        while not self.is_finished:
            self._thread.join()
            if self._left and self._error is None:
                self._thread = self._begin()
        if self._error is not None:
            raise self._error
        return ObjectIndex(self._labels, [self._counted[rank] for rank in range(len(self._tiles))])

    def stop(self) -> None:
        """Count no further."""
        self._is_stopped.set()
        self._timer.stop()

    def _begin(self) -> threading.Thread:
        thread = threading.Thread(target=self._count)
        thread.start()
        return thread

    def _count(self) -> None:
        try:
            while self._left and not self._is_stopped.is_set():
                rank = self._left.pop()  # before it is read: what comes later is counted again
                self._counted[rank] = count_tile(self._labels, self._tiles[rank])
        except Exception as error:
            self._error = error  # raised where somebody wants the objects

    def _on_time(self) -> None:
        if self._thread.is_alive() or self._is_busy():
            return
        if self.is_finished:
            self._timer.stop()
            self.finished.emit()
        else:
            self._thread = self._begin()
