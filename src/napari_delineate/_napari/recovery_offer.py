"""Offer sessions that were not closed, in place and without getting in the way."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from napari.utils.theme import get_theme
from qtpy.QtCore import QEvent, QLocale, Qt, QTimer, QUrl, Signal
from qtpy.QtGui import QDesktopServices
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
from napari_delineate._napari.widgets import Message, Scrolled
from napari_delineate.files import FileError
from napari_delineate.recovery import Crashed

__all__ = ["RecoveryOffer", "RecoveryOffers"]

_TIME_TO_UNDO = 10_000
"""Milliseconds until a session that a person discards is removed."""
_MOST_LINES = 14
"""Height of all offers, in lines of text; more is scrolled."""
_MOST_PROBLEMS = 10


class RecoveryOffers(Scrolled):
    """Offer one session after the other; those that can not be read are one line.

    Parameters
    ----------
    session : Session
        The session to restore one into.
    crashed : sequence of Crashed
        What was found.

    Signals
    -------
    restored : the `Crashed` that was opened; discard it once the session is saved anew
    """

    restored = Signal(object)

    def __init__(self, session: Session, crashed: Sequence[Crashed]) -> None:
        super().__init__()
        self._session = session
        self._left = [one for one in crashed if not one.problem]
        self._total = len(self._left)
        self.offer: RecoveryOffer | None = None
        damaged = [one for one in crashed if one.problem]
        self.damaged = _Damaged(damaged, session.viewer.theme) if damaged else None
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._content = QWidget()
        self._content.installEventFilter(self)
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, 0, 0)
        if self.damaged is not None:
            self._column.addWidget(self.damaged)
        self.setWidget(self._content)
        self._next()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Take the height that the texts need at this width."""
        super().resizeEvent(event)
        self._fit()

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: N802
        """Take another height when a text or a button is shown or hidden."""
        if event.type() == QEvent.Type.LayoutRequest:
            self._fit()
        return bool(super().eventFilter(watched, event))

    def later(self) -> None:
        """Offer nothing more; the sessions stay where they are."""
        self._left = []
        self._next()

    def _next(self) -> None:
        """Offer the next session, or nothing if there is none."""
        if self.offer is not None:
            self.offer.deleteLater()
            self.offer = None
        if self._left:
            number = self._total - len(self._left) + 1
            position = f"{number} of {self._total}" if self._total > 1 else ""
            self.offer = RecoveryOffer(self._session, self._left.pop(0), position)
            self.offer.restored.connect(self.restored)
            self.offer.finished.connect(self._next)
            self.offer.postponed.connect(self.later)
            self._column.insertWidget(0, self.offer)
        self._fit()

    def _fit(self) -> None:
        both = [one for one in (self.offer, self.damaged) if one is not None]
        self.setVisible(any(not one.isHidden() for one in both))
        needed = max(
            self._column.totalHeightForWidth(self.width()), self._content.minimumSizeHint().height()
        )
        self.setFixedHeight(min(needed, _MOST_LINES * self.fontMetrics().lineSpacing()))


