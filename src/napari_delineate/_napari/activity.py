"""Show in napari's activity dock how far something is, if it takes a while."""

from __future__ import annotations

from typing import Any

from napari.utils import progress
from qtpy.QtCore import QObject, QTimer

__all__ = ["Activity"]

_PAUSE = 250
"""Milliseconds between two looks; what is done before the first is not shown at all."""


class Activity(QObject):
    """Show one thing at a time that runs in the background.

    napari handles events while it makes or updates a bar, so that anything may happen
    meanwhile: here a timer looks, and one look never begins within another.

    Parameters
    ----------
    parent : QObject
        What it belongs to.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._bar: Any = None
        self._title = ""
        self._part = 0.0
        self._running = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE)
        self._timer.timeout.connect(self._look)

    def begin(self, title: str) -> None:
        """Say that something has begun."""
        self._title, self._part, self._running = title, 0.0, True
        self._timer.start()

    def report(self, title: str, part: float) -> None:
        """Say what is being done, and which share of all is done, 0 to 1."""
        self._title, self._part = title, part

    def end(self) -> None:
        """Say that it has ended."""
        self._running = False
        self._timer.stop()
        self._close()

    def _look(self) -> None:
        if self._bar is None:
            self._bar = progress(total=100, desc=self._title)
        bar = self._bar
        if self._running:
            bar.set_description(self._title)
        # What ran may have ended meanwhile, with its bar, and something else may have begun.
        if self._running and self._bar is bar:
            bar.update(int(100 * self._part) - bar.n)
        if self._running:
            self._timer.start()
        else:
            self._close()

    def _close(self) -> None:
        bar, self._bar = self._bar, None
        if bar is not None:
            bar.close()
