"""Show which slices of a stack or frames of a movie have labels, and go to those that have none."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, QTimer, Signal
from qtpy.QtGui import QPainter
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotating.object_model import COUNTING
from napari_delineate._napari.layers import LayerError, axes_of, level_0, place_of
from napari_delineate._napari.widgets.icons import colour
from napari_delineate.annotation.edits import Change
from napari_delineate.axes import PLACES

__all__ = ["AnnotatedSlices"]

_PAUSE = 300
"""Milliseconds after which the slices follow the labels."""


class AnnotatedSlices(QWidget):
    """Show the slices along the slider as a strip, those with labels filled.

    Parameters
    ----------
    hand : Hand
        What is edited.
    theme : str
        Name of napari's theme.

    Signals
    -------
    shown : whether there is a slider to speak of
    """

    shown = Signal(bool)

    def __init__(self, hand: Hand, theme: str) -> None:
        super().__init__()
        self._hand = hand
        self._counts: NDArray[np.int64] | None = None
        self._axis: int | None = None
        self.text = QLabel()
        self.strip = _Strip(theme)
        self.strip.clicked.connect(self.go_to)
        self.previous_button = QPushButton("Previous empty")
        self.previous_button.clicked.connect(lambda: self.go_to_empty(-1))
        self.next_button = QPushButton("Next empty")
        self.next_button.clicked.connect(lambda: self.go_to_empty(1))
        buttons = QHBoxLayout()
        buttons.addWidget(self.previous_button)
        buttons.addWidget(self.next_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.text)
        column.addWidget(self.strip)
        column.addLayout(buttons)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self.refresh)
        hand.edited.connect(self._on_edited)
        hand.turned.connect(self.refresh)
        hand.counted.connect(self.refresh)
        hand.viewer.dims.events.current_step.connect(self._on_step)
        hand.viewer.dims.events.ndisplay.connect(self._on_order)
        hand.viewer.dims.events.order.connect(self._on_order)
        self.refresh()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.strip.set_theme(theme)

    def stop(self) -> None:
        """Follow the viewer no longer."""
        self._pause.stop()
        self._hand.edited.disconnect(self._on_edited)
        self._hand.turned.disconnect(self.refresh)
        self._hand.counted.disconnect(self.refresh)
        dims = self._hand.viewer.dims
        dims.events.current_step.disconnect(self._on_step)
        dims.events.ndisplay.disconnect(self._on_order)
        dims.events.order.disconnect(self._on_order)

    @property
    def is_needed(self) -> bool:
        """Whether there is a slider to speak of."""
        return self._axis is not None

    def refresh(self) -> None:
        """Show the labels of every slice."""
        axis = self._slider()
        self._axis = axis
        self.shown.emit(self.is_needed)
        if axis is None or self._hand.layer is None:
            self._counts = None
            return
        self._show()

    def _show(self) -> None:
        if self._axis is None or self._hand.layer is None:
            return
        problem, known = "", None
        try:
            known = self._hand.known_objects
        except (LayerError, ValueError) as error:
            problem = str(error)
        self._counts = None if known is None else known.filled(self._axis)
        if self._counts is None:
            self.text.setText(problem or COUNTING)
            self.strip.show_slices(np.zeros(0, bool), 0)
            for button in (self.previous_button, self.next_button):
                button.setEnabled(False)
            return
        noun = f"{PLACES.get(place_of(self._hand.layer).axes[self._axis], 'slice')}s"
        done = int(np.count_nonzero(self._counts))
        self.text.setText(f"{done:,} of {len(self._counts):,} {noun} have labels")
        self.strip.show_slices(self._counts > 0, self._here())
        for button, where in ((self.previous_button, "before"), (self.next_button, "behind")):
            button.setEnabled(done < len(self._counts))
            button.setToolTip(f"Go to the {noun[:-1]} {where} this one that has no label")

    def go_to(self, place: int) -> None:
        """Go to a slice."""
        if self._axis is not None and self._hand.layer is not None:
            self._hand.turn_slider(self._axis, place)

    def go_to_empty(self, step: int) -> None:
        """Go to the next slice without labels, or with -1 to that before."""
        if self._counts is None:
            return
        count = len(self._counts)
        for shift in range(1, count + 1):
            place = (self._here() + step * shift) % count
            if self._counts[place] == 0:
                self.go_to(place)
                return

    def _slider(self) -> int | None:
        """Return the first axis of the layer that has a slider; None where axes are not known."""
        layer, viewer = self._hand.layer, self._hand.viewer
        if layer is None or axes_of(layer) is None:
            return None
        missing = viewer.dims.ndim - layer.ndim
        shown = [axis - missing for axis in viewer.dims.displayed]
        left = [axis for axis in range(layer.ndim) if axis not in shown]
        return next((axis for axis in left if level_0(layer).shape[axis] > 1), None)

    def _here(self) -> int:
        layer, viewer = self._hand.layer, self._hand.viewer
        assert layer is not None
        assert self._axis is not None
        place = layer.world_to_data(viewer.dims.point[-layer.ndim :])[self._axis]
        return int(np.clip(np.floor(place + 0.5), 0, level_0(layer).shape[self._axis] - 1))

    def _on_edited(self, change: Change | None) -> None:
        if change is None or self._counts is None:
            self._pause.start()
        else:
            self._show()

    def _on_step(self, _: Any) -> None:
        if self._counts is not None and self._axis is not None and self._hand.layer is not None:
            self.strip.show_slices(self._counts > 0, self._here())

    def _on_order(self, _: Any) -> None:
        self._pause.start()


class _Strip(QWidget):
    """A row of slices: filled where there are labels, framed where one is."""

    clicked = Signal(int)

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._filled: NDArray[np.bool_] = np.zeros(0, bool)
        self._here = 0
        self.setFixedHeight(self.fontMetrics().height())
        self.setToolTip("The slices, filled where they have labels; click to go to one")
        self.setAccessibleName("Slices with labels")

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.update()

    def show_slices(self, filled: NDArray[np.bool_], here: int) -> None:
        """Show which slices are filled, and where one is."""
        self._filled, self._here = filled, here
        self.update()

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        if len(self._filled):
            share = event.position().x() / max(self.width(), 1)
            self.clicked.emit(int(np.clip(share * len(self._filled), 0, len(self._filled) - 1)))

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        count = len(self._filled)
        if not count:
            return
        painter = QPainter(self)
        width, height = self.width() / count, self.height()
        painter.fillRect(self.rect(), colour(self._theme, "foreground"))
        # Slices that follow each other are one piece, however many there are.
        edges = np.flatnonzero(np.diff(self._filled.astype(np.int8), prepend=0, append=0))
        for start, stop in edges.reshape(-1, 2).tolist():
            piece = QRectF(start * width, 0, (stop - start) * width, height)
            painter.fillRect(piece, colour(self._theme, "current"))
        painter.setPen(colour(self._theme, "text"))
        painter.drawRect(QRectF(self._here * width, 0, max(width, 2) - 1, height - 1))
        painter.end()
