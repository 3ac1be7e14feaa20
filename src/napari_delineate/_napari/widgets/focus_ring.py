"""Draw a ring around the control that has the keyboard."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QApplication, QFocusFrame, QWidget

from napari_delineate._napari.widgets.step_look import StepLook, pen

__all__ = ["FocusRing"]

_WIDTH = 2


class FocusRing(QFocusFrame):
    """Show which control within a widget has the focus.

    napari's style sheet marks no control that has it, and a style sheet of our own would have
    to repeat the look of each kind of control.

    Parameters
    ----------
    area : QWidget
        The widget.
    theme : str
        Name of napari's theme.
    """

    def __init__(self, area: QWidget, theme: str) -> None:
        super().__init__(area)
        self._area = area
        self._look = StepLook(theme)
        self.hide()
        QApplication.instance().focusChanged.connect(self._on_focus)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._look = StepLook(theme)
        self.update()

    def stop(self) -> None:
        """Follow the focus no longer."""
        QApplication.instance().focusChanged.disconnect(self._on_focus)
        self.setWidget(None)

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        """Draw the ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(pen(self._look.accent(self._look.background), _WIDTH))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inner = _WIDTH / 2
        ring = QRectF(self.rect()).adjusted(inner, inner, -inner, -inner)
        painter.drawRoundedRect(ring, 2 * _WIDTH, 2 * _WIDTH)
        painter.end()

    def _on_focus(self, _: QWidget | None, now: QWidget | None) -> None:
        inside = now is not None and self._area.isAncestorOf(now)
        self.setWidget(now if inside else None)
