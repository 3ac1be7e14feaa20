"""The objects of an annotation as rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt
from qtpy.QtGui import QColor

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.widgets.icons import icon

__all__ = ["COLUMNS", "COUNTING", "TICKED", "ObjectModel"]

COUNTING = "Counting objects…"
"""What stands there while nobody knows them yet."""

COLUMNS = ("Object", "Pixels", "Class", "Seen", "Locked")
_OBJECT, _PIXELS, _CLASS, _SEEN, _LOCKED = range(len(COLUMNS))
TICKED = {_SEEN: "show", _LOCKED: "lock"}
"""The columns of boxes, and the icons above them: words would take the room of the class."""
_TIPS = (
    "the number of the object",
    "how many pixels or voxels it has",
    "the class it was given",
    "whether you have looked at it; click a box to change that",
    "whether tools leave it alone; click a box to change that",
)
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_ALIGNED = {_OBJECT: _RIGHT, _PIXELS: _RIGHT, _CLASS: _LEFT}


class ObjectModel(QAbstractTableModel):
    """List the objects that a hand edits.

    Parameters
    ----------
    hand : Hand
        What is edited.
    theme : str
        Name of napari's theme.
    """

    def __init__(self, hand: Hand, theme: str) -> None:
        super().__init__()
        self._hand = hand
        self._theme = theme
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

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, min(TICKED), max(TICKED))

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
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return None if section in TICKED else COLUMNS[section]
        if role == Qt.ItemDataRole.DecorationRole and section in TICKED:
            return icon(TICKED[section], self._theme)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{COLUMNS[section]}: {_TIPS[section]}"
        if role == Qt.ItemDataRole.TextAlignmentRole and section == _CLASS:
            return _LEFT
        return None

    def flags(self, index: QModelIndex) -> Any:
        flags = super().flags(index)
        if index.column() in TICKED:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._hand.layer is None:  # the view asks before it hears that there is nothing left
            return None
        number, column = self._numbers[index.row()], index.column()
        if column in TICKED:
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
        if role == Qt.ItemDataRole.ToolTipRole and column == _CLASS:
            return self._value(number, column) or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGNED.get(column)
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
