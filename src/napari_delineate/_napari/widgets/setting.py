"""Edit one parameter of an operation, as its annotation says."""

from __future__ import annotations

import math
from typing import Any

from magicgui.widgets import create_widget
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from napari_delineate._napari.widgets.number import NumberEdit
from napari_delineate._napari.widgets.slider import NumberSlider
from napari_delineate.signatures import REQUIRED, Setting
from napari_delineate.types import (
    Quantity,
    Voxels,
    length_in_units,
    size_in_units,
)
from napari_delineate.wording import unit_symbol

__all__ = ["SettingEdit"]

_LARGEST = 1e9


class SettingEdit(QWidget):
    """Edit the value of a setting.

    Parameters
    ----------
    setting : Setting
        What is edited: its type, range, choices and default are taken from here.
    """

    changed = Signal()

    def __init__(self, setting: Setting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setting = setting
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._use: QCheckBox | None = None
        if setting.optional:
            self._use = QCheckBox()
            self._use.setToolTip("Whether this limit is used")
            self._use.toggled.connect(self._on_use)
            layout.addWidget(self._use)
        if setting.quantity in (Quantity.LENGTH, Quantity.SIZE):
            self._editor: _LengthEdit | _PlainEdit = _LengthEdit(setting)
        else:
            self._editor = _PlainEdit(setting)
        layout.addWidget(self._editor, 1)
        self._editor.changed.connect(self.changed)
        self.reset()

    def reset(self) -> None:
        """Show the default; what has none stays as it is."""
        if self.setting.default is not REQUIRED:
            self.set_value(self.setting.default)
        elif self._use is not None:
            self.set_value(None)

    def is_default(self) -> bool:
        """Tell whether the default is shown, where there is one."""
        return self.setting.default is REQUIRED or bool(self.value() == self.setting.default)

    def value(self) -> Any:
        """Return the value: a literal, a `Voxels`, or None."""
        if self._use is not None and not self._use.isChecked():
            return None
        return self._editor.value()

    def set_value(self, value: Any) -> None:
        """Show a value."""
        if self._use is not None:
            self._use.setChecked(value is not None)
            self._editor.setEnabled(value is not None)
        if value is not None:
            self._editor.set_value(value)

    def set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        """Say what a voxel measures, so that lengths can be given in both units."""
        if isinstance(self._editor, _LengthEdit):
            self._editor.set_spacing(spacing, units)

    def _on_use(self, used: bool) -> None:
        self._editor.setEnabled(used)
        self.changed.emit()


def _start(setting: Setting) -> float:
    """Return the number that a setting has by default, 0 if it has none."""
    default = setting.default
    if isinstance(default, Voxels):
        return default.number
    return float(default) if isinstance(default, int | float) else 0.0


class _PlainEdit(QWidget):
    """Edit a number, a choice, a text or yes or no."""

    changed = Signal()

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        low, high = max(setting.range.minimum, -_LARGEST), min(setting.range.maximum, _LARGEST)
        self._number: NumberEdit | None = None
        if setting.type is float and not setting.choices:
            self._number = NumberEdit()
            self._number.setRange(low, high)
            if math.isfinite(setting.range.maximum - setting.range.minimum):
                self._number.setStepType(NumberEdit.StepType.DefaultStepType)
                self._number.setSingleStep((high - low) / 20)
            self._number.valueChanged.connect(self.changed)
            layout.addWidget(self._number)
            layout.addWidget(NumberSlider(self._number, setting.range, _start(setting)))
            return
        options: dict[str, Any] = {}
        if setting.choices:
            options["choices"] = setting.choices
        elif setting.type is int:
            options |= {"min": int(low), "max": int(high)}
        self._widget: Any = create_widget(annotation=setting.type, options=options)
        self._widget.changed.connect(lambda _: self.changed.emit())
        layout.addWidget(self._widget.native)
        if isinstance(self._widget.native, QSpinBox):
            layout.addWidget(NumberSlider(self._widget.native, setting.range, _start(setting)))

    def value(self) -> Any:
        return self._widget.value if self._number is None else self._number.value()

    def set_value(self, value: Any) -> None:
        if self._number is None:
            self._widget.value = value
        else:
            self._number.setValue(value)


class _LengthEdit(QWidget):
    """Edit a length or a size in pixels or in physical units; show it in both."""

    changed = Signal()

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._is_size = setting.quantity is Quantity.SIZE
        self._spacing: tuple[float, ...] = (1.0, 1.0)
        self._units = "pixel"
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        layout = QHBoxLayout()
        column.addLayout(layout)
        self._number = NumberEdit()
        high = min(setting.range.maximum, _LARGEST)
        self._number.setRange(max(setting.range.minimum, -_LARGEST), high)
        self._number.setMinimumWidth(80)
        self._unit = QComboBox()
        self._unit.setToolTip("The unit of the number: pixels of the finest axis, or physical")
        self._other = QLabel()
        layout.addWidget(self._number, 1)
        layout.addWidget(self._unit)
        layout.addWidget(self._other)
        self._slider = NumberSlider(self._number, setting.range, _start(setting))
        column.addWidget(self._slider)
        self._fill_units()
        self._number.valueChanged.connect(self._on_change)
        self._unit.currentIndexChanged.connect(self._on_unit)

    def value(self) -> float | Voxels:
        number = self._number.value()
        return number if self._in_units() else Voxels(number)

    def set_value(self, value: float | Voxels) -> None:
        in_units = not isinstance(value, Voxels)
        # Without a physical unit, a plain number counts pixels.
        self._unit.blockSignals(True)
        self._unit.setCurrentIndex(min(int(in_units), self._unit.count() - 1))
        self._unit.blockSignals(False)
        self._number.setValue(value.number if isinstance(value, Voxels) else value)
        self._show_other()

    def set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        if (spacing, units) != (self._spacing, self._units):
            value = self.value()
            self._spacing, self._units = spacing, units
            self._fill_units()
            self.set_value(value)

    def _in_units(self) -> bool:
        return self._unit.currentIndex() == 1

    def _has_units(self) -> bool:
        return self._units != "pixel" or any(size != 1 for size in self._spacing)

    def _power(self) -> int:
        return len(self._spacing) if self._is_size else 1

    def _fill_units(self) -> None:
        self._unit.blockSignals(True)
        self._unit.clear()
        self._unit.addItem(unit_symbol("pixel", (), self._power()))
        if self._has_units():
            self._unit.addItem(unit_symbol(self._units, self._spacing, self._power()))
        self._unit.setEnabled(self._has_units())
        self._unit.blockSignals(False)
        self._show_other()

    def _on_unit(self) -> None:
        """Keep the length when its unit is changed."""
        convert = size_in_units if self._is_size else length_in_units
        one_voxel = convert(Voxels(1), self._spacing)
        number = self._number.value()
        self._number.setValue(number * one_voxel if self._in_units() else number / one_voxel)
        self._on_change()

    def _on_change(self) -> None:
        self._show_other()
        self.changed.emit()

    def _show_other(self) -> None:
        """Show the length in the unit that is not chosen."""
        self._other.setVisible(self._has_units())
        if not self._has_units():
            return
        convert = size_in_units if self._is_size else length_in_units
        one_voxel = convert(Voxels(1), self._spacing)
        number = self._number.value()
        if self._in_units():
            self._other.setText(f"· {number / one_voxel:.3g} {self._unit.itemText(0)}")
        else:
            self._other.setText(f"· {number * one_voxel:.3g} {self._unit.itemText(1)}")
