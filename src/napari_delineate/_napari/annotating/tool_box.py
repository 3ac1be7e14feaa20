"""Choose a tool and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeySequence
from qtpy.QtWidgets import QLabel, QToolButton, QVBoxLayout, QWidget
from superqt import QFlowLayout

from napari_delineate._napari.annotating.tool import Tool
from napari_delineate._napari.annotating.tool_form import ToolForm
from napari_delineate._napari.last_settings import LastSettings
from napari_delineate._napari.widgets.icons import colour, icon

__all__ = ["ToolBox", "key_in_words"]

_QUIET = 0.75
"""Opacity of the titles of groups."""
_WITH_ALPHA = QColor.NameFormat.HexArgb


class ToolBox(QWidget):
    """Show tools as buttons in groups, and the settings of the one that is held.

    Parameters
    ----------
    tools : sequence of type
        The tools.
    theme : str
        Name of napari's theme.
    last : LastSettings
        Knows what tools were used with last.

    Signals
    -------
    wanted : the name of a tool that is clicked
    changed : a setting of the tool that is held was changed
    """

    wanted = Signal(str)
    changed = Signal()

    def __init__(self, tools: Sequence[type[Tool]], theme: str, last: LastSettings) -> None:
        super().__init__()
        self._tools = {tool.name: tool for tool in tools}
        self._last = last
        self._forms: dict[str, ToolForm] = {}
        self._spacing: tuple[tuple[float, ...], str] = ((1.0, 1.0), "pixel")
        self._groups: dict[str, tuple[QLabel, QWidget]] = {}
        self.buttons: dict[str, QToolButton] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        size = self.fontMetrics().height() * 3 // 2
        for group in dict.fromkeys(tool.group for tool in tools):
            title = QLabel(group)
            column.addWidget(title)
            row = QWidget()
            self._groups[group] = (title, row)
            flow = QFlowLayout(row)
            flow.setContentsMargins(2, 2, 2, 2)  # for the ring around what has the keyboard
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
        return self.form_of(tool.name).values()

    def choose(self, tool: type[Tool], setting: str, value: Any) -> None:
        """Give a setting of a tool another value."""
        self.form_of(tool.name).edits[setting].set_value(value)

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
            self.form_of(name).show()

    def set_spacing(self, spacing: tuple[float, ...], units: str) -> None:
        """Say what a voxel measures, so that lengths can be given in both units."""
        if (spacing, units) != self._spacing:
            self._spacing = (spacing, units)
            for form in self._forms.values():
                form.set_spacing(spacing, units)

    def show_for(self, *, has_depth: bool, several_scales: bool) -> None:
        """Show the tools for a layer.

        Parameters
        ----------
        has_depth : bool
            Whether it is a stack or a movie; other layers have no use for some tools.
        several_scales : bool
            Whether it has several scales; for other layers napari has some tools itself.
        """
        shown = {
            name
            for name, tool in self._tools.items()
            if (has_depth or not tool.needs_depth) and (several_scales or not tool.is_for_scales)
        }
        for name, button in self.buttons.items():
            button.setVisible(name in shown)
        groups = {self._tools[name].group for name in shown}
        for group, parts in self._groups.items():
            for part in parts:
                part.setVisible(group in groups)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme."""
        strong, faint = (colour(theme, tone).name() for tone in ("current", "foreground"))
        self.setStyleSheet(
            "QToolButton { background: transparent; border-radius: 3px; padding: 2px; }"
            f"QToolButton:hover, QToolButton:focus {{ background: {faint}; }}"
            f"QToolButton:checked {{ background: {strong}; }}"
        )
        for title, _ in self._groups.values():
            title.setStyleSheet(f"color: {colour(theme, 'text', _QUIET).name(_WITH_ALPHA)};")
        for name, button in self.buttons.items():
            button.setIcon(icon(f"tool-{name}", theme))

    def form_of(self, name: str) -> ToolForm:
        """Return the settings of a tool, made when they are asked for first."""
        if name not in self._forms:
            form = ToolForm(self._tools[name], self._last)
            form.set_spacing(*self._spacing)
            form.changed.connect(self.changed)
            form.hide()
            self._column.addWidget(form)
            self._forms[name] = form
            # The keyboard comes to the settings behind the tools, whenever they were made.
            before: QWidget = list(self.buttons.values())[-1]
            for part in form.findChildren(QWidget):
                is_here = part.window() is form.window()  # the list of a choice is not
                if is_here and part.focusPolicy() & Qt.FocusPolicy.TabFocus:
                    self.setTabOrder(before, part)
                    before = part
        return self._forms[name]


def key_in_words(key: str) -> str:
    """Return a key as people write it, for instance "Shift+G"."""
    return QKeySequence(key.replace("-", "+")).toString() or key
