"""The table of objects: rows to go to, and boxes to tick."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPointF, QRectF, QSize, Qt
from qtpy.QtGui import QPainter, QPen, QPolygonF
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from napari_delineate._napari.annotating.object_model import TICKED, ObjectModel
from napari_delineate._napari.widgets.icons import colour

__all__ = ["ObjectTable"]

_FEWEST, _MOST = 3, 8
"""Rows that are seen at least, and at most."""
_BOX = 0.62
"""Share of a row's height that a box is high."""
_FRAME = 0.6
"""Opacity of the frame of a box: it is seen in every theme, and the tick is stronger."""
_TICK = ((0.22, 0.52), (0.42, 0.72), (0.78, 0.28))
"""Corners of the tick in the box, x and y."""
_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Select)


class ObjectTable(QTableView):
    """Show objects; a click on a box ticks it, and goes nowhere.

    Parameters
    ----------
    model : ObjectModel
        The objects.
    theme : str
        Name of napari's theme.
    """

    def __init__(self, model: ObjectModel, theme: str) -> None:
        super().__init__()
        self.setModel(model)
        self.setSortingEnabled(True)
        self.sortByColumn(0, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAccessibleName("Objects")
        self.setToolTip("The objects; select one to go there")
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setResizeContentsPrecision(20)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(0)
        header.setStyleSheet("QHeaderView::section { padding: 2px 3px; }")
        height = self.fontMetrics().height() + 8
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(height)
        self.setIconSize(QSize(height, height) * _BOX)
        self._boxes = _Boxes(self, theme)
        for column in TICKED:
            self.setItemDelegateForColumn(column, self._boxes)
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(column, height)

    def fit(self) -> None:
        """Be as high as the rows need; more of them scroll."""
        rows = min(max(self.model().rowCount(), _FEWEST), _MOST)
        height = rows * self.verticalHeader().defaultSectionSize()
        head = self.horizontalHeader().sizeHint().height()
        self.setFixedHeight(height + head + 2 * self.frameWidth())

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self._boxes.theme = theme
        self.viewport().update()

    def selectionCommand(self, index: QModelIndex, event: Any = None) -> Any:  # noqa: N802
        """Leave the selection as it is where a box is clicked."""
        is_pressed = isinstance(event, QEvent) and event.type() in (
            QEvent.Type.MouseButtonPress,
            QEvent.Type.MouseButtonRelease,
            QEvent.Type.MouseMove,
        )
        if is_pressed and index.column() in TICKED:
            return QItemSelectionModel.SelectionFlag.NoUpdate
        return super().selectionCommand(index, event)


class _Boxes(QStyledItemDelegate):
    """Draw boxes that can be ticked in the middle of their cells, in the colours of a theme."""

    def __init__(self, parent: QWidget, theme: str) -> None:
        super().__init__(parent)
        self.theme = theme

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Draw the cell, and the box on it."""
        assert painter is not None
        bare = QStyleOptionViewItem(option)
        self.initStyleOption(bare, index)
        bare.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        widget = option.widget
        style = None if widget is None else widget.style()
        if style is not None:
            style.drawControl(style.ControlElement.CE_ItemViewItem, bare, painter, widget)
        side = round(option.rect.height() * _BOX)
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(option.rect).center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour(self.theme, "text", _FRAME), 1))
        painter.drawRoundedRect(box, 2, 2)
        if Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Checked:
            painter.setPen(QPen(colour(self.theme, "text"), 2))
            corners = [QPointF(box.left() + x * side, box.top() + y * side) for x, y in _TICK]
            painter.drawPolyline(QPolygonF(corners))
        painter.restore()

    def editorEvent(  # noqa: N802
        self, event: Any, model: Any, option: QStyleOptionViewItem, index: QModelIndex
    ) -> bool:
        """Tick the box by a click anywhere in its cell, or by the space bar."""
        kind = event.type()
        is_click = (
            kind == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
            and option.rect.contains(event.position().toPoint())
        )
        if not is_click and not (kind == QEvent.Type.KeyPress and event.key() in _KEYS):
            # A double click is two clicks, not the start of an edit.
            return bool(kind == QEvent.Type.MouseButtonDblClick)
        role = Qt.ItemDataRole.CheckStateRole
        is_set = Qt.CheckState(index.data(role)) == Qt.CheckState.Checked
        return bool(
            model.setData(index, Qt.CheckState.Unchecked if is_set else Qt.CheckState.Checked, role)
        )