class RecoveryOffer(QFrame):
    """Offer to restore or discard a session that was not closed.

    Parameters
    ----------
    session : Session
        The session to restore it into.
    crashed : Crashed
        What was found; it has no problem.
    position : str, optional
        Which of several offers it is, for instance "1 of 5".

    Signals
    -------
    restored : the `Crashed` that was opened; discard it once the session is saved anew
    finished : there is nothing more to decide, and the message is hidden
    postponed : a person does not want to decide now
    """

    restored = Signal(object)
    finished = Signal()
    postponed = Signal()

    def __init__(self, session: Session, crashed: Crashed, position: str = "") -> None:
        super().__init__()
        self._session = session
        self.crashed = crashed
        self._sentence = _sentence(crashed) + (f" ({position})" if position else "")
        self.text = QLabel(self._sentence)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.text.setToolTip(f"{crashed.title}\n{crashed.folder}".strip())
        self.message = Message()
        self.restore_button = _button("Restore", "Open this session in place of the present one")
        self.discard_button = _button("Discard", "Remove this session; it can be undone for 10 s")
        self.undo_button = _button("Undo", "Keep the session")
        self.later_button = _button("Later", "Offer nothing more until napari is opened again")
        self.restore_button.clicked.connect(self._restore)
        self.discard_button.clicked.connect(self._discard)
        self.undo_button.clicked.connect(self._keep)
        self.later_button.clicked.connect(self.postponed)
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
        _frame(self, session.viewer.theme)
        self._show(self.restore_button, self.discard_button)

    def _buttons(self) -> tuple[QPushButton, ...]:
        return (self.undo_button, self.later_button, self.discard_button, self.restore_button)

    def _show(self, *shown: QPushButton) -> None:
        """Show some buttons, and the one to decide later where there is something to decide."""
        if self.undo_button not in shown:
            shown = (*shown, self.later_button)
        for button in self._buttons():
            button.setVisible(button in shown)

    def _fail(self, error: Exception) -> None:
        self.message.say(f"{error}.", "error", self._session.viewer.theme)

    def _restore(self) -> None:
        try:
            opened = restore_session(self._session, self.crashed, self)
        except (FileError, LayerError) as error:
            self._fail(error)
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
        self.text.setText(self._sentence)
        self._show(self.restore_button, self.discard_button)
        self.restore_button.setFocus()

    def _remove(self) -> None:
        try:
            self.crashed.discard()
        except FileError as error:
            self._fail(error)
            self._show()
            return
        self._finish()

    def _finish(self) -> None:
        self.hide()
        self.finished.emit()


class _Damaged(QFrame):
    """Say that sessions could not be read, and where they are."""

    def __init__(self, damaged: Sequence[Crashed], theme: str) -> None:
        super().__init__()
        folder = damaged[0].folder.parent
        count = len(damaged)
        self.text = QLabel(
            "1 session could not be read." if count == 1 else f"{count} sessions could not be read."
        )
        self.text.setWordWrap(True)
        problems = [f"{_say_when(one.when)}: {one.problem}" for one in damaged[:_MOST_PROBLEMS]]
        self.text.setToolTip("\n".join(problems))
        self.folder_button = QPushButton("Show folder")
        self.folder_button.setToolTip(f"They are kept in {folder}")
        self.folder_button.setAccessibleName("Show the folder of sessions that could not be read")
        self.folder_button.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
        )
        self.close_button = QPushButton("Close")
        self.close_button.setToolTip("Hide this message; the sessions stay where they are")
        self.close_button.setAccessibleName("Close the message about sessions not read")
        self.close_button.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.addWidget(self.text, 1)
        row.addWidget(self.folder_button)
        row.addWidget(self.close_button)
        _frame(self, theme)


def _frame(frame: QFrame, theme: str) -> None:
    """Draw a line around a message."""
    frame.setObjectName("recovery_offer")
    width = frame.style().pixelMetric(QStyle.PixelMetric.PM_DefaultFrameWidth)
    colour = get_theme(theme).secondary.as_hex()
    frame.setStyleSheet(
        f"#recovery_offer {{ border: {width}px solid {colour}; border-radius: {3 * width}px; }}"
    )


def _button(text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tooltip)
    button.setAccessibleName(f"{text} session that was not closed")
    return button


def _sentence(crashed: Crashed) -> str:
    """Say what was found."""
    when = _say_when(crashed.when)
    steps = {0: "no steps", 1: "1 step"}.get(crashed.steps, f"{crashed.steps} steps")
    return f"A session of {when} with {steps} was not closed."


def _say_when(when: datetime.datetime) -> str:
    """Return a day and a time in English, whatever the language of the computer."""
    month = QLocale.c().standaloneMonthName(when.month)
    year = "" if when.year == datetime.datetime.now().astimezone().year else f" {when.year}"
    return f"{when.day} {month}{year}, {when:%H:%M}"
