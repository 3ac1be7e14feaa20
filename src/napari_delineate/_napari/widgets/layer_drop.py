"""Take layers that are dragged from napari's list of layers."""

from __future__ import annotations

from napari.layers import Layer
from qtpy.QtCore import QEvent, QMimeData, QObject, Qt, Signal
from qtpy.QtWidgets import QAbstractScrollArea, QWidget

__all__ = ["LayerDrop"]


class LayerDrop(QObject):
    """Let layers be dropped on a widget.

    Parameters
    ----------
    widget : QWidget
        The widget; it lives as long as this object.

    Signals
    -------
    dropped : the layers, topmost first
    """

    dropped = Signal(list)

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        # The inside of a list is a widget of its own, and the one that is dropped on.
        target = widget.viewport() if isinstance(widget, QAbstractScrollArea) else widget
        widget.setAcceptDrops(True)
        target.setAcceptDrops(True)
        target.installEventFilter(self)

    def eventFilter(self, _: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Accept what holds layers, and nothing else."""
        kinds = (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop)
        if event is None or event.type() not in kinds:
            return False
        layers = _layers(event.mimeData())
        if not layers:
            return False
        if event.type() == QEvent.Type.Drop:
            event.setDropAction(Qt.DropAction.IgnoreAction)  # the layers stay where they are
            self.dropped.emit(layers)
        event.accept()
        return True


def _layers(data: QMimeData) -> list[Layer]:
    """Return the layers that are dragged; napari hands them over as objects."""
    return [item for item in getattr(data, "items", ()) if isinstance(item, Layer)]
