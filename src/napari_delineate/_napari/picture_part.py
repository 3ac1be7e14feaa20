"""Save what the canvas shows: as a picture, or as a turn around the surface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.qt.threading import create_worker
from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate._napari.preferences import MOST_TRIANGLES, preference, set_preference
from napari_delineate._napari.session import Session
from napari_delineate._napari.turntable import (
    ENDINGS,
    AnimationError,
    Turntable,
    check_path,
    write_animation,
)

__all__ = ["PicturePart"]

_RATE = 20
"""Frames per second of an animation."""


class PicturePart(QWidget):
    """Save pictures and animations, and say how large surfaces may be.

    Parameters
    ----------
    session : Session
        The session.
    """

    said = Signal(str)
    failed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._turntable: Turntable | None = None
        self._worker: Any = None
        self._path = Path()  # of the animation that is being made
        self.screenshot_button = QPushButton("Save screenshot…")
        self.screenshot_button.setToolTip("Save what the canvas shows as PNG")
        self.screenshot_button.clicked.connect(self.ask_screenshot)
        self.seconds = QDoubleSpinBox()
        self.seconds.setAccessibleName("Length of the animation")
        self.seconds.setToolTip("How long one turn takes")
        self.seconds.setRange(0.5, 60)
        self.seconds.setValue(6)
        self.seconds.setSuffix(" s")
        self.turn_button = QPushButton("Save turntable…")
        self.turn_button.setToolTip("Save one turn around what is shown as GIF or MP4")
        self.turn_button.clicked.connect(self.ask_turntable)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.setToolTip("Stop turning; nothing is saved")
        self.cancel_button.clicked.connect(self.cancel)
        self.cancel_button.hide()
        self.most = QSpinBox()
        self.most.setAccessibleName("Triangles shown without asking")
        self.most.setToolTip("A result with more triangles is hidden until you agree to show it")
        self.most.setRange(1000, 2_000_000_000)
        self.most.setGroupSeparatorShown(True)
        self.most.setSuffix(" triangles")
        self.most.setSingleStep(100_000)
        self.most.setValue(preference(MOST_TRIANGLES))
        self.most.setKeyboardTracking(False)
        self.most.valueChanged.connect(self._on_most)
        turn = QHBoxLayout()
        turn.addWidget(self.seconds)
        turn.addWidget(self.turn_button, 1)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel_button)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.addRow(self.screenshot_button)
        rows.addRow(turn)
        rows.addRow(running)
        rows.addRow("Ask above", self.most)

    def ask_screenshot(self) -> None:
        """Ask where to save what the canvas shows."""
        path, _ = QFileDialog.getSaveFileName(self, "Save screenshot", "surface.png", "PNG (*.png)")
        if path:
            self.save_screenshot(Path(path))

    def save_screenshot(self, path: Path) -> None:
        """Save what the canvas shows."""
        path = path if path.suffix else path.with_suffix(".png")
        try:
            self._session.viewer.screenshot(str(path), canvas_only=True, flash=False)
        except (OSError, ValueError) as error:
            self.failed.emit(f"{path.name} was not saved: {error}")
        else:
            self.said.emit(f"Saved {path.name}.")

    def ask_turntable(self) -> None:
        """Ask where to save one turn."""
        patterns = " ".join(f"*{ending}" for ending in ENDINGS)
        path, _ = QFileDialog.getSaveFileName(
            self, "Save turntable", "surface.gif", f"Animation ({patterns})"
        )
        if path:
            self.save_turntable(Path(path))

    def save_turntable(self, path: Path) -> None:
        """Turn around what is shown, and save it."""
        path = path if path.suffix else path.with_suffix(ENDINGS[0])
        try:
            check_path(path)
        except AnimationError as error:
            self.failed.emit(str(error))
            return
        viewer = self._session.viewer
        viewer.dims.ndisplay = 3
        count = max(2, round(self.seconds.value() * _RATE))
        self._turntable = Turntable(viewer, count, self)
        self._turntable.progressed.connect(self.progress.setValue)
        self._turntable.finished.connect(self._write)
        self._path = path
        self.progress.setRange(0, count)
        self.progress.setValue(0)
        self._set_running(True)
        self._turntable.start()

    def cancel(self) -> None:
        """Stop turning."""
        if self._turntable is not None:
            self._turntable.stop()
            self._turntable = None
            self._set_running(False)

    def stop(self) -> None:
        """Stop what is under way."""
        self.cancel()

    def _write(self, frames: Any) -> None:
        self._turntable = None
        self.cancel_button.hide()
        self.progress.setRange(0, 0)
        # Methods, not functions: Qt calls them only as long as the dock is there.
        self._worker = create_worker(
            outcome_of,
            write_animation,
            self._path,
            frames,
            _RATE,
            _connect={"returned": self._on_written, "finished": self._on_write_ended},
        )

    def _on_written(self, outcome: Outcome) -> None:
        if outcome.error is None:
            self.said.emit(f"Saved {self._path.name}.")
        else:
            self.failed.emit(f"{self._path.name} was not saved: {outcome.sentence}")

    def _on_write_ended(self) -> None:
        self._set_running(False)

    def _set_running(self, is_running: bool) -> None:
        self.progress.setVisible(is_running)
        self.cancel_button.setVisible(is_running)
        self.turn_button.setEnabled(not is_running)

    def _on_most(self, most: int) -> None:
        try:
            set_preference(MOST_TRIANGLES, most)
        except OSError as error:
            self.failed.emit(f"The number is not remembered: {error}")
