"""Offer a session that was not closed, in place and without getting in the way."""

from __future__ import annotations

import datetime

from napari.utils.theme import get_theme
from qtpy.QtCore import QLocale, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.opening import restore_session
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import Message
from napari_delineate.files import FileError
from napari_delineate.recovery import Crashed

__all__ = ["RecoveryOffer"]

_TIME_TO_UNDO = 10_000
"""Milliseconds until a session that a person discards is removed."""


class RecoveryOffer(QFrame):
    """Offer to restore or discard a session that was not closed.

    Parameters
    ----------
    session : Session
        The session to restore it into.
    crashed : Crashed
        What was found.
    parent : QWidget, optional
        Where the message stands.

    Signals
    -------
    restored : the `Crashed` that was opened; discard it once the session is saved anew
    finished : there is nothing more to decide, and the message is hidden
    """

    restored = Signal(object)
    finished = Signal()

    def __init__(self, session: Session, crashed: Crashed, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.crashed = crashed
        self.text = QLabel(_sentence(crashed))
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.text.setToolTip(f"{crashed.title}\n{crashed.folder}".strip())
        self.message = Message()
        self.restore_button = _button("Restore", "Open this session in place of the present one")
        self.discard_button = _button("Discard", "Remove this session; it can be undone for 10 s")
        self.undo_button = _button("Undo", "Keep the session")
        self.close_button = _button("Close", "Hide this message; the session stays where it is")
        self.restore_button.clicked.connect(self._restore)
        self.discard_button.clicked.connect(self._discard)
        self.undo_button.clicked.connect(self._keep)
        self.close_button.clicked.connect(self._finish)
        # A session is not gone at once: if napari is closed meanwhile, it is offered again.
        self._timer = QTimer(self, singleShot=True, interval=_TIME_TO_UNDO)
        self._timer.timeout.connect(self._remove)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in self._buttons():
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(self.message)
        layout.addLayout(buttons)
        self.setObjectName("recovery_offer")
        width = self.style().pixelMetric(QStyle.PixelMetric.PM_DefaultFrameWidth)
        colour = get_theme(session.viewer.theme).secondary.as_hex()
        self.setStyleSheet(
            f"#recovery_offer {{ border: {width}px solid {colour}; border-radius: {3 * width}px; }}"
        )
        self._show(self.close_button if crashed.problem else self.restore_button)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return (self.undo_button, self.discard_button, self.restore_button, self.close_button)

    def _show(self, *shown: QPushButton) -> None:
        """Show some buttons; those to restore and to discard stand together."""
        if self.restore_button in shown:
            shown = (*shown, self.discard_button)
        for button in self._buttons():
            button.setVisible(button in shown)

    def _restore(self) -> None:
        try:
            opened = restore_session(self._session, self.crashed, self)
        except (FileError, LayerError) as error:
            self.message.say(f"{error}.", "error", self._session.viewer.theme)
            return
        if opened:
            self.restored.emit(self.crashed)
            self._finish()

    def _discard(self) -> None:
        self.text.setText("The session was discarded.")
        self._show(self.undo_button)
        self.undo_button.setFocus()
        self._timer.start()

    def _keep(self) -> None:
        self._timer.stop()
        self.text.setText(_sentence(self.crashed))
        self._show(self.restore_button)
        self.restore_button.setFocus()

    def _remove(self) -> None:
        try:
            self.crashed.discard()
        except FileError as error:
            self.message.say(f"{error}.", "error", self._session.viewer.theme)
            self._show(self.close_button)
            return
        self._finish()

    def _finish(self) -> None:
        self.hide()
        self.finished.emit()


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(f"{text} session that was not closed")
    return button


def _sentence(crashed: Crashed) -> str:
    """Say what was found."""
    when = _say_when(crashed.when)
    if crashed.problem:
        return (
            f"A session of {when} was not closed and can not be restored: {crashed.problem}. "
            "It is kept there."
        )
    steps = {0: "no steps", 1: "1 step"}.get(crashed.steps, f"{crashed.steps} steps")
    return f"A session of {when} with {steps} was not closed."


def _say_when(when: datetime.datetime) -> str:
    """Return a day and a time in English, whatever the language of the computer."""
    month = QLocale.c().standaloneMonthName(when.month)
    year = "" if when.year == datetime.datetime.now().astimezone().year else f" {when.year}"
    return f"{when.day} {month}{year}, {when:%H:%M}"
