"""What was done, as a line of changes that one can go back and forth on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QAbstractListModel, QModelIndex, QPointF, QSize, Qt, Signal
from qtpy.QtGui import QPainter, QPen
from qtpy.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_delineate._napari.widgets.icons import colour
from napari_delineate.changes import describe_change
from napari_delineate.history import History
from napari_delineate.workflow import Workflow

__all__ = ["HistoryList"]


class HistoryList(QListView):
    """Show every change, the newest at the bottom, what was undone greyed.

    Click on a change, or press Enter on it, to go there.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    chosen = Signal(int)
    """How many steps to go: negative to undo, positive to redo."""

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries = _Entries()
        self._delegate = _Delegate(self)
        self.setModel(self._entries)
        self.setItemDelegate(self._delegate)
        # All rows are alike, so that a long history is not measured row by row.
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("History")
        self.setToolTip("What was done; click on a change to go back or forward to it")
        self.clicked.connect(self._choose)
        self.set_theme(theme)

    def set_history(
        self, history: History[Workflow], title_of_edit: Callable[[str], str] = lambda _: ""
    ) -> None:
        """Show a history.

        Parameters
        ----------
        history : History of Workflow
            The history.
        title_of_edit : callable, optional
            Returns what was done by hand to get a version of an input.
        """
        self._entries.title_of_edit = title_of_edit
        self._entries.show(history)
        present = self._entries.index(self._entries.present)
        self.setCurrentIndex(present)
        self.scrollTo(present)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        self._delegate.theme = theme
        self.setStyleSheet("QListView { background: transparent; }")
        self.viewport().update()

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _choose(self, index: QModelIndex) -> None:
        steps = index.row() - self._entries.present
        if index.isValid() and steps:
            self.chosen.emit(steps)


class _Entries(QAbstractListModel):
    """Hold the workflows of a history; a row says how it differs from the one before."""

    def __init__(self) -> None:
        super().__init__()
        self._workflows: tuple[Workflow, ...] = ()
        # Workflows never change, so two of them differ the same for as long as they live.
        self.title_of_edit: Callable[[str], str] = lambda _: ""
        self._titles: dict[tuple[int, int], tuple[Workflow, Workflow, str]] = {}
        self.present = 0

    def show(self, history: History[Workflow]) -> None:
        """Hold another history."""
        self.beginResetModel()
        self._workflows = (*history.past, history.present, *history.future)
        self.present = len(history.past)
        pairs = zip(self._workflows, self._workflows[1:], strict=False)
        here = {(id(before), id(after)) for before, after in pairs}
        self._titles = {key: known for key, known in self._titles.items() if key in here}
        self.endResetModel()

    def title(self, row: int) -> str:
        """Return the title of the change that led to a workflow."""
        if row == 0:
            return "Start"
        before, after = self._workflows[row - 1 : row + 1]
        key = id(before), id(after)
        if key not in self._titles:
            # The workflows are kept with it, so that no other gets the same id.
            self._titles[key] = before, after, describe_change(before, after, self.title_of_edit)
        return self._titles[key][2]

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else len(self._workflows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        title, steps = self.title(index.row()), index.row() - self.present
        if role == Qt.ItemDataRole.DisplayRole:
            return title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = "undone" if steps > 0 else "present" if steps == 0 else "done"
            return f"{title}, {state}"
        number = f"{abs(steps)} change{'s' if abs(steps) > 1 else ''}"
        advice = f"{'Undo' if steps < 0 else 'Redo'} {number}" if steps else "You are here"
        return f"{title}\n{advice}"


class _Delegate(QStyledItemDelegate):
    """Draw a change as a dot on a line, with its title."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = "dark"

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: ARG002, N802
        line = option.fontMetrics.height()
        return QSize(line * 6, line + line // 2)

    def paint(self, painter: Any, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        entries: Any = index.model()
        row, present = index.row(), entries.present
        line, rect = option.fontMetrics.height(), option.rect
        state = QStyle.StateFlag
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if row == present:
            painter.fillRect(rect, colour(self.theme, "primary"))
        elif option.state & (state.State_MouseOver | state.State_Selected):
            painter.fillRect(rect, colour(self.theme, "foreground"))
        middle = QPointF(rect.left() + line, rect.center().y() + 0.5)
        radius = line / 4.5
        if row == present:
            radius *= 1.4
        done, undone = colour(self.theme, "icon"), colour(self.theme, "icon", 0.4)
        pen = QPen(done, line / 10)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)  # other ends overlap where two rows meet
        if row > 0:
            pen.setColor(done if row <= present else undone)
            painter.setPen(pen)
            painter.drawLine(QPointF(middle.x(), rect.top()), middle - QPointF(0, radius))
        if row < entries.rowCount() - 1:
            pen.setColor(done if row < present else undone)
            painter.setPen(pen)
            painter.drawLine(middle + QPointF(0, radius), QPointF(middle.x(), rect.bottom() + 1))
        if row == present:
            painter.setPen(QPen(colour(self.theme, "text"), line / 7))
            painter.setBrush(colour(self.theme, "current"))
        else:
            painter.setPen(QPen(done if row < present else undone, line / 10))
            painter.setBrush(done if row < present else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(middle, radius, radius)
        font = option.font
        font.setBold(row == present)
        painter.setFont(font)
        painter.setPen(colour(self.theme, "text", 1.0 if row <= present else 0.5))
        room = rect.adjusted(2 * line, 0, -line // 2, 0)
        text = painter.fontMetrics().elidedText(
            index.data(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
