"""Tables that can be read, copied and saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from napari.utils.notifications import show_error
from qtpy.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QTableView,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_delineate.files import FileError, write_table
from napari_delineate.files.results import column_titles

__all__ = ["Tables"]


class _Model(QAbstractTableModel):
    """Show a DataFrame, with units in the header."""

    def __init__(self, table: Any) -> None:
        super().__init__()
        self.table = table
        self._titles = column_titles(table)

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: ARG002, N802
        return len(self.table)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: ARG002, N802
        return len(self.table.columns)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        value = self.table.iat[index.row(), index.column()]
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1)
        return self._titles[section]


class _View(QTableView):
    """A table whose selection is copied as text with a header."""

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """Copy the selected cells, or all if none is selected."""
        table = self.model().table
        chosen = self.selectionModel().selectedIndexes()
        if chosen:
            rows = sorted({index.row() for index in chosen})
            columns = sorted({index.column() for index in chosen})
            table = table.iloc[rows, columns]
        QGuiApplication.clipboard().setText(table.to_csv(sep="\t", index=False))


class Tables(QWidget):
    """Show tables and scores by name, one tab each."""

    row_chosen = Signal(str, int)
    """Name of a table, and the position of the row that a person went to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        copy = QPushButton("Copy")
        copy.setToolTip("Copy the selected cells, or the whole table, for a spreadsheet (Ctrl+C)")
        copy.clicked.connect(self._copy)
        save = QPushButton("Save…")
        save.setToolTip("Save the table as CSV, with units in the header")
        save.clicked.connect(self._save)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(copy)
        buttons.addWidget(save)
        layout = QVBoxLayout(self)
        layout.addWidget(self._tabs)
        layout.addLayout(buttons)
        # Room for a header and a few rows.
        self.setMinimumHeight(self.fontMetrics().height() * 12)

    def show_table(self, name: str, table: Any) -> None:
        """Show a table under a name, in the place of an older one."""
        view = self._find(name)
        if view is None:
            view = _View()
            view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
            view.verticalHeader().setDefaultSectionSize(view.fontMetrics().height() + 8)
            self._tabs.addTab(view, name)
        view.setModel(_Model(table))
        view.selectionModel().currentRowChanged.connect(
            lambda now, _: self.row_chosen.emit(name, now.row()) if now.isValid() else None
        )
        view.resizeColumnsToContents()
        self._tabs.setCurrentWidget(view)

    def remove_table(self, name: str) -> None:
        """Show a table no longer."""
        view = self._find(name)
        if view is not None:
            self._tabs.removeTab(self._tabs.indexOf(view))
            view.deleteLater()

    def table(self, name: str) -> Any:
        """Return the table shown under a name, None if there is none."""
        view = self._find(name)
        return None if view is None else view.model().table

    def select_row(self, name: str, column: str, value: Any) -> None:
        """Go to the row of a table that has a value in a column, if there is one."""
        view, table = self._find(name), self.table(name)
        if view is None or column not in table.columns:
            return
        rows = (table[column] == value).to_numpy().nonzero()[0]
        if not len(rows):
            return
        model = view.selectionModel()
        # It is not a person who goes there.
        model.blockSignals(True)
        view.selectRow(int(rows[0]))
        model.blockSignals(False)
        view.scrollTo(view.model().index(int(rows[0]), 0))
        view.viewport().update()

    def names(self) -> list[str]:
        """Return the names of the tables shown."""
        return [self._tabs.tabText(index) for index in range(self._tabs.count())]

    def _find(self, name: str) -> Any:
        for index in range(self._tabs.count()):
            if self._tabs.tabText(index) == name:
                return self._tabs.widget(index)
        return None

    def _copy(self) -> None:
        view = self._tabs.currentWidget()
        if view is not None:
            view.copy()

    def _save(self) -> None:
        view = self._tabs.currentWidget()
        if view is None:
            return
        name = self._tabs.tabText(self._tabs.currentIndex())
        path, _ = QFileDialog.getSaveFileName(self, "Save table", f"{name}.csv", "CSV (*.csv)")
        if path:
            try:
                write_table(Path(path), view.model().table)
            except (OSError, FileError) as error:
                show_error(f"{name} was not saved: {error}")
