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
        self._grid.setHorizontalSpacing(self.fontMetrics().averageCharWidth() // 2)
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
            # What has no value before, and so no change, has their room.
            widths = (2, 0, 2, 0) if row and not line[1] else (1, 1, 1, 1)
            for column, (text, width) in enumerate(zip(line, widths, strict=True)):
                if width:
                    self._grid.addWidget(_label(text, row, column), row, column, 1, width)
        self.setVisible(bool(lines))

    def texts(self) -> list[tuple[str, ...]]:
        """Return the texts shown, row by row."""
        rows = []
        for row in range(self._grid.rowCount()):
            items = [self._grid.itemAtPosition(row, column) for column in range(len(_HEADS))]
            labels = [None if item is None else item.widget() for item in items]
            shown = [label.text() for label in labels if isinstance(label, QLabel)]
            if len(shown) == len(_HEADS):
                spans = labels[0] is labels[1]
                rows.append((shown[0], "", shown[2], "") if spans else tuple(shown))
        return rows


def _label(text: str, row: int, column: int) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if column:
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    if row == 0:
        font = label.font()
        font.setBold(True)
        label.setFont(font)
    return label
