"""The objects of an annotation as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.layers import LayerError

__all__ = ["COLUMNS", "COUNTING", "ObjectModel"]

COUNTING = "Counting objects…"
"""What stands there while nobody knows them yet."""

COLUMNS = ("Object", "Pixels", "Class", "Seen", "Locked")
_OBJECT, _PIXELS, _CLASS, _SEEN, _LOCKED = range(len(COLUMNS))
_TIPS = (
    "The number of the object",
    "How many pixels or voxels it has",
    "The class it was given",
    "Whether you have looked at it; click to change",
    "Whether tools leave it alone; click to change",
)


class ObjectModel(QAbstractTableModel):
    """List the objects that a hand edits.

    Parameters
    ----------
    hand : Hand
        What is edited.
    """

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self._numbers: list[int] = []
        self._rows: dict[int, int] = {}  # number of an object -> its row
        self.problem = ""  # why objects can not be listed
        self._order = (_OBJECT, Qt.SortOrder.AscendingOrder)

    @property
    def numbers(self) -> list[int]:
        """The objects in the order of the rows."""
        return self._numbers

    def refresh(self) -> None:
        """List the objects anew."""
        self.beginResetModel()
        self._numbers, self.problem = [], ""
        try:
            if self._hand.layer is not None:
                known = self._hand.known_objects
                self._numbers = [] if known is None else list(known.numbers)
                self.problem = COUNTING if known is None else ""
        except (LayerError, ValueError) as error:
            self.problem = str(error)
        column, order = self._order
        if column != _OBJECT:
            self._numbers.sort(key=self._reader(column))
        if order == Qt.SortOrder.DescendingOrder:
            self._numbers.reverse()
        self._rows = {number: row for row, number in enumerate(self._numbers)}
        self.endResetModel()

    def row_of(self, number: int) -> int:
        """Return the row of an object, -1 where it is not listed."""
        return self._rows.get(number, -1)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self._numbers)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal:
            if role == Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            if role == Qt.ItemDataRole.ToolTipRole:
                return _TIPS[section]
        return None

    def flags(self, index: QModelIndex) -> Any:
        flags = super().flags(index)
        if index.column() in (_SEEN, _LOCKED):
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._hand.layer is None:  # the view asks before it hears that there is nothing left
            return None
        number, column = self._numbers[index.row()], index.column()
        if column in (_SEEN, _LOCKED):
            if role == Qt.ItemDataRole.CheckStateRole:
                is_set = bool(self._value(number, column))
                return Qt.CheckState.Checked if is_set else Qt.CheckState.Unchecked
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            value = self._value(number, column)
            return f"{value:,}" if isinstance(value, int) and column == _PIXELS else value
        if role == Qt.ItemDataRole.DecorationRole and column == _OBJECT:
            layer = self._hand.layer
            rgba = None if layer is None else layer.get_color(number)
            return None if rgba is None else QColor.fromRgbF(*np.asarray(rgba, float).tolist())
        if role == Qt.ItemDataRole.TextAlignmentRole and column in (_OBJECT, _PIXELS):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def setData(  # noqa: N802
        self, index: QModelIndex, value: Any, role: int = Qt.ItemDataRole.EditRole
    ) -> bool:
        if role != Qt.ItemDataRole.CheckStateRole:
            return False
        number, is_set = self._numbers[index.row()], Qt.CheckState(value) == Qt.CheckState.Checked
        annotation = self._hand.annotation
        if index.column() == _SEEN:
            self._hand.see(number, seen=is_set)
        else:
            self._hand.annotate(annotation.with_lock(number, locked=is_set))
        self.dataChanged.emit(index, index)
        return True

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._order = (column, order)
        self.refresh()

    def _value(self, number: int, column: int) -> Any:
        return self._reader(column)(number)

    def _reader(self, column: int) -> Callable[[int], Any]:
        """Return what tells the value of an object, so that many are read quickly."""
        if column == _PIXELS:
            index = self._hand.known_objects
            return (lambda _: "…") if index is None else index.size
        if column == _SEEN:
            return self._hand.seen.__contains__
        annotation = self._hand.annotation
        if column == _CLASS:
            known = {one.number: one.name for one in annotation.classes}
            if annotation.semantic:
                return lambda number: known.get(number, "")
            class_of = dict(annotation.class_of)
            return lambda number: known.get(class_of.get(number, 0), "")
        if column == _LOCKED:
            return frozenset(annotation.locked).__contains__
        return int
