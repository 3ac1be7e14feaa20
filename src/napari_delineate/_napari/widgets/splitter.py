"""Two parts one below the other, with a handle that can be seen."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QSplitter, QSplitterHandle

from napari_delineate._napari.widgets.step_look import StepLook

__all__ = ["Splitter"]


class Splitter(QSplitter):
    """Share a column between its parts; dragging the handle gives one of them more.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    def __init__(self, theme: str) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(self.fontMetrics().height() // 2)
        self.set_theme(theme)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.look = StepLook(theme)
        for number in range(self.count()):
            self.handle(number).update()

    def createHandle(self) -> QSplitterHandle:  # noqa: N802
        """Return a handle with a grip."""
        return _Handle(self)


class _Handle(QSplitterHandle):
    """A bar in the middle, as people know it."""

    def __init__(self, splitter: Splitter) -> None:
        super().__init__(Qt.Orientation.Vertical, splitter)
        self._splitter = splitter
        self.setToolTip("Drag to give the list or the form more room")

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        """Draw the grip."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._splitter.look.sign(self._splitter.look.background))
        height = max(self.height() // 4, 2)
        grip = QRectF(0, 0, 8 * self.height(), height)
        grip.moveCenter(QRectF(self.rect()).center())
        painter.drawRoundedRect(grip, height / 2, height / 2)
        painter.end()
