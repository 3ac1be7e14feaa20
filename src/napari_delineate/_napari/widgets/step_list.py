"""The inputs and steps of a workflow as a list, with lanes that show what is made from what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qtpy.QtCore import QMimeData, QPoint, QSize, Qt, QTimer, Signal
from qtpy.QtGui import QContextMenuEvent, QDrag, QPainter
from qtpy.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from napari_delineate._napari.widgets.step_delegate import ROW, StepDelegate
from napari_delineate._napari.widgets.step_look import StepLook, pen
from napari_delineate._napari.widgets.step_model import StepModel
from napari_delineate._napari.widgets.step_places import Part
from napari_delineate._napari.widgets.step_rows import Status, StepRow, StepState, rows_of
from napari_delineate.catalogue import UnknownNameError
from napari_delineate.graph import count_lanes, lay_out
from napari_delineate.workflow import Workflow

__all__ = ["STEP_KEYS", "Status", "StepList", "StepState"]

STEP_KEYS = {
    "Del": ("Remove", "Remove the step, as Backspace does."),
    "F2": ("Rename", "Give its result another name."),
    "Space": ("Show or hide", "Show its layer, or hide it."),
    "Alt+Up": ("Earlier", "Move the step before the one above it."),
    "Alt+Down": ("Later", "Move the step behind the one below it."),
}
"""For each key that means something on the selected row: its name, and what it does."""

_FORMAT = "application/x-napari-delineate-step"
_UNLIMITED = 2**24 - 1  # what Qt takes for it
_TURN_MILLISECONDS, _TURN = 200, 0.2


class StepList(QListView):
    """Show inputs and steps as rows that can be selected, renamed, hidden and moved.

    The list changes nothing by itself: it says what a person wishes, and shows what
    `set_workflow` tells. Rows are named by their step, or input; an input that has the name
    of a step is called "name (input)", which is no name that a value can have.

    Signals
    -------
    selected_changed : name of the row that is selected now, empty if none is
    show_toggled : name of the row whose layer is to be hidden or shown
    removed : name of the row that is to be removed
    renamed : name of a value in the workflow, and the text it is to be called
    menu_requested : name of a row, and the place on the screen for its menu
    moved : name of a step, and of the step to stand behind, empty to stand before all steps
    """

    selected_changed = Signal(str)
    show_toggled = Signal(str)
    removed = Signal(str)
    renamed = Signal(str, str)
    menu_requested = Signal(str, QPoint)
    moved = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = StepModel(self)
        self._delegate = StepDelegate(self)
        self._selected: str | None = None
        self._is_updating = False
        self._empty_text = ""
        self._fitted = 0  # for how many rows there is room
        self._pressed: tuple[str, Part] | None = None
        self._gap: int | None = None  # between which rows a dragged step would be dropped
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MILLISECONDS)
        self._timer.timeout.connect(self._turn)
        self.setModel(self._model)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName("Steps")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.setMouseTracking(True)
        self._delegate.named.connect(self.renamed)
        self.selectionModel().selectionChanged.connect(lambda *_: self._tell_selection())
        self.set_theme("dark")

    # What it shows

    def set_workflow(self, workflow: Workflow, states: Mapping[str, StepState]) -> None:
        """Show a workflow; selection, scroll position and a name being typed stay.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        states : mapping of str to StepState
            What is known of steps and inputs, by name. Steps that are not in it wait.
        """
        if workflow is not self._model.workflow:
            self._model.workflow = workflow
            self._model.layout_rows = lay_out(workflow)
            self._set_lanes(count_lanes(self._model.layout_rows))
        self._is_updating = True
        resized = self._model.put(rows_of(workflow, self._model.layout_rows, states))
        self._is_updating = False
        for index in resized:
            self._delegate.sizeHintChanged.emit(index)
        if resized or len(self._model.rows) != self._fitted:
            self._fit()
        is_running = any(row.state.status is Status.RUNNING for row in self._model.rows)
        if is_running != self._timer.isActive():
            (self._timer.start if is_running else self._timer.stop)()
        self._tell_selection()

    def set_empty_text(self, text: str) -> None:
        """Say what is shown in the middle while there are no rows.

        Parameters
        ----------
        text : str
            A sentence or two.
        """
        self._empty_text = text
        self.setAccessibleDescription(text)
        self.viewport().update()

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        look = self._delegate.look = StepLook(theme)
        self.setStyleSheet(
            f"StepList {{ background: {look.background.name()}; outline: none; border: none; }}"
        )
        self.viewport().update()

    def select(self, name: str | None) -> None:
        """Select a row and bring it into view.

        Parameters
        ----------
        name : str or None
            Name of a step or an input; None to select nothing.

        Raises
        ------
        UnknownNameError
            If there is no such row.
        """
        if name is None:
            self.selectionModel().clear()
            return
        number = self._model.find(name)
        if number < 0:
            raise UnknownNameError(f"there is no step or input {name!r}")
        index = self._model.index(number)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def selected(self) -> str | None:
        """Return the name of the row that is selected, None if none is."""
        chosen = self.selectedIndexes()
        return self._model.rows[chosen[0].row()].key if chosen else None

    def edit_name(self, name: str, number: int = 0) -> None:
        """Let a person type another name for a value, in its row.

        Parameters
        ----------
        name : str
            Name of a step or an input.
        number : int
            Which of the values that the step gives.

        Raises
        ------
        UnknownNameError
            If there is no such row.
        """
        self.select(name)
        self._delegate.edited = number
        self.edit(self.currentIndex())

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Errors take more lines where there is less room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Leave the room that no row needs to what stands below the list."""
        self._fitted = len(self._model.rows)
        heights = [self.sizeHintForRow(number) for number in range(len(self._model.rows))]
        rest = self.height() - self.viewport().height() + self.fontMetrics().height()
        most = max(sum(heights) + rest, self.minimumSizeHint().height()) if heights else _UNLIMITED
        if self.maximumHeight() != most:
            self.setMaximumHeight(most)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return room for some steps."""
        line = self.fontMetrics().height()
        return QSize(22 * line, 16 * line)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return room for a step or two."""
        line = self.fontMetrics().height()
        return QSize(12 * line, 6 * line)

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        """Draw the rows, the place of a drop, or what to do while there are none."""
        super().paintEvent(event)
        look = self._delegate.look
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self._model.rows:
            edge = self.fontMetrics().height()
            painter.setPen(look.dim(look.background))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            room = self.viewport().rect().adjusted(edge, edge, -edge, -edge)
            painter.drawText(room, flags, self._empty_text)
        elif self._gap is not None:
            rect = self.visualRect(self._model.index(min(self._gap, len(self._model.rows) - 1)))
            y = rect.bottom() if self._gap == len(self._model.rows) else max(rect.top(), 1)
            painter.setPen(pen(look.accent(look.background), 2))
            painter.drawLine(rect.left() + 2, y, rect.right() - 2, y)
        painter.end()

    def _set_lanes(self, number: int) -> None:
        if number != self._delegate.lanes:
            self._delegate.lanes = number
            self.scheduleDelayedItemsLayout()  # there is more room for errors, or less
        self.viewport().update()

    def _turn(self) -> None:
        """Turn the signs of what is running."""
        self._delegate.turn = (self._delegate.turn + _TURN) % 1.0
        for number, row in enumerate(self._model.rows):
            if row.state.status is Status.RUNNING:
                self.viewport().update(self.visualRect(self._model.index(number)))

    def _tell_selection(self) -> None:
        selected = self.selected()
        if not self._is_updating and selected != self._selected:
            self._selected = selected
            self.selected_changed.emit(selected or "")

    # Keys and mouse

    def keyPressEvent(self, event: Any) -> None:  # noqa: N802
        """Remove, rename, hide or move the selected row, or select another one."""
        row = self._selected_row()
        key, is_alt = event.key(), event.modifiers() == Qt.KeyboardModifier.AltModifier
        if row is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit(row.key)
        elif key == Qt.Key.Key_F2:
            self.edit_name(row.key)
        elif key == Qt.Key.Key_Space:
            if row.has_layer:
                self.show_toggled.emit(row.key)
        elif is_alt and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            if not row.is_input:
                place = self._step_keys().index(row.key)
                self._move(row.key, place - 1 if key == Qt.Key.Key_Up else place + 2)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: Any) -> None:  # noqa: N802
        """Press a sign, or select a row."""
        self._pressed = self._part_at(event.position().toPoint())
        is_left = event.button() == Qt.MouseButton.LeftButton
        if self._pressed is None or not is_left:
            self._pressed = None
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """Do what the sign that was pressed stands for."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            super().mouseReleaseEvent(event)
        elif pressed == self._part_at(event.position().toPoint()):
            key, part = pressed
            if part is Part.EYE:
                self.show_toggled.emit(key)
            else:
                self._ask_for_menu(key, Part.MORE)

    def mouseDoubleClickEvent(self, event: Any) -> None:  # noqa: N802
        """Edit a name; a double click on a sign is two clicks."""
        position = event.position().toPoint()
        index = self.indexAt(position)
        if not index.isValid() or self._part_at(position) is not None:
            self.mousePressEvent(event)
            return
        rect = self.visualRect(index)
        number = self._delegate.ruler().name_at(index.data(ROW), rect, position)
        if number is None:
            super().mouseDoubleClickEvent(event)
        else:
            self.edit_name(index.data(ROW).key, number)

    def mouseMoveEvent(self, event: Any) -> None:  # noqa: N802
        """Show the button for more in the row under the pointer."""
        position = event.position().toPoint()
        index = self.indexAt(position)
        pointed = None
        if index.isValid():
            row: StepRow = index.data(ROW)
            part = self._delegate.ruler().part_at(row, self.visualRect(index), position)
            pointed = (row.key, part)
        self._point_at(pointed)
        if self._pressed is None:
            super().mouseMoveEvent(event)

    def leaveEvent(self, event: Any) -> None:  # noqa: N802
        """Point at nothing."""
        self._point_at(None)
        super().leaveEvent(event)

    def contextMenuEvent(self, event: Any) -> None:  # noqa: N802
        """Ask for the menu of the row under the pointer, or of the selected one."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            row = self._selected_row()
            if row is not None:
                self._ask_for_menu(row.key, Part.NAME)
            return
        index = self.indexAt(event.pos())
        if index.isValid():
            self.menu_requested.emit(index.data(ROW).key, event.globalPos())

    def _selected_row(self) -> StepRow | None:
        key = self.selected()
        return None if key is None else self._model.rows[self._model.find(key)]

    def _part_at(self, position: QPoint) -> tuple[str, Part] | None:
        """Return the sign at a position that can be clicked, and its row."""
        index = self.indexAt(position)
        if not index.isValid():
            return None
        row: StepRow = index.data(ROW)
        part = self._delegate.ruler().part_at(row, self.visualRect(index), position)
        return (row.key, part) if part in (Part.EYE, Part.MORE) else None

    def _point_at(self, pointed: tuple[str, Part | None] | None) -> None:
        if pointed != self._delegate.pointed:
            self._delegate.pointed = pointed
            self.viewport().update()

    def _ask_for_menu(self, key: str, part: Part) -> None:
        """Ask for a menu below a part of a row."""
        self.select(key)
        index = self.currentIndex()
        places = self._delegate.ruler().places(index.data(ROW), self.visualRect(index))
        below = places.more if part is Part.MORE else places.detail
        self.menu_requested.emit(key, self.viewport().mapToGlobal(below.bottomLeft()))

    # Moving steps

    def startDrag(self, actions: Any) -> None:  # noqa: ARG002, N802
        """Take the selected step along with the pointer."""
        row = self._selected_row()
        if row is None or row.is_input:
            return
        drag, content = QDrag(self), QMimeData()
        content.setData(_FORMAT, row.key.encode())
        drag.setMimeData(content)
        drag.setPixmap(self.viewport().grab(self.visualRect(self.currentIndex())))
        drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: Any) -> None:  # noqa: N802
        """Take steps of this list, and nothing else."""
        if event.source() is self and event.mimeData().hasFormat(_FORMAT):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dragMoveEvent(self, event: Any) -> None:  # noqa: N802
        """Show where the step would be dropped, and scroll at the ends."""
        position = event.position().toPoint()
        self._gap = self._gap_at(position)
        edge, bar = self.fontMetrics().height(), self.verticalScrollBar()
        if position.y() < edge:
            bar.setValue(bar.value() - edge // 2)
        elif position.y() > self.viewport().height() - edge:
            bar.setValue(bar.value() + edge // 2)
        self.viewport().update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: Any) -> None:  # noqa: N802
        """Show no place any more."""
        self._gap = None
        self.viewport().update()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: Any) -> None:  # noqa: N802
        """Say where the step is to stand; the rows stay until `set_workflow` moves them."""
        self._gap = None
        self.viewport().update()
        key = bytes(event.mimeData().data(_FORMAT)).decode()
        event.acceptProposedAction()
        above = self._model.rows[: self._gap_at(event.position().toPoint())]
        self._move(key, sum(not row.is_input for row in above))

    def _gap_at(self, position: QPoint) -> int:
        """Return the number of the row above which a step is dropped at a position."""
        index = self.indexAt(position)
        if not index.isValid():
            return len(self._model.rows)
        return index.row() + (position.y() > self.visualRect(index).center().y())

    def _step_keys(self) -> list[str]:
        return [row.key for row in self._model.rows if not row.is_input]

    def _move(self, key: str, place: int) -> None:
        """Say that a step is to stand before another place among the steps."""
        steps = self._step_keys()
        if key not in steps:
            return  # inputs stand where they are used
        own = steps.index(key)
        if 0 <= place <= len(steps) and place not in (own, own + 1):
            self.moved.emit(key, steps[place - 1] if place else "")
