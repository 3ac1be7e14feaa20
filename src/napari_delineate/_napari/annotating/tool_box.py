"""Choose a tool and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_delineate._napari.annotating.tool import Tool
from napari_delineate._napari.widgets.icons import colour, icon
from napari_delineate._napari.widgets.setting import SettingEdit
from napari_delineate.wording import spaced

__all__ = ["ToolBox", "key_in_words"]


class ToolBox(QWidget):
    """Show tools as buttons in groups, and the settings of the one that is held.

    Parameters
    ----------
    tools : sequence of type
        The tools.
    theme : str
        Name of napari's theme.

    Signals
    -------
    wanted : the name of a tool that is clicked
    changed : a setting of the tool that is held was changed
    """

    wanted = Signal(str)
    changed = Signal()

    def __init__(self, tools: Sequence[type[Tool]], theme: str) -> None:
        super().__init__()
        self._tools = {tool.name: tool for tool in tools}
        self._edits: dict[str, dict[str, SettingEdit]] = {}
        self._forms: dict[str, QWidget] = {}
        self._spacing: tuple[tuple[float, ...], str] = ((1.0, 1.0), "pixel")
        self._groups: dict[str, tuple[QWidget, QWidget]] = {}
        self.buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        size = self.fontMetrics().height() * 3 // 2
        for group in dict.fromkeys(tool.group for tool in tools):
            title = QLabel(group)
            title.setEnabled(False)
            column.addWidget(title)
            row = QWidget()
            self._groups[group] = (title, row)
            flow = QFlowLayout(row)
            flow.setContentsMargins(0, 0, 0, 0)
            flow.setSpacing(1)
            column.addWidget(row)
            for tool in tools:
                if tool.group == group:
                    button = QToolButton()
                    button.setCheckable(True)
                    button.setIconSize(QSize(size, size))
                    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                    button.setAccessibleName(tool.title)
                    button.setToolTip(f"{tool.title} ({key_in_words(tool.key)})\n{tool.hint}")
                    button.clicked.connect(lambda _, name=tool.name: self.wanted.emit(name))
                    self.buttons[tool.name] = button
                    flow.addWidget(button)
        self.hint = QLabel()
        self.hint.setWordWrap(True)
        column.addWidget(self.hint)
        self._column = column
        self.set_theme(theme)
        self.show_tool("")

    def values(self, tool: type[Tool]) -> dict[str, Any]:
        """Return the settings of a tool."""
        self._form_of(tool.name)
        return {name: edit.value() for name, edit in self._edits[tool.name].items()}

    def show_tool(self, name: str) -> None:
        """Show which tool is held, empty for none."""
        for known, button in self.buttons.items():
            button.setChecked(known == name)
        for known, form in self._forms.items():
            form.setVisible(known == name)
        tool = self._tools.get(name)
        self.hint.setText(
            "Choose a tool, or paint with those of the layer."
            if tool is None
            else f"<b>{tool.title}</b>: {tool.hint} Esc puts it down."
        )
        if tool is not None:
            self._form_of(name).show()

    def set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        """Say what a voxel measures, so that lengths can be given in both units."""
        self._spacing = (spacing, units)
        for edits in self._edits.values():
            for edit in edits.values():
                edit.set_spacing(spacing, units)

    def show_for(self, *, several_scales: bool) -> None:
        """Show the tools for labels at several scales, or those for others."""
        for tool in self._tools.values():
            if tool.is_for_scales:
                for part in self._groups[tool.group]:
                    part.setVisible(several_scales)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        strong, faint = (colour(theme, tone).name() for tone in ("current", "foreground"))
        self.setStyleSheet(
            "QToolButton { background: transparent; border-radius: 3px; padding: 2px; }"
            f"QToolButton:hover, QToolButton:focus {{ background: {faint}; }}"
            f"QToolButton:checked {{ background: {strong}; }}"
        )
        for name, button in self.buttons.items():
            button.setIcon(icon(f"tool-{name}", theme))

    def _form_of(self, name: str) -> QWidget:
        """Return the form of a tool, made when it is asked for first."""
        if name not in self._forms:
            tool, form = self._tools[name], QWidget()
            rows = QFormLayout(form)
            rows.setContentsMargins(0, 0, 0, 0)
            rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
            rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            self._edits[name] = {}
            for setting in tool.settings():
                edit = SettingEdit(setting)
                edit.set_spacing(*self._spacing)
                edit.changed.connect(self.changed)
                text = spaced(setting.name)
                label = QLabel(f"{text[0].upper()}{text[1:]}")
                for part in (label, edit):
                    part.setToolTip(tool.help_of(setting.name))
                rows.addRow(label, edit)
                self._edits[name][setting.name] = edit
            form.hide()
            self._column.addWidget(form)
            self._forms[name] = form
        return self._forms[name]


def key_in_words(key: str) -> str:
    """Return a key as people write it, for instance "Shift+G"."""
    return QKeySequence(key.replace("-", "+")).toString() or key
