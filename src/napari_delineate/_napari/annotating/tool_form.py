"""The settings of one tool, as they were used last."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QToolButton, QVBoxLayout, QWidget

from napari_delineate._napari.annotating.tool import Tool
from napari_delineate._napari.last_settings import LastSettings, Measure
from napari_delineate._napari.widgets.rows import Rows
from napari_delineate._napari.widgets.setting import SettingEdit

__all__ = ["ToolForm"]


class ToolForm(QWidget):
    """Show the settings of a tool, and remember what a person chooses.

    Parameters
    ----------
    tool : type
        The tool.
    last : LastSettings
        Knows what tools were used with last.

    Signals
    -------
    changed : a person has changed a setting
    """

    changed = Signal()

    def __init__(self, tool: type[Tool], last: LastSettings) -> None:
        super().__init__()
        self._tool, self._last = tool, last
        self._settings = tool.settings()
        self._measure: Measure | None = None
        self._rows = Rows()
        self.edits: dict[str, SettingEdit] = {}
        for setting in self._settings:
            edit = SettingEdit(setting)
            edit.changed.connect(self._on_changed)
            self._rows.add(setting.name, edit, tool.help_of(setting.name))
            self.edits[setting.name] = edit
        self.defaults_button = QToolButton()
        self.defaults_button.setText("Defaults")
        self.defaults_button.setToolTip("Set everything back to the defaults of the tool")
        self.defaults_button.setAccessibleName("Set everything back to the defaults")
        self.defaults_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.defaults_button.setAutoRaise(True)
        self.defaults_button.setVisible(bool(self.edits))
        self.defaults_button.clicked.connect(self._on_defaults)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self.defaults_button, alignment=Qt.AlignmentFlag.AlignRight)

    def values(self) -> dict[str, Any]:
        """Return the value of every setting."""
        return {name: edit.value() for name, edit in self.edits.items()}

    def set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        """Say what a voxel measures, and show what the tool was used with on such voxels."""
        self._measure = Measure(units, len(spacing))
        kept = self._last.recall(self._tool.id(), self._settings, self._measure)
        for name, edit in self.edits.items():
            with QSignalBlocker(edit):
                edit.set_spacing(spacing, units)
                edit.reset()
                if name in kept:
                    edit.set_value(kept[name])
        self._show_whether_default()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        """Keep labels and fields in even columns."""
        super().resizeEvent(event)
        self._rows.fit(self.width())

    def _on_changed(self) -> None:
        self._show_whether_default()
        self._last.remember(self._tool.id(), self._settings, self.values(), self._measure)
        self.changed.emit()

    def _on_defaults(self) -> None:
        for edit in self.edits.values():
            with QSignalBlocker(edit):
                edit.reset()
        self._on_changed()

    def _show_whether_default(self) -> None:
        is_default = all(edit.is_default() for edit in self.edits.values())
        self.defaults_button.setEnabled(not is_default)
