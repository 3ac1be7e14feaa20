"""Choose which parameters a search may change, and their bounds."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtGui import QFont
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

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


class ParameterRows(QWidget):
    """Show a row to tick for each parameter of the steps, with the bounds of numbers."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._shown: tuple[tuple[str, str], ...] = ()
        self.rows: dict[str, _Row] = {}

    def show_workflow(self, workflow: Workflow, preferred: str | None) -> None:
        """Show the parameters of a workflow; ticks and bounds of the same steps stay.

        Parameters
        ----------
        workflow : Workflow
            The steps that may change.
        preferred : str or None
            Name of the step whose numbers are ticked at first.
        """
        steps = [step for step in workflow.steps if not step.bypassed]
        shown = tuple((step.name, step.operation) for step in steps)
        if shown == self._shown:
            return
        self._shown = shown
        before, self.rows = self.rows, {}
        while self._column.count():
            item = self._column.takeAt(0)
            widget = None if item is None else item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for step in steps:
            self._add_title(catalogue.find(step.operation).title)
            operation = catalogue.find(step.operation)
            settings = {setting.name: setting for setting in operation.settings}
            for one in tunables(workflow, [step.name]):
                self._add(workflow, one, settings[one.setting])
            if len(replacements(workflow, step.name)) > 1:
                self._add_algorithm(tunable(workflow, step.name, ALGORITHM))
        for name, row in self.rows.items():
            known = before.get(name)
            is_number = row.tunable.is_number
            row.tick.setChecked(
                known.tick.isChecked()
                if known is not None
                else is_number and row.tunable.step == preferred
            )
            row.tick.toggled.connect(lambda _: self.changed.emit())

    def chosen(self, workflow: Workflow) -> list[Tunable]:
        """Return the parameters ticked, with the bounds shown.

        Raises
        ------
        ValueError
            If bounds do not fit.
        """
        found = []
        for row in self.rows.values():
            one = row.tunable
            if not row.tick.isChecked():
                continue
            if row.low is not None and row.high is not None:
                bounds = {"low": row.low.value(), "high": row.high.value()}
                one = tunable(workflow, one.step, one.setting, **bounds)
            found.append(one)
        return found

    def set_running(self, is_running: bool) -> None:
        """Let nothing change while a search is under way."""
        self.setEnabled(not is_running)

    def _add_title(self, title: str) -> None:
        label = QLabel(title)
        font = QFont(label.font())
        font.setItalic(True)
        label.setFont(font)
        self._column.addWidget(label)

    def _add(self, workflow: Workflow, one: Tunable, setting: Setting) -> None:
        step = workflow.step(one.step)
        present = value_in_words(workflow, one.step, setting, step.parameters[one.setting])
        _, _, unit = present.partition(" ")
        words = spaced(one.setting)
        tick = QCheckBox(f"{words} ({unit})" if unit and setting.quantity is not None else words)
        tick.setToolTip(f"Let the search change {words} of {step.name}; now {present}")
        tick.setAccessibleName(f"Change {words} of {step.name}")
        if not one.is_number:
            tick.setText(f"{words}: {len(one.choices)} choices")
            tick.setToolTip(f"{tick.toolTip()}\nTried: {', '.join(map(str, one.choices))}")
            self._column.addWidget(tick)
            self.rows[one.name] = _Row(one, tick)
            return
        self._column.addWidget(tick)
        bounds = QWidget()
        line = QHBoxLayout(bounds)
        line.setContentsMargins(2 * tick.fontMetrics().height(), 0, 0, 0)
        edits: list[NumberEdit] = []
        for word, bound in (("Lowest", one.low), ("Highest", one.high)):
            edit = NumberEdit()
            if one.is_whole:
                edit.setDecimals(0)
            limits = setting.range
            edit.setRange(max(limits.minimum, -1e12), min(limits.maximum, 1e12))
            edit.setValue(float(f"{bound:.{_DIGITS}g}"))
            edit.setToolTip(f"{word} {words} that is tried")
            edit.setAccessibleName(f"{word} {words} of {step.name}")
            edit.setButtonSymbols(NumberEdit.ButtonSymbols.NoButtons)
            # napari's style wants more room for a number than two of them have in a dock.
            edit.setStyleSheet(f"min-width: {edit.fontMetrics().averageCharWidth() * 6}px;")
            edit.valueChanged.connect(lambda _: self.changed.emit())
            if edits:
                line.addWidget(QLabel("to"))
            line.addWidget(edit, 1)
            edits.append(edit)
        bounds.setVisible(False)
        tick.toggled.connect(bounds.setVisible)
        self._column.addWidget(bounds)
        self.rows[one.name] = _Row(one, tick, *edits)

    def _add_algorithm(self, one: Tunable) -> None:
        titles = [catalogue.find(operation).title for operation in one.choices]
        tick = QCheckBox(f"algorithm: {len(titles)} choices")
        tick.setToolTip(f"Try other algorithms in the place of {one.step}: {', '.join(titles)}")
        tick.setAccessibleName(f"Change the algorithm of {one.step}")
        self._column.addWidget(tick)
        self.rows[one.name] = _Row(one, tick)
