"""Name the classes of an annotation, and paint with one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QColorDialog,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_delineate._napari.annotating.hand import Hand
from napari_delineate._napari.layers import LayerError
from napari_delineate.annotation.meaning import Annotation, AnnotationClass

__all__ = ["AnnotationClasses", "colour_classes"]

_ROWS = 5


class AnnotationClasses(QWidget):
    """List the classes of an annotation; a click on one paints with it.

    Parameters
    ----------
    hand : Hand
        What is edited.

    Signals
    -------
    failed : a sentence about what can not be done
    """

    failed = Signal(str)

    def __init__(self, hand: Hand) -> None:
        super().__init__()
        self._hand = hand
        self._shown: tuple[AnnotationClass, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName("Classes")
        self.list.setToolTip("The classes; where pixels are annotated, the chosen one is painted")
        self.list.currentRowChanged.connect(self._on_row)
        row_of_buttons = QWidget()
        buttons = QFlowLayout(row_of_buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        self.buttons: dict[str, QPushButton] = {}
        for title, hint, act in (
            ("Add…", "Add a class", self.add),
            ("Rename…", "Give the chosen class another name", self.rename),
            ("Colour…", "Give the chosen class another colour", self.recolour),
        ):
            button = QPushButton(title)
            button.setToolTip(hint)
            button.clicked.connect(act)
            buttons.addWidget(button)
            self.buttons[title] = button
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        column.addWidget(row_of_buttons)

    def refresh(self) -> None:
        """Show the classes as they are."""
        annotation = self._hand.annotation
        count = len(annotation.classes)
        self.list.setVisible(count > 0)
        for title in ("Rename…", "Colour…"):
            self.buttons[title].setEnabled(count > 0)
        if annotation.classes != self._shown:
            self._shown = annotation.classes
            row = self.list.currentRow()
            blocked = self.list.blockSignals(True)
            self.list.clear()
            for one in annotation.classes:
                self.list.addItem(QListWidgetItem(_swatch(one.color), one.name))
            self.list.setCurrentRow(min(max(row, 0), count - 1))
            self.list.blockSignals(blocked)
            rows = min(count, _ROWS)  # as high as it must be, and no higher
            frame = 2 * self.list.frameWidth() + 2
            self.list.setFixedHeight(rows * max(self.list.sizeHintForRow(0), 1) + frame)
        if self._hand.layer is not None and annotation.semantic:
            colour_classes(self._hand.layer, annotation)

    def add(self) -> None:
        """Ask for the name of a new class."""
        name, given = QInputDialog.getText(self, "Add class", "Name of the class")
        if given:
            self._change(lambda annotation: annotation.named(name))

    def rename(self) -> None:
        """Ask for another name of the chosen class."""
        row = self.list.currentRow()
        if row < 0:
            return
        before = self._hand.annotation.classes[row]
        name, given = QInputDialog.getText(self, "Rename class", "New name", text=before.name)
        if given and name.strip() != before.name:
            self._change(lambda annotation: annotation.renamed(before.number, name))

    def recolour(self) -> None:
        """Ask for another colour of the chosen class."""
        row = self.list.currentRow()
        if row < 0:
            return
        before = self._hand.annotation.classes[row]
        color = QColorDialog.getColor(QColor(before.color), self, f"Colour of {before.name}")
        if color.isValid():
            self._replace(replace(before, color=color.name()))

    def _replace(self, new: AnnotationClass) -> None:
        self._change(
            lambda annotation: replace(
                annotation,
                classes=tuple(
                    new if one.number == new.number else one for one in annotation.classes
                ),
            )
        )

    def _change(self, change: Any) -> None:
        try:
            self._hand.annotate(change(self._hand.annotation))
        except (LayerError, ValueError) as error:
            self.failed.emit(str(error))
        self.refresh()

    def _on_row(self, row: int) -> None:
        layer, annotation = self._hand.layer, self._hand.annotation
        if layer is not None and annotation.semantic and 0 <= row < len(annotation.classes):
            layer.selected_label = annotation.classes[row].number


def colour_classes(layer: Labels, annotation: Annotation) -> None:
    """Give the labels of a layer the colours of their classes."""
    wanted: dict[int | None, Any] = {
        one.number: np.array([*QColor(one.color).getRgbF()], np.float32)
        for one in annotation.classes
    }
    wanted[0] = np.zeros(4, np.float32)
    wanted[None] = np.array([0.5, 0.5, 0.5, 1], np.float32)
    shown = getattr(layer.colormap, "color_dict", {})
    same = set(shown) == set(wanted) and all(
        np.allclose(shown[number], wanted[number], atol=1e-3) for number in wanted
    )
    if not same:
        layer.colormap = DirectLabelColormap(color_dict=wanted)


def _swatch(color: str) -> QIcon:
    picture = QPixmap(16, 16)
    picture.fill(QColor(color) if QColor(color).isValid() else Qt.GlobalColor.gray)
    swatch = QIcon(picture)
    swatch.addPixmap(picture, QIcon.Mode.Selected)  # which Qt would tint
    return swatch
