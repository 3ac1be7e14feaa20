"""The form of the selected step: algorithm, settings, and what may come next."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from superqt import QFlowLayout

from napari_delineate import catalogue
from napari_delineate._napari.change_panel import ChangePanel
from napari_delineate._napari.fields import Fields
from napari_delineate._napari.forms import describe_results
from napari_delineate._napari.layers import LayerError
from napari_delineate._napari.session import Session
from napari_delineate._napari.widgets import Message, icon, shrink
from napari_delineate.axes import spatial_axes
from napari_delineate.engine import Results
from napari_delineate.hints import next_operations
from napari_delineate.steps import Step
from napari_delineate.workflow import Workflow, WorkflowInput

__all__ = ["StepPanel"]

_PAUSE = 120
"""Milliseconds without a further change after which a setting is taken."""


class StepPanel(QWidget):
    """Edit a step of the workflow.

    Parameters
    ----------
    session : Session
        The session.
    step : str
        Name of the step.
    live : bool
        Whether a change is computed at once.
    """

    live_changed = Signal(bool)
    next_chosen = Signal(str)
    gallery_wanted = Signal()

    def __init__(self, session: Session, step: str, *, live: bool) -> None:
        super().__init__()
        self._session = session
        self.step = step
        operation = catalogue.find(session.workflow.step(step).operation)
        self.operation = operation
        theme = session.viewer.theme

        self.algorithm = QComboBox()
        shrink(self.algorithm)
        self.algorithm.setToolTip(
            f"{operation.title}; other algorithms for the same can take its place"
        )
        self.algorithm.setAccessibleName("Algorithm")
        for other in catalogue.operations():
            if other.category == operation.category:
                self.algorithm.addItem(other.title, other.id)
        self._wired: Any = None  # what the entries of the pull-down were compared with
        self.algorithm.setCurrentIndex(self.algorithm.findData(operation.id))
        self.algorithm.currentIndexChanged.connect(self._on_algorithm)
        self.gallery_button = _button("gallery", theme, "Compare algorithms and settings")
        self.gallery_button.clicked.connect(self.gallery_wanted)
        self.live_button = QCheckBox("Live")
        self.live_button.setToolTip("Compute each change at once, or only when Update is pressed")
        self.live_button.setChecked(live)
        self.live_button.toggled.connect(self._on_live)
        head = QHBoxLayout()
        head.addWidget(self.algorithm, 1)
        head.addWidget(self.gallery_button)
        head.addWidget(self.live_button)

        summary = QLabel(operation.summary)
        summary.setWordWrap(True)
        summary.setToolTip("\n\n".join(operation.documentation.references))
        unfit = {
            name
            for user in (step, *session.workflow.dependants(step))
            for name in session.workflow.step(user).outputs
        }
        self.fields = Fields(session, operation, unfit)
        self.settings, self.choices = self.fields.settings, self.fields.choices
        self.update_button = QPushButton("Update")
        self.update_button.setToolTip("Compute what was changed (Ctrl+Enter)")
        self.update_button.setShortcut("Ctrl+Return")
        self.update_button.clicked.connect(session.evaluate)
        self.message = Message()
        self.change = ChangePanel(session)
        self.hints = QWidget()

        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(summary)
        layout.addWidget(self.fields)
        layout.addWidget(self.update_button)
        layout.addWidget(self.message)
        layout.addWidget(self.change)
        layout.addWidget(self.hints)
        layout.addStretch(1)

        self._pending: dict[str, Any] = {}
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_PAUSE)
        self._pause.timeout.connect(self.take)
        self.fields.settings_changed.connect(self._on_settings)
        self.fields.inputs_changed.connect(self._on_inputs)
        session.changed.connect(self._on_session)
        session.finished.connect(self._on_finished)
        self.update_button.setVisible(not live)
        self.fields.show_step(session.workflow.step(step))
        self._show_hints(theme)
        self._grey_unfit()
        self._describe(session.results)
        self.change.show_step(step)

    def shows(self, step: Step) -> bool:
        """Tell whether this is the form of a step, with the algorithm that it has now."""
        return step.name == self.step and step.operation == self.operation.id

    def take(self) -> None:
        """Record the settings that were changed."""
        self._pause.stop()
        pending, self._pending = self._pending, {}
        if pending and self._is_there():
            live = self.live_button.isChecked()
            try:
                self._session.change(self.step, parameters=pending, evaluate=live)
            except (ValueError, TypeError) as error:
                self._say(str(error), "error")
            else:
                self.fields.remember()

    def stop(self) -> None:
        """Follow the session no longer; what was changed is recorded."""
        self.take()
        self.fields.stop()
        self.change.stop()
        self._session.changed.disconnect(self._on_session)
        self._session.finished.disconnect(self._on_finished)

    def _is_there(self) -> bool:
        return any(one.name == self.step for one in self._session.workflow.steps)

    def _on_settings(self, names: Sequence[str]) -> None:
        self._pending.update({name: self.settings[name].value() for name in names})
        if not self._pause.isActive():
            self.take()  # the first of several changes is not kept waiting
        self._pause.start()

    def _on_inputs(self) -> None:
        self.take()
        if not (self._is_there() and self.fields.is_ready()):
            return
        try:
            sources = self.fields.sources()
            live = self.live_button.isChecked()
            self._session.change(self.step, inputs=sources, evaluate=live)
        except (LayerError, ValueError, TypeError, KeyError) as error:
            self._say(str(error), "error")
            self.fields.show_step(self._session.workflow.step(self.step))

    def _on_algorithm(self) -> None:
        chosen = self.algorithm.currentData()
        try:
            self._session.apply(self._session.workflow.replace(self.step, chosen))
        except (ValueError, TypeError, KeyError) as error:
            self._say(str(error), "error")
            with QSignalBlocker(self.algorithm):
                self.algorithm.setCurrentIndex(self.algorithm.findData(self.operation.id))

    def _on_live(self, live: bool) -> None:
        self.update_button.setVisible(not live)
        self.live_changed.emit(live)
        if live:
            self._session.evaluate()

    def _on_session(self) -> None:
        if self._is_there() and not self._pending:
            step = self._session.workflow.step(self.step)
            if step.operation == self.operation.id:
                self.fields.show_step(step)
                self._grey_unfit()

    def _grey_unfit(self) -> None:
        """Grey the algorithms that can not work on what the step works on, and say why."""
        workflow = _part(self._session.workflow, self.step)
        steps = [(one.name, one.operation, one.inputs, one.outputs) for one in workflow.steps]
        wired = (steps, dict(workflow.inputs))
        if wired == self._wired:
            return
        self._wired = wired
        model = self.algorithm.model()
        for row in range(self.algorithm.count()):
            entry, other = model.item(row), catalogue.find(self.algorithm.itemData(row))
            try:
                workflow.replace(self.step, other.id)
            except (ValueError, TypeError, KeyError) as error:
                entry.setEnabled(False)
                entry.setToolTip(f"{other.summary}\n{error}")
            else:
                entry.setEnabled(True)
                entry.setToolTip(other.summary)

    def _on_finished(self, results: Results) -> None:
        if self._is_there():
            self._describe(results)

    def _describe(self, results: Results) -> None:
        """Say what the step gave, or why it failed."""
        step = self._session.workflow.step(self.step)
        error = results.errors.get(self.step)
        if error is not None:
            self._say(error.reason, "error")
        elif self.step in results.reports and all(name in results for name in step.outputs):
            self._say(describe_results(self._session, self.step), "hint")
        else:
            self._say("", "hint")

    def _show_hints(self, theme: str) -> None:
        step, values = self._session.workflow.step(self.step), self._session.workflow.values
        layout = QFlowLayout(self.hints)
        layout.setContentsMargins(0, 0, 0, 0)
        following = next_operations(values[step.outputs[0]].kind, self.operation.id)
        if following:
            layout.addWidget(QLabel("Next:"))
        for operation in following:
            button = QToolButton()
            button.setText(operation.title)
            button.setIcon(icon(operation.category.id, theme))
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            button.setToolTip(f"{operation.category.title}: {operation.summary}")
            button.setAutoRaise(True)
            button.clicked.connect(partial(self._on_hint, operation.id))
            layout.addWidget(button)

    def _on_hint(self, operation: str, _: bool = False) -> None:
        self.next_chosen.emit(operation)

    def _say(self, text: str, tone: Any) -> None:
        self.message.say(text, tone, self._session.viewer.theme)


def _part(workflow: Workflow, name: str) -> Workflow:
    """Return a step and those that need it; what others give them are the inputs."""
    needing = {name, *workflow.dependants(name)}
    steps = tuple(step for step in workflow.steps if step.name in needing)
    made = {output for step in steps for output in step.outputs}
    given = {source for step in steps for source in step.sources if source not in made}
    described = {source: workflow.values[source] for source in given}
    # Sizes of voxels decide nothing about what fits.
    inputs = {
        source: WorkflowInput(one.kind, one.axes, (1.0,) * len(spatial_axes(one.axes)))
        for source, one in described.items()
    }
    return Workflow(steps, inputs, workflow.device)


def _button(name: str, theme: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setIcon(icon(name, theme))
    size = button.fontMetrics().height() + 4
    button.setIconSize(QSize(size, size))
    button.setToolTip(tooltip)
    button.setAccessibleName(tooltip.split(";")[0])
    button.setAutoRaise(True)
    return button
