"""Find an operation by words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from napari.qt import get_stylesheet
from qtpy.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt, Signal
from qtpy.QtGui import QFont, QFontMetrics, QIcon
from qtpy.QtWidgets import (
    QCompleter,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from napari_delineate._napari.widgets.icons import colour, icon
from napari_delineate._napari.widgets.needs import fits, say_needs
from napari_delineate.catalogue import Operation
from napari_delineate.finding import search
from napari_delineate.types import Kind

__all__ = ["OperationSearch"]

_MOST_ROWS = 8
_TITLE = Qt.ItemDataRole.DisplayRole
_DETAILS = Qt.ItemDataRole.UserRole
_ID = Qt.ItemDataRole.UserRole + 1


class OperationSearch(QLineEdit):
    """Type words, and choose one of the operations that have them.

    Up and down go through what was found, Enter chooses, Escape closes the list and then
    empties the field.

    Parameters
    ----------
    theme : str
        Name of napari's theme.
    """

    chosen = Signal(str)
    """The id of an operation."""

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kinds: frozenset[Kind] = frozenset()
        self._matches = _Matches()
        self._delegate = _Delegate(self)
        self.list = QListView()
        self._completer = QCompleter(self._matches, self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.setMaxVisibleItems(_MOST_ROWS)
        self._completer.setPopup(self.list)
        self._completer.setWidget(self)
        self._completer.activated[QModelIndex].connect(self._on_activated)
        self.list.setItemDelegate(self._delegate)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.entered.connect(self.list.setCurrentIndex)
        self._loupe = self.addAction(QIcon(), QLineEdit.ActionPosition.LeadingPosition)
        self.setPlaceholderText("Search operations…")
        self.setAccessibleName("Search operations")
        self.setToolTip("Find an operation by its name, its category or what it does")
        self.textEdited.connect(self._find)
        self.set_theme(theme)

    def set_available(self, kinds: Collection[Kind]) -> None:
        """Grey out the operations that work on none of some kinds.

        Parameters
        ----------
        kinds : collection of Kind
            The kinds there are.
        """
        self._kinds = frozenset(kinds)
        if self.list.isVisible():
            self._find(self.text())

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        self._matches.theme = self._delegate.theme = theme
        self._loupe.setIcon(icon("search", theme))
        # The list is a window of its own, which napari's style sheet does not reach.
        border = colour(theme, "highlight").name()
        self.list.setStyleSheet(
            f"{get_stylesheet(theme)} QListView {{ border: 1px solid {border}; }}"
        )

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        escape = event.key() == Qt.Key.Key_Escape
        if self.list.isVisible() and (enter or escape):
            event.ignore()  # the completer does what they do to the list
        elif escape and self.text():
            self.clear()
        elif enter or event.key() == Qt.Key.Key_Down:
            self._find(self.text())
        else:
            super().keyPressEvent(event)

    def _find(self, text: str) -> None:
        """Show the operations that have the words of a text."""
        if not text.strip():
            self.list.hide()
            return
        found = search(text)
        # What can be used comes first; both parts keep their order.
        found = tuple(sorted(found, key=lambda one: not fits(one, self._kinds)))
        self._matches.show(found, self._kinds, text.strip())
        self._completer.complete()
        first = self._completer.completionModel().index(0, 0)
        if first.flags() & Qt.ItemFlag.ItemIsEnabled:
            self.list.setCurrentIndex(first)

    def _on_activated(self, index: QModelIndex) -> None:
        operation = index.data(_ID)
        self.clear()
        self.chosen.emit(operation)


class _Matches(QAbstractListModel):
    """Hold the operations that were found, or a row that says that there is none."""

    def __init__(self) -> None:
        super().__init__()
        self.theme = "dark"
        self._found: tuple[Operation, ...] = ()
        self._kinds: frozenset[Kind] = frozenset()
        self._text = ""

    def show(self, found: Sequence[Operation], kinds: frozenset[Kind], text: str) -> None:
        """Hold other operations."""
        self.beginResetModel()
        self._found, self._kinds, self._text = tuple(found), kinds, text
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:  # noqa: N802
        return 0 if parent is not None and parent.isValid() else max(len(self._found), 1)

    def flags(self, index: QModelIndex) -> Any:
        if self._found and fits(self._found[index.row()], self._kinds):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not self._found:
            said = {
                _TITLE: f"No operation has “{self._text}”",
                _DETAILS: "Try another word, or part of one",
            }
            return said.get(role)
        operation = self._found[index.row()]
        details = _details(operation, self._kinds)
        if role == _TITLE:
            return operation.title
        if role == _DETAILS:
            return details
        if role == Qt.ItemDataRole.DecorationRole:
            return icon(operation.category.id, self.theme)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return f"{details}\n{operation.summary}"
        return operation.id if role == _ID else None


def _details(operation: Operation, kinds: Collection[Kind]) -> str:
    if not fits(operation, kinds):
        return say_needs([operation])
    return f"{operation.category.title} · {operation.summary}"


class _Delegate(QStyledItemDelegate):
    """Draw an icon, a title, and a line of details below it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = "dark"

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: ARG002, N802
        line = option.fontMetrics.height()
        return QSize(line * 10, line * 2 + line // 2)

    def paint(self, painter: Any, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        marked = enabled and bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if marked:
            painter.fillRect(option.rect, colour(self.theme, "highlight"))
        line = option.fontMetrics.height()
        side, gap = round(line * 1.5), line // 2
        room = option.rect.adjusted(gap, 0, -gap, 0)
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        faint = not enabled and picture is not None  # what is said in place of matches is not
        if picture is not None:
            place = QRect(room.left(), room.center().y() - side // 2, side, side)
            at_rest = QIcon.Mode.Disabled if faint else QIcon.Mode.Normal
            mode = QIcon.Mode.Selected if marked else at_rest
            picture.paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode)
        room.setLeft(room.left() + side + gap)
        room.setTop(room.top() + line // 4)
        room.setHeight(line)
        small = QFont(option.font)
        small.setPointSizeF(option.font.pointSizeF() * 0.9)
        strength = 0.5 if faint else 1.0
        for font, role, opacity in ((option.font, _TITLE, strength), (small, _DETAILS, 0.75)):
            painter.setFont(font)
            painter.setPen(colour(self.theme, "text", opacity))
            text = QFontMetrics(font).elidedText(
                index.data(role), Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            room.translate(0, line)
        painter.restore()
