"""Hold the rows of the list of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, Qt
from qtpy.QtWidgets import QWidget

from napari_delineate._napari.widgets.step_delegate import ROW
from napari_delineate._napari.widgets.step_rows import StepRow
from napari_delineate.captions import caption_of
from napari_delineate.graph import Row
from napari_delineate.workflow import Workflow

__all__ = ["StepModel"]


class StepModel(QAbstractListModel):
    """Hold the rows; what stays the same keeps its index, and so its selection."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[StepRow] = []
        self.workflow = Workflow()
        self.layout_rows: tuple[Row, ...] = ()

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        flags |= Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemNeverHasChildren
        if not self.rows[index.row()].is_input:
            flags |= Qt.ItemFlag.ItemIsDragEnabled
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return row.spoken()
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tooltip(index.row())
        return None

    def find(self, key: str) -> int:
        """Return the number of a row, -1 where there is none."""
        return next((n for n, row in enumerate(self.rows) if row.key == key), -1)

    def put(self, rows: Sequence[StepRow]) -> list[QModelIndex]:
        """Show other rows; return those whose height may have changed."""
        old, new = [row.key for row in self.rows], [row.key for row in rows]
        differ = [n for n, keys in enumerate(zip(old, new, strict=False)) if keys[0] != keys[1]]
        is_renamed = len(old) == len(new) and len(differ) == 1 and rows[differ[0]].is_input
        if old != new and not is_renamed:
            self._reorder(rows, set(new))
        resized = []
        for number, row in enumerate(rows):
            before = self.rows[number]
            if before != row:
                self.rows[number] = row
                index = self.index(number)
                self.dataChanged.emit(index, index)
                if before.message != row.message:
                    resized.append(index)
        return resized

    def _reorder(self, rows: Sequence[StepRow], kept: set[str]) -> None:
        """Remove, insert and move rows one by one, so that views can follow."""
        nothing = QModelIndex()
        for number in reversed(range(len(self.rows))):
            if self.rows[number].key not in kept:
                self.beginRemoveRows(nothing, number, number)
                del self.rows[number]
                self.endRemoveRows()
        for number, row in enumerate(rows):
            place = self.find(row.key)
            if place < 0:
                self.beginInsertRows(nothing, number, number)
                self.rows.insert(number, row)
                self.endInsertRows()
            elif place != number:
                self.beginMoveRows(nothing, place, place, nothing, number)
                self.rows.insert(number, self.rows.pop(place))
                self.endMoveRows()

    def _tooltip(self, number: int) -> str:
        """Return all that is known of a row, also what it has no room for."""
        row, caption = self.rows[number], caption_of(self.workflow, self.layout_rows[number])
        lines = [row.title, *caption.lines]
        if row.names != row.values:
            lines.insert(1, f"shown as {row.names[0]}")
        known = " · ".join(row.facts)
        return "\n".join([*lines, *([known] if known else []), *row.message.splitlines()])
