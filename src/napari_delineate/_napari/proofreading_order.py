"""Choose the labels that are proofread, and the order in which their objects are looked at."""

from __future__ import annotations

from typing import Any

from napari.layers import Image, Labels
from qtpy.QtCore import QSignalBlocker, Qt, QTimer, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QHBoxLayout, QLabel, QWidget

from napari_delineate._napari.axes_row import AxesRow
from napari_delineate._napari.beside import Beside, beside, fits_beside, shown_channel
from napari_delineate._napari.match_layers import is_map
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import LayerChoice, shrink
from napari_delineate.review_orders import ORDERS, Order

__all__ = ["OrderChoice"]

_PAUSE = 250
"""Milliseconds for which a slider may not move before the channel that is shown counts."""

_VALUES: dict[Order, str] = {
    "place": "",
    "size": "Size",
    "intensity": "Intensity",
    "disagreement": "1 - IoU",
    "uncertainty": "Mean",
    "probability": "Doubt",
    "typical": "Distance",
}
"""The titles of what objects are ordered by."""
_NEEDS_IMAGE = ("intensity", "uncertainty", "probability", "typical")


class OrderChoice(QWidget):
    """Choose labels, an order of their objects, and what it needs beside them.

    Parameters
    ----------
    session : Session
        The session of the viewer.

    Signals
    -------
    labels_changed : other labels are chosen, or their axes are others
    changed : another order is wanted
    """

    labels_changed = Signal()
    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        viewer = session.viewer
        self.labels = LayerChoice(viewer, self._fits, missing="no labels")
        self.labels.setAccessibleName("Labels")
        self.labels.setToolTip("The labels whose objects are looked at")
        self.order = QComboBox()
        shrink(self.order)
        self.order.setAccessibleName("Order")
        for name, text in ORDERS.items():
            self.order.addItem(text, name)
        self.reverse = QCheckBox("Last first")
        self.reverse.setToolTip("Turn the order round")
        self.other = LayerChoice(viewer, self._fits_order, missing="no layer that fits")
        self.other.setAccessibleName("What the order needs")
        self.other_title = QLabel()
        self.axes: AxesRow | None = None
        self._channel: tuple[int, ...] = ()
        self._turned = QTimer(self, singleShot=True, interval=_PAUSE)
        self._turned.timeout.connect(self._on_turned)
        line = QHBoxLayout()
        line.addWidget(self.order, 1)
        line.addWidget(self.reverse)
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._rows.addRow("Labels", self.labels)
        self._rows.addRow("Order", line)
        self._rows.addRow(self.other_title, self.other)
        self.labels.changed.connect(self._on_labels)
        self.order.currentIndexChanged.connect(self._on_order)
        self.reverse.toggled.connect(self._on_order)
        self.other.changed.connect(self._on_order)
        viewer.dims.events.current_step.connect(self._on_step)
        self._show_need()
        self._show_axes()

    def layer(self) -> Labels | None:
        """Return the labels that are chosen, None if there are none."""
        layer = self.labels.layer()
        return layer if isinstance(layer, Labels) else None

    def wanted(self) -> Order:
        """Return the order that is chosen."""
        order: Order = self.order.currentData()
        return order

    def title(self) -> str:
        """Return what the objects are ordered by, as the title of a column."""
        title = _VALUES[self.wanted()]
        return f"{title}, {self._channel[0]}" if title and self._channel else title

    def beside(self) -> Beside | None:
        """Return what the order needs beside the labels; None where that is nothing."""
        self._channel = ()
        layer, other = self.layer(), self.other.layer()
        if layer is None or other is None or not self._needs():
            return None
        self._channel = shown_channel(self._session.viewer, layer, other)
        return beside(self._session.viewer, layer, other)

    def refresh(self) -> None:
        """List again what can be chosen."""
        self.labels.refresh()
        self.other.refresh()

    def stop(self) -> None:
        """Follow the viewer no longer."""
        self._turned.stop()
        self.labels.stop()
        self.other.stop()
        self._session.viewer.dims.events.current_step.disconnect(self._on_step)

    def _fits(self, layer: Any) -> bool:
        return isinstance(layer, Labels) and not is_map(self._session, layer)

    def _fits_order(self, layer: Any) -> bool:
        kind = Labels if self.wanted() == "disagreement" else Image
        mine = self.labels.layer()
        is_other = isinstance(layer, kind) and layer is not mine
        return is_other and mine is not None and fits_beside(mine, layer)

    def _needs(self) -> bool:
        return self.wanted() == "disagreement" or self.wanted() in _NEEDS_IMAGE

    def _on_labels(self) -> None:
        self._show_axes()
        with QSignalBlocker(self.other):
            self.other.refresh()
        self.labels_changed.emit()

    def _on_order(self, _: Any = None) -> None:
        self._show_need()
        self.changed.emit()

    def _on_step(self, _: Any = None) -> None:
        self._turned.start()

    def _on_turned(self) -> None:
        """Take the channel that is shown now, where the order looks at one."""
        layer, other = self.layer(), self.other.layer()
        if layer is None or other is None or not self._needs():
            return
        if shown_channel(self._session.viewer, layer, other) != self._channel:
            self.changed.emit()

    def _show_axes(self) -> None:
        """Ask what the axes of a stack or a movie are."""
        if self.axes is not None:
            self._rows.removeRow(self.axes)
            self.axes = None
        layer = self.layer()
        if layer is not None and layer.ndim > 2:
            self.axes = AxesRow(layer)
            self.axes.answered.connect(self._on_labels, Qt.ConnectionType.QueuedConnection)
            self._rows.insertRow(1, self.axes)

    def _show_need(self) -> None:
        """Show a field for what the order needs beside the labels."""
        is_labels = self.wanted() == "disagreement"
        with QSignalBlocker(self.other):
            self.other.refresh()
        self.order.setToolTip(f"Which objects are looked at first: {self.order.currentText()}")
        self.other_title.setText("With" if is_labels else "Image")
        self.other.setToolTip(
            "Other labels of the same shape, such as those of another method or person"
            if is_labels
            else "An image of the same shape: intensities, uncertainty or probabilities. Of "
            "several channels that which is shown counts"
        )
        for part in (self.other, self.other_title):
            part.setVisible(self._needs())
