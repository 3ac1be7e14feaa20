"""Choose which parameters a search may change, and their bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QAction, QFont
from qtpy.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_delineate import catalogue
from napari_delineate._napari.widgets.number import NumberEdit
from napari_delineate.signatures import Setting
from napari_delineate.tuning import ALGORITHM, Tunable, tunable, tunables
from napari_delineate.variants import replacements
from napari_delineate.wording import spaced, value_in_words
from napari_delineate.workflow import Workflow

__all__ = ["ParameterRows"]

_DIGITS = 3


@dataclass
class _Row:
    tunable: Tunable
    tick: QCheckBox
    low: NumberEdit | None = None
    high: NumberEdit | None = None
    actions: dict[Any, QAction] = field(default_factory=dict)
    """For each choice the entry of a menu that is ticked where it is tried."""
    is_edited: bool = False
    """Whether a person has set the bounds; else they follow the present value."""


class ParameterRows(QWidget):
    """Show a row to tick for each parameter of the steps, with the bounds of numbers."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._shown: tuple[tuple[str, ...], ...] = ()
        self.rows: dict[str, _Row] = {}

    def show_workflow(self, workflow: Workflow, preferred: str | None) -> None:
        """Show the parameters of a workflow; what a person chose for the same steps stays.

        Parameters
        ----------
        workflow : Workflow
            The steps that may change.
        preferred : str or None
            Name of the step whose numbers are ticked at first.
        """
        steps = [step for step in workflow.steps if not step.bypassed]
        known = {step.name: tunables(workflow, [step.name]) for step in steps}
        shown = tuple(
            (step.name, step.operation, *(one.setting for one in known[step.name]))
            for step in steps
        )
        if shown != self._shown:
            self._shown = shown
            self._build(workflow, known, preferred)
        for name, found in known.items():
            operation = catalogue.find(workflow.step(name).operation)
            settings = {setting.name: setting for setting in operation.settings}
            for one in found:
                self._update(workflow, one, settings[one.setting])

    def chosen(self, workflow: Workflow) -> list[Tunable]:
        """Return the parameters ticked, with the bounds shown.

        Raises
        ------
        ValueError
            If bounds or choices do not fit.
        """
        found = []
        for row in self.rows.values():
            one = row.tunable
            if not row.tick.isChecked():
                continue
            if row.low is not None and row.high is not None and row.is_edited:
                bounds = {"low": row.low.value(), "high": row.high.value()}
                if one.is_whole:
                    bounds = {name: round(value) for name, value in bounds.items()}
                one = tunable(workflow, one.step, one.setting, **bounds)
            elif row.actions:
                choices = [choice for choice, each in row.actions.items() if each.isChecked()]
                if len(choices) < 2:
                    raise ValueError(f"Tick two or more choices of {spaced(one.setting)} to try.")
                one = tunable(workflow, one.step, one.setting, choices=choices)
            found.append(one)
        return found

    def set_running(self, is_running: bool) -> None:
        """Let nothing change while a search is under way."""
        self.setEnabled(not is_running)

    def _build(
        self, workflow: Workflow, known: dict[str, tuple[Tunable, ...]], preferred: str | None
    ) -> None:
        """Make the rows, with what was chosen in those of the same names before."""
        before, self.rows = self.rows, {}
        while self._column.count():
            item = self._column.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for name, found in known.items():
            operation = catalogue.find(workflow.step(name).operation)
            settings = {setting.name: setting for setting in operation.settings}
            self._add_title(operation.title)
            for one in found:
                self._add(one, settings[one.setting])
            if len(replacements(workflow, name)) > 1:
                one = tunable(workflow, name, ALGORITHM)
                titles = [catalogue.find(each).title for each in one.choices]
                tip = f"Try other algorithms in the place of {name}"
                self._add_choices(one, titles, tip)
        for name, row in self.rows.items():
            old = before.get(name)
            is_preferred = row.tunable.is_number and row.tunable.step == preferred
            row.tick.setChecked(is_preferred if old is None else old.tick.isChecked())
            if old is not None and row.tunable.choices == old.tunable.choices:
                _take_over(row, old)
            row.tick.toggled.connect(lambda _: self.changed.emit())

    def _update(self, workflow: Workflow, one: Tunable, setting: Setting) -> None:
        """Show the present value, and bounds around it where a person has set none."""
        row, step = self.rows[one.name], workflow.step(one.step)
        present = value_in_words(workflow, one.step, setting, step.parameters[one.setting])
        words = spaced(one.setting)
        row.tick.setToolTip(f"Let the search change {words} of {step.name}; now {present}")
        if row.low is None or row.high is None:
            return
        _, _, unit = present.partition(" ")
        row.tick.setText(f"{words} ({unit})" if unit and setting.quantity is not None else words)
        if row.tunable.in_voxels != one.in_voxels:
            row.is_edited = False  # bounds in another unit would be others
        row.tunable = one
        if not row.is_edited:
            for edit, bound in ((row.low, one.low), (row.high, one.high)):
                shown = bound if one.is_whole else float(f"{bound:.{_DIGITS}g}")
                with QSignalBlocker(edit):
                    edit.setValue(shown)

    def _add_title(self, title: str) -> None:
        label = QLabel(title)
        font = QFont(label.font())
        font.setItalic(True)
        label.setFont(font)
        self._column.addWidget(label)

    def _add(self, one: Tunable, setting: Setting) -> None:
        words = spaced(one.setting)
        if not one.is_number:
            self._add_choices(one, list(map(str, one.choices)), "")
            return
        tick = QCheckBox(words)
        tick.setAccessibleName(f"Change {words} of {one.step}")
        self._column.addWidget(tick)
        bounds = QWidget()
        line = QHBoxLayout(bounds)
        line.setContentsMargins(2 * tick.fontMetrics().height(), 0, 0, 0)
        edits: list[NumberEdit] = []
        for word in ("Lowest", "Highest"):
            edit = NumberEdit()
            if one.is_whole:
                edit.setDecimals(0)
            limits = setting.range
            edit.setRange(max(limits.minimum, -1e12), min(limits.maximum, 1e12))
            edit.setToolTip(f"{word} {words} that is tried")
            edit.setAccessibleName(f"{word} {words} of {one.step}")
            edit.setButtonSymbols(NumberEdit.ButtonSymbols.NoButtons)
            # napari's style wants more room for a number than two of them have in a dock.
            edit.setStyleSheet(f"min-width: {edit.fontMetrics().averageCharWidth() * 6}px;")
            if edits:
                line.addWidget(QLabel("to"))
            line.addWidget(edit, 1)
            edits.append(edit)
        bounds.setVisible(False)
        tick.toggled.connect(bounds.setVisible)
        self._column.addWidget(bounds)
        row = self.rows[one.name] = _Row(one, tick, *edits)
        for edit in edits:
            edit.valueChanged.connect(lambda _: self._on_bound(row))

    def _on_bound(self, row: _Row) -> None:
        row.is_edited = True
        self.changed.emit()

    def _add_choices(self, one: Tunable, titles: Sequence[str], tip: str) -> None:
        """Add a row with a menu of the choices that are tried."""
        words = spaced(one.setting)
        tick = QCheckBox(words)
        tick.setToolTip(tip)
        tick.setAccessibleName(f"Change {words} of {one.step}")
        button = QToolButton()
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setAccessibleName(f"Choices of {words} of {one.step}")
        menu = _ChoiceMenu(button)
        button.setMenu(menu)
        row = self.rows[one.name] = _Row(one, tick)
        for choice, title in zip(one.choices, titles, strict=True):
            action = QAction(title, menu, checkable=True)
            action.setChecked(True)
            menu.addAction(action)
            row.actions[choice] = action

        def on_toggled() -> None:
            ticked = [action.text() for action in row.actions.values() if action.isChecked()]
            button.setText(f"{len(ticked)} of {len(row.actions)}")
            button.setToolTip(f"Tried: {', '.join(ticked) or 'none'}")
            self.changed.emit()

        for action in row.actions.values():
            action.toggled.connect(on_toggled)
        on_toggled()
        menu.add_all_and_none(list(row.actions.values()))
        button.setVisible(False)
        tick.toggled.connect(button.setVisible)
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(tick)
        line.addWidget(button)
        line.addStretch(1)
        self._column.addWidget(holder)


class _ChoiceMenu(QMenu):
    """A menu that stays open while its entries are ticked."""

    def add_all_and_none(self, actions: Sequence[QAction]) -> None:
        """Add entries that tick all others, or none."""
        self.addSeparator()
        for title, is_ticked in (("All", True), ("None", False)):
            action = QAction(title, self)
            action.triggered.connect(
                lambda _, is_ticked=is_ticked: [one.setChecked(is_ticked) for one in actions]
            )
            self.addAction(action)

    def mouseReleaseEvent(self, event: Any) -> None:  # noqa: N802
        """Tick an entry without closing."""
        action = self.activeAction()
        if action is None:
            super().mouseReleaseEvent(event)
        else:
            action.trigger()


def _take_over(row: _Row, old: _Row) -> None:
    """Give a row the bounds and choices that a person chose in another."""
    for choice, action in old.actions.items():
        row.actions[choice].setChecked(action.isChecked())
    same_unit = row.tunable.in_voxels == old.tunable.in_voxels
    if row.low is None or row.high is None or old.low is None or old.high is None:
        return
    if old.is_edited and same_unit:
        row.is_edited = True
        for edit, before in ((row.low, old.low), (row.high, old.high)):
            with QSignalBlocker(edit):
                edit.setValue(before.value())
