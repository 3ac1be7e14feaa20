"""Say before and after beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_delineate.consequences import Line

__all__ = ["ChangeTable"]

_HEADS = ("", "Before", "After", "Change")


class ChangeTable(QWidget):
    """Show lines of a comparison in columns: what, before, after, change."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(self.fontMetrics().averageCharWidth())
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self.setAccessibleName("Before and after")
        self.hide()

    def show_lines(self, lines: Sequence[Line]) -> None:
        """Show lines in place of those before; none hides the table."""
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.deleteLater()
        for row, line in enumerate([_HEADS, *lines] if lines else []):
            for column, text in enumerate(line):
                label = QLabel(text)
                label.setTextFormat(Qt.TextFormat.PlainText)
                label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
                if column:
                    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                else:  # the numbers keep their room
                    label.setWordWrap(True)
                    label.setMinimumWidth(label.fontMetrics().averageCharWidth() * 9)
                if row == 0:
                    font = label.font()
                    font.setBold(True)
                    label.setFont(font)
                self._grid.addWidget(label, row, column)
        self.setVisible(bool(lines))

    def texts(self) -> list[tuple[str, ...]]:
        """Return the texts shown, row by row."""
        rows = []
        for row in range(self._grid.rowCount()):
            items = [self._grid.itemAtPosition(row, column) for column in range(len(_HEADS))]
            labels = [None if item is None else item.widget() for item in items]
            if all(isinstance(label, QLabel) for label in labels):
                rows.append(tuple(label.text() for label in labels if isinstance(label, QLabel)))
        return rows
