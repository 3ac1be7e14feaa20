"""How the objects of a table look in the canvas."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from napari.utils.colormaps import ensure_colormap
from numpy.typing import NDArray
from qtpy.QtCore import QRect, QSignalBlocker, Qt, Signal
from qtpy.QtGui import QColor, QLinearGradient, QPainter
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from napari_delineate._napari.surface_look import COLORMAPS
from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate.files.tables import column_titles
from napari_delineate.palette import DIVERGING, SEQUENTIAL, colours_of_values, range_of

__all__ = ["ObjectColours"]

_STOPS = 32
_PLAIN = "Own colours"


class ObjectColours(QWidget):
    """Choose by which column objects are coloured, and what becomes of those not chosen.

    Signals
    -------
    changed : something else is to be shown
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._table: Any = None
        self._limits = (0.0, 1.0)
        self.column = QComboBox()
        shrink(self.column)
        self.column.setAccessibleName("Colour by")
        self.column.setToolTip("Which column the colours of the objects mean")
        self.column.currentIndexChanged.connect(lambda _: self.fit())
        self.colormap = QComboBox()
        shrink(self.colormap)
        self.colormap.addItems(COLORMAPS)
        self.colormap.setCurrentText(SEQUENTIAL)
        self.colormap.setAccessibleName("Colours")
        self.colormap.setToolTip("The colours, from low to high values")
        self.colormap.currentIndexChanged.connect(lambda _: self._on_change())
        self.low = self._number("Value of the first colour")
        self.high = self._number("Value of the last colour")
        self.fit_button = QPushButton("Fit")
        self.fit_button.setToolTip(
            "Leave out the lowest and the highest hundredth; around 0 for values of both signs"
        )
        self.fit_button.clicked.connect(self.fit)
        self.bar = _Bar()
        self.others = QComboBox()
        self.others.addItems(["Shown", "Dimmed", "Hidden"])
        self.others.setCurrentText("Dimmed")
        self.others.setAccessibleName("Other objects")
        self.others.setToolTip("What becomes of the other objects where some are chosen")
        self.others.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.follow = QCheckBox("Go to the object")
        self.follow.setToolTip("Move the slice and the camera to the object of the row")
        self.follow.setChecked(True)
        limits = QHBoxLayout()
        limits.addWidget(self.low)
        limits.addWidget(self.bar, 1)
        limits.addWidget(self.high)
        limits.addWidget(self.fit_button)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow("Colour by", self.column)
        rows.addRow("Colours", self.colormap)
        rows.addRow("Range", limits)
        rows.addRow("Others", self.others)
        rows.addRow(self.follow)
        self._enable()

    def show_table(self, table: Any) -> None:
        """Offer the columns of a table; None for none."""
        self._table = table
        before = self.column.currentData()
        with QSignalBlocker(self.column):
            self.column.clear()
            self.column.addItem(_PLAIN, None)
            if table is not None:
                for name, title in zip(table, column_titles(table), strict=True):
                    if table[name].dtype.kind in "biuf" and name != "label":
                        self.column.addItem(title, name)
            self.column.setCurrentIndex(max(self.column.findData(before), 0))
        if self.column.currentData() is None and before is not None:
            self.fit()
        self._enable()

    def colours(self) -> NDArray[np.float64] | None:
        """Return the colour of each row, None for the colours that objects have by themselves."""
        name = self.column.currentData()
        if self._table is None or name is None:
            return None
        values = self._table[name].to_numpy()
        return colours_of_values(values, self.colormap.currentText(), self._limits)

    def fit(self) -> None:
        """Let the colours vary where most values are."""
        name = self.column.currentData()
        if self._table is not None and name is not None:
            low, high = range_of(self._table[name].to_numpy())
            with QSignalBlocker(self.colormap):
                is_diverging = self.colormap.currentText() == DIVERGING
                if (low == -high) != is_diverging:
                    self.colormap.setCurrentText(DIVERGING if low == -high else SEQUENTIAL)
            self._limits = low, high
            self.low.setText(_short(low))
            self.high.setText(_short(high))
        self._on_change()

    def _number(self, name: str) -> QLineEdit:
        field = QLineEdit("0")
        field.setAccessibleName(name)
        field.setToolTip(name)
        field.setMaximumWidth(field.fontMetrics().averageCharWidth() * 11)
        field.editingFinished.connect(self._on_number)
        return field

    def _on_number(self) -> None:
        """Take limits that were written; those that were not stay as exact as they are."""
        try:
            low, high = (
                limit if field.text() == _short(limit) else float(field.text())
                for field, limit in zip((self.low, self.high), self._limits, strict=True)
            )
        except ValueError:
            low = high = math.nan
        if math.isfinite(low) and math.isfinite(high):
            self._limits = low, high
            self._on_change()
        else:
            self.fit()

    def _on_change(self) -> None:
        self._enable()
        self.changed.emit()

    def _enable(self) -> None:
        is_coloured = self.column.currentData() is not None
        for part in (self.colormap, self.low, self.high, self.fit_button):
            part.setEnabled(is_coloured)
        self.bar.show_colormap(self.colormap.currentText() if is_coloured else None)


def _short(number: float) -> str:
    return f"{number:.4g}"


class _Bar(QWidget):
    """The colours between two values."""

    def __init__(self) -> None:
        super().__init__()
        self._colormap: str | None = None
        self.setToolTip("The colours from the lowest to the highest value")
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 6)

    def show_colormap(self, name: str | None) -> None:
        """Show a colormap, None for nothing."""
        self._colormap = name
        self.update()

    def paintEvent(self, event: Any) -> None:  # noqa: ARG002, N802
        if self._colormap is None:
            return
        height = self.fontMetrics().height()
        place = QRect(0, (self.height() - height) // 2, self.width(), height)
        gradient = QLinearGradient(0, 0, self.width(), 0)
        shares = np.linspace(0, 1, _STOPS)
        for share, colour in zip(shares, ensure_colormap(self._colormap).map(shares), strict=True):
            gradient.setColorAt(float(share), QColor.fromRgbF(*map(float, colour)))
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRect(place)
        painter.end()
