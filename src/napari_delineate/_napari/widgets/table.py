"""Tables that can be read, sorted, filtered, copied and saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from napari_delineate._napari.activity import Activity
from napari_delineate._napari.outcomes import Outcome, outcome_of
from napari_delineate._napari.widgets.dock import Dock
from napari_delineate._napari.widgets.message import Message
from napari_delineate._napari.widgets.table_view import TableView, as_text
from napari_delineate.files import FileError, write_table
from napari_delineate.files.tables import TABLES, column_titles

__all__ = ["Tables"]

_QUICK = 10_000
"""Cells that are written so quickly that nobody needs to know."""


class Tables(Dock):
    """Show tables and scores by name, one tab each."""

    row_chosen = Signal(str, int)
    """Name of a table, and the position of the row that a person went to."""
    rows_chosen = Signal(str)
    """Name of a table of which a person chose other rows."""
    filtered = Signal(str)
    """Name of a table of which other rows are shown."""
    turned = Signal(str)
    """Name of the table that is shown now; empty if there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = "dark"
        self._activity = Activity(self)
        self._workers: list[Any] = []
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._tabs.currentChanged.connect(self._on_tab)
        self.condition = QLineEdit()
        self.condition.setAccessibleName("Show only rows with")
        self.condition.setPlaceholderText("Filter rows, e.g. area > 50")
        self.condition.setToolTip(
            "Show only rows that meet conditions: a column, one of < <= = != >= > and a number or "
            "a text; several with 'and' between them"
        )
        self.condition.setClearButtonEnabled(True)
        self.condition.textChanged.connect(self._on_condition)
        self.condition.editingFinished.connect(self._on_condition_written)
        self.count = QLabel()
        self.message = Message()
        self.columns_button = QPushButton("Columns")
        self.columns_button.setToolTip("Choose which columns are shown")
        self._columns_menu = QMenu(self)
        self._columns_menu.aboutToShow.connect(self._fill_columns)
        self.columns_button.setMenu(self._columns_menu)
        copy = QPushButton("Copy")
        copy.setToolTip("Copy the chosen rows, or all that are shown, for a spreadsheet (Ctrl+C)")
        copy.clicked.connect(self._copy)
        save = QPushButton("Save…")
        save.setToolTip(
            "Save the whole table with units and with how it was made, as CSV, Excel or Parquet"
        )
        save.clicked.connect(self._save)
        head = QHBoxLayout()
        head.addWidget(self.condition, 1)
        head.addWidget(self.columns_button)
        self.buttons = QHBoxLayout()
        self.buttons.addWidget(copy)
        self.buttons.addWidget(save)
        self.buttons.addStretch(1)
        table = QWidget()
        column = QVBoxLayout(table)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.message)
        column.addWidget(self._tabs, 1)
        column.addWidget(self.count)
        column.addLayout(self.buttons)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(table)
        layout = QVBoxLayout(self)
        margin = layout.contentsMargins().left() // 2
        layout.setContentsMargins(margin, margin, margin, margin)
        layout.addWidget(self.splitter)
        # Room for a header and a few rows.
        self.setMinimumHeight(self.fontMetrics().height() * 15)

    def show_table(self, name: str, table: Any) -> None:
        """Show a table under a name, in the place of an older one."""
        view = self._find(name)
        if view is None:
            view = TableView()
            view.setAccessibleName(name)
            view.set_theme(self._theme)
            view.went.connect(lambda position: self.row_chosen.emit(name, position))
            view.chosen.connect(lambda: self._on_chosen(name))
            view.copied.connect(self._copy)
            with QSignalBlocker(self._tabs):
                self._tabs.addTab(view, name)
        view.show_table(table)
        with QSignalBlocker(self._tabs):
            self._tabs.setCurrentWidget(view)
        self._on_tab()

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

    def positions(self, name: str) -> NDArray[np.intp]:
        """Return the positions of the rows chosen in a table."""
        view = self._find(name)
        return np.zeros(0, np.intp) if view is None else view.positions()

    def shown(self, name: str) -> NDArray[np.bool_]:
        """Tell which rows of a table meet its condition."""
        view = self._find(name)
        shown = np.zeros(0 if view is None else len(view.model().table), bool)
        if view is not None:
            shown[view.model().rows] = True
        return shown

    def condition_of(self, name: str) -> str:
        """Return the condition that rows of a table are shown by, empty for all rows."""
        view = self._find(name)
        return "" if view is None else str(view.condition).strip()

    def choose(self, name: str, positions: NDArray[np.intp] | Sequence[int]) -> None:
        """Choose rows of a table by their positions; it is not a person who does so."""
        view = self._find(name)
        if view is not None:
            view.choose(positions)
            self._say_count()

    def select_row(self, name: str, column: str, value: Any) -> None:
        """Go to the row of a table that has a value in a column, if there is one."""
        table = self.table(name)
        if table is None or column not in table.columns:
            return
        rows = (table[column] == value).to_numpy().nonzero()[0]
        if len(rows):
            self.choose(name, rows[:1])

    def names(self) -> list[str]:
        """Return the names of the tables shown."""
        return [self._tabs.tabText(index) for index in range(self._tabs.count())]

    def current(self) -> str:
        """Return the name of the table that is shown now, empty if there is none."""
        return self._tabs.tabText(self._tabs.currentIndex()) if self._tabs.count() else ""

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        for index in range(self._tabs.count()):
            self._tabs.widget(index).set_theme(theme)

    def provenance(self) -> dict[str, Any] | None:
        """Return what is saved with a table: how it was made. None if nobody knows."""
        return None

    def _find(self, name: str) -> Any:
        for index in range(self._tabs.count()):
            if self._tabs.tabText(index) == name:
                return self._tabs.widget(index)
        return None

    def _on_tab(self, _: int = 0) -> None:
        view = self._tabs.currentWidget()
        with QSignalBlocker(self.condition):
            self.condition.setText("" if view is None else view.condition)
        self.message.say("")
        self._say_count()
        self.turned.emit(self.current())

    def _on_condition(self, text: str) -> str:
        """Show only rows that meet what is written; return why it can not be read."""
        view = self._tabs.currentWidget()
        if view is None:
            return ""
        try:
            view.filter(text)
        except ValueError as error:
            return str(error)
        self.message.say("")
        self._say_count()
        self.filtered.emit(self.current())
        return ""

    def _on_condition_written(self) -> None:
        # Half a condition is no mistake while it is being written.
        problem = self._on_condition(self.condition.text())
        if problem:
            self.message.say(f"Not filtered: {problem}.", "warning", self._theme)

    def _on_chosen(self, name: str) -> None:
        self._say_count()
        self.rows_chosen.emit(name)

    def _say_count(self) -> None:
        view = self._tabs.currentWidget()
        if view is None:
            self.count.clear()
            return
        shown, total, chosen = (
            view.model().rowCount(),
            len(view.model().table),
            len(view.positions()),
        )
        text = f"{total:,} rows" if shown == total else f"{shown:,} of {total:,} rows"
        self.count.setText(text + (f" · {chosen:,} chosen" if chosen else ""))

    def _fill_columns(self) -> None:
        view = self._tabs.currentWidget()
        self._columns_menu.clear()
        if view is None:
            return
        everything = self._columns_menu.addAction("Show all")
        everything.triggered.connect(lambda: self._show_columns(view, is_shown=True))
        nothing = self._columns_menu.addAction("Hide all but the first")
        nothing.triggered.connect(lambda: self._show_columns(view, is_shown=False))
        self._columns_menu.addSeparator()
        table = view.model().table
        for place, title in enumerate(column_titles(table)):
            if table.columns[place] == "label":
                continue
            action = self._columns_menu.addAction(title)
            action.setCheckable(True)
            action.setChecked(not view.isColumnHidden(place))
            action.toggled.connect(
                lambda is_on, place=place: view.setColumnHidden(place, not is_on)
            )

    def _show_columns(self, view: TableView, *, is_shown: bool) -> None:
        others = [i for i, name in enumerate(view.model().table.columns) if name != "label"]
        for place in others:
            view.setColumnHidden(place, not is_shown and place != others[0])

    def _copy(self) -> None:
        view = self._tabs.currentWidget()
        if view is None:
            return
        table = view.to_copy()
        if table.size <= _QUICK:
            QGuiApplication.clipboard().setText(as_text(table))
        else:
            self._begin(f"Copying {len(table):,} rows", lambda: as_text(table), self._on_copied)

    def _on_copied(self, outcome: Outcome) -> None:
        if outcome.error is None:
            QGuiApplication.clipboard().setText(outcome.found)
            self.message.say("Copied.")
        else:
            show_error(f"Nothing was copied: {outcome.sentence}")

    def _save(self) -> None:
        view = self._tabs.currentWidget()
        if view is None:
            return
        name, table = self.current(), view.model().table
        formats = ";;".join(f"{title} (*{ending})" for ending, title in TABLES.items())
        chosen, kind = QFileDialog.getSaveFileName(self, "Save table", f"{name}.csv", formats)
        if not chosen:
            return
        path = Path(chosen)
        if path.suffix.lower() not in TABLES:
            wanted = [one for one, title in TABLES.items() if kind.startswith(title)]
            path = path.with_name(path.name + (wanted or list(TABLES))[0])
            # The dialog has asked about a file of the other name only.
            if path.exists() and not self._may_replace(path):
                return
        save = partial(_write, name, path, table, self.provenance())
        if table.size <= _QUICK:
            self._on_saved(outcome_of(save))
        else:
            self._begin(f"Saving {path.name}", save, self._on_saved)

    def _may_replace(self, path: Path) -> bool:
        question = f"{path.name} exists already. Replace it?"
        answer = QMessageBox.question(self, "Save table", question)
        return answer == QMessageBox.StandardButton.Yes

    def _on_saved(self, outcome: Outcome) -> None:
        if outcome.error is None:
            self.message.say(outcome.found)
        else:
            show_error(outcome.sentence)

    def _begin(self, title: str, work: Callable[[], Any], done: Callable[[Outcome], None]) -> None:
        """Do something in the background, one thing after the other."""
        self._activity.begin(title)
        self.message.say(f"{title}…")
        worker = create_worker(
            outcome_of,
            work,
            _start_thread=False,
            _connect={"returned": done, "finished": self._activity.end},
        )
        # What is shown may be closed before it has ended.
        self._workers.append(worker)
        worker.finished.connect(lambda: self._workers.remove(worker))
        worker.start()


def _write(name: str, path: Path, table: Any, provenance: Any) -> str:
    """Write a table; return what to say."""
    try:
        write_table(path, table, provenance)
    except (OSError, FileError, ValueError) as error:
        raise FileError(f"{name} was not saved: {error}") from error
    return f"Saved {path.name}."
