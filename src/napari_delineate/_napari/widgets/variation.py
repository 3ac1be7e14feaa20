"""Choose how a step is varied: by other algorithms, or by one or two of its settings."""

from __future__ import annotations

from typing import Any, NamedTuple

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.widgets.icons import colour, icon
from napari_delineate._napari.widgets.layer_choice import shrink
from napari_delineate.signatures import Setting
from napari_delineate.variants import (
    Variant,
    alternatives,
    sensible_values,
    sweep,
)
from napari_delineate.wording import spaced, value_in_words
from napari_delineate.workflow import Workflow

__all__ = ["Varied", "Variation"]

_MANY, _FEW = 5, 3
"""Values of a setting that varies alone, and of each of two."""


class Varied(NamedTuple):
    """Hold the variants of a step, and how they are laid out.

    Attributes
    ----------
    variants : tuple of Variant
        The variants; of a table row by row.
    rows, columns : tuple of str
        The heads of the table; none without one.
    present : int or None
        Number of the variant that is in use.
    """

    variants: tuple[Variant, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    present: int | None


class Variation(QWidget):
    """Choose between algorithms and settings, and which settings.

    Variants keep their order while one after the other is used.

    Parameters
    ----------
    theme : str
        Name of napari's theme.

    Attributes
    ----------
    header : QHBoxLayout
        The line of buttons; there is room for more at its end.
    """

    changed = Signal()

    def __init__(self, theme: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workflow = Workflow()
        self._step: str | None = None
        self._order: list[str] = []  # titles of the alternatives, as they are shown
        self._swept: dict[tuple[str, int], tuple[Any, ...]] = {}
        self.algorithms_button, self.settings_button = QToolButton(), QToolButton()
        self._group = QButtonGroup(self)
        self.header = QHBoxLayout()
        for button, text, tooltip in (
            (self.algorithms_button, "Algorithms", "Compare the algorithms of the same category"),
            (self.settings_button, "Settings", "Compare several values of one or two settings"),
        ):
            button.setText(text)
            button.setCheckable(True)
            button.setToolTip(tooltip)
            button.setAccessibleName(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._group.addButton(button)
            self.header.addWidget(button)
        self.header.addStretch(1)
        self.algorithms_button.setChecked(True)
        self._group.buttonToggled.connect(self._on_mode)
        self.first, self.second = QComboBox(), QComboBox()
        self._labels = QLabel(), QLabel()
        self._rows = QWidget()
        form = QGridLayout(self._rows)
        form.setContentsMargins(0, 0, 0, 0)
        form.setColumnStretch(1, 1)
        names = ("The setting that varies", "Another setting that varies, for a table of both")
        for row, (label, choose, name) in enumerate(
            zip(self._labels, (self.first, self.second), names, strict=True)
        ):
            shrink(choose)
            choose.setToolTip(name)
            choose.setAccessibleName(name)
            choose.currentIndexChanged.connect(self._on_setting)
            label.setBuddy(choose)
            form.addWidget(label, row, 0)
            form.addWidget(choose, row, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self.header)
        layout.addWidget(self._rows)
        self._rows.hide()
        self.set_theme(theme)

    def show_step(self, workflow: Workflow, step: str | None) -> None:
        """Offer what can be varied of a step.

        Parameters
        ----------
        workflow : Workflow
            The workflow.
        step : str or None
            Name of a step.
        """
        operation = None if step is None else workflow.step(step).operation
        before = None if self._step is None else self._workflow.step(self._step).operation
        is_same = (step, operation) == (self._step, before)
        if step != self._step:
            self._order = []
        if not is_same:
            self._swept = {}
        self._workflow, self._step = workflow, step
        self.algorithms_button.setEnabled(step is not None)
        usable = self._settings()
        self.settings_button.setEnabled(bool(usable))
        self.settings_button.setToolTip(
            "Compare several values of one or two settings"
            if usable or step is None
            else "This step has no settings to compare"
        )
        if not is_same:
            self._fill(usable)
        if not usable and self.settings_button.isChecked():
            self._choose(self.algorithms_button)
        self._show_rows()

    def variants(self) -> Varied:
        """Return the variants of the step as they are chosen.

        Returns
        -------
        Varied
            The variants, how they are laid out, and which is in use.
        """
        step = str(self._step)
        if self.algorithms_button.isChecked():
            found = alternatives(self._workflow, step)
            titles = [one.title for one in found]
            present = titles[0]
            if set(titles) != set(self._order):
                self._order = titles
            ordered = tuple(sorted(found, key=lambda one: self._order.index(one.title)))
            return Varied(ordered, (), (), self._order.index(present))
        first, second = self.first.currentData(), self.second.currentData()
        values = self._values(first, _MANY if second is None else _FEW)
        seconds = () if second is None else self._values(second, _FEW)
        found = sweep(self._workflow, step, first, values, second, seconds)
        parameters = self._workflow.step(step).parameters
        present_one = next(
            (
                index
                for index, one in enumerate(found)
                if one.workflow.step(step).parameters == parameters
            ),
            None,
        )
        if second is None:
            return Varied(found, (), (), present_one)
        return Varied(found, self._words(first, values), self._words(second, seconds), present_one)

    def set_theme(self, theme: str) -> None:
        """Take the colours of a theme.

        Parameters
        ----------
        theme : str
            Name of napari's theme.
        """
        self.algorithms_button.setIcon(icon("gallery", theme))
        self.settings_button.setIcon(icon("sweep", theme))
        line = self.fontMetrics().height()
        ground, strong = (colour(theme, tone).name() for tone in ("foreground", "primary"))
        accent = colour(theme, "current").name()
        self.setStyleSheet(
            f"QToolButton {{ background: {ground}; border: 1px solid transparent;"
            f" border-radius: {line // 4}px; padding: {line // 5}px {line // 3}px; }}"
            f"QToolButton:hover, QToolButton:checked {{ background: {strong}; }}"
            f"QToolButton:checked {{ border-bottom-color: {accent}; }}"
            f"QToolButton:focus {{ border-color: {accent}; }}"
        )

    def _settings(self) -> list[Setting]:
        """Return the settings of which there are several values to compare."""
        if self._step is None:
            return []
        found = self._workflow.step(self._step)
        settings = catalogue.find(found.operation).settings
        return [
            one for one in settings if len(sensible_values(one, found.parameters[one.name])) > 1
        ]

    def _setting(self, name: str) -> Setting:
        operation = self._workflow.step(str(self._step)).operation
        return next(one for one in catalogue.find(operation).settings if one.name == name)

    def _values(self, name: str, count: int) -> tuple[Any, ...]:
        """Return values to compare; the same again until an outer one of them is used."""
        value = self._workflow.step(str(self._step)).parameters[name]
        known = self._swept.get((name, count), ())
        if value not in known[1:-1]:
            known = self._swept[name, count] = sensible_values(self._setting(name), value, count)
        return known

    def _words(self, name: str, values: tuple[Any, ...]) -> tuple[str, ...]:
        setting, step = self._setting(name), str(self._step)
        return tuple(value_in_words(self._workflow, step, setting, value) for value in values)

    def _fill(self, settings: list[Setting]) -> None:
        for choose in (self.first, self.second):
            choose.blockSignals(True)
            choose.clear()
        self.second.addItem("nothing else", None)
        for setting in settings:
            text = spaced(setting.name)
            self.first.addItem(text[:1].upper() + text[1:], setting.name)
            self.second.addItem(text[:1].upper() + text[1:], setting.name)
        for choose in (self.first, self.second):
            choose.blockSignals(False)

    def _show_rows(self) -> None:
        self._rows.setVisible(self.settings_button.isChecked())
        is_table = self.second.currentData() is not None
        texts = ("Rows", "Columns") if is_table else ("Vary", "and")
        metrics = self._labels[0].fontMetrics()
        width = max(map(metrics.horizontalAdvance, ("Rows", "Columns", "Vary", "and")))
        for label, text in zip(self._labels, texts, strict=True):
            label.setText(text)
            label.setMinimumWidth(width)
        self.second.setEnabled(self.first.count() > 1)

    def _choose(self, button: QToolButton) -> None:
        self._group.blockSignals(True)
        button.setChecked(True)
        self._group.blockSignals(False)

    def _on_mode(self, _: Any, is_on: bool) -> None:
        if is_on:
            self._show_rows()
            self.changed.emit()

    def _on_setting(self, _: int) -> None:
        """Keep the two settings apart."""
        if self.second.currentData() == self.first.currentData():
            self.second.blockSignals(True)
            self.second.setCurrentIndex(0)
            self.second.blockSignals(False)
        self._show_rows()
        self.changed.emit()
