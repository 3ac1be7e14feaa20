"""List the objects of an annotation, go from one to the next, and change them."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QItemSelection, QItemSelectionModel, QTimer, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QInputDialog,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.annotating.object_model import COLUMNS, TICKED, ObjectModel
from napari_delineate._napari.annotating.object_table import ObjectTable
from napari_delineate._napari.go_to import go_to
from napari_delineate._napari.layers import LayerError, place_of
from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate.annotation import objects
from napari_delineate.axes import looped_axes

__all__ = ["AnnotatedObjects"]

_PAUSE = 100
"""Milliseconds after which the list follows the labels."""
_BEGIN = "No objects yet. Press N and paint the first, or take up a tool."
_BEGIN_CLASSES = "Nothing is labelled yet. Choose a class below, and paint."


class AnnotatedObjects(QWidget):
    """Show all objects with their size and class.

    Parameters
    ----------
    hand : Hand
        What is edited.
    theme : str
        Name of napari's theme.

    Signals
    -------
    failed : a sentence about what can not be done
    """

    failed = Signal(str)

    def __init__(self, hand: Hand, theme: str) -> None:
        super().__init__()
        self._hand = hand
        self.model = ObjectModel(hand, theme)
        self.count = QLabel()
        self.count.setWordWrap(True)
        self.table = ObjectTable(self.model, theme)
        self.table.selectionModel().selectionChanged.connect(lambda *_: self._on_selected())
        self.next_button = self._button("Next unseen", "Go to the next object not seen yet (Q)")
        self.next_button.clicked.connect(self.next_unseen)
        self.delete_button = self._button("Delete", "Erase the selected objects")
        self.delete_button.clicked.connect(self.delete)
        self.renumber_button = self._button("Renumber", "Give the selected object another number")
        self.renumber_button.clicked.connect(self.renumber)
        self.classes = QComboBox()
        shrink(self.classes)
        self.classes.setAccessibleName("Class")
        self.classes.setToolTip("The class of the selected objects")
        self.classes.activated.connect(self._on_class)
        self._buttons = QWidget()
        buttons = QFlowLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        for button in (self.next_button, self.delete_button, self.renumber_button):
            buttons.addWidget(button)
        self._class_row = QWidget()
        row = QHBoxLayout(self._class_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Class"))
        row.addWidget(self.classes, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.count)
        column.addWidget(self.table)
        column.addWidget(self._buttons)
        column.addWidget(self._class_row)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE)
        self._pause.timeout.connect(self.refresh)
        hand.edited.connect(self._on_edited)
        hand.turned.connect(self.refresh)
        hand.counted.connect(self.refresh)
        hand.next_wanted.connect(self.next_unseen)
        hand.session.changed.connect(self._pause.start)
        self.refresh()

    def stop(self) -> None:
        """Follow the hand no longer."""
        self._pause.stop()
        self._hand.edited.disconnect(self._on_edited)
        self._hand.turned.disconnect(self.refresh)
        self._hand.counted.disconnect(self.refresh)
        self._hand.next_wanted.disconnect(self.next_unseen)
        self._hand.session.changed.disconnect(self._pause.start)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        self.model.set_theme(theme)
        self.table.set_theme(theme)

    def chosen(self) -> list[int]:
        """Return the objects of the selected rows."""
        numbers = self.model.numbers
        parts = self.table.selectionModel().selection()
        return [number for part in parts for number in numbers[part.top() : part.bottom() + 1]]

    def refresh(self) -> None:
        """Show the objects as they are."""
        chosen = self.chosen()
        model = self.table.selectionModel()
        blocked = model.blockSignals(True)
        self.model.refresh()
        model.select(
            self._selection([self.model.row_of(number) for number in chosen]),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )
        model.blockSignals(blocked)
        annotation = self._hand.annotation
        total = len(self.model.numbers)
        seen = len(self._hand.seen.intersection(self.model.numbers))
        noun = "class" if annotation.semantic else "object"
        plural = "" if total == 1 else "es" if annotation.semantic else "s"
        self.table.setColumnHidden(COLUMNS.index("Class"), not annotation.classes)
        widths, fits = QHeaderView.ResizeMode, ("Class" if annotation.classes else "Pixels")
        for place, name in enumerate(COLUMNS):
            if place not in TICKED:
                mode = widths.Stretch if name == fits else widths.ResizeToContents
                self.table.horizontalHeader().setSectionResizeMode(place, mode)
        counted = f"{total:,} {noun}{plural}, {seen:,} seen"
        begin = _BEGIN_CLASSES if annotation.semantic else _BEGIN
        self.count.setText(self.model.problem or (counted if total else begin))
        for part in (self.table, self._buttons):
            part.setVisible(total > 0)
        self.classes.clear()
        self.classes.addItem("none", 0)
        for one in annotation.classes:
            self.classes.addItem(one.name, one.number)
        self.table.fit()
        gives_classes = bool(annotation.classes) and not annotation.semantic
        self._class_row.setVisible(gives_classes and total > 0)
        self._enable()

    def next_unseen(self) -> None:
        """Go to the next object that was not seen yet, in the order of the rows."""
        seen, numbers = self._hand.seen, self.model.numbers
        chosen = self.chosen()
        start = self.model.row_of(chosen[-1]) + 1 if chosen else 0
        for number in (*numbers[start:], *numbers[:start]):
            if number not in seen:
                self.table.selectRow(self.model.row_of(number))
                return
        self.failed.emit("All objects have been seen.")

    def delete(self) -> None:
        """Erase the selected objects."""
        numbers = self.chosen()
        if numbers:
            self._renumber(numbers, 0, f"Delete {_listed(numbers)}")

    def renumber(self) -> None:
        """Ask for another number for the selected object."""
        (number,) = self.chosen()[:1] or (0,)
        if number:
            new, given = QInputDialog.getInt(
                self, "Renumber", f"New number of object {number}", number, 1, 2**31 - 1
            )
            if given and new != number:
                self._renumber([number], new, f"Renumber object {number} to {new}")

    def _renumber(self, numbers: list[int], new_number: int, title: str) -> None:
        """Give objects another number, wherever they are in the layer."""
        hand = self._hand
        try:
            scene = hand.whole()
            boxes = hand.boxes(scene, numbers)
            edits = objects.renumber(scene.labels, numbers, new_number, boxes, locked=hand.locked)
            hand.edit(scene, edits, title)
        except (LayerError, ValueError) as error:
            self.failed.emit(str(error))

    def _on_edited(self, _: Any) -> None:
        self._pause.start()

    def _on_selected(self) -> None:
        self._enable()
        layer, chosen = self._hand.layer, self.chosen()
        if layer is None or len(chosen) != 1:
            return
        (number,) = chosen
        layer.selected_label = number
        _go_to(self._hand, layer, number)
        annotation = self._hand.annotation
        if number not in self._hand.seen:
            self._hand.see(number)
        self.classes.setCurrentIndex(max(self.classes.findData(annotation.class_number(number)), 0))

    def _on_class(self) -> None:
        annotation = self._hand.annotation
        for number in self.chosen():
            annotation = annotation.with_class(number, int(self.classes.currentData()))
        self._hand.annotate(annotation)

    def _selection(self, rows: list[int]) -> QItemSelection:
        """Return rows as a selection; rows that follow each other are one part of it."""
        wanted = np.unique([row for row in rows if row >= 0])
        selection = QItemSelection()
        for part in np.split(wanted, np.flatnonzero(np.diff(wanted) > 1) + 1):
            if len(part):
                first, last = (self.model.index(int(row), 0) for row in (part[0], part[-1]))
                selection.select(first, last)
        return selection

    def _enable(self) -> None:
        chosen = len(self.chosen())
        self.delete_button.setEnabled(chosen > 0)
        self.renumber_button.setEnabled(chosen == 1)
        self.classes.setEnabled(chosen > 0)
        self.next_button.setEnabled(bool(self.model.numbers))

    @staticmethod
    def _button(title: str, hint: str) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(hint)
        return button


def _go_to(hand: Hand, layer: Labels, number: int) -> None:
    box = hand.objects.box(number)
    if box is None:
        return
    axes = place_of(layer).axes
    loops = looped_axes(axes)
    at = {letter: side.start for letter, side in zip(axes, box, strict=True) if letter in loops}
    inside = [side for letter, side in zip(axes, box, strict=True) if letter not in loops]
    ends = [one.start for one in inside], [one.stop - 1 for one in inside]
    go_to(hand.viewer, layer, ends, at, is_near=True)


def _listed(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"object {numbers[0]}"
    shown = ", ".join(map(str, numbers[:5]))
    return f"objects {shown}{', …' if len(numbers) > 5 else ''}"
