"""Rows of a table, sorted and filtered without changing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import (
    QAbstractTableModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    Qt,
    Signal,
)
from qtpy.QtGui import QBrush, QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.widgets.icons import colour
from napari_delineate.conditions import rows_meeting
from napari_delineate.files.tables import column_titles

__all__ = ["TableModel", "TableView", "as_text"]

_LABEL = "label"
_UNSORTED = -1
_HOW_TO_SORT = "Click to sort, or press Alt and an arrow up or down; again for the table's order"
_WIDEST = 30
"""Characters of the widest column at first."""
_LOOKED_AT = 100
"""Rows that tell how wide a column is at first."""
_MOST_RUNS = 100
"""Runs of rows that Qt may select: for thousands of them it needs seconds."""
_MOST_ROWS = 1000
"""Rows that Qt may select if they are all: it looks at each whenever it draws a header."""


class TableModel(QAbstractTableModel):
    """Show rows of a DataFrame in some order, with units in the header.

    Parameters
    ----------
    table : pandas.DataFrame
        The table; it is never changed.
    """

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.table = table
        self._titles = column_titles(table)
        self._columns = [table.iloc[:, place].to_numpy() for place in range(table.shape[1])]
        self.labels = table[_LABEL].to_numpy() if _LABEL in table else np.arange(1, len(table) + 1)
        self.rows: NDArray[np.intp] = np.arange(len(table))
        """Position in the table of each row shown."""
        self.marked: NDArray[np.bool_] | None = None
        """Which rows of the table look selected without being so, None for none."""
        self.highlight = QBrush()
        """What they have behind them."""

    def order(self, column: int, *, is_falling: bool, met: NDArray[np.bool_]) -> None:
        """Show the rows that meet something, sorted by a column; -1 for the table's own order."""
        places = np.arange(len(self.table))
        if column >= 0:
            values = self._columns[column]
            missing = _missing(values)
            if values.dtype.kind not in "biuf":
                values = values.astype(str)
            places = np.argsort(values, kind="stable")
            if is_falling:  # equal ones stay in the table's order
                places = len(values) - 1 - np.argsort(values[::-1], kind="stable")[::-1]
            places = np.concatenate([places[~missing[places]], places[missing[places]]])
        self.beginResetModel()
        self.rows = places[met[places]]
        self.endResetModel()

    def is_number(self, column: int) -> bool:
        """Tell whether a column holds numbers."""
        return self._columns[column].dtype.kind in "biuf"

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: ARG002, N802
        return len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: ARG002, N802
        return len(self._columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = "AlignRight" if self.is_number(index.column()) else "AlignLeft"
            return getattr(Qt.AlignmentFlag, side) | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.BackgroundRole:
            is_marked = self.marked is not None and self.marked[self.rows[index.row()]]
            return self.highlight if is_marked else None
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        value = self._columns[index.column()][self.rows[index.row()]]
        if role == Qt.ItemDataRole.ToolTipRole or not isinstance(value, float):
            return str(value)
        return f"{value:.4g}" if value == value else "NaN"

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            if role != Qt.ItemDataRole.DisplayRole:
                return None
            return str(self.labels[self.rows[section]])
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._titles[section]}\n{_HOW_TO_SORT}"
        return self._titles[section] if role == Qt.ItemDataRole.DisplayRole else None


