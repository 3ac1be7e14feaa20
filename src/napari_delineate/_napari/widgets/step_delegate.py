"""Draw the rows of the list of steps, and edit the names in them."""

from __future__ import annotations

from html import escape
from typing import Any

from qtpy.QtCore import QModelIndex, QPointF, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QColor, QFont, QFontMetrics, QPainter, QPainterPath
from qtpy.QtWidgets import (
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
    QWidget,
)

from napari_delineate._napari.widgets.step_look import StepLook, draw_icon, pen
from napari_delineate._napari.widgets.step_places import Part, Places, StepRuler
from napari_delineate._napari.widgets.step_rows import Status, StepRow
from napari_delineate.graph import Edge

__all__ = ["ROW", "StepDelegate"]

ROW = Qt.ItemDataRole.UserRole
"""The role under which a model gives the `StepRow` of an index."""

_MARKS = {
    Status.FRESH: "done",
    Status.STALE: "stale",
    Status.FAILED: "failed",
    Status.BYPASSED: "bypass",
}
_SEPARATOR = " · "


class StepDelegate(QStyledItemDelegate):
    """Draw rows in two lines: lanes, icon, title and what is known, and signs at the right.

    Signals
    -------
    named : name of a value, and what a person wants to call it
    """

    named = Signal(str, str)

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self.look = StepLook("dark")
        self.lanes = 1
        self.turn = 0.0
        self.pointed: tuple[str, Part | None] | None = None
        self.edited = 0  # which of the names of a row is edited
        self._edited = ("", "")  # the value, and what it was called

    def ruler(self) -> StepRuler:
        """Return what measures the rows as they are drawn now."""
        return StepRuler(self._view.font(), self.lanes)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:  # noqa: ARG002, N802
        """Return two lines, and up to three more for an error."""
        width = self._view.viewport().width()
        return QSize(width, self.ruler().height(index.data(ROW), width))

    # Drawing

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw a row."""
        row: StepRow = index.data(ROW)
        ruler = self.ruler()
        places = ruler.places(row, option.rect)
        is_selected = bool(option.state & QStyle.StateFlag.State_Selected)
        is_hovered = self.pointed is not None and self.pointed[0] == row.key
        ground = self.look.ground(is_selected=is_selected, is_hovered=is_hovered)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_selected or is_hovered:
            has_focus = is_selected and self._view.hasFocus()
            painter.setPen(pen(self.look.accent(ground), 1) if has_focus else Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        self._draw_lanes(painter, row, places, option.rect, ground)
        self._draw_text(painter, row, ruler, places, ground)
        self._draw_signs(painter, row, places, ground, with_more=is_selected or is_hovered)
        painter.restore()

    def _draw_lanes(
        self, painter: QPainter, row: StepRow, places: Places, rect: QRect, ground: QColor
    ) -> None:
        """Draw the lines that pass, those that end here and those that start, and the dot."""
        # An even width around a whole number: upright lines are sharp.
        width = 2 * max(1, round(places.radius / 5))
        top, bottom = rect.top(), rect.bottom() + 1
        dot, radius = places.dot, places.radius
        flat = Qt.PenCapStyle.FlatCap  # lines of two rows meet at their border
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for edge in sorted(row.edges, key=lambda edge: edge.end == row.lane):
            lane = _lane_of(edge, row)
            painter.setPen(pen(self.look.lane(lane), width, flat))
            path = QPainterPath(QPointF(places.lanes[edge.start], top))
            end = QPointF(places.lanes[edge.end], dot.y())
            half = (top + dot.y()) / 2
            path.cubicTo(QPointF(places.lanes[edge.start], half), QPointF(end.x(), half), end)
            painter.drawPath(path)
        for lane in row.below:
            painter.setPen(pen(self.look.lane(lane), width, flat))
            x = places.lanes[lane]
            painter.drawLine(QPointF(x, dot.y()), QPointF(x, bottom))
        status = row.state.status
        ink = self.look.lane(row.lane)
        if status is Status.FAILED:
            ink = self.look.error(ground)
        is_hollow = status in (Status.STALE, Status.BYPASSED)
        painter.setPen(pen(ink, width))
        painter.setBrush(ground if is_hollow else ink)
        if row.is_input:
            painter.drawRect(QRectF(dot.x() - radius, dot.y() - radius, 2 * radius, 2 * radius))
        else:
            painter.drawEllipse(dot, radius, radius)

    def _draw_text(
        self, painter: QPainter, row: StepRow, ruler: StepRuler, places: Places, ground: QColor
    ) -> None:
        """Draw icon, title, names and what is known of them, and an error."""
        look, status = self.look, row.state.status
        is_aside = status in (Status.STALE, Status.BYPASSED)
        ink, dim = (look.dim(ground) if is_aside else look.text), look.dim(ground)
        draw_icon(painter, row.icon, look.theme, places.icon, dim if is_aside else look.text)
        title, small = QFont(ruler.title_font), ruler.small_font
        title.setStrikeOut(status is Status.BYPASSED)
        _draw_line(painter, places.title, row.title, title, ink)
        names = row.kind if row.is_input else ", ".join(row.names)
        facts = _SEPARATOR.join(("", *row.facts)) if row.facts else ""
        room = max(places.detail.width() - ruler.small.horizontalAdvance(facts), 0)
        shown = ruler.small.elidedText(names, Qt.TextElideMode.ElideMiddle, room)
        _draw_line(painter, places.detail, shown + facts, small, dim)
        line = QRect(places.message.topLeft(), places.detail.size())
        line.setWidth(places.message.width())
        for text in ruler.wrapped(row.message, line.width()):
            _draw_line(painter, line, text, small, look.error(ground))
            line.translate(0, line.height())

    def _draw_signs(
        self, painter: QPainter, row: StepRow, places: Places, ground: QColor, *, with_more: bool
    ) -> None:
        """Draw progress, the sign of the state, the eye and the button for more."""
        look, state = self.look, row.state
        pointed = self.pointed[1] if self.pointed and self.pointed[0] == row.key else None

        def ink(part: Part) -> QColor:
            return look.text if pointed is part else look.sign(ground)

        if state.status is Status.RUNNING:
            self._draw_progress(painter, state.part, places, ground)
        elif not (row.is_input and state.status is Status.FRESH):
            is_failed = state.status is Status.FAILED
            colour = look.error(ground) if is_failed else look.sign(ground)
            draw_icon(painter, _MARKS[state.status], look.theme, _shrunk(places.mark), colour)
        if row.has_layer:
            name = "show" if state.shown else "hide"
            draw_icon(painter, name, look.theme, _shrunk(places.eye), ink(Part.EYE))
        if with_more:
            draw_icon(painter, "more", look.theme, _shrunk(places.more), ink(Part.MORE))

    def _draw_progress(
        self, painter: QPainter, part: float, places: Places, ground: QColor
    ) -> None:
        """Draw a ring that turns, and a bar where it is known how much is done."""
        accent, track = self.look.accent(ground), self.look.track(ground)
        ring = QRectF(_shrunk(places.mark)).adjusted(1, 1, -1, -1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen(track, ring.width() / 6))
        painter.drawEllipse(ring)
        painter.setPen(pen(accent, ring.width() / 6))
        painter.drawArc(ring, round(16 * 360 * (0.25 - self.turn)), -16 * 90)
        bar, radius = QRectF(places.bar), places.bar.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(track)
        painter.drawRoundedRect(bar, radius, radius)
        if part > 0:
            bar.setWidth(max(min(part, 1.0) * bar.width(), bar.height()))
            painter.setBrush(accent)
            painter.drawRoundedRect(bar, radius, radius)

    # Tooltips and names

    def helpEvent(  # noqa: N802
        self, event: Any, view: Any, option: QStyleOptionViewItem, index: QModelIndex
    ) -> bool:
        """Say what is under the pointer."""
        if not index.isValid():
            return False
        row: StepRow = index.data(ROW)
        part = self.ruler().part_at(row, option.rect, event.pos())
        if part is Part.EYE:
            text = f"{'Hide' if row.state.shown else 'Show'} the layer (Space)"
        elif part is Part.MORE:
            text = "What can be done with it (menu key)"
        else:
            text = index.data(Qt.ItemDataRole.ToolTipRole)
        # Messages can hold anything, so they are shown as they are, but broken into lines.
        html = "<br>".join(escape(line) for line in text.splitlines())
        QToolTip.showText(event.globalPos(), f"<qt>{html}</qt>", view)
        return True

    def createEditor(  # noqa: N802
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex,
    ) -> QWidget:
        """Return a field for one of the names of a row."""
        row: StepRow = index.data(ROW)
        self._edited = row.values[self.edited], row.names[self.edited]
        editor = QLineEdit(self._edited[1], parent)
        editor.setAccessibleName("Name")
        ruler, border = self.ruler(), self.look.accent(self.look.background).name()
        editor.setFont(ruler.title_font if row.is_input else ruler.small_font)
        # As low as the line it stands on, which the fields of forms are not.
        editor.setStyleSheet(f"min-height: 0; padding: 0 1px; border: 1px solid {border};")
        editor.setToolTip("Press Enter to rename, Escape to leave the name as it is")
        editor.selectAll()
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:  # noqa: N802
        """Leave what is being typed alone while the row changes below it."""

    def updateEditorGeometry(  # noqa: N802
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        """Put the field over the name."""
        row: StepRow = index.data(ROW)
        places = self.ruler().places(row, option.rect)
        line = places.title if row.is_input else places.detail
        editor.setGeometry(line.adjusted(-4, -2, 4, 2))

    def setModelData(self, editor: Any, model: Any, index: QModelIndex) -> None:  # noqa: ARG002, N802
        """Ask for the name that was typed."""
        value, before = self._edited
        text = editor.text().strip()
        if text and text != before and value in index.data(ROW).values:
            self.named.emit(value, text)


def _lane_of(edge: Edge, row: StepRow) -> int:
    """Return the lane of the value that flows along an edge."""
    return edge.start if edge.end == row.lane else edge.end


def _shrunk(box: QRect) -> QRect:
    """Return the place of a sign inside the larger place that can be clicked."""
    edge = box.width() // 16
    return box.adjusted(edge, edge, -edge, -edge)


def _draw_line(painter: QPainter, box: QRect, text: str, font: QFont, ink: QColor) -> None:
    shown = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, box.width())
    painter.setFont(font)
    painter.setPen(ink)
    painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
