"""Buttons in columns of one width, as many as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtWidgets import QSizePolicy, QToolButton, QWidget

__all__ = ["ButtonGrid", "GridButton"]

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_ENDS = {Qt.Key.Key_Home: 1, Qt.Key.Key_End: -1}


class GridButton(QToolButton):
    """A button that arrow keys leave, and that Enter presses like the space bar."""

    arrow = Signal(int)
    focused = Signal()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() in (*_STEPS, *_ENDS, Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.arrow.emit(int(event.key()))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: Any) -> None:  # noqa: N802
        super().focusInEvent(event)
        self.focused.emit()


class ButtonGrid(QWidget):
    """Show buttons in columns; its height follows from its width.

    The tabulator key stops once at the grid, arrow keys move between its buttons, and Home
    and End go to the first and the last.
    """

    moved = Signal(object)
    """The button that an arrow key went to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: tuple[GridButton, ...] = ()
        self._cell = QSize(1, 1)
        self._most_columns = 1
        self._gap = 0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_buttons(self, buttons: Sequence[GridButton]) -> None:
        """Show some of the buttons that it is the parent of; the others are hidden."""
        for button in self.buttons:
            button.arrow.disconnect()
            button.focused.disconnect()
            button.hide()
        self.buttons = tuple(buttons)
        for index, button in enumerate(self.buttons):
            button.arrow.connect(lambda key, index=index: self._move(index, key))
            button.focused.connect(lambda index=index: self._stop_at(index))
            button.show()
        self.refresh_focus()

    def set_cell(self, width: int, height: int, gap: int, most_columns: int = 1000) -> None:
        """Say how large a button is at least, and how many columns there are at most."""
        self._cell, self._gap, self._most_columns = QSize(width, height), gap, most_columns
        self.setMinimumWidth(width)
        self._place()

    def columns(self) -> int:
        """Return the number of columns that there is room for."""
        room = (self.width() + self._gap) // (self._cell.width() + self._gap)
        return max(1, min(room, self._most_columns))

    def cell_width(self) -> int:
        """Return the width of every button."""
        columns = self.columns()
        return (self.width() - self._gap * (columns - 1)) // columns

    def refresh_focus(self) -> None:
        """Let the tabulator key stop at a button that can be used."""
        stops = [one for one in self.buttons if one.focusPolicy() == Qt.FocusPolicy.StrongFocus]
        usable = [one for one in self.buttons if one.isEnabled()]
        if usable and not (len(stops) == 1 and stops[0].isEnabled()):
            self._stop_at(self.buttons.index(usable[0]))

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        columns, width = self.columns(), self.cell_width()
        height = self._cell.height()
        for index, button in enumerate(self.buttons):
            row, column = divmod(index, columns)
            button.setGeometry(
                column * (width + self._gap), row * (height + self._gap), width, height
            )
        rows = -(-len(self.buttons) // columns)
        self.setFixedHeight(max(rows * (height + self._gap) - self._gap, 0))

    def _stop_at(self, index: int) -> None:
        for one in self.buttons:
            one.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.buttons[index].setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _move(self, index: int, key: int) -> None:
        """Go from one button to the next that can be used."""
        columns = self.columns()
        if key in _ENDS:
            way = range(len(self.buttons))[:: _ENDS[Qt.Key(key)]]
        else:
            steps = {**_STEPS, Qt.Key.Key_Up: -columns, Qt.Key.Key_Down: columns}
            step = steps[Qt.Key(key)]
            way = range(index + step, len(self.buttons) if step > 0 else -1, step)
        for other in way:
            if self.buttons[other].isEnabled():
                self.buttons[other].setFocus(Qt.FocusReason.TabFocusReason)
                self.moved.emit(self.buttons[other])
                return
