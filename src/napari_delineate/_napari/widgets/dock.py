"""What all docks have in common."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent
from qtpy.QtWidgets import QWidget

__all__ = ["Dock"]


class Dock(QWidget):
    """A widget that napari shows in a dock; it stops when the dock is closed."""

    def stop(self) -> None:
        """Follow the viewer no longer; docks that follow it say what that means."""

    def event(self, event: Any) -> bool:
        """Stop when the dock is closed: napari takes this out of it, and nobody sees it again."""
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.stop()
        return bool(super().event(event))
