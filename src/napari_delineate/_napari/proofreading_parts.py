"""The parts of the Proofreading dock: the list of objects, and the buttons with their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qtpy.QtCore import QAbstractTableModel, QModelIndex, QSize, Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QGridLayout,
    QHeaderView,
    QPushButton,
    QShortcut,
    QTableView,
    QWidget,
)

from napari_delineate._napari.widgets import icon
from napari_delineate.proofreading import Entry, Review
from napari_delineate.review_edits import Key

__all__ = ["KEYS", "Decisions", "ObjectsModel", "ObjectsView"]

KEYS = {
    "accept": ("8", "Accept", "done", "Accept the object as it is, and go to the next open one"),
    "fix": (
        "9",
        "Fix",
        "fix",
        "Correct the object with any tool; once more when it is right, which marks it as fixed "
        "and goes to the next open one",
    ),
    "reject": ("0", "Reject", "remove", "Delete the object, and go to the next open one"),
    "previous": (",", "Previous", "previous", "Go to the object before"),
    "next": (".", "Next", "next", "Go to the next object, and leave this one as it is"),
}
"""For each thing that can be done: its key, its name, its icon, and what it does.

The tools of napari and of the Annotate dock have the letters and the other digits: who corrects an
object needs them.
"""

_FIXING = "Fixed"
_TITLES = ("Object", "State")
_STATE = _TITLES.index("State")
_SIDES = (Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft)  # numbers, and words
_LARGE, _HUGE = 1e4, 1e9
"""From where on values are shown without and with a power of ten."""
_FRAMES = {"T": "Time", "C": "Channel"}
_WORDS = {"open": "", "accepted": "accepted", "fixed": "fixed", "rejected": "rejected"}
_ICONS = {"accepted": "done", "fixed": "fix", "rejected": "remove"}


class ObjectsModel(QAbstractTableModel):
    """Give the objects of a review, one in a row, in the order in which they are looked at."""

    def __init__(self, theme: str) -> None:
        super().__init__()
        self._theme = theme
        self._review: Review | None = None
        self._rows: list[Entry] = []
        self._places: dict[Key, int] = {}
        self._values: Mapping[Key, float] = {}
        self._title = ""
        self._loops = ""

    def show_review(
        self, review: Review, values: Mapping[Key, float], title: str, loops: str = ""
    ) -> None:
        """Show a review.

        Parameters
        ----------
        review : Review
            The review. Objects that went before anybody judged them are left out.
        values : mapping of Key to float
            What the objects are ordered by.
        title : str
            What these values are; empty if there are none.
        loops : str
            The letters of the axes that are not in space.
        """
        same_columns = (title, loops) == (self._title, self._loops)
        if review is self._review and same_columns and values is self._values:
            return
        self._review = review
        rows = [one for one in review.entries if one.is_seen or not one.gone]
        pairs = list(zip(rows, self._rows, strict=False))
        changed = [row for row, (one, old) in enumerate(pairs) if one is not old]
        is_same = len(rows) == len(self._rows) and all(
            (pairs[row][0].key, pairs[row][0].gone) == (pairs[row][1].key, pairs[row][1].gone)
            for row in changed
        )
        if is_same and same_columns and values is self._values:
            self._rows = rows
            for row in changed:
                self.dataChanged.emit(self.index(row, 0), self.index(row, self.columnCount() - 1))
        else:
            self.beginResetModel()
            self._rows, self._values, self._title, self._loops = rows, values, title, loops
            self._places = {one.key: row for row, one in enumerate(rows) if not one.gone}
            self.endResetModel()

    @property
    def state_column(self) -> int:
        """The column that says what was decided."""
        return len(self._loops) + _STATE

    def row_of(self, number: Key) -> int:
        """Return the row of an object that is there, -1 for another number."""
        return self._places.get(number, -1)

    def number_at(self, row: int) -> Key | None:
        """Return the object of a row, None if it is gone."""
        entry = self._rows[row] if 0 <= row < len(self._rows) else None
        return None if entry is None or entry.gone else entry.key

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._theme = theme
        self.layoutChanged.emit()

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """Return the number of objects."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        """Return the number of columns."""
        if parent is not None and parent.isValid():
            return 0
        return len(self._loops) + len(_TITLES) + bool(self._title)

    def headerData(  # noqa: N802
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return the titles of columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            frames = (_FRAMES.get(one, one) for one in self._loops)
            return (*frames, *_TITLES, self._title)[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_SIDES[section == self.state_column] | Qt.AlignmentFlag.AlignVCenter)
        return None

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Tell what can be done with a cell; objects that are gone can not be gone to."""
        entry = self._rows[index.row()]
        if entry.gone:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return what a cell shows."""
        entry, column = self._rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            value = self._values.get(entry.key)
            shown = "" if value is None else _in_words(value)
            return (*map(str, entry.frame), str(entry.number), _WORDS[entry.state], shown)[column]
        if role == Qt.ItemDataRole.DecorationRole and column == self.state_column and entry.is_seen:
            return icon(_ICONS[entry.state], self._theme)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_SIDES[column == self.state_column] | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            said = (f"Object {entry.number}", entry.state, entry.who, entry.when, entry.comment)
            return "\n".join(filter(None, said)) + ("\nno longer there" if entry.gone else "")
        return None


def _in_words(value: float) -> str:
    """Return a value with four digits that count, and as few letters as need be."""
    return f"{value:,.0f}" if _LARGE <= abs(value) < _HUGE else f"{value:.4g}"


class ObjectsView(QTableView):
    """List objects; the row that a person goes to is announced."""

    chosen = Signal(object)
    """What the object is known by that a person goes to."""

    def __init__(self, model: ObjectsModel) -> None:
        super().__init__()
        self.objects = model
        self.setModel(model)
        self.setAccessibleName("Objects in the order in which they are looked at")
        self.setToolTip("Choose an object to go to it")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        heads = self.verticalHeader(), self.horizontalHeader()
        heads[0].hide()
        heads[0].setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        heads[0].setDefaultSectionSize(self.fontMetrics().height() + 8)
        heads[1].setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        heads[1].setStyleSheet("QHeaderView::section { padding: 2px 8px; }")
        heads[1].setHighlightSections(False)
        heads[1].setResizeContentsPrecision(0)  # the rows that are shown
        model.modelReset.connect(self._fit_columns)
        self.setMinimumHeight(self.fontMetrics().height() * 9)
        size = self.fontMetrics().height()
        self.setIconSize(QSize(size, size))
        self.selectionModel().currentRowChanged.connect(self._on_row)
        self._is_ours = False

    def choose(self, number: Key | None) -> None:
        """Mark the row of an object, None for none, without announcing it."""
        row = -1 if number is None else self.objects.row_of(number)
        self._is_ours = True
        if row < 0:
            self.selectionModel().clear()
        else:
            index = self.objects.index(row, 0)
            self.setCurrentIndex(index)
            self.scrollTo(index)
        self._is_ours = False

    def _fit_columns(self) -> None:
        """Let numbers be narrow, so that there is room for words."""
        state, head = self.objects.state_column, self.horizontalHeader()
        for column in range(self.objects.columnCount()):
            mode = QHeaderView.ResizeMode
            head.setSectionResizeMode(
                column, mode.Stretch if column == state else mode.ResizeToContents
            )

    def _on_row(self, now: QModelIndex, _: QModelIndex) -> None:
        number = self.objects.number_at(now.row())
        if number is not None and not self._is_ours:
            self.chosen.emit(number)


class Decisions(QWidget):
    """The buttons that decide about an object, and their keys.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    is_here : callable
        Tells whether the keys mean us, not another window or a field.
    """

    asked = Signal(str)
    """The name of what is to be done, one of `KEYS`."""

    def __init__(self, theme: str, is_here: Callable[[], bool]) -> None:
        super().__init__()
        self._is_here = is_here
        self.buttons: dict[str, QPushButton] = {}
        self.shortcuts: dict[str, QShortcut] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        places = {"accept": (0, 0, 2), "fix": (0, 2, 2), "reject": (0, 4, 2)}
        places |= {"previous": (1, 0, 3), "next": (1, 3, 3)}
        for name, (key, title, _, tooltip) in KEYS.items():
            button = QPushButton(f"{title} ({key})")
            button.setToolTip(f"{tooltip} (key {key})")
            button.setAccessibleName(title)
            size = button.fontMetrics().height() + 2
            button.setIconSize(QSize(size, size))
            button.clicked.connect(lambda _=False, name=name: self.asked.emit(name))
            row, column, span = places[name]
            grid.addWidget(button, row, column, 1, span)
            shortcut = QShortcut(QKeySequence(key), self)
            # The window of a dock that floats is another than that of the canvas.
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.setAutoRepeat(name in ("previous", "next"))
            shortcut.activated.connect(lambda name=name: self._on_key(name))
            self.buttons[name], self.shortcuts[name] = button, shortcut
        for column in range(6):
            grid.setColumnStretch(column, 1)
        self.set_theme(theme)

    def set_keys(self, are_on: bool) -> None:
        """Let keys do what the buttons do, or not."""
        for shortcut in self.shortcuts.values():
            shortcut.setEnabled(are_on)

    def set_known(self, is_object: bool, is_any: bool) -> None:
        """Enable what can be done: where an object is looked at, and where there is any."""
        for name, button in self.buttons.items():
            button.setEnabled(is_any if name in ("previous", "next") else is_object)

    def set_fixing(self, is_fixing: bool) -> None:
        """Say whether an object is being corrected."""
        key, title, *_ = KEYS["fix"]
        self.buttons["fix"].setText(f"{_FIXING if is_fixing else title} ({key})")
        self.buttons["fix"].setAccessibleName(_FIXING if is_fixing else title)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        for name, (_, _, picture, _) in KEYS.items():
            self.buttons[name].setIcon(icon(picture, theme))

    def _on_key(self, name: str) -> None:
        # A window of napari's own, or of another viewer, has its own keys.
        is_dialog = QApplication.activeModalWidget() is not None
        if self._is_here() and self.buttons[name].isEnabled() and not is_dialog:
            self.asked.emit(name)