class TableView(QTableView):
    """A table whose rows are chosen, sorted, filtered, and copied as text with a header.

    The number of the object stays at the left when a person scrolls sideways.
    """

    went = Signal(int)
    """Position in the table of the row that a person went to."""
    chosen = Signal()
    """A person chose other rows."""
    copied = Signal()
    """A person wants the chosen rows in the clipboard."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.condition = ""
        self._sorting = (_UNSORTED, False)
        self._is_own_change = False
        self._highlight = QBrush()
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setWordWrap(False)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 8)
        self.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        )
        metrics = self.fontMetrics()
        self.verticalHeader().setMinimumWidth(
            metrics.horizontalAdvance(_LABEL) + metrics.averageCharWidth() * 3
        )
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSectionsMovable(True)
        header.setHighlightSections(False)
        header.setTextElideMode(Qt.TextElideMode.ElideRight)
        header.sectionClicked.connect(self._on_header)
        self._corner = QLabel(_LABEL)
        self._corner.setAlignment(Qt.AlignmentFlag.AlignCenter)
        button = self.findChild(QAbstractButton)
        if button is not None:  # the corner that chooses all rows; Ctrl+A does so too
            button.clicked.disconnect()
            button.clicked.connect(lambda: self.sort(_UNSORTED))
            button.setAccessibleName("Order of the table")
            button.setToolTip("Show the rows in the order of the table")
            inside = QVBoxLayout(button)
            inside.setContentsMargins(2, 0, 2, 0)
            inside.addWidget(self._corner)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._highlight = QBrush(colour(theme, "highlight"))
        if self.model() is not None:
            self.model().highlight = self._highlight

    def show_table(self, table: Any) -> None:
        """Show a table in place of an older one; order, condition and choice stay if they can."""
        before = self.model()
        chosen = None if before is None else _objects(before.table.iloc[self.positions()])
        looks = {} if before is None else self._looks()
        column, is_falling = self._sorting
        name = None if before is None or column < 0 else before.table.columns[column]
        model = TableModel(table)
        model.highlight = self._highlight
        self.setModel(model)
        self.selectionModel().selectionChanged.connect(self._on_selection)
        if before is not None:
            before.deleteLater()
        has_label = _LABEL in table.columns
        if has_label and table.shape[1] > 1:
            self.setColumnHidden(list(table.columns).index(_LABEL), True)  # the rows' header
        self._corner.setText(_LABEL if has_label else "")
        columns = list(table.columns)
        self._sorting = (columns.index(name) if name in columns else _UNSORTED, is_falling)
        try:
            self._arrange()
        except ValueError:  # the table has the columns of the condition no more
            self.condition = ""
            self._arrange()
        self.horizontalHeader().setResizeContentsPrecision(_LOOKED_AT)
        self.resizeColumnsToContents()
        letter = self.fontMetrics().averageCharWidth()
        for place in range(len(columns)):
            # The mark of the order stands behind the title.
            width = min(self.columnWidth(place) + 2 * letter, letter * _WIDEST)
            if columns[place] in looks:
                is_hidden, width = looks[columns[place]]
                self.setColumnHidden(place, is_hidden)
            self.setColumnWidth(place, width)
        if chosen is not None and len(chosen):
            objects = _objects(table)
            if objects.nlevels == chosen.nlevels:
                self.choose(objects.isin(chosen).nonzero()[0])

    def sort(self, column: int, *, is_falling: bool = False) -> None:
        """Sort by a column, numbers as numbers and missing ones last; -1 to sort no more."""
        self._sorting = (column, is_falling)
        self._rearrange()

    def filter(self, condition: str) -> None:
        """Show only rows that meet a condition.

        Raises
        ------
        ValueError
            If the condition can not be read; nothing changes then.
        """
        rows_meeting(self.model().table, condition)
        self.condition = condition
        self._rearrange()

    def positions(self) -> NDArray[np.intp]:
        """Return the positions in the table of the rows chosen, from the top."""
        model = self.model()
        if model is None:
            return np.zeros(0, np.intp)
        if model.marked is not None:
            return np.asarray(model.rows[model.marked[model.rows]])
        return self._selected()

    def choose(
        self, positions: NDArray[np.intp] | Sequence[int], *, is_scrolled: bool = True
    ) -> None:
        """Choose rows; it is not a person who does so."""
        model, selection = self.model(), self.selectionModel()
        wanted = np.zeros(len(model.table), bool)
        wanted[np.asarray(positions, np.intp)] = True
        shown = wanted[model.rows].nonzero()[0]
        starts = np.flatnonzero(np.diff(shown, prepend=-2) > 1)
        has_many = len(starts) > _MOST_RUNS or len(model.rows) == len(shown) > _MOST_ROWS
        chosen, last = QItemSelection(), model.columnCount() - 1
        # Rows that follow each other are one range.
        for run in [] if has_many else np.split(shown, starts[1:]):
            if len(run):
                chosen.select(model.index(int(run[0]), 0), model.index(int(run[-1]), last))
        self._is_own_change = True
        model.marked = wanted if has_many else None
        selection.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if len(shown):
            current = model.index(int(shown[0]), self._first_column())
            selection.setCurrentIndex(current, QItemSelectionModel.SelectionFlag.NoUpdate)
            if is_scrolled:
                self.scrollTo(current)
        self._is_own_change = False
        self.viewport().update()

    def selectAll(self) -> None:  # noqa: N802
        """Choose all rows that are shown."""
        if self.model() is not None:
            self.choose(self.model().rows, is_scrolled=False)
            self.chosen.emit()

    def to_copy(self) -> Any:
        """Return the chosen rows, or all that are shown if none is, as a table."""
        model, positions = self.model(), self.positions()
        rows = positions if len(positions) else model.rows
        columns = [
            place
            for place in range(model.columnCount())
            if not self.isColumnHidden(place) or model.table.columns[place] == _LABEL
        ]
        return model.table.iloc[rows, columns]

    def copy(self) -> None:
        """Copy the chosen rows, or all that are shown if none is."""
        self.copied.emit()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        is_alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() == Qt.Key.Key_Escape:
            self.choose([])
            self.chosen.emit()
        elif is_alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            wanted = self.currentIndex().column(), event.key() == Qt.Key.Key_Down
            column, is_falling = (_UNSORTED, False) if wanted == self._sorting else wanted
            self.sort(column, is_falling=is_falling)
        else:
            super().keyPressEvent(event)

    def _looks(self) -> dict[str, tuple[bool, int]]:
        """Return for each column whether it is hidden, and how wide it is."""
        widths = {}
        for place, name in enumerate(self.model().table.columns):
            is_hidden = self.isColumnHidden(place)
            self.setColumnHidden(place, False)
            widths[name] = is_hidden, self.columnWidth(place)
        return widths

    def _first_column(self) -> int:
        count = self.model().columnCount()
        return next((place for place in range(count) if not self.isColumnHidden(place)), 0)

    def _on_header(self, column: int) -> None:
        """Sort upwards, then downwards, then no more."""
        now, is_falling = self._sorting
        if now == column and is_falling:
            self.sort(_UNSORTED)
        else:
            self.sort(column, is_falling=now == column)

    def _rearrange(self) -> None:
        positions = self.positions()
        self._arrange()
        self.choose(positions, is_scrolled=False)

    def _arrange(self) -> None:
        model = self.model()
        column, is_falling = self._sorting
        met = rows_meeting(model.table, self.condition)
        self._is_own_change = True
        model.order(column, is_falling=is_falling, met=met)
        self._is_own_change = False
        header = self.horizontalHeader()
        header.setSortIndicatorShown(column >= 0)
        falling = Qt.SortOrder.DescendingOrder if is_falling else Qt.SortOrder.AscendingOrder
        header.setSortIndicator(column, falling)

    def _selected(self) -> NDArray[np.intp]:
        model, selection = self.model(), self.selectionModel()
        rows = [np.arange(one.top(), one.bottom() + 1) for one in selection.selection()]
        return model.rows[np.unique(np.concatenate(rows))] if rows else np.zeros(0, np.intp)

    def _on_selection(self, *_: Any) -> None:
        if self._is_own_change:
            return
        marked, self.model().marked = self.model().marked, None
        if marked is not None:
            self.viewport().update()
            if QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier:
                # Rows that only look selected are added to, and taken from, like others.
                now = np.setxor1d(marked.nonzero()[0], self._selected())
                self.choose(now, is_scrolled=False)
        self.chosen.emit()
        positions = self.positions()
        if len(positions) == 1:
            self.went.emit(int(positions[0]))


def as_text(table: Any) -> str:
    """Return a table as spreadsheets take it from the clipboard."""
    return str(table.to_csv(sep="\t", index=False))


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    import pandas as pd

    return np.asarray(pd.isna(values), bool)


def _objects(table: Any) -> Any:
    """Return what says which object each row is about: its label and the columns before it.

    Those say in which image, or beside which object, a label is meant.
    """
    import pandas as pd

    if _LABEL not in table.columns:
        return table.index
    return pd.MultiIndex.from_frame(table.iloc[:, : list(table.columns).index(_LABEL) + 1])
